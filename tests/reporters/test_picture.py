"""Pictures: one figure as PNG, SVG and PDF, and charts to go on with."""

from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import altair
import numpy as np
import pytest
from PIL import Image

from defib.diagnosis import Measured
from defib.errors import InputError, MissingFrameworkError
from defib.reporters import check_report_path
from defib.reporters.figures import FIGURES
from defib.reporters.picture import SCALE, WIDTH, render_pdf, render_png, render_svg
from tests.reporters import recorded, samples

MEASURED = replace(samples.FLAT_DIAGNOSIS, measured=Measured(recorded.BEHIND.trace, {**recorded.BEHIND.evidence}))


def test_a_png_shows_the_figures() -> None:
    with Image.open(io.BytesIO(render_png([samples.FLAT_DIAGNOSIS], recorded.BACKGROUND))) as picture:
        assert picture.width > SCALE * WIDTH
        assert picture.height > picture.width / 2
        found = {tuple(map(int, one)) for one in np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)}
    assert {(255, 255, 255), (0x1C, 0x20, 0x24)} <= found  # paper and ink
    assert any(blue > red + 80 for red, _, blue in found)
    assert any(red > blue + 80 for red, _, blue in found)


def test_an_svg_holds_the_words_as_text() -> None:
    root = ElementTree.fromstring(render_svg([samples.HEALTHY, samples.FLAT_DIAGNOSIS], recorded.BACKGROUND))
    words = " ".join(root.itertext())
    for part in ("The prediction is identical for all 114 rows", "the constant: 0.627", "standardize-inputs", "loss"):
        assert part in words
    assert "var(" not in ElementTree.tostring(root, encoding="unicode")


def test_hostile_names_stay_text_in_an_svg() -> None:
    root = ElementTree.fromstring(render_svg([samples.HOSTILE], recorded.BACKGROUND))
    assert not [one for one in root.iter() if one.tag.endswith(("script", "image", "foreignObject"))]


def test_a_pdf_is_one_page() -> None:
    written = render_pdf([samples.FLAT_DIAGNOSIS], recorded.BACKGROUND)
    assert written.startswith(b"%PDF")
    assert written.count(b"/Type /Page\n") + written.count(b"/Type /Page ") == 1 or b"/Count 1" in written


@pytest.mark.parametrize("kind", FIGURES)
def test_every_figure_is_a_chart(kind: str) -> None:
    chart = MEASURED.plot(kind)
    assert isinstance(chart, altair.LayerChart)
    assert "var(" not in chart.to_json()


def test_kinds_that_are_not_there() -> None:
    with pytest.raises(InputError, match=r"(?s)'pie'.*one of predictions, layers") as caught:
        MEASURED.plot("pie")
    assert caught.value.slug == "unknown-figure"
    with pytest.raises(InputError, match=r"(?s)could show.*one of predictions, trials") as caught:
        samples.FLAT_DIAGNOSIS.plot("loss")
    assert caught.value.slug == "no-figure"


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Said before anything long begins; the HTML report needs nothing."""
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(MissingFrameworkError, match=r"pip install 'defib\[plots\]'"):
        check_report_path(tmp_path / "x.png")
    with pytest.raises(MissingFrameworkError, match="altair"):
        MEASURED.plot("trials")
    check_report_path(tmp_path / "x.html")
    assert "data-figure" in MEASURED.save(tmp_path / "x.html").read_text()

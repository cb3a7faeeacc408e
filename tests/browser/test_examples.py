"""Every format from every example's Recording, each opened by who reads it.

``make docs`` runs the examples and leaves their Recordings in ``tests/recordings/``.
"""

from __future__ import annotations

import gzip
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
import pytest
from markdown_it import MarkdownIt
from PIL import Image

from defib.recording import Recording, load
from defib.reporters import write_report
from defib.reporters.background import Background, background_of
from defib.reporters.figures import FIGURES
from defib.reporters.terminal import render_text
from tests.browser.conftest import Open
from tests.reporters.sarif_schema import validate

RECORDINGS = Path(__file__).resolve().parents[1] / "recordings"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.name.removesuffix(".jsonl.gz") for path in RECORDINGS.glob("*.jsonl.gz"))
ALWAYS_DRAWN = {"predictions", "layers", "loss", "inputs", "gradients"}
SVG = "{http://www.w3.org/2000/svg}"


def test_every_example_has_its_recording() -> None:
    assert {path.stem for path in EXAMPLES.glob("0*.py")} == set(NAMES)


@pytest.fixture(params=NAMES)
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Recording:
    path = tmp_path / "example.jsonl"
    path.write_bytes(gzip.decompress((RECORDINGS / f"{request.param}.jsonl.gz").read_bytes()))
    return load(path)


def test_every_format(recording: Recording, tmp_path: Path, open_page: Open) -> None:
    diagnoses, background = recording.diagnoses, background_of(recording)
    model = diagnoses[0].model

    def written(ending: str) -> bytes:
        return write_report(diagnoses, tmp_path / f"x{ending}", background).read_bytes()

    in_the_browser(written(".html").decode(), background, open_page)
    validate(json.loads(written(".sarif")))
    report = json.loads(written(".json"))
    schema = json.loads((Path(write_report.__code__.co_filename).parent / "schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)
    suites = ElementTree.fromstring(written(".xml"))
    cases = [one.get("name") for one in suites.iter("testcase")]
    assert len(cases) == len(diagnoses)
    markdown = MarkdownIt("commonmark").enable("table").render(written(".md").decode())
    assert model in markdown
    assert any(one.tag == f"{SVG}text" for one in ElementTree.fromstring(written(".svg")).iter())
    with Image.open(io.BytesIO(written(".png"))) as picture:
        assert picture.width > 900
    assert written(".pdf").startswith(b"%PDF")
    for width in (40, 120):
        assert model in render_text(diagnoses[0], width)


def in_the_browser(text: str, background: Background, open_page: Open) -> None:
    """Drawn without a complaint, and small."""
    assert len(text.encode()) < 1_500_000
    shown = open_page(text)
    kinds = shown.run("[...document.querySelectorAll('[data-figure]')].map((one) => one.dataset.figure.slice(8))")
    assert ALWAYS_DRAWN <= set(kinds) <= set(FIGURES)
    assert shown.run("[...document.querySelectorAll('[data-figure]')].every((one) => one.dataset.drawn === 'yes')")
    assert shown.complaints == []
    assert Path(str(background.script)).name in shown.page.title()
    assert shown.run("document.documentElement.scrollWidth") <= 1000

"""Screenshots against ones that a person has looked at: ``tests/browser/screens/``.

After a change that is meant: ``DEFIB_ACCEPT=1 pytest tests/browser/test_screens.py``, look at the pictures, commit both
together. They are kept at a third of their size and compared with a tolerance: another font shifts letters, not parts.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from tests.browser import pages
from tests.browser.conftest import DESKTOP, PHONE, Open

SCREENS = Path(__file__).parent / "screens"
SCALE = 3
MOST_MEAN, MOST_FAR, FAR = 3.0, 0.02, 24
"""Mean difference per pixel (of 255), and the share of pixels that differ by more than `FAR`, after smoothing."""
CASES: Final[dict[str, dict[str, Any]]] = {
    "desktop": {"size": DESKTOP},
    "dark": {"size": DESKTOP, "scheme": "dark"},
    "phone": {"size": PHONE},
    "print": {"size": (780, 1000)},
}


def taken(name: str, open_page: Open) -> Image.Image:
    """The whole page as a small picture."""
    shown = open_page(pages.flat(), **CASES[name])
    if name == "print":
        shown.page.emulate_media(media="print")
    with Image.open(io.BytesIO(shown.page.screenshot(full_page=True))) as whole:
        small = whole.convert("RGB").resize((whole.width // SCALE, whole.height // SCALE), Image.Resampling.LANCZOS)
    return small


def differ(a: Image.Image, b: Image.Image) -> str:
    """In which way two pictures differ; empty when they do not."""
    if a.width != b.width or abs(a.height - b.height) > 0.03 * b.height:
        return f"sizes {a.size} and {b.size}"
    both = [one.crop((0, 0, a.width, min(a.height, b.height))).filter(ImageFilter.BoxBlur(2)) for one in (a, b)]
    difference = ImageChops.difference(*both).convert("L")
    mean = ImageStat.Stat(difference).mean[0]
    far = sum(difference.histogram()[FAR:]) / (difference.width * difference.height)
    return f"mean {mean:.1f}, far {far:.3f}" if mean > MOST_MEAN or far > MOST_FAR else ""


@pytest.mark.parametrize("name", CASES)
def test_as_accepted(name: str, open_page: Open) -> None:
    picture, path = taken(name, open_page), SCREENS / f"{name}.png"
    if os.environ.get("DEFIB_ACCEPT"):
        picture.quantize(128, Image.Quantize.FASTOCTREE).save(path, optimize=True)
    with Image.open(path) as accepted:
        assert differ(picture, accepted.convert("RGB")) == ""


def test_the_comparison_can_fail(open_page: Open) -> None:
    """A figure that is missing, other colours, and a page that is longer are seen."""
    with Image.open(SCREENS / "desktop.png") as opened, Image.open(SCREENS / "dark.png") as dark:
        accepted = opened.convert("RGB")
        assert differ(dark.convert("RGB"), accepted)
    emptied = accepted.copy()
    emptied.paste((255, 255, 255), (0, 100, accepted.width, 450))
    assert differ(emptied, accepted)
    assert differ(accepted.resize((accepted.width, accepted.height + 90)), accepted)


def test_no_screen_is_left_over() -> None:
    assert {path.stem for path in SCREENS.iterdir()} == set(CASES)

"""The page works: it complains about nothing, asks nobody, draws every figure, answers mouse and keyboard."""

from __future__ import annotations

import pytest

from defib.reporters.figures import FIGURES
from tests.browser import pages
from tests.browser.conftest import DESKTOP, PHONE, Open

DRAWN = """[...document.querySelectorAll("[data-figure]")].map((box) => ({
    kind: box.dataset.figure.replace("model-1-", ""),
    drawn: box.dataset.drawn,
    reserved: box.getBoundingClientRect().height,
    height: box.querySelector("svg").getBoundingClientRect().height,
    marks: box.querySelectorAll(".role-mark > path, .role-mark > line, .role-mark > text, .role-mark > g").length,
    outside: box.querySelector("svg").getBoundingClientRect().right - box.getBoundingClientRect().right,
}))"""
FEWEST_MARKS = {
    "predictions": 3,  # the histogram's bar, the prior, the constant
    "layers": 8,
    "loss": 4,
    "inputs": 4,
    "gradients": 5,
    "updates": 4,  # three that moved, one that did not
    "paths": 31,
    "trials": 13,
}


def test_every_figure_is_drawn_and_nobody_complains(open_page: Open) -> None:
    shown = open_page(pages.flat())
    figures = shown.run(DRAWN)
    assert [one["kind"] for one in figures] == list(FIGURES)
    for one in figures:
        assert one["drawn"] == "yes", one
        assert one["marks"] >= FEWEST_MARKS[one["kind"]], one
        assert abs(one["height"] - one["reserved"]) < 1, one
        assert one["outside"] < 1, one
    assert shown.complaints == []
    assert len(shown.requests) == 1  # the file itself


@pytest.mark.parametrize("make", [pages.every, pages.large, pages.hostile], ids=lambda make: make.__name__)
def test_other_pages_are_drawn_too(make: object, open_page: Open) -> None:
    assert callable(make)
    shown = open_page(make())
    assert all(one["drawn"] == "yes" and one["marks"] > 0 for one in shown.run(DRAWN))
    assert shown.complaints == []
    assert len(shown.requests) == 1


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_long_names_stay_apart(size: tuple[int, int], open_page: Open) -> None:
    """What tells layers of one network apart is the end of their names; it is not what is cut."""
    shown = open_page(pages.long_names(), size)
    figures = ("layers", "gradients")
    for kind in figures:
        labels = f"[...document.querySelectorAll(\"[data-figure='model-1-{kind}'] .role-axis-label text\")]"
        names = [one for one in shown.run(f"{labels}.map((one) => one.textContent)") if "…" in one]
        assert len(names) >= 4, names
        assert len(set(names)) == len(names), names
    assert shown.run("document.documentElement.scrollWidth") <= size[0]
    assert shown.complaints == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_moves_and_nothing_sticks_out(size: tuple[int, int], open_page: Open) -> None:
    shown = open_page(pages.every(), size)
    assert shown.run("window.shifts") == 0
    assert shown.run("document.documentElement.scrollWidth") <= size[0]


def test_every_link_leads_somewhere(open_page: Open) -> None:
    shown = open_page(pages.every())
    missing = """[...document.querySelectorAll("a[href^='#']")]
        .filter((link) => !document.getElementById(decodeURIComponent(link.getAttribute("href").slice(1))))
        .map((link) => link.outerHTML)"""
    assert shown.run(missing) == []
    shown.page.click("a[href='#model-1-fix']")
    top = shown.run("document.getElementById('model-1-fix').getBoundingClientRect().top")
    assert -1 <= top < DESKTOP[1]


def test_values_show_on_hover(open_page: Open) -> None:
    shown = open_page(pages.flat())
    shown.page.locator("[data-figure='model-1-trials'] .mark-symbol path").first.hover(force=True)
    tooltip = shown.page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for(timeout=5_000)
    text = tooltip.inner_text()
    for words in ("control", "seed", "reached"):
        assert words in text


def test_zoom_by_keyboard(open_page: Open) -> None:
    shown = open_page(pages.large())
    times = "[...document.querySelectorAll(\"[data-figure='model-1-loss'] .role-axis-label text\")]"
    labels = f"{times}.map((one) => one.textContent).sort().join(' ')"
    before = shown.run(labels)
    shown.page.locator(".zoom button").first.focus()
    shown.page.keyboard.press("Enter")
    closer = shown.run(labels)
    assert closer != before
    for _ in range(4):
        shown.page.keyboard.press("Tab")
    shown.page.keyboard.press("Space")
    assert shown.run("document.activeElement.dataset.move") == "all"
    assert shown.run(labels) == before


def test_tables_open_by_keyboard(open_page: Open) -> None:
    shown = open_page(pages.flat())
    shown.page.locator("details.numbers summary").first.focus()
    shown.page.keyboard.press("Enter")
    assert shown.page.locator("details.numbers[open] table").first.is_visible()


def test_without_scripts_the_numbers_are_there(open_page: Open) -> None:
    shown = open_page(pages.flat(), scripts=False)
    assert "The same numbers stand under" in shown.page.locator("noscript").inner_text()
    assert shown.page.locator("details.numbers").count() >= 3


def test_names_cannot_break_out(open_page: Open) -> None:
    """Shown as they are called, in the text, in the figures and on hover; run nowhere."""
    shown = open_page(pages.hostile())
    assert shown.run("window.hacked") is None
    assert (
        shown.run(
            "document.querySelectorAll('img, iframe, object, svg b, svg script, form:not(.vega-bindings)').length"
        )
        == 0
    )
    assert shown.run("document.scripts.length") == 3
    assert "</script><script>window.hacked=1</script><img src=x" in shown.run("document.body.innerText")
    drawn = shown.run("[...document.querySelectorAll('svg text')].map((one) => one.textContent).join(' ')")
    assert "<b>end</b>" in drawn  # of a long name the end stands at an axis
    assert not {"\x1b", "\x00"} & set(shown.run("document.documentElement.textContent"))
    for kind in ("trials", "inputs"):  # an arm's name and a column's
        shown.page.locator(f"[data-figure='model-1-{kind}'] .mark-symbol path").first.hover(force=True)
        tooltip = shown.page.locator("#vg-tooltip-element.visible")
        tooltip.wait_for(timeout=5_000)
        assert "</script>" in tooltip.inner_text()
        assert shown.run("document.querySelectorAll('#vg-tooltip-element img, #vg-tooltip-element script').length") == 0
    assert shown.run("window.hacked") is None
    assert shown.complaints == []


def test_a_deep_network_shows_where_the_rows_become_equal(open_page: Open) -> None:
    shown = open_page(pages.large("block_150/dense"))
    mark, box = (
        shown.run(f"document.querySelector('{one}').getBoundingClientRect().toJSON()")
        for one in (".tall .mark-text text", ".tall")
    )
    assert box["height"] < DESKTOP[1]
    assert box["top"] < mark["top"] < mark["bottom"] < box["bottom"]
    assert shown.run("window.shifts") == 0

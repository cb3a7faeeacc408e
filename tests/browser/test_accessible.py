"""Whoever reads it: in light and dark, by keyboard, with a screen reader, on a phone, on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.browser import pages
from tests.browser.conftest import DESKTOP, PHONE, Open

FAULTS = (Path(__file__).parent / "accessible.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_fault_is_found(size: tuple[int, int], scheme: Literal["light", "dark"], open_page: Open) -> None:
    shown = open_page(pages.every(), size, scheme)
    shown.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert shown.run(FAULTS) == []


def test_the_check_can_fail(open_page: Open) -> None:
    shown = open_page(pages.flat())
    shown.run("""() => {
        document.querySelector("h2").style.color = "#bbb";
        document.querySelector("[data-figure]").removeAttribute("aria-label");
        document.querySelector("[data-figure]").textContent = "";
        document.querySelector(".zoom button").textContent = "";
        document.querySelector("html").lang = "";
        document.querySelector("h3").outerHTML = "<h5>x</h5>";
        document.querySelector("main").insertAdjacentHTML("beforeend", `
            <div style='overflow:auto;width:9px;white-space:nowrap;overflow-wrap:normal'>abcdef</div>
            <table></table><b id='model-1'></b>`);
    }""")
    found = {one.partition(":")[0] for one in shown.run(FAULTS)}
    assert found >= {
        *("contrast", "no name", "no language", "h2 is followed by h5", "scrolls, but not by keyboard"),
        *("table without caption or heads", "id twice"),
    }


def test_the_focus_goes_down_the_page_and_is_seen(open_page: Open) -> None:
    shown = open_page(pages.flat())
    places = []
    for _ in range(40):
        shown.page.keyboard.press("Tab")
        place = shown.run("""() => {
            const one = document.activeElement;
            if (one === document.body) return null;
            const all = [...document.querySelectorAll("*")];
            const style = getComputedStyle(one);
            return [all.indexOf(one), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
        }""")
        if place is None:
            break
        places.append(place)
    assert len(places) >= 20
    assert [at for at, _ in places] == sorted(at for at, _ in places)
    assert all(seen for _, seen in places)


def test_on_paper_everything_is_dark_on_white_and_nothing_is_cut(open_page: Open) -> None:
    shown = open_page(pages.large(), scheme="dark")
    shown.page.emulate_media(media="print", color_scheme="dark")
    assert shown.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    label = "getComputedStyle(document.querySelector('.role-axis-label text')).fill"
    assert shown.run(label) == "rgb(0, 0, 0)"
    cut = "[...document.querySelectorAll('.tall')].filter((one) => one.scrollHeight > one.clientHeight + 1).length"
    assert shown.run(cut) == 0
    assert shown.run("document.querySelectorAll('.tall').length") > 0
    assert not shown.page.locator(".zoom").first.is_visible()
    paper = shown.page.pdf(format="A4")
    assert paper.startswith(b"%PDF")

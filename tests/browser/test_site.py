"""The documentation site: its made pages are fresh, its links lead somewhere, a stranger finds the symptom page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from scripts import pages

from defib.catalogue import all_causes
from defib.wording import EQUALS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_made_pages_are_as_the_code_has_them() -> None:
    assert list(pages.stale(pages.made())) == []


def test_a_stale_block_of_printed_output_is_named() -> None:
    """What README shows is what defib prints today of the run that was kept."""
    made = pages.made()
    readme = ROOT / "README.md"
    assert "$ defib run examples/07_one_unit_softmax_torch.py\nSequential (torch) ──" in made[readme]
    wrong = {**made, readme: made[readme].replace("gradient zero at start", "gradient nothing at start")}
    assert wrong != made
    assert list(pages.stale(wrong)) == ["README.md is stale: python -m scripts.pages"]


def test_a_stale_page_and_one_without_a_cause_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "DOCS", tmp_path)
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (tmp_path / "causes").mkdir()
    (tmp_path / "causes" / "gone.md").write_text("old")
    said = list(pages.stale({tmp_path / "causes" / "new.md": "text"}))
    assert said == [
        "causes/new.md is stale: python -m scripts.pages",
        "causes/gone.md belongs to no cause: remove it",
    ]


def test_links_lead_somewhere() -> None:
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert list(pages.broken_links(files)) == []


def test_a_broken_link_and_a_missing_heading_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (tmp_path / "a.md").write_text(
        "# One\n[x](gone.md) [y](b.md#two) [z](b.md#three) `[code](no.md)` [w](https://x.org)"
    )
    (tmp_path / "b.md").write_text("## Two\n")
    assert list(pages.broken_links([tmp_path / "a.md"])) == [
        "a.md links to gone.md, which does not exist",
        "a.md links to b.md#three: there is no such heading",
    ]


def test_every_cause_has_its_page_and_every_constant_its_row(site: Path) -> None:
    for cause in all_causes():
        text = (site / "causes" / f"{cause.name}.html").read_text()
        assert cause.code in text
        assert "Evidence against" in text
    symptoms = (site / "symptoms.html").read_text()
    assert pages.SEEN.keys() == EQUALS.keys()
    assert 'href="causes/single-unit-softmax.html"' in symptoms


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site as a server gives it: its search reads the index from there."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


class Quiet(SimpleHTTPRequestHandler):
    """Writes no log."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("asked", "heading"),
    [
        ("Keras predicts same value", "Keras predicts the same value for every input"),
        ("network always predicts the same class", "PyTorch model outputs the same for all inputs"),
        ("stuck at 0.693", "Loss is stuck at 0.693"),
        ("nan loss", "Loss is NaN"),
    ],
)
def test_a_stranger_finds_the_symptom_page(address: str, browser: Browser, asked: str, heading: str) -> None:
    """Typed into the search box of the site, the first answer is the question as people ask it."""
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    page.click(".md-search__input")
    page.wait_for_selector(".md-search-result__meta:has-text('Type to start')", state="attached")
    page.type(".md-search__input", asked)
    first = page.locator(".md-search-result__item").first
    # The list is drawn anew after each key typed: what half the question finds may stand there for a moment.
    expect(first).to_contain_text(heading, use_inner_text=True, timeout=20_000)
    href = page.locator(".md-search-result__item a").first.get_attribute("href")
    assert href is not None
    assert "symptoms.html" in href
    page.close()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """Scripts, styles and fonts come with the site; a link may lead away."""
    for page in [site / "index.html", site / "symptoms.html"]:
        text = page.read_text()
        loaded = re.findall(r'<(?:script|img)[^>]*src="([^"]+)"', text)
        loaded += re.findall(r'<link[^>]*rel="stylesheet"[^>]*href="([^"]+)"', text)
        assert loaded
        assert not [one for one in loaded if re.match(r"(https?:)?//", one)]

"""The documentation site: its made pages are fresh, its links lead somewhere, a stranger finds the symptom page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import pages

from defib.catalogue import all_causes
from defib.wording import EQUALS

ROOT = Path(__file__).resolve().parents[1]


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


@pytest.mark.parametrize("asked", ["Keras predicts same value", "always predicts the same class", "stuck at 0.693"])
def test_a_stranger_finds_the_symptom_page(site: Path, asked: str) -> None:
    """Every word of the question is in the search index under the symptom page."""
    index = json.loads((site / "search" / "search_index.json").read_text())
    text = " ".join(f"{d['title']} {d['text']}" for d in index["docs"] if d["location"].startswith("symptoms.html"))
    assert all(word.lower() in text.lower() for word in asked.split())


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """Scripts, styles and fonts come with the site; a link may lead away."""
    for page in [site / "index.html", site / "symptoms.html"]:
        text = page.read_text()
        loaded = re.findall(r'<(?:script|img)[^>]*src="([^"]+)"', text)
        loaded += re.findall(r'<link[^>]*rel="stylesheet"[^>]*href="([^"]+)"', text)
        assert loaded
        assert not [one for one in loaded if re.match(r"(https?:)?//", one)]

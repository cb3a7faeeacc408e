"""What defib prints for the examples, in the blocks of README.md and docs/examples.md.

The blocks stand from ``<!-- defib:NAME -->`` to ``<!-- /defib -->``. ``make docs`` runs the examples and keeps their
Recordings in ``tests/recordings/``; a report is printed from a Recording as it is after the run, so that a stale
block is found, and mended after a change of words, without running anything.
"""

from __future__ import annotations

import gzip
import re
import tempfile
from pathlib import Path

from defib.recording import load
from defib.reporters.terminal import render_text

ROOT = Path(__file__).resolve().parents[1]
RECORDINGS = ROOT / "tests" / "recordings"
PAGES = (ROOT / "docs" / "examples.md", ROOT / "README.md")
WIDTH = 90
"""Columns of the terminal in which the examples are shown."""
BLOCK = re.compile(r"<!-- defib:(\w+) -->.*?<!-- /defib -->", re.S)


def printed(name: str) -> str:
    """The terminal report of an example's kept Recording."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        path.write_bytes(gzip.decompress((RECORDINGS / f"{name}.jsonl.gz").read_bytes()))
        return "\n".join(render_text(one, WIDTH) for one in load(path).diagnoses).rstrip()


def filled(page: str) -> str:
    """The text of a page with what defib prints today in each of its blocks."""
    return BLOCK.sub(lambda found: block(found[1], printed(found[1])), page)


def block(name: str, text: str) -> str:
    """A block of an example."""
    return f"<!-- defib:{name} -->\n\n```\n$ defib run examples/{name}.py\n{text}\n```\n\n<!-- /defib -->"


def pages() -> dict[Path, str]:
    """Every page with blocks, as it should be."""
    return {path: filled(path.read_text()) for path in PAGES}

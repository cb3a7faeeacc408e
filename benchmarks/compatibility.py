"""Write the compatibility table from what the tests run: ``python -m benchmarks.compatibility [--check]``.

Rows come from ``tests/ways_in/registry.py``, over which the tests run, and versions from ``constraints.txt``, which
``make setup`` installs. The long table is docs/compatibility.md, a short one stands in README.md between markers.
``--check`` writes nothing and exits with 1 when either is stale; it runs no program.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.ways_in.registry import HEALTHY, WAYS, Way

from benchmarks._table import markdown

ROOT = Path(__file__).resolve().parents[1]
LONG = ROOT / "docs" / "compatibility.md"
SHORT = ROOT / "README.md"
BLOCK = re.compile(r"<!-- compatibility -->.*?<!-- /compatibility -->", re.S)
DOORS = {"run": "`defib run`", "api": "`defib.diagnose`", "callback": "callback"}
INTRODUCTION = """\
# What was tested

Written by `python -m benchmarks.compatibility` from `tests/ways_in/registry.py`; the tests run every program below
through every door named, with the versions of `constraints.txt`. A row stands here only with tests that must pass: the
healthy program is called healthy, each fault's cause comes first, and predictions, weights and random state are
bit-identical to those of a run without defib. Other versions in the ranges of `pyproject.toml` are expected to work
and were not tested.
"""


def pins() -> dict[str, str]:
    """Package → pinned version."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def versions(way: Way) -> str:
    """What was tested, with versions. Raises `KeyError` for a package that is not pinned."""
    pinned = pins()
    return ", ".join(f"{name} {pinned[name]}" for name in way.packages)


def callback_name(way: Way) -> str:
    """``defib.lightning.Monitor``; ``callback`` where the line has none of these."""
    found = re.search(r"(\w+)\.Monitor\(", way.callback[1]) if way.callback else None
    return f"`defib.{found.group(1)}.Monitor`" if found else "callback"


def long_rows() -> list[list[str]]:
    """One row per program."""
    rows = []
    for way in WAYS:
        for program, causes in way.programs.items():
            result = "healthy" if causes == HEALTHY else " or ".join(causes.split())
            doors = ", ".join(DOORS[door] for door in way.doors)
            rows.append([way.name, versions(way), f"`{program}.py`", doors, result])
    return rows


def short_rows() -> list[list[str]]:
    """One row per way in."""
    rows = []
    for way in WAYS:
        doors = [DOORS[door] for door in way.doors if door != "callback"] + [callback_name(way)] * bool(way.callback)
        rows.append([way.name, versions(way), ", ".join(doors), f"{len(way.programs)} of {len(way.programs)}"])
    return rows


def long_page() -> str:
    """docs/compatibility.md."""
    head = ["way in", "versions", "program (tests/ways_in/programs)", "through", "what defib says first"]
    notes = [f"- **{way.name}**: {way.note}." for way in WAYS if way.note]
    return "\n".join([INTRODUCTION, markdown(head, long_rows()), "", "What the programs use:", "", *notes, ""])


def short_block() -> str:
    """The block in README.md."""
    table = markdown(["way in", "tested with", "through", "programs right"], short_rows())
    return f"<!-- compatibility -->\n\n{table}\n\n<!-- /compatibility -->"


def wanted() -> dict[Path, str]:
    """Each page as it should be."""
    return {LONG: long_page(), SHORT: BLOCK.sub(lambda _: short_block(), SHORT.read_text())}


def stale() -> list[str]:
    """Pages that are not what the registry gives."""
    return [path.name for path, text in wanted().items() if not path.exists() or path.read_text() != text]


def main(args: Sequence[str]) -> int:
    if "--check" in args:
        found = stale()
        print("stale: " + ", ".join(found) if found else "the tables are those of the registry")
        return 1 if found else 0
    for path, text in wanted().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

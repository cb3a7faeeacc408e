"""What changed between two tables of the corpus: part of the review of every change to a cause or to the ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
WATCHED = ("verdict", "top", "fix_verified")
"""Fields of a row whose change is reported."""


def key(row: Row) -> tuple[str, int, str]:
    """What makes two rows the same run."""
    return str(row["id"]), int(row["seed"]), str(row.get("strategy", "defib"))


def changes(before: Sequence[Row], now: Sequence[Row]) -> str:
    """One line per run that differs; the runs that only one of the tables holds are counted.

    >>> old = [{"id": "a", "seed": 0, "verdict": "right", "top": "DF101", "fix_verified": True}]
    >>> print(changes(old, [{**old[0], "verdict": "wrong", "top": "DF501"}]))
    a (seed 0): verdict right -> wrong, top DF101 -> DF501
    """
    known = {key(row): row for row in before}
    new = {key(row): row for row in now}
    lines = [
        f"{one[0]} (seed {one[1]}{_named(one[2])}): " + ", ".join(said)
        for one in sorted(known.keys() & new.keys())
        if (said := [f"{f} {known[one][f]} -> {new[one][f]}" for f in WATCHED if known[one][f] != new[one][f]])
    ]
    if added := len(new.keys() - known.keys()):
        lines.append(f"{added} runs are new")
    return "\n".join(lines) or "nothing changed"


def _named(strategy: str) -> str:
    return "" if strategy == "defib" else f", {strategy}"

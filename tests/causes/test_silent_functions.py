"""A function of the program's own that passes no gradient on: named where the weights behind it stood still."""

from __future__ import annotations

import pytest

from defib.causes.detached_graph import CAUSE

from .books import book, collapsed, move, updates

SILENT = ("Round (net.py:8)",)
STILL, MOVED = move("dense_1/kernel", 0.0, "zero_gradient"), move("dense_2/kernel")


@pytest.mark.parametrize(
    ("moves", "silent", "verdict"),
    [
        ((STILL, STILL), SILENT, "supported"),
        ((STILL, MOVED), SILENT, "supported"),
        ((STILL, MOVED, MOVED), SILENT, "inconclusive"),
        ((MOVED, MOVED), SILENT, "ruled_out"),
        ((STILL, MOVED), (), "ruled_out"),
    ],
    ids=["all behind it", "half behind it", "a part behind it", "none behind it", "no such function"],
)
def test_what_stands_behind_it_decides(moves: tuple[object, ...], silent: tuple[str, ...], verdict: str) -> None:
    facts = updates(*moves, silent_functions=silent)  # type: ignore[arg-type]
    found = CAUSE.assess(book(facts, collapsed()))
    assert found.verdict == verdict
    assert ("Round (net.py:8)" in found.because) is (verdict in ("supported", "inconclusive"))

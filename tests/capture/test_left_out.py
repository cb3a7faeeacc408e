"""Labels of rows some of which were left out, with neither mask nor index: the rows say how many are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from defib.capture.beside import Named, beside_rows
from defib.capture.held_labels import Column
from defib.capture.left_out import left_out
from defib.capture.orders import keys_among

RNG = np.random.default_rng(5)
N = 400
RAW = RNG.normal(size=(N, 4))
SCORE = RAW[:, :3].sum(axis=1) + 0.3 * RNG.normal(size=N)
KEPT = np.flatnonzero(RNG.random(N) > 0.08)
ROWS = RAW[KEPT]
TARGETS = {"values": SCORE, "two": (SCORE > 0).astype(int), "three": np.digitize(SCORE, [-1.0, 1.0])}


@pytest.mark.parametrize("kind", TARGETS)
def test_the_rows_say_which_labels_are_theirs(kind: str) -> None:
    """Training rows are the first of the table, shuffled."""
    whole = TARGETS[kind]
    drawn = RNG.permutation(300)
    found = left_out(ROWS[drawn], whole[:300][drawn], [ROWS], [Column("y.base", whole)])
    assert found is not None
    assert found.name == f"y.base less {N - len(ROWS)} of rows left out"
    assert len(found.at) > 150
    assert (found.labels == whole[KEPT[drawn]][found.at]).mean() > 0.97


@pytest.mark.parametrize("case", ["noise", "all-rows-held", "other-labels", "a-series"])
def test_where_none_was_left_out_nothing_is_found(case: str) -> None:
    whole, rows, arrays = TARGETS["two"], ROWS, [ROWS]
    y = whole[: len(rows)]
    if case == "noise":
        whole = RNG.permutation(whole)
        y = whole[: len(rows)]
    elif case == "all-rows-held":
        arrays = [RAW, ROWS]
    elif case == "other-labels":
        y = RNG.permutation(y)
    else:
        rows = np.cumsum(ROWS, axis=0)
        arrays = [rows]
    assert left_out(rows, y, arrays, [Column("y.base", whole)]) is None


def test_the_longer_list_that_labels_were_cut_from_is_known() -> None:
    whole = TARGETS["two"]
    y = whole[: len(ROWS)]
    held: list[tuple[str, Any]] = [("y", y), ("other", whole[1 : len(ROWS) + 1])]
    keys = dict(keys_among(held))
    assert set(keys) == {"y", "y.base", "other"}
    named = [Named("X", ROWS), *(Named(name, array, is_key=True) for name, array in keys.items())]
    (found,) = [one for one in beside_rows(ROWS, named, y) if one.labels is not None]
    assert found.name.startswith("y.base less")

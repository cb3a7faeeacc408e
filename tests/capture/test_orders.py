"""Orders of rows that a program knows: what undoes a pairing by position after one side was sorted or shuffled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from defib.capture.beside import Named, beside_rows, named_copies
from defib.capture.orders import MOST_ORDERS, Order, keys_among, orders_of

RNG = np.random.default_rng(3)
N = 150
RAW = RNG.normal(size=(N, 4))
DRAWN = RNG.permutation(N)
NAMES = [f"img_{i}.png" for i in range(N)]
TABLE = pd.DataFrame({"a": RAW[:, 0], "date": RNG.permutation(N)})
SORTED = TABLE.sort_values("a")


def _undone(X: Any, *held: tuple[str, Any]) -> list[Any]:
    """The rows beside the labels of RAW, in its order, for rows ``X``."""
    orders = [Named(name, array, is_key=True) for name, array in keys_among(held)]
    return [one for one in beside_rows(X, [Named("X", X), *orders]) if one.by]


@pytest.mark.parametrize(
    ("X", "name", "held", "words"),
    [
        (RAW[SORTED.index], "table", SORTED, "sorted by table.index"),
        (RAW[DRAWN], "perm", DRAWN, "sorted by perm"),
        (RAW[np.argsort(DRAWN)], "perm", DRAWN.tolist(), "in the order perm"),
    ],
    ids=["index", "shuffled-by", "shuffled-back"],
)
def test_an_order_that_the_program_knows_is_undone(X: Any, name: str, held: Any, words: str) -> None:
    right = [one for one in _undone(X, (name, held)) if np.array_equal(one.X, RAW)]
    assert [(one.name, one.by) for one in right] == [("X", words)]


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (sorted(NAMES), NAMES),
        ([Path("masks") / name for name in sorted(NAMES)], [f"images/{name[:-4]}.jpg" for name in NAMES]),
        (dict.fromkeys(sorted(NAMES), 0), pd.DataFrame({"file": NAMES, "y": 0.5})),
    ],
    ids=["lists", "stems", "dict-and-table"],
)
def test_the_same_keys_in_two_lists_are_an_order(mine: Any, theirs: Any) -> None:
    X = RAW[np.argsort(NAMES)]  # rows as sorted() puts them, labels as in the file
    found = _undone(X, ("files", mine), ("rows", theirs))
    assert sum(np.array_equal(one.X, RAW) for one in found) == 1


def test_the_first_rows_of_an_array_that_was_shuffled_before_it_was_cut() -> None:
    (found,) = beside_rows(RAW[:100][RNG.permutation(100)], [Named("raw", RAW)])
    assert (found.name, found.by) == ("raw", "(its first 100 rows)")
    assert np.array_equal(found.X, RAW[:100])


def test_labels_of_another_split_stand_at_the_places_that_their_index_keeps() -> None:
    mine, theirs = RNG.permutation(N)[:100], RNG.permutation(N)[:100]
    labels = pd.Series(np.zeros(100), index=theirs)
    found = _undone_from(RAW, RAW[mine], ("y_train", labels))
    assert [one.by for one in found if np.array_equal(one.X, RAW[theirs])] == ["at the places y_train.index"]


@pytest.mark.parametrize("held", ["mask", "index"])
def test_rows_that_were_left_out_of_one_side_are_put_back(held: str) -> None:
    """The labels were cut to as many: from the first gap on every row stands beside another one's."""
    kept = RNG.random(N) > 0.1
    name, key = ("ok", kept) if held == "mask" else ("df", pd.DataFrame(RAW)[kept])
    words = "put back at the places " + (name if held == "mask" else "df.index")
    (found,) = [one for one in _undone(RAW[kept], (name, key)) if one.by == words]
    places = np.flatnonzero(kept)
    assert np.array_equal(found.at, places[places < kept.sum()])
    assert np.array_equal(found.X, RAW[found.at])


def test_rows_with_gaps_are_left_out_where_the_training_rows_have_none() -> None:
    raw = RAW.copy()
    raw[[5, 40, 90], [0, 1, 2]] = np.nan
    whole = raw[np.isfinite(raw).all(axis=1)]
    scaled = (whole - whole.mean(axis=0)) / whole.std(axis=0)
    (found,) = [one for one in beside_rows(scaled, [Named("raw", raw)]) if one.by]
    assert found.by == f"(its first {len(whole)} rows)"
    assert np.array_equal(found.at, np.setdiff1d(np.arange(len(whole)), [5, 40, 90]))
    assert np.array_equal(found.X, raw[found.at])


def _undone_from(source: Any, X: Any, *held: tuple[str, Any]) -> list[Any]:
    orders = [Named(name, array, is_key=True) for name, array in keys_among(held)]
    return [one for one in beside_rows(X, [Named("source", source), Named("X", X), *orders]) if one.by]


@pytest.mark.parametrize(
    "held",
    [np.arange(N), [1] * N, RAW[:, 0], ["x"] * N, [object()] * N, [*range(5)], pd.Series(RAW[:, 0]), ["a", 1] * 30],
    ids=["range", "equal", "values", "texts", "objects", "short", "series", "mixed"],
)
def test_what_tells_no_order_is_none(held: Any) -> None:
    assert orders_of(keys_among([("held", held)])) == []


def test_the_variables_of_a_program_are_looked_at() -> None:
    drawn = RNG.permutation(N)
    found = {one.name: one.array for one in named_copies() if one.is_key}
    assert np.array_equal(found["drawn"], drawn)
    assert len(orders_of((f"p{i}", RNG.permutation(N)) for i in range(40))) == MOST_ORDERS
    assert isinstance(next(iter(orders_of([("p", drawn)]))), Order)


def test_the_array_that_stands_in_the_order_of_the_keys_is_the_one_that_is_put_in_order() -> None:
    """The file's own order is held as well, and its rows must not be taken for those of the sorted names."""
    X = RAW[np.argsort(NAMES)]
    keys = [Named(name, array, is_key=True) for name, array in keys_among([("files", sorted(NAMES)), ("names", NAMES)])]
    found = beside_rows(X[:100] / 16, [Named("raw", RAW[DRAWN]), Named("X", X), *keys])
    assert [one.name for one in found if one.by and np.array_equal(one.X, RAW[:100])] == ["X"]

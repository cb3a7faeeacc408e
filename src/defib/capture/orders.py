"""Orders of rows that a program knows: the index of a sorted table, a drawn permutation, the same keys in two lists.

Where rows and labels were paired by position after one of them was sorted or shuffled, one of these undoes it. Which
rows would then stand beside the labels is what is found here; whether they tell them is for a learner to say.
Framework-free.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from defib.capture.places import places_of
from defib.subject import AnyArray

Places = NDArray[np.int64]

LEAST: Final = 20
MOST: Final = 20_000
"""Rows that an order may have."""
LEFT: Final = 0.5
"""Share of the labels that must find a row: of rows that were left out, the labels stay."""
MOST_KEYS: Final = 32
"""Lists of keys that are compared with each other."""
MOST_ORDERS: Final = 16
"""Orders that are kept: a pair of lists gives two."""


@dataclass(frozen=True)
class Order:
    """Rows put in another order: at place ``i`` comes row ``at[i]``."""

    words: str
    """How, behind the name of the rows: ``sorted by table.index``."""
    at: Places
    """``(n,)``, each row at most once; −1 at a place whose row is gone."""


@dataclass(frozen=True)
class Reordered:
    """Rows that an order puts beside the labels in place of those that stand there."""

    name: str
    words: str
    rows: AnyArray
    at: Places
    """``(n_known,)``: beside which training row each of them stands."""


def keys_among(
    variables: Iterable[tuple[str, Any]], to_array: Callable[[Any], AnyArray | None] = lambda value: None
) -> list[tuple[str, AnyArray]]:
    """Copies of what these variables hold that may tell rows from each other: whole numbers, texts or dates, ``(n,)``.

    Or which of the rows were kept (a mask), or what their labels are. With their names. ``to_array`` makes an array of
    a framework's tensor, ``None`` of all else.
    """
    found: dict[tuple[str, int], AnyArray] = {}
    for name, value in variables:
        with contextlib.suppress(AttributeError, RuntimeError, TypeError, ValueError):  # lazy or odd objects
            for said, given in _columns(name, value, to_array):
                if LEAST <= len(given) <= MOST:
                    array = np.array(given, dtype=None if hasattr(given, "dtype") else object)
                    if array.ndim == 1 and array.dtype.kind in "bfiuMOU":
                        found.setdefault((said, id(value)), array)
        if len(found) >= MOST_KEYS:
            break
    return [(said, array) for (said, _), array in found.items()]


def orders_of(columns: Iterable[tuple[str, AnyArray]]) -> list[Order]:
    """Orders that these columns tell, those of a table's index first."""
    keys: dict[bytes, tuple[str, AnyArray]] = {}
    for name, given in columns:
        for found in _unique(given):
            keys.setdefault(found.tobytes(), (name, found))
    tables_first = sorted(keys.values(), key=lambda one: not one[0].endswith(".index"))
    orders: dict[bytes, Order] = {}
    for one in (*_permutations(tables_first), *_re_keyed(tables_first), *_parts(tables_first)):
        orders.setdefault(one.at.tobytes(), one)
    return list(orders.values())[:MOST_ORDERS]


def _columns(name: str, value: Any, to_array: Callable[[Any], AnyArray | None]) -> Iterator[tuple[str, Any]]:
    """One-dimensional things in one variable, with how they are said."""
    if type(value).__module__.partition(".")[0] == "pandas":
        if hasattr(value, "index"):
            yield f"{name}.index", value.index
        for column in getattr(value, "columns", ())[:MOST_KEYS]:
            if value[column].dtype.kind != "f":
                yield f"{name}[{column!r}]", value[column]
    elif type(value) in (list, tuple, dict):
        if len(value) >= LEAST and isinstance(next(iter(value)), str | int | float | PurePath):
            yield name, list(value)
    else:
        array = value if isinstance(value, np.ndarray) else to_array(value)
        if array is not None:
            yield name, array
            if array is value and _is_beginning(array):
                yield f"{name}.base", array.base


def _is_beginning(array: AnyArray) -> bool:
    """The first of a longer list: ``y[:len(X)]``."""
    whole = array.base
    if not isinstance(whole, np.ndarray) or whole.ndim != 1 or array.ndim != 1 or len(whole) <= len(array):
        return False
    return whole.dtype == array.dtype and array.ctypes.data == whole.ctypes.data and array.strides == whole.strides


def _unique(given: AnyArray) -> Iterator[AnyArray]:
    """The keys as whole numbers, or as texts; nothing where one comes twice. A mask gives the places it keeps."""
    if given.dtype.kind == "b":
        kept = np.flatnonzero(given)
        if LEAST <= len(kept) < len(given):
            yield kept
        return
    if given.dtype.kind == "f":
        return
    if given.dtype.kind == "O":
        if all(isinstance(one, str | PurePath) for one in given):
            given = given.astype(str)
        elif all(type(one) is int for one in given):
            given = given.astype(np.int64)
        else:
            return
    if len(set(given.tolist())) < len(given):
        return
    if given.dtype.kind == "U":  # an image and its label share the stem of their names
        stems = [PurePath(one).stem for one in given.tolist()]
        yield np.array(stems) if len(set(stems)) == len(stems) else given
    else:
        yield given.astype(np.int64)


def _permutations(keys: Iterable[tuple[str, AnyArray]]) -> Iterator[Order]:
    """Places of all rows, in another order than they stand."""
    for name, found in keys:
        whole = found.dtype.kind == "i" and found.min() == 0 and found.max() == len(found) - 1
        if whole and not np.array_equal(found, np.arange(len(found))):
            yield Order(f"sorted by {name}", np.argsort(found))
            yield Order(f"in the order {name}", found)


def _parts(keys: Iterable[tuple[str, AnyArray]]) -> Iterator[Order]:
    """Places of a part of the rows: of those that were drawn, or not left out."""
    for name, found in keys:
        if found.dtype.kind != "i" or found.min() < 0 or not len(found) <= found.max() < MOST:
            continue
        yield Order(f"at the places {name}", found)
        back = np.full(found.max() + 1, -1)  # rows were left out, and the labels were cut to as many
        back[found] = np.arange(len(found))
        if (back[: len(found)] >= 0).mean() >= LEFT:
            yield Order(f"put back at the places {name}", back[: len(found)])


def _re_keyed(keys: Iterable[tuple[str, AnyArray]]) -> Iterator[Order]:
    """The same keys in two orders."""
    for (left, mine), (right, theirs) in combinations(keys, 2):
        if mine.shape != theirs.shape or mine.dtype.kind != theirs.dtype.kind:
            continue
        a, b = np.argsort(mine), np.argsort(theirs)
        if np.array_equal(mine[a], theirs[b]):
            for (one, at), (other, place) in (((left, a), (right, b)), ((right, b), (left, a))):
                rank = np.empty_like(place)
                rank[place] = np.arange(len(place))
                yield Order(f"from the order of {one} to that of {other}", at[rank])


def reordered(X: AnyArray, arrays: Sequence[tuple[str, AnyArray]], orders: Sequence[Order]) -> list[Reordered]:
    """The training rows ``X`` ``(n, ...)`` in those orders, from arrays that hold them, by name.

    The labels stand in the order in which the array they were taken beside stands: that is one of the arrays that holds
    just these rows, or ``X`` itself. An array that holds more rows may also have been cut at its start. Which of
    several arrays in orders of their own the keys belong to is not known: each is tried.
    """
    n, width = len(X), X[:1].size
    fitting = [(name, one) for name, one in arrays if one[:1].size == width and len(one) >= n]
    holding = [(name, one, found[0]) for name, one in fitting if (found := places_of(X, [one]))]
    if all(len(one) > n for _, one, _ in holding):
        holding.append(("the training rows", X, np.arange(n)))
    made: list[Reordered] = []
    for order in [*orders, Order(f"(its first {n:,} rows)", np.arange(n))]:
        for name, source, own in holding:
            for _, beside, theirs in holding:
                # An order of all rows is one of the array itself; a part of them stands beside an array of that length.
                places = own if len(source) == len(order.at) else theirs
                if len(beside) == len(order.at) and order.at.max() < len(source):
                    at = np.flatnonzero(places >= 0)
                    at = at[order.at[places[at]] >= 0]
                    rows = source[order.at[places[at]]]
                    whole = _whole(rows, X)
                    made.append(Reordered(name, order.words, rows[whole], at[whole]))
    return made


def _whole(rows: AnyArray, X: AnyArray) -> NDArray[np.bool_]:
    """Rows without gaps, where ``X`` has none either: those with gaps were left out of it."""
    if not len(rows) or rows.dtype.kind != "f" or (X.dtype.kind == "f" and not np.isfinite(X).all()):
        return np.ones(len(rows), dtype=bool)
    return np.asarray(np.isfinite(rows.reshape(len(rows), -1)).all(axis=1))

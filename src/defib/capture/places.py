"""Where rows that a training saw stand in the program's own arrays: shuffled batches get the order of the file back.

Rows are recognized by their values: the same numbers, each column moved and scaled by numbers of its own (a scaler that
was fitted in between), or each row by numbers of its own (a normalization row by row). Framework-free.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from defib.capture.torch_rows import row_keys
from defib.subject import AnyArray, FloatArray

KNOWN = 0.9
"""Share of the rows that must be found, each at one place only, before an array counts as where they came from."""
ORDERS = 3
"""Different orders that are kept: the file, what a shuffle made of it, what a split made of that."""
MAX_CELLS = 40_000_000
"""Cells of an array beyond which it is not searched (about two seconds)."""
COLUMNS = 6
"""Columns by which rows of scaled arrays are recognized."""
LEAST_DISTINCT = 8
"""Distinct values a column needs to show how it was moved and scaled."""
ENDS = 8
"""How many of the smallest and largest values of a column may be missing among the rows (other rows hold them)."""
CHECKED = 200
"""Values of a column that are held against a guess of its scale."""
LEAST_CELLS = 4
"""Cells by which a row can be recognized that was moved and scaled by itself: two numbers of them are spent on that."""
ROW_TOLERANCE = 1e-4
"""Of a standardized cell: rounding to float32, and the small number that keeps a division from zero."""
TOLERANCE = 2e-6
"""Of a column's range: rounding to float32, ten times over."""

Places = NDArray[np.int64]


def places_of(X: AnyArray, arrays: Iterable[AnyArray]) -> tuple[Places, ...]:
    """Row numbers of all rows of ``X`` ``(n, ...)`` in the arrays that hold them; −1 where one is not certain.

    At most `ORDERS`, of arrays that hold them in different orders, longest first. Rows are compared cell by cell,
    whatever their shape.

    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> places_of(X[[7, 3, 99, 0]], [X])
    (array([ 7,  3, 99,  0]),)
    """
    n = len(X)
    width = X[:1].size
    fitting = [one for one in arrays if len(one) >= n and one[:1].size == width and one.size <= MAX_CELLS]
    found: list[Places] = []
    for one in sorted(fitting, key=len, reverse=True):
        places = _found(X.reshape(n, -1), one.reshape(len(one), -1))
        if places is not None and not any(_same_order(places, other) for other in found):
            found.append(places)
        if len(found) == ORDERS:
            break
    return tuple(found)


def _found(X: AnyArray, array: AnyArray) -> Places | None:
    for find in (_same, _scaled, _scaled_by_row):
        places = find(X, array)
        if places is not None and (places >= 0).mean() >= KNOWN:
            return places
    return None


def _same_order(a: Places, b: Places) -> bool:
    known = (a >= 0) & (b >= 0)
    return bool(np.array_equal(np.argsort(a[known]), np.argsort(b[known])))


def _same(X: AnyArray, array: AnyArray) -> Places:
    with np.errstate(all="ignore"):
        return _looked_up(row_keys(X), row_keys(array.astype(X.dtype)))


def _looked_up(wanted: NDArray[np.uint64], keys: NDArray[np.uint64]) -> Places:
    """Place of each wanted key among the keys; −1 for keys that are missing or stand there more than once."""
    values, first, counts = np.unique(keys, return_index=True, return_counts=True)
    at = np.minimum(np.searchsorted(values, wanted), len(values) - 1)
    found = (values[at] == wanted) & (counts[at] == 1)
    return np.where(found, first[at], -1).astype(np.int64)


def _scaled(X: AnyArray, array: AnyArray) -> Places | None:
    if X.dtype.kind != "f" or array.dtype.kind not in "fiub" or len(X) < LEAST_DISTINCT:
        return None
    whole = np.isfinite(array).all(axis=1)
    if not whole.all() and len(X) <= whole.sum() and np.isfinite(X).all():  # rows with gaps are none of these
        found = _scaled(X, array[whole])
        return None if found is None else np.where(found >= 0, np.flatnonzero(whole)[found], -1)
    pairs = []
    for column in _telling(X):
        pair = _matched_column(X[:, column].astype(np.float64), array[:, column].astype(np.float64))
        if pair is not None:
            pairs.append(pair)
    if len(pairs) < min(COLUMNS, X.shape[1]) / 2:
        return None
    left, right = (np.column_stack([pair[i] for pair in pairs]) for i in (0, 1))
    return _looked_up(row_keys(left), row_keys(right))


def _scaled_by_row(X: AnyArray, array: AnyArray) -> Places | None:
    """Places of rows that were each moved and scaled by numbers of their own: alike once all are standardized."""
    if X.dtype.kind != "f" or array.dtype.kind not in "fiub" or X.shape[1] < LEAST_CELLS:
        return None
    mine, others = _standard_rows(X), _standard_rows(array)
    if not (np.isfinite(mine).all() and np.isfinite(others).all()):
        return None
    weights = np.random.default_rng(0).normal(size=X.shape[1])
    keys = others @ weights
    order = np.argsort(keys)
    wanted, keys = mine @ weights, keys[order]
    right = np.clip(np.searchsorted(keys, wanted), 1, len(keys) - 1)
    places = order[np.where(wanted - keys[right - 1] < keys[right] - wanted, right - 1, right)]
    same = np.abs(others[places] - mine).max(axis=1) < ROW_TOLERANCE
    _, first, counts = np.unique(places, return_inverse=True, return_counts=True)
    return np.where(same & (counts[first] == 1), places, -1).astype(np.int64)


def _standard_rows(X: AnyArray) -> FloatArray:
    table = X.astype(np.float64)
    centred = table - table.mean(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        return np.asarray(centred / centred.std(axis=1, keepdims=True))


def _telling(X: AnyArray) -> list[int]:
    """The columns with the most distinct values, at least `LEAST_DISTINCT`."""
    looked = X[:, np.unique(np.linspace(0, X.shape[1] - 1, 64).astype(int))] if X.shape[1] > 64 else X
    names = np.unique(np.linspace(0, X.shape[1] - 1, 64).astype(int)) if X.shape[1] > 64 else np.arange(X.shape[1])
    counts = [len(np.unique(looked[:, k])) for k in range(looked.shape[1])]
    order = np.argsort(counts, kind="stable")[::-1][:COLUMNS]
    return [int(names[k]) for k in order if counts[k] >= LEAST_DISTINCT]


def _matched_column(x: FloatArray, values: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Both columns as positions among the array's distinct values, when some scale and offset bring them together."""
    if not (np.isfinite(x).all() and np.isfinite(values).all()):
        return None
    known, inverse = np.unique(values, return_inverse=True)
    mine = np.unique(x)
    if len(known) < 2:
        return None
    sample = mine[np.unique(np.linspace(0, len(mine) - 1, CHECKED).astype(int))]
    for low, high in _ends(len(known)):
        scale = (known[high] - known[low]) / (mine[-1] - mine[0])
        if _near(known, known[low] + (sample - mine[0]) * scale)[1]:
            places, _ = _near(known, known[low] + (x - mine[0]) * scale)
            return places, inverse.astype(np.int64).ravel()
    return None


def _ends(n: int) -> list[tuple[int, int]]:
    """Pairs of places among ``n`` sorted values that may be the rows' least and largest, likely ones first."""
    pairs = [(low, n - 1 - top) for low in range(ENDS) for top in range(ENDS) if low < n - 1 - top]
    return sorted(pairs, key=lambda pair: pair[0] + n - 1 - pair[1])


def _near(known: FloatArray, values: FloatArray) -> tuple[NDArray[np.int64], bool]:
    """Nearest known value of each, and whether all lie within the tolerance."""
    right = np.clip(np.searchsorted(known, values), 1, len(known) - 1)
    nearest = np.where(values - known[right - 1] < known[right] - values, right - 1, right)
    limit = TOLERANCE * (known[-1] - known[0])
    return nearest.astype(np.int64), bool((np.abs(known[nearest] - values) <= limit).all())

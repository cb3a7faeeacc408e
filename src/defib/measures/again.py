"""Which rows are among others: whether a network is asked about what it was trained on."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

AnyArray: TypeAlias = NDArray[Any]

TELLING: Final = 0.9
"""Share of distinct rows among the known from which on an equal row is the same row: where few values repeat, fresh
rows are equal to old ones by chance."""


def among(X: AnyArray, known: AnyArray) -> NDArray[np.bool_]:
    """Per row of ``X`` ``(n, ...)`` whether it is one of ``known`` ``(m, ...)``, ``(n,)``; equal as float32.

    Where the known rows repeat, only the very same array counts.

    >>> among(np.array([[1.0], [5.0]]), np.array([[1.0], [2.0]])).tolist()
    [True, False]
    >>> among(np.array([[1.0]]), np.array([[1.0], [1.0]])).tolist()
    [False]
    """
    nothing = np.zeros(len(X), dtype=np.bool_)
    if not len(X) or not len(known) or np.shape(X)[1:] != np.shape(known)[1:]:
        return nothing
    keys = _keys(known)
    distinct = set(keys)
    if len(distinct) < TELLING * len(keys):
        return ~nothing if np.array_equal(X, known) else nothing
    return np.array([key in distinct for key in _keys(X)], dtype=np.bool_)


def overlap(X: AnyArray, other: AnyArray) -> bool:
    """Whether any row of ``X`` ``(n, ...)`` is one of ``other`` ``(m, ...)``, rows of one shape; equal as float32.

    >>> overlap(np.array([[1.0], [5.0]]), np.array([[5.0]])), overlap(np.array([[1.0]]), np.array([[5.0]]))
    (True, False)
    """
    return not set(_keys(X)).isdisjoint(_keys(other))


def _keys(X: AnyArray) -> list[Any]:
    flat = np.asarray(X).reshape(len(X), -1)
    if flat.dtype.kind not in "fiub":
        return [tuple(row) for row in flat.tolist()]
    with np.errstate(over="ignore"):
        flat = np.ascontiguousarray(flat, dtype=np.float32)
    return [row.tobytes() for row in flat]

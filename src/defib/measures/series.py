"""Whether rows stand in an order that tells them: windows of one series, slow series, a time among the columns."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from defib.measures.outputs import AnyArray
from defib.measures.rows import spaced_indices

DRIFT: Final = 0.9
NEIGHBOURS: Final = 50
"""Pairs of neighbouring rows that are compared."""
LOOKED: Final = 64
"""Cells of a row that are compared."""
LONGEST_STEP: Final = 256
"""Cells by which one window may start after the other (features of one time step times the stride)."""
OVERLAP: Final = 0.5
"""Share of neighbouring rows, and of columns, from which the rows count as overlapping or as a slow series."""
LEAST_VALUES: Final = 3
"""Distinct values that a piece of a row must hold before finding it again in the next row means anything."""
LIKENESS: Final = 0.5
"""Correlation of a column with itself one row later that an unordered table does not show."""


def overlapping(rows: AnyArray, places: NDArray[np.int64], changes: AnyArray | None = None) -> bool:
    """Whether neighbouring rows hold the same numbers, moved along (windows), or change only slowly (a series).

    ``changes``: the rows less what may differ between stretches of them; the rows themselves when not given.
    """
    neighbours = np.flatnonzero(np.diff(places) == 1)
    if len(neighbours) < 2:
        return False
    flat = np.asarray(rows).reshape(len(rows), -1)
    picked = neighbours[spaced_indices(len(neighbours), NEIGHBOURS)]
    return _moved_along(flat[picked], flat[picked + 1]) or _slow(flat if changes is None else changes, neighbours)


def _moved_along(first: AnyArray, second: AnyArray) -> bool:
    """Whether a piece of half a row and more stands in the next row too, some cells further."""
    cells = first.shape[1]
    for step in range(1, min(cells // 2, LONGEST_STEP) + 1):
        for a, b in ((first[:, step:], second[:, :-step]), (first[:, :-step], second[:, step:])):
            looked = spaced_indices(a.shape[1], LOOKED)
            a, b = a[:, looked], b[:, looked]
            told = (np.diff(np.sort(a, axis=1), axis=1) > 0).sum(axis=1) + 1 >= LEAST_VALUES
            if told.mean() > OVERLAP and np.isclose(a[told], b[told], rtol=1e-5).all(axis=1).mean() > OVERLAP:
                return True
    return False


def _slow(flat: AnyArray, neighbours: NDArray[np.int64]) -> bool:
    """Whether most columns are correlated with themselves one row later."""
    looked = flat[:, spaced_indices(flat.shape[1], LOOKED)].astype(np.float64)
    looked = np.where(np.isfinite(looked), looked, 0.0)
    looked = looked[:, np.ptp(looked, axis=0) > 0]
    if looked.shape[1] == 0:
        return False
    a, b = looked[neighbours], looked[neighbours + 1]
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    sizes = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    likeness = (a * b).sum(axis=0) / np.where(sizes > 0, sizes, np.inf)
    return bool((likeness > LIKENESS).mean() > OVERLAP)


def drifts(rows: AnyArray) -> bool:
    """Whether rows tell their place in the file *within* short stretches (a time, an index): then any sorting fits."""
    flat = np.asarray(rows).reshape(len(rows), -1)[:, :50].astype(np.float64)
    flat = np.where(np.isfinite(flat), flat, 0.0)
    stretches = np.array_split(np.arange(len(flat)), 8)
    for stretch in stretches:
        place = np.arange(len(stretch)) - (len(stretch) - 1) / 2
        part = flat[stretch] - flat[stretch].mean(axis=0)
        sizes = np.sqrt((part**2).sum(axis=0) * (place**2).sum())
        r = np.abs(place @ part) / np.where(sizes > 0, sizes, np.inf)
        if r.max(initial=0.0) > DRIFT:
            return True
    return False

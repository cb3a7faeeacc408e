"""Other ways to pair rows with labels: those that a bug would have destroyed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from defib.measures.rows import spaced_indices
from defib.subject import AnyArray, FloatArray

SHIFTS: Final = (1, 2, 3)
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

Pairing = tuple[str, NDArray[np.int64], NDArray[np.int64]]
"""Words, indices of rows, indices of labels."""


def in_file_order(places: AnyArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices that put the rows into the order of the file, and their places there (gaps where rows are elsewhere).

    >>> in_file_order(np.array([4, -1, 2]))
    (array([2, 0]), array([2, 4]))
    """
    known = np.flatnonzero(places >= 0)
    order = known[np.argsort(places[known], kind="stable")].astype(np.int64)
    return order, np.asarray(places[order], dtype=np.int64)


def re_pairings(rows: AnyArray, targets: FloatArray, places: NDArray[np.int64], *, classes: bool) -> list[Pairing]:
    """Pairings to try, for rows and labels in the order of the file with strictly increasing ``places``.

    Rows that share their content with their neighbours are not shifted: windows of a series hold the labels of
    the rows before them, and any shift would then bring signal without anything being wrong. Nor are their labels
    sorted: neighbours then share a label as well, and a learner that saw one half of them knows the other. Rows that
    stand in blocks by class, as sorted labels would, are alike between blocks only, and are no series.
    """
    found: list[Pairing] = []
    if len(places) < 2:
        return found
    shared = overlapping(rows, places)
    if not shared:
        for k in SHIFTS:
            unit = "row" if k == 1 else "rows"
            found.append((f"labels shifted by {k} {unit}", *_met(places, lambda place, k=k: place + k)))  # type: ignore[misc]
            found.append((f"labels shifted by -{k} {unit}", *_met(places, lambda place, k=k: place - k)))  # type: ignore[misc]
    last = int(places[0] + places[-1])
    found.append(("labels in reverse order", *_met(places, lambda place: last - place)))
    if classes and not overlapping(rows, places, _within_blocks(rows, targets)) and not drifts(rows):
        found.append(("labels sorted by class", np.arange(len(rows)), np.lexsort(targets.T)))
    return found


def _within_blocks(rows: AnyArray, targets: FloatArray) -> AnyArray:
    """Rows less the mean of the block that the sorted labels would put them in."""
    flat = np.asarray(rows).reshape(len(rows), -1).astype(np.float64)
    flat = np.where(np.isfinite(flat), flat, 0.0)
    block = np.unique(targets[np.lexsort(targets.T)], axis=0, return_inverse=True)[1].ravel()
    counts = np.bincount(block).astype(np.float64)
    means = np.stack([np.bincount(block, weights=column) / counts for column in flat.T], axis=1)
    return np.asarray(flat - means[block])


def _met(
    places: NDArray[np.int64], partner: Callable[[NDArray[np.int64]], NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows whose partner's label is known, and the index of that label."""
    wanted = partner(places)
    at = np.minimum(np.searchsorted(places, wanted), len(places) - 1)
    rows = np.flatnonzero(places[at] == wanted)
    return rows, at[rows]


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

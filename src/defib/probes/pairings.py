"""Other ways to pair rows with labels: those that a bug would have destroyed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from defib.measures.series import drifts, overlapping
from defib.subject import AnyArray, FloatArray

SHIFTS: Final = (1, 2, 3)

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

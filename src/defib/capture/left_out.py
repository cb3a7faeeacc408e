"""Labels of rows some of which were left out: the program holds more labels than rows, and paired them from the start.

``X = X[whole]; y = y[:len(X)]``: from the first gap on every row has another one's label. Where neither the mask nor an
index is left, the rows themselves say how many are missing before each (`defib.measures.realigned`). Framework-free.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from defib.capture.held_labels import MOST_CLASSES, Column, Held, as_given, same_labels
from defib.capture.places import places_of
from defib.measures.realigned import realigned
from defib.measures.rows import spaced_indices
from defib.measures.series import drifts, overlapping
from defib.subject import AnyArray, FloatArray

LEAST: Final = 60
MOST: Final = 5000
"""Rows that are looked at."""
MOST_LEFT_OUT: Final = 400
MOST_COLUMNS: Final = 64
MOST_CELLS: Final = 3_000_000
"""Rows, times labels that may be a row's, times columns of labels: a few seconds."""


def left_out(X: AnyArray, y: AnyArray, arrays: Sequence[AnyArray], columns: Sequence[Column]) -> Held | None:
    """Labels of the training rows ``X`` ``(n, ...)``, trained on with ``y`` ``(n, ...)``.

    ``None`` where no longer list of labels begins with ``y``, or the rows do not say which of them are theirs.
    """
    for array in arrays:
        if not LEAST <= len(array) <= MOST or array[:1].size != X[:1].size or not (found := places_of(X, [array])):
            continue
        at = np.flatnonzero(found[0] >= 0)
        places = found[0][at]
        for one in columns:
            more = len(one.values) - len(array)
            cut_short = 0 < more <= min(MOST_LEFT_OUT, len(array) // 2)
            if not cut_short or not same_labels(one.values[places], y[at]) or _whole(X, arrays, len(one.values)):
                continue
            real = _realigned(array, one.values)
            if real is not None:
                known = real[places] >= 0
                labels = as_given(y, one.values[real[places[known]]])
                return None if labels is None else Held(f"{one.name} less {more:,} of rows left out", labels, at[known])
    return None


def _whole(X: AnyArray, arrays: Sequence[AnyArray], n: int) -> bool:
    """Whether the rows stand in an array that is as long as the labels: then none was left out."""
    return bool(places_of(X, [one for one in arrays if len(one) == n]))


def _realigned(array: AnyArray, labels: AnyArray) -> AnyArray | None:
    """Place of the label of each row of the array ``(n,)``; −1 where it is not certain."""
    table = np.asarray(array).reshape(len(array), -1).astype(np.float64)
    table = table[:, spaced_indices(table.shape[1], MOST_COLUMNS)]
    targets = _targets(labels)
    if targets is None or not np.isfinite(table).all() or overlapping(array, np.arange(len(array))) or drifts(array):
        return None
    if len(table) * (len(labels) - len(table) + 1) * targets.shape[1] > MOST_CELLS:
        return None
    found = realigned(_standard(table), _standard(targets))
    return None if found is None else found.at


def _targets(labels: AnyArray) -> FloatArray | None:
    if labels.dtype.kind not in "fiub":
        return None
    values = labels.astype(np.float64)
    classes = np.unique(values)
    if not np.isfinite(values).all() or len(classes) < 2:
        return None
    if len(classes) > MOST_CLASSES:
        return values[:, None]
    return np.asarray(values[:, None] == classes[None, (len(classes) == 2) :], dtype=np.float64)


def _standard(table: FloatArray) -> FloatArray:
    sd = table.std(axis=0)
    return np.asarray((table[:, sd > 0] - table[:, sd > 0].mean(axis=0)) / sd[sd > 0])

"""What kind of task the labels describe, read from their values first, then from the loss and the head. Pure NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from defib.measures.outputs import AnyArray, FloatArray

Task = Literal["binary", "multiclass", "multilabel", "regression"]

CLASS_LOSSES = frozenset({"binary_cross_entropy", "categorical_cross_entropy", "sparse_categorical_cross_entropy"})
MARGIN_LOSSES = frozenset({"hinge"})
VALUE_LOSSES = frozenset({"squared_error", "absolute_error", "huber", "poisson"})
MAX_CLASSES_GUESSED = 20
"""Without a loss that says so, more distinct integers than this are taken for values, not classes."""
MAX_CLASSES = 1000
"""More distinct values than this are values whatever the loss."""


@dataclass(frozen=True)
class Targets:
    """Labels brought to one shape: one row per prediction, class ids where there are classes."""

    task: Task
    values: FloatArray
    """``(n, k)`` as given, flattened over time; float64."""
    class_ids: AnyArray | None
    """``(n,)`` for binary and multiclass: the label itself, or the column that is hot."""
    one_hot: bool


def number_array(y: AnyArray) -> FloatArray | None:
    """Labels as float64 of the same shape; ``None`` when they are no numbers.

    >>> number_array(np.array(["a", "b"])) is None, number_array(np.array([True])).tolist()
    (True, [1.0])
    """
    try:
        return np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def read_targets(
    y: AnyArray,
    *,
    loss_kind: str | None = None,
    n_outputs: int | None = None,
    output_ndim: int | None = None,
    task: Task | None = None,
) -> Targets:
    """Read labels ``(n, ...)`` as they arrive at the loss.

    ``n_outputs`` is the last axis of the network's output, ``output_ndim`` its number of axes (to tell a sequence of
    labels from several columns); ``task`` overrides what would be read. Text labels are numbered in sorted order.

    >>> read_targets(np.array([0, 1, 1])).task, read_targets(np.array([151.0, 75.5])).task
    ('binary', 'regression')
    >>> read_targets(np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])).class_ids.tolist()
    [1.0, 0.0, 2.0]
    """
    values = number_array(y)
    if values is None:
        values = np.unique(np.asarray(y).astype(str), return_inverse=True)[1].reshape(np.shape(y)).astype(np.float64)
    columns = _to_columns(values, loss_kind, output_ndim, n_outputs)
    if columns.shape[1] == 1:
        found = task or _task_of_column(columns[:, 0], _is_integer(y), loss_kind, n_outputs)
        ids = columns[:, 0] if found in ("binary", "multiclass") else None
        return Targets(found, columns, ids, False)
    return _read_wide(columns, loss_kind, task)


def _is_integer(y: AnyArray) -> bool:
    return np.asarray(y).dtype.kind in "biuOUS"


def _to_columns(
    values: FloatArray, loss_kind: str | None, output_ndim: int | None, n_outputs: int | None
) -> FloatArray:
    """``(n, k)``: time is flattened into the rows when the outputs carry it too."""
    if values.ndim <= 1:
        return values.reshape(-1, 1)
    ids_over_time = loss_kind == "sparse_categorical_cross_entropy" and values.shape[-1] != 1
    if ids_over_time or (output_ndim is not None and output_ndim == values.ndim + 1):
        return values.reshape(-1, 1)
    if output_ndim == 3 and values.ndim == 2 and n_outputs == 1:
        return values.reshape(-1, 1)
    return values.reshape(-1, values.shape[-1])


def _read_wide(columns: FloatArray, loss_kind: str | None, task: Task | None) -> Targets:
    known = columns[np.isfinite(columns).all(axis=1)]
    zero_one = bool(np.isin(known, (0.0, 1.0)).all()) and len(known) > 0
    sums_to_one = len(known) > 0 and bool(np.allclose(known.sum(axis=1), 1.0, atol=1e-3)) and bool((known >= 0).all())
    one_hot = zero_one and sums_to_one
    soft = sums_to_one and loss_kind in ("categorical_cross_entropy", "kl_divergence")
    found: Task
    if one_hot or soft:
        found = "binary" if columns.shape[1] == 2 else "multiclass"
    else:
        found = "multilabel" if zero_one else "regression"
    found = task or found
    hot = found in ("binary", "multiclass")
    return Targets(found, columns, np.argmax(columns, axis=1).astype(np.float64) if hot else None, one_hot)


def _task_of_column(values: FloatArray, integer: bool, loss_kind: str | None, n_outputs: int | None) -> Task:
    known = values[np.isfinite(values)]
    distinct = np.unique(known)
    whole = bool((distinct == np.round(distinct)).all())
    if len(distinct) <= 2:
        return _two_values(distinct, whole, integer, loss_kind, n_outputs)
    if not whole or len(distinct) > MAX_CLASSES:
        return "regression"
    if loss_kind in CLASS_LOSSES or loss_kind in MARGIN_LOSSES:
        return "multiclass"
    several = n_outputs is not None and n_outputs > 1
    if several and distinct[0] >= 0 and distinct[-1] <= (n_outputs or 0):
        return "multiclass"
    if loss_kind in VALUE_LOSSES or not _looks_like_ids(distinct, len(known)):
        return "regression"
    return "multiclass" if integer or several else "regression"


def _looks_like_ids(distinct: FloatArray, n: int) -> bool:
    """Few integers without gaps, counted from 0 or 1."""
    gapless = distinct[0] in (0.0, 1.0) and distinct[-1] - distinct[0] == len(distinct) - 1
    return bool(gapless) and len(distinct) <= min(MAX_CLASSES_GUESSED, max(n // 3, 3))


def _two_values(distinct: FloatArray, whole: bool, integer: bool, loss_kind: str | None, n_outputs: int | None) -> Task:
    if loss_kind == "sparse_categorical_cross_entropy" and n_outputs is not None and n_outputs > 2:
        return "multiclass"
    if loss_kind in CLASS_LOSSES or loss_kind in MARGIN_LOSSES:
        return "binary"
    customary = all(value in (-1.0, 0.0, 1.0, 2.0) for value in distinct)
    if whole and customary:
        return "binary"
    if len(distinct) < 2 or loss_kind in VALUE_LOSSES:
        return "regression"
    return "binary" if whole and integer else "regression"

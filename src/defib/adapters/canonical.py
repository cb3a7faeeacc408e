"""Labels in the form that a canonical loss takes, whatever the framework."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from defib.subject import AnyArray


def prepare(name: str, y: AnyArray, row_shape: Sequence[int]) -> AnyArray:
    """Labels in the form a canonical loss takes, for outputs of ``row_shape`` per row.

    Class ids become 0 … K−1 in the order of their values; for ``bce`` two values become 0 and 1.
    """
    y = np.asarray(y)
    if name in ("ce_logits", "ce"):
        return _class_ids(y, row_shape)
    size = int(np.prod(row_shape)) if row_shape else 1
    values = _zero_one(y, size) if name in ("bce_logits", "bce") else y
    if values.size == len(y) * size:
        values = values.reshape(len(y), *row_shape)
    elif values.size == len(y):
        values = np.broadcast_to(values.reshape(len(y), *[1] * len(row_shape)), (len(y), *row_shape))
    return np.ascontiguousarray(values, dtype=np.float32)


def _class_ids(y: AnyArray, row_shape: Sequence[int]) -> AnyArray:
    classes = row_shape[-1] if row_shape else 1
    if y.ndim >= 2 and y.shape[-1] == classes and classes > 1:
        return np.asarray(y.argmax(axis=-1), dtype=np.int64)
    values, ids = np.unique(y, return_inverse=True)
    whole = np.issubdtype(values.dtype, np.integer) or bool(np.all(values == np.round(values)))
    if whole and len(values) and values[0] >= 0 and values[-1] < classes:
        return y.astype(np.int64)
    return ids.reshape(y.shape).astype(np.int64)


def _zero_one(y: AnyArray, size: int) -> AnyArray:
    if y.ndim >= 2 and y.shape[-1] == 2 and size == 1:  # one-hot labels of two classes
        y = y[..., 1]
    values = np.unique(y)
    if size > 1 and y.size == len(y) and len(values) > 2:
        ids = np.clip(np.searchsorted(values, y.reshape(len(y))), 0, size - 1)
        one_hot: AnyArray = np.eye(size)[ids]
        return one_hot
    if len(values) == 2 and not np.array_equal(values, [0, 1]):
        return np.asarray(y == values[1], dtype=np.float32)
    return y

"""What each training row counts for: ``class_weight`` and ``sample_weight`` of the user's ``fit``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from defib.subject import AnyArray, FloatArray, Rows

if TYPE_CHECKING:
    from defib.adapters.keras.subject import Captured


def row_key(x: AnyArray, y: AnyArray | None) -> bytes:
    """Bytes that stand for one training row and its label.

    >>> row_key(np.zeros(1), None) == row_key(np.zeros(1), None)
    True
    """
    head = np.ascontiguousarray(x).tobytes()
    return head if y is None else head + b"|" + np.ascontiguousarray(y).tobytes()


def row_weights(captured: Captured, rows: Rows) -> FloatArray | None:
    """``class_weight`` and ``sample_weight`` as the user's fit had them, for these rows."""
    found: FloatArray | None = None
    if captured.sample_weights and rows.y is not None:
        keys = [row_key(x, y) for x, y in zip(rows.X, rows.y, strict=True)]
        if all(key in captured.sample_weights for key in keys):
            found = np.array([captured.sample_weights[key] for key in keys], dtype=np.float32)
    if captured.class_weight and rows.y is not None:
        labels = np.asarray(rows.y)
        wide = labels.ndim > 1 and labels.shape[-1] > 1
        ids = labels.argmax(axis=-1) if wide else np.round(labels.reshape(len(labels), -1)[:, 0])
        each = np.array([captured.class_weight.get(int(k), 1.0) for k in ids], dtype=np.float32)
        found = each if found is None else found * each
    return found

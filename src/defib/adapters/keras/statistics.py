"""Running statistics of batch normalization as plain averages over some rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from defib.adapters.keras.backends.abstract import Backend
from defib.adapters.keras.trace import call_model
from defib.subject import AnyArray

CHUNK = 256
"""Rows that are averaged at a time; all chunks are of nearly the same size, so that each weighs the same."""


def recompute_statistics(backend: Backend, model: Any, X: AnyArray) -> None:
    """Average every running mean and variance over all rows, in training mode; the weights stay as they are."""
    norms = [one for one in model._flatten_layers() if type(one).__name__ == "BatchNormalization"]
    kept = [(one, one.momentum, one.trainable) for one in norms]
    try:
        for one in norms:
            one.trainable = True  # a frozen one would run on its old statistics
        for k, rows in enumerate(np.array_split(np.arange(len(X)), max(-(-len(X) // CHUNK), 1))):
            for one in norms:
                one.momentum = k / (k + 1)
            with backend.quietly():
                call_model(model, backend.rows(X[rows]), training=True)
    finally:
        for one, momentum, trainable in kept:
            one.momentum, one.trainable = momentum, trainable

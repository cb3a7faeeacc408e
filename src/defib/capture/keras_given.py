"""What ``fit`` was given: which part of the rows it trains on, whether it shuffles, where values can be read."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import Flavor
from defib.adapters.keras.packing import parts_of
from defib.capture.keras_rows import to_array
from defib.capture.keras_tee import is_sequence


def outside_graphs(flavor: Flavor) -> AbstractContextManager[Any]:
    """Where values can be read although TensorFlow may be tracing a function."""
    if flavor.backend != "tensorflow":
        return nullcontext()
    import tensorflow as tf

    scope: AbstractContextManager[Any] = tf.init_scope()
    return scope


def _split_at(given: dict[str, Any]) -> int | None:
    """Where ``validation_split`` cuts, as Keras does: the first part trains."""
    split = given.get("validation_split")
    if not split or given.get("validation_data") is not None:
        return None
    parts = parts_of(given["x"])
    X = to_array(given["x"] if parts is None else next(iter(parts.values())))
    return None if X is None else int(np.floor(len(X) * (1.0 - float(split))))


def fit_part(given: dict[str, Any]) -> slice:
    """The rows it trains on."""
    return slice(0, _split_at(given))


def held_part(given: dict[str, Any]) -> slice:
    """The rows ``validation_split`` holds back."""
    return slice(_split_at(given), None)


def stream_shuffled(x: Any, given: dict[str, Any]) -> bool | None:
    """A dataset with a shuffle in its chain is shuffled; for other streams the batches will tell."""
    if is_sequence(x):
        return bool(given.get("shuffle", True))  # the order of its batches
    seen = 0
    while x is not None and seen < 50:
        if type(x).__name__.lstrip("_").startswith("Shuffle"):
            return True
        x = getattr(x, "_input_dataset", None)
        seen += 1
    return None

"""Weights that a callback put back when ``fit`` ended: then the last steps left no trace in the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import to_numpy
from defib.capture.keras_study import Study, weights_now


def note_restored(study: Study, callbacks: Any, epochs_before: int) -> None:
    """Note the epoch whose weights the model holds now, when a callback kept a copy and put it back.

    ``epochs_before``: epochs of earlier ``fit`` calls, which stay in the weights.
    """
    study.restored, study.restored_by = None, ""
    for one in _each(callbacks):
        epoch, kept = getattr(one, "best_epoch", None), getattr(one, "best_weights", None)
        if not getattr(one, "restore_best_weights", False) or kept is None or not isinstance(epoch, (int, np.integer)):
            continue
        number = epochs_before + int(epoch) + 1
        if number < study.n_epochs and _holds(study.model, kept):
            study.restored, study.restored_by = number, _by(one)
            return


def _each(callbacks: Any) -> Iterable[Any]:
    if callbacks is None:
        return ()
    inner = getattr(callbacks, "callbacks", callbacks)
    return tuple(inner) if isinstance(inner, (list, tuple)) else (inner,)


def _holds(model: Any, kept: Any) -> bool:
    now = weights_now(model)
    return len(now) == len(kept) and all(
        np.array_equal(to_numpy(v), np.asarray(value)) for v, value in zip(now, kept, strict=True)
    )


def _by(callback: Any) -> str:
    """Which callback, and by which measure, in words."""
    name, monitor = type(callback).__name__, getattr(callback, "monitor", None)
    operation = str(getattr(getattr(callback, "monitor_op", None), "__name__", ""))
    size = "smallest" if operation.startswith("less") else "largest" if operation.startswith("greater") else "best"
    return f"{name}, the {size} {monitor}" if monitor else name

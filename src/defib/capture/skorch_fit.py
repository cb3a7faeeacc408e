"""Watch skorch's training loop: planned epochs, validation losses, the search it is part of."""

from __future__ import annotations

import functools
from typing import Any

from defib.capture.keras_patch import Patches
from defib.capture.sklearn_calls import place
from defib.capture.torch_fit_watch import FitWatch
from defib.capture.torch_fits import Fit
from defib.capture.torch_frames import user_line


def watch(module: Any, patches: Patches, watcher: FitWatch) -> None:
    """Wrap the loop that ``fit`` and ``partial_fit`` run."""
    patches.wrap(module.NeuralNet, "fit_loop", functools.partial(watcher.around, begin=begin, end=end))


def begin(net: Any, X: Any, y: Any = None, epochs: int | None = None, **kwargs: Any) -> Fit:
    """What is known when the loop begins."""
    fit = Fit("skorch", getattr(net, "module_", None), user_line(), place())
    before = len(getattr(net, "history_", ()))
    fit.planned = before + int(epochs if epochs is not None else net.max_epochs)
    return fit


def end(net: Any, fit: Fit) -> None:
    """What the history says afterwards."""
    fit.epochs = len(net.history) or None
    for row in net.history:
        if row.get("valid_loss") is not None:
            fit.validation[int(row["epoch"])] = float(row["valid_loss"])
    for _, callback in getattr(net, "callbacks_", ()):
        if getattr(callback, "load_best", False) and getattr(callback, "best_epoch_", 0):
            fit.restored_epoch = int(callback.best_epoch_)
            fit.restored_by = f"{type(callback).__name__}, the best {getattr(callback, 'monitor', 'valid_loss')}"

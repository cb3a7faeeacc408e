"""Watch Lightning's ``Trainer.fit``: planned epochs, validation losses, the line of the call.

What is trained is seen by the PyTorch watcher. One function serves ``lightning`` and ``pytorch_lightning``, which are
two copies of one library.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from defib.capture.keras_patch import Patches
from defib.capture.torch_fit_watch import FitWatch
from defib.capture.torch_fits import Fit
from defib.capture.torch_frames import user_line


def watch(module: Any, patches: Patches, watcher: FitWatch) -> None:
    """Wrap ``fit``, and the function by which the trainer calls every callback."""
    patches.wrap(
        module.Trainer, "fit", functools.partial(watcher.around, begin=functools.partial(begin, watcher), end=end)
    )
    call: Any = sys.modules.get(f"{module.__package__}.call")
    if hasattr(call, "_call_callback_hooks"):
        patches.wrap(call, "_call_callback_hooks", functools.partial(_hooks, watcher), own=True)


def begin(watcher: FitWatch, trainer: Any, model: Any = None, *args: Any, **kwargs: Any) -> Fit:
    """What is known when ``fit`` is called."""
    fit = Fit("lightning", model, user_line())
    planned = trainer.max_epochs
    fit.planned = int(planned) if planned is not None and planned > 0 else None
    watcher.watch_forward(model)
    return fit


def end(trainer: Any, fit: Fit) -> None:
    """An epoch that was broken off counts as begun."""
    broken_off = bool(trainer.fit_loop.epoch_loop.batch_progress.current.ready)
    fit.epochs = int(trainer.current_epoch) + (broken_off and not trainer.fit_loop.epoch_loop._is_training_done)


def _hooks(watcher: FitWatch, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(trainer: Any, hook_name: str, *args: Any, **kwargs: Any) -> Any:
        if hook_name == "on_validation_end" and id(trainer) in watcher.running and not watcher.off():
            watcher.guard(validated, trainer, watcher.running[id(trainer)])
        return original(trainer, hook_name, *args, **kwargs)

    return call


def validated(trainer: Any, fit: Fit) -> None:
    """The loss that the program logged of its validation rows, by a name with ``val`` and ``loss`` in it."""
    if trainer.sanity_checking:
        return
    names = [one for one in trainer.callback_metrics if "val" in one.lower() and "loss" in one.lower()]
    if names:
        fit.validation[int(trainer.current_epoch)] = float(trainer.callback_metrics[min(names, key=len)])

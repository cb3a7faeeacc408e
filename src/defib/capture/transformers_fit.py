"""Watch the ``Trainer`` of Transformers: planned epochs, evaluation losses, the checkpoint that was put back."""

from __future__ import annotations

import functools
import math
from typing import Any

from defib.capture.keras_patch import Patches
from defib.capture.torch_fit_watch import FitWatch
from defib.capture.torch_fits import Fit
from defib.capture.torch_frames import user_line


def watch(module: Any, patches: Patches, watcher: FitWatch) -> None:
    """Wrap ``train``."""
    patches.wrap(module.Trainer, "train", functools.partial(watcher.around, begin=_begin, end=_end))


def _begin(trainer: Any, *args: Any, **kwargs: Any) -> Fit:
    return Fit("transformers", trainer.model, user_line())


def _end(trainer: Any, fit: Fit) -> None:
    read_state(trainer.args, trainer.state, fit)


def read_state(args: Any, state: Any, fit: Fit) -> None:
    """What ``TrainingArguments`` and ``TrainerState`` say after the training."""
    steps_asked = args.max_steps > 0 and state.global_step >= args.max_steps
    fit.planned = None if steps_asked else int(state.num_train_epochs) or None
    fit.epochs = math.ceil(float(state.epoch or 0) - 1e-6) or None
    for entry in state.log_history:
        if "eval_loss" in entry and "epoch" in entry:
            fit.validation[math.ceil(float(entry["epoch"]) - 1e-6)] = float(entry["eval_loss"])
    best = getattr(state, "best_global_step", None)
    if args.load_best_model_at_end and best and state.global_step and fit.epochs:
        fit.restored_epoch = max(1, round(best / state.global_step * float(state.epoch)))
        fit.restored_by = f"load_best_model_at_end, the best {args.metric_for_best_model or 'loss'}"

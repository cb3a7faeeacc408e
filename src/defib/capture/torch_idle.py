"""An optimizer that the program built and never asked to step: kept before the function that made it returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from defib.capture.torch_study import OptimizerWatch

if TYPE_CHECKING:
    from defib.capture.torch_study import Study

WAITS: Final = 3
"""Backward passes without a step from which on an optimizer is taken for an idle one."""


def note_idle(lines: Mapping[Any, str], study: Study) -> None:
    """At a backward pass of a training that made no step yet: the optimizer, and its rates as schedulers have them.

    ``lines``: optimizers of the program, with where each was built.
    """
    if study.n_steps:
        return
    if study.n_backward == WAITS:
        study.idle = idle_optimizer(lines, study)
    if study.idle is not None:
        study.idle_rates.add(study.n_backward - WAITS, study.idle.optimizer.param_groups)


def idle_optimizer(lines: Mapping[Any, str], study: Study) -> OptimizerWatch | None:
    """The first one that holds parameters of this training."""
    own = {id(one) for _, one in study.named()}
    for optimizer, line in lines.items():
        watch = OptimizerWatch(optimizer, line)
        if watch.held & own:
            watch.note_groups()
            return watch
    return None

"""Weights that a loop moves by itself, ``v.assign_sub(rate * gradient)``: which step that is, by the first one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from defib.adapters.keras.optimizers import facts_of
from defib.adapters.keras.program import OptimizerPlan
from defib.adapters.keras.subject import KerasSubject
from defib.adapters.keras.weights import weights_of
from defib.capture.keras_study import Study
from defib.subject import FloatArray, NotAvailable

SAME = 0.02
"""Relative difference between a step and a rate times the gradient below which it is that (float32, one batch)."""
OTHER = "the weights are moved by hand, and the first step was not a learning rate times the gradient of its batch"


def with_steps_by_hand(subject: KerasSubject, study: Study) -> KerasSubject:
    """The subject with SGD at the rate of the first step, where that was a plain step; else with what is not known."""
    rate = _rate(subject, study)
    if rate is None:
        subject.captured = replace(subject.captured, untried=OTHER)
        subject.trace = replace(subject.trace, notes=(*subject.trace.notes, OTHER))
        return subject
    plan = OptimizerPlan(study.flavor.keras.optimizers.SGD, {"learning_rate": rate})
    note = f"the weights are moved by hand: the first step was SGD with the learning rate {rate:.3g}"
    subject.captured = replace(subject.captured, optimizer=plan)
    subject.recipe = replace(subject.recipe, optimizer=facts_of(plan.cls, plan.config))
    subject.trace = replace(subject.trace, notes=(*subject.trace.notes, note))
    return subject


def _rate(subject: KerasSubject, study: Study) -> float | None:
    """``-(w1 - w0) . g / g . g`` over all weights, where nothing else is left of the step."""
    store, before, after = study.training, study.initial, study.by_hand
    if after is None or before is None or not store.y or len(before) != len(after):
        return None
    try:
        found = subject.gradients(store.X[0], store.y[0], moment="initial")
    except NotAvailable:
        return None
    place = {one.name: one.index for one in weights_of(subject.captured.model)}
    pairs = [(after[place[g.name]] - before[place[g.name]], g.values) for g in found if g.values is not None]
    moved, gradient = (
        np.concatenate([np.ravel(one).astype(np.float64) for one in part]) for part in zip(*pairs, strict=True)
    )
    return step_along(moved, gradient)


def step_along(moved: FloatArray, gradient: FloatArray) -> float | None:
    """The rate of a plain step down this gradient; ``None`` where the weights moved otherwise.

    >>> step_along(np.array([-0.2, 0.4]), np.array([1.0, -2.0])), step_along(np.array([0.2, 0.4]), np.array([1.0, -2]))
    (0.2, None)
    """
    size, total = float(gradient @ gradient), float(np.linalg.norm(moved))
    if not np.isfinite(size) or not np.isfinite(total) or size == 0.0 or total == 0.0:
        return None
    rate = -float(moved @ gradient) / size
    left = float(np.linalg.norm(moved + rate * gradient))
    return rate if rate > 0 and left <= SAME * total else None

"""Where a training's loss stood at its end, against that of a constant. Private, not a cause."""

from __future__ import annotations

from defib.causes._signs import num
from defib.probes.training import TrainingFacts

NEAR = 0.1
"""Loss within a tenth of the prior loss: the rest is barely more than the bias."""


def came_down(training: TrainingFacts) -> bool:
    """The loss ended at its lowest, clearly below its first value: it was on its way."""
    first, best, last = training.first_loss, training.best_loss, training.last_loss
    if first is None or best is None or last is None:
        return False
    return last <= (1 + NEAR) * best and last <= (1 - NEAR) * first


def at_a_constant(training: TrainingFacts) -> str | None:
    """Where the loss stands against that of a constant, as a clause; ``None`` where it is clearly below."""
    if training.at_prior_loss:
        return "the loss rests at that of a constant, as many networks' does at first"
    last, prior = training.last_loss, training.prior_loss
    if last is None or prior is None or last <= (1 + NEAR) * prior or not came_down(training):
        return None
    return f"the loss had come down to {num(last)}, where a constant gives {num(prior)}"

"""What the training did: loss against the prior loss, trend, spikes, budget, early stop."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Evidence


@dataclass(frozen=True)
class TrainingFacts(Evidence):
    """Read from the recorded trace."""

    n_updates: int
    n_epochs: int | None
    planned_epochs: int | None
    stopped_early: bool
    first_loss: float | None
    last_loss: float | None
    best_loss: float | None
    highest_loss: float | None
    prior_loss: float | None
    at_prior_loss: bool | None
    """Last loss within 2 % of the prior loss."""
    still_falling: bool | None
    """The last quarter's trend is down by more than its noise."""
    frozen_loss: bool | None
    """The last half varies by less than 1e-6 relative."""
    spike: float | None
    """highest loss after the start / first loss."""
    nan_at: int | None
    """Update (or epoch) at which the loss became NaN."""
    learning_rate: float | None
    usual_learning_rate: float | None
    """The optimizer's customary step (Adam 1e-3, SGD 1e-2 …), for comparison only."""
    optimizer: str | None
    shuffled: bool | None

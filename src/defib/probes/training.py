"""What the training did: loss against the prior loss, trend, spikes, budget, early stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.probes.labels import LabelFacts
from defib.subject import FloatArray, Subject, TrainingTrace

AT_PRIOR = 0.02
FROZEN = 1e-6
FALLING_ERRORS = 3.0
"""The trend of the last quarter is down when its slope is this many standard errors below 0 …"""
FALLING_SHARE = 1e-3
"""… and takes at least this share of the loss with it over that quarter."""
ENOUGH_EPOCHS = 8
TINY_RATE = 0.01
"""Of the largest learning rate: usual schedules end about there; a training that was mostly below it hardly went on."""
TAIL_SHARE = 0.05
"""The last loss is the mean over this share of the recorded updates: single batches are noisy."""
USUAL_RATES = {
    "sgd": 1e-2,
    "adam": 1e-3,
    "adamw": 1e-3,
    "nadam": 1e-3,
    "adamax": 1e-3,
    "rmsprop": 1e-3,
    "adagrad": 1e-2,
    "adadelta": 1.0,
    "lbfgs": 1.0,
}
"""Customary first steps of the frameworks' own documentation."""


BATCH_ERRORS = 4.0
"""Standard errors of a batch's mean loss that unequal labels alone reach once in thousands of batches."""


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
    largest_rate: float | None = None
    """Largest learning rate of a schedule; ``None`` when the rate never changed, or was not recorded."""
    last_rate: float | None = None
    tiny_rate_share: float = 0.0
    """Share of the updates made at less than 1 % of the largest rate, in [0, 1]."""
    full_updates: float | None = None
    """How many updates at the largest rate all of them amount to: the sum of the rates over the largest one."""
    restored_epoch: int | None = None
    """Epoch, from 1, whose weights were put back at the end of the training."""
    restored_by: str = ""
    restored_loss: float | None = None
    """Training loss of that epoch."""
    finds_step: bool = False
    """As `OptimizerFacts.finds_step`."""
    in_parts: bool = False
    """As `TrainingRecipe.in_parts`."""
    uncounted: str = ""
    """As `TrainingRecipe.uncounted`."""
    gathers: int = 1
    """As `OptimizerFacts.gathers`."""
    restarts: int = 0
    """As `TrainingTrace.restarts`."""
    tightest: tuple[str, str, float] | None = None
    """Of `TrainingRecipe.constraints` the one that leaves least."""

    @property
    def never_gathered(self) -> bool:
        """Whether several gradients make one step, and the training computed too few for any."""
        return self.gathers > max(self.n_updates, 1)

    @property
    def rate_over_usual(self) -> float | None:
        """The learning rate over the optimizer's customary one; ``None`` where either is not known."""
        if self.learning_rate is None or self.usual_learning_rate is None:
            return None
        return self.learning_rate / self.usual_learning_rate


def _measure(subject: Subject, book: Book) -> TrainingFacts:
    trace, recipe = subject.trace, subject.recipe
    losses = np.asarray(trace.loss_per_update if len(trace.loss_per_update) else trace.loss_per_epoch, dtype=np.float64)
    n_updates = trace.n_updates or recipe.n_updates
    if n_updates == 0 and not len(losses):
        raise Missing("TrainingFacts", "a training that was watched")
    finite = losses[np.isfinite(losses)]
    prior = book.get(LabelFacts).prior_loss if book.has(LabelFacts) else None
    last = _last(losses, trace)
    n_epochs = trace.n_epochs if trace.n_epochs is not None else recipe.n_epochs
    optimizer = recipe.optimizer
    first = float(finite[0]) if len(finite) else None
    highest = float(finite.max()) if len(finite) else None
    steady = _per_epoch_or(losses, trace)
    return TrainingFacts(
        n_updates=n_updates,
        n_epochs=n_epochs,
        planned_epochs=trace.planned_epochs,
        stopped_early=bool(n_epochs and trace.planned_epochs and n_epochs < trace.planned_epochs),
        first_loss=first,
        last_loss=last,
        best_loss=_best(losses, trace),
        highest_loss=highest,
        prior_loss=prior,
        at_prior_loss=_at_prior(last, prior),
        still_falling=still_falling(steady),
        frozen_loss=_frozen(steady),
        spike=_spike(highest, first, book, recipe.batch_size),
        nan_at=_nan_at(losses, n_updates),
        learning_rate=None if optimizer is None else optimizer.learning_rate,
        usual_learning_rate=None if optimizer is None else USUAL_RATES.get(optimizer.name),
        optimizer=None if optimizer is None else optimizer.name,
        shuffled=recipe.shuffled,
        **_rates(trace.rates, n_updates),
        restored_epoch=trace.restored_epoch,
        restored_by=trace.restored_by,
        restored_loss=_restored_loss(trace),
        finds_step=optimizer is not None and optimizer.finds_step,
        in_parts=recipe.in_parts,
        uncounted=recipe.uncounted,
        restarts=trace.restarts,
        gathers=1 if recipe.optimizer is None else recipe.optimizer.gathers,
        tightest=min(recipe.constraints, key=lambda one: one[2], default=None),
    )


def _spike(highest: float | None, first: float | None, book: Book, batch_size: int | None) -> float | None:
    """Highest loss over the first one, or over what a batch may cost a constant by its labels alone, if that is more.

    With 2 % positives the first batch of 32 often holds none, and another one holds five: a loss ten times the first
    one, and no step was to blame.
    """
    if highest is None or first is None or first <= 0:
        return None
    usual = first
    labels = book.get(LabelFacts) if book.has(LabelFacts) else None
    if labels is not None and labels.prior_loss is not None and labels.prior_loss_row_sd is not None:
        noise = BATCH_ERRORS * labels.prior_loss_row_sd / float(np.sqrt(max(batch_size or 1, 1)))
        usual = max(first, labels.prior_loss + noise)
    return highest / usual


def _rates(rates: Sequence[tuple[float, float]], n_updates: int) -> dict[str, Any]:
    """What a schedule made of the learning rate."""
    if len(rates) < 2:
        return {}
    starts, values = np.array([one for one, _ in rates]), np.array([one for _, one in rates])
    largest = float(values.max())
    if not np.isfinite(largest) or largest <= 0:
        return {}
    lengths = np.diff(np.append(starts, 1.0))
    return {
        "largest_rate": largest,
        "last_rate": float(values[-1]),
        "tiny_rate_share": float(lengths[values < TINY_RATE * largest].sum()),
        "full_updates": float((lengths * values).sum() / largest * n_updates),
    }


def _restored_loss(trace: TrainingTrace) -> float | None:
    epoch, losses = trace.restored_epoch, trace.loss_per_epoch
    return float(losses[epoch - 1]) if epoch is not None and 0 < epoch <= len(losses) else None


def _per_epoch_or(losses: FloatArray, trace: TrainingTrace) -> FloatArray:
    """Losses per epoch where there are enough of them: their noise is that of all rows, not of one batch."""
    per_epoch = np.asarray(trace.loss_per_epoch, dtype=np.float64)
    return per_epoch if len(per_epoch) >= ENOUGH_EPOCHS else losses


def _last(losses: FloatArray, trace: TrainingTrace) -> float | None:
    if len(trace.loss_per_epoch):
        return float(trace.loss_per_epoch[-1]) if np.isfinite(trace.loss_per_epoch[-1]) else None
    if not len(losses):
        return None
    tail = losses[-max(1, int(TAIL_SHARE * len(losses))) :]
    return float(tail.mean()) if np.isfinite(tail).all() else None


def _best(losses: FloatArray, trace: TrainingTrace) -> float | None:
    """Lowest loss of an epoch, or of a running mean over 5 % of the updates."""
    per_epoch = np.asarray(trace.loss_per_epoch, dtype=np.float64)
    values = per_epoch if len(per_epoch) else losses
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    width = 1 if len(per_epoch) else max(1, int(TAIL_SHARE * len(values)))
    return float(np.convolve(values, np.ones(width) / width, mode="valid").min())


def _at_prior(last: float | None, prior: float | None) -> bool | None:
    if last is None or prior is None:
        return None
    return abs(last - prior) <= AT_PRIOR * prior if prior > 0 else abs(last) < FROZEN


def still_falling(losses: FloatArray) -> bool | None:
    """Whether the least-squares trend of the last quarter is down by more than its noise; ``None`` below 8 values.

    >>> still_falling(np.linspace(1.0, 0.5, 40)), still_falling(np.full(40, 0.7))
    (True, False)
    """
    if len(losses) < ENOUGH_EPOCHS or not np.isfinite(losses).all():
        return None
    tail = losses[-max(4, len(losses) // 4) :]
    x = np.arange(len(tail)) - (len(tail) - 1) / 2
    slope = float((x * tail).sum() / (x**2).sum())
    residual = tail - tail.mean() - slope * x
    error = float(np.sqrt((residual**2).sum() / max(len(tail) - 2, 1) / (x**2).sum()))
    drop = -slope * (len(tail) - 1)
    return bool(drop > FALLING_SHARE * abs(float(tail.mean())) and -slope > FALLING_ERRORS * error)


def _frozen(losses: FloatArray) -> bool | None:
    """The last half varies by less than a millionth of its size."""
    if len(losses) < 4:
        return None
    half = losses[len(losses) // 2 :]
    if not np.isfinite(half).all():
        return None
    return bool(np.ptp(half) <= FROZEN * float(np.abs(half).mean()))


def _nan_at(losses: FloatArray, n_updates: int) -> int | None:
    """Update at which the loss stopped being finite, to the resolution of the sampling."""
    bad = np.flatnonzero(~np.isfinite(losses))
    if not len(bad):
        return None
    return round(int(bad[0]) * max(n_updates, len(losses)) / len(losses))


PROBE = Probe("training", TrainingFacts, "free", _measure)

"""Whether the training had learnt and lost it again: when, how fast, and what changed there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.probes.inputs import InputFacts
from defib.probes.labels import LabelFacts
from defib.subject import FloatArray, Subject, TrainingTrace

PER_UPDATE = 40
"""Recorded updates from which on they are read, and not the epochs."""
LEAST_EPOCHS = 4
LEARNT = 0.1
"""A loss a tenth below that of a constant shows learning: medians of several batches are quieter than that."""
LASTING = 0.05
"""Share of the training that must lie there: one lucky stretch of batches does not."""
HALF, QUARTER = 0.5, 0.25
"""Of what had been gained: lost when half is gone; the fall reaches from a quarter gone to a quarter left."""
WIDEST = 25
"""Recorded losses under one median."""
FAR_ROW = 100.0
"""A row this many times as large as the median row belongs to no distribution that the rest follow."""


@dataclass(frozen=True)
class CollapseFacts(Evidence):
    """Read from the recorded losses, rates and training rows."""

    n_updates: int
    level: float
    """Loss of the best constant; where that is not known, the first loss."""
    level_known: bool
    best_loss: float
    """Lowest loss, as a running median of batches, or of an epoch."""
    end_loss: float
    """Median of the last ones; NaN when the training ended in NaN."""
    learnt_share: float
    """Share of the training with a loss clearly below the level, in [0, 1]."""
    lost_at: int | None
    """Update at which half of what was gained was gone, for good; ``None`` when nothing was learnt, or it was kept."""
    lost_within: int
    """Updates that the fall took, to the resolution of the recording."""
    rate_learnt: float | None
    """Largest learning rate until half of what was gained was there."""
    rate_before: float | None
    """Learning rate where the loss was lowest."""
    rate_lost: float | None
    """Largest learning rate from there until it was lost."""
    highest_loss: float | None
    """Largest single loss recorded during the fall."""
    far_rows: int
    """Training rows a hundred times as large as the median row, or more; 0 for tokens."""
    farthest_row: float
    """Size of the largest training row over the median row's."""

    @property
    def lost_share(self) -> float:
        """Share of the training that was over when it was lost, in [0, 1]; 1 when it was not."""
        return 1.0 if self.lost_at is None else self.lost_at / max(self.n_updates, 1)


def _measure(subject: Subject, book: Book) -> CollapseFacts:
    trace = subject.trace
    losses = _series(trace)
    n_updates = trace.n_updates or subject.recipe.n_updates
    prior = book.get(LabelFacts).prior_loss if book.has(LabelFacts) else None
    known = prior is not None and prior > 0
    finite = np.where(np.isfinite(losses), losses, np.inf)
    smooth = running_median(finite, _width(trace, len(losses)))
    if not np.isfinite(smooth).any():
        raise Missing("CollapseFacts", "losses that were numbers")
    level = float(prior) if known and prior is not None else float(smooth[0])
    fall = find_fall(smooth, level)
    rates = _rates_around(subject, smooth, level, fall)
    far, farthest = _far_rows(subject, book)
    per = max(n_updates, len(losses)) / len(losses)
    last = _end(smooth)
    return CollapseFacts(
        n_updates=n_updates,
        level=level,
        level_known=known,
        best_loss=float(smooth.min()),
        end_loss=last if np.isfinite(last) else float("nan"),
        learnt_share=float((smooth < (1 - LEARNT) * level).mean()),
        lost_at=None if fall is None else round(fall.at * per),
        lost_within=0 if fall is None else max(1, round((fall.end - fall.start) * per)),
        rate_learnt=rates[0],
        rate_before=rates[1],
        rate_lost=rates[2],
        highest_loss=None if fall is None else _highest(losses, fall),
        far_rows=far,
        farthest_row=farthest,
    )


def _series(trace: TrainingTrace) -> FloatArray:
    losses = np.asarray(trace.loss_per_update, dtype=np.float64)
    if len(losses) >= PER_UPDATE:
        return losses
    epochs = np.asarray(trace.loss_per_epoch, dtype=np.float64)
    if len(epochs) < LEAST_EPOCHS:
        raise Missing("CollapseFacts", "the losses of a longer training")
    return epochs


def _width(trace: TrainingTrace, n: int) -> int:
    """Losses under one median: single batches are noisy, epochs are not."""
    return min(WIDEST, max(3, n // 50)) if len(trace.loss_per_update) >= PER_UPDATE else 1


def running_median(values: FloatArray, width: int) -> FloatArray:
    """Median of each value and its neighbours, ``(n,)``; shorter at both ends.

    >>> running_median(np.array([1.0, 9.0, 1.0, 1.0]), 3).tolist()
    [5.0, 1.0, 1.0, 1.0]
    """
    half = width // 2
    return np.array([np.median(values[max(0, i - half) : i + half + 1]) for i in range(len(values))])


def _end(smooth: FloatArray) -> float:
    return float(np.median(smooth[-max(3, len(smooth) // 20) :]))


@dataclass(frozen=True)
class Fall:
    """Places in the recorded losses."""

    start: int
    """Last one with three quarters of the gain."""
    at: int
    """First one from which on half of it never came back."""
    end: int
    """First one with a quarter of it, or less."""


def find_fall(smooth: FloatArray, level: float) -> Fall | None:
    """Where a loss that had been clearly below ``level``, and not for a moment, went back to it for good.

    >>> find_fall(np.array([1, 0.9, 0.2, 0.2, 0.2, 0.2, 1, 1.0]), 1.0)
    Fall(start=5, at=6, end=6)
    >>> find_fall(np.array([1, 0.9, 0.2, 0.2, 0.2, 0.2, 0.1, 0.1]), 1.0) is None
    True
    """
    if not 0 < level < np.inf or (smooth < (1 - LEARNT) * level).mean() < LASTING:
        return None
    gain = level - float(smooth.min())
    good = np.flatnonzero(smooth < level - HALF * gain)
    at = int(good[-1]) + 1
    tail = smooth[at:]
    if not len(tail) or _end(smooth) < level - QUARTER * HALF * gain:
        return None
    start = int(np.flatnonzero(smooth[:at] <= level - (1 - QUARTER) * gain)[-1])
    end = at + int(np.flatnonzero(tail >= level - QUARTER * gain)[0])
    return Fall(start, at, end)


def _highest(losses: FloatArray, fall: Fall) -> float | None:
    part = losses[fall.start : fall.end + 2]
    part = part[np.isfinite(part)]
    return float(part.max()) if len(part) else None


def _rates_around(
    subject: Subject, smooth: FloatArray, level: float, fall: Fall | None
) -> tuple[float | None, float | None, float | None]:
    """Largest learning rate until half was gained; the one at the lowest loss; the largest one of the fall."""
    optimizer, n = subject.recipe.optimizer, len(smooth)
    rates = subject.trace.rates or (() if optimizer is None else ((0.0, optimizer.learning_rate),))
    if not rates:
        return None, None, None
    best = int(np.argmin(smooth[: fall.start + 1])) if fall is not None else int(np.argmin(smooth))
    learnt = int(np.flatnonzero(smooth <= max(level - HALF * (level - smooth[best]), smooth[best]))[0])
    end = fall.end if fall is not None else best
    starts, values = np.array([at for at, _ in rates]), np.array([rate for _, rate in rates])

    def now(place: int) -> int:
        return max(int(np.searchsorted(starts, place / n + 1e-12, side="right")) - 1, 0)

    before, after = values[: now(learnt) + 1], values[now(best) : now(end) + 1]
    return float(before.max()), float(values[now(best)]), float(after.max())


def _far_rows(subject: Subject, book: Book) -> tuple[int, float]:
    rows = subject.training
    tokens = book.has(InputFacts) and book.get(InputFacts).kind == "tokens"
    if rows is None or len(rows) < 3 or tokens or np.asarray(rows.X).dtype.kind not in "fiu":
        return 0, 1.0
    cells = np.asarray(rows.X).reshape(len(rows), -1)
    sizes = np.array([np.abs(part.astype(np.float64)).max(initial=0.0) for part in cells])
    sizes = sizes[np.isfinite(sizes)]
    median = float(np.median(sizes)) if len(sizes) else 0.0
    if median <= 0:
        return 0, 1.0
    return int((sizes >= FAR_ROW * median).sum()), float(sizes.max() / median)


PROBE = Probe("collapse", CollapseFacts, "free", _measure)

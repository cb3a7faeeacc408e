"""Where the loss has no value: it is asked about outputs below every label, or at the ends of a head of probabilities.

A logarithm, a root or a power of a prediction is NaN from some value down; a linear head gives such values sooner or
later, and one of them is enough to make every weight NaN. A logarithm of a probability is none at 0, which a sigmoid
or a softmax rounds to as soon as its logits lie some hundred apart. Of logits, ``(1 - y) * log(1 - sigmoid(z))`` is NaN
where a right answer is certain: 0 times minus infinity, from a logit of 17 on in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.probes.labels import LabelFacts
from defib.probes.looking import head_name, training_rows
from defib.probes.preferences import right_outputs
from defib.subject import AnyArray, FloatArray, Moment, NotAvailable, Rows, Subject
from defib.task import Task, read_targets

STEPS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Standard deviations of the labels below their least one, at which the loss is asked."""
HALVINGS = 12
MOST_ENDS = 3
"""Classes that every row is given with certainty, one after the other, to ask the loss about."""
CERTAIN = (20.0, 40.0)
"""Sizes of logits whose sigmoid is exactly 1 in float32, and in float64."""
LITTLE = 1e-3
"""What a softplus gives at least, nearly."""


@dataclass(frozen=True)
class UndefinedFacts(Evidence):
    """The loss of outputs that lie below all labels; for values and a head without an end."""

    below: float | None
    """Highest output at which the loss is NaN; ``None`` where it has a value at all that were asked about."""
    positive: bool
    """No label is negative, and the loss has a value at every label and just above 0."""
    at_start: float
    """Share of the outputs at or below ``below`` before the first step, in [0, 1]; NaN where they are not known."""
    at_ends: float | None = None
    """Of a head of probabilities whose loss is no number where one is exactly 0 or 1: share of the rows with such a one
    before the first step, in [0, 1], NaN where they are not known. ``None`` where the loss has a value there."""
    certain: float | None = None
    """Of logits: size of right ones at which the loss is not a number, though it is for smaller right ones; ``None``
    where it has a value, or cannot be asked."""


FINE = UndefinedFacts(None, False, float("nan"))
PROBABILITIES = ("sigmoid", "softmax")


def _measure(subject: Subject, book: Book) -> UndefinedFacts:
    rows = training_rows(subject, "UndefinedFacts")
    labels = book.get(LabelFacts)
    forward = subject.forward(rows.X)
    shape = np.shape(forward.outputs)
    if rows.y is not None and labels.task != "regression" and head_name(forward) in PROBABILITIES and len(shape) == 2:
        return replace(FINE, at_ends=_at_ends(subject, rows.X, np.asarray(rows.y), shape))
    if rows.y is not None and labels.task != "regression" and head_name(forward) == "linear" and len(shape) <= 2:
        return replace(FINE, certain=_certain(subject, rows, labels.task, shape))
    if rows.y is None or labels.task != "regression" or head_name(forward) != "linear":
        return FINE
    y = np.asarray(rows.y, dtype=np.float64)
    if y.size != int(np.prod(shape)) or not np.isfinite(y).all() or np.ptp(y) == 0:
        return FINE
    low = [float(y.min()) - step * float(y.std()) for step in STEPS]
    asked = [y.reshape(shape), np.full(shape, LITTLE), *(np.full(shape, one) for one in low)]
    losses = np.array(subject.losses_of([np.asarray(one) for one in asked], rows.X, rows.y))
    if not np.isfinite(losses[0]):
        raise Missing("UndefinedFacts", "a loss that has a value where the predictions are right")
    nan = [value for value, loss in zip(low, losses[2:], strict=True) if np.isnan(loss)]
    if not nan:
        return FINE
    positive = bool(y.min() >= 0) and bool(np.isfinite(losses[1]))

    def is_nan(value: float) -> bool:
        return bool(np.isnan(subject.losses_of([np.full(shape, value)], rows.X, np.asarray(rows.y))[0]))

    below = _highest(is_nan, max(nan), float(y.min()))
    return UndefinedFacts(below, positive, _share(subject, rows.X, below))


def _at_ends(subject: Subject, X: AnyArray, y: AnyArray, shape: tuple[int, ...]) -> float | None:
    """Share of the rows at an end before the first step, where the loss is no number at every one of the ends."""
    ends = [np.eye(shape[1])[np.full(shape[0], k)] for k in range(min(shape[1], MOST_ENDS))]
    if shape[1] == 1:
        ends = [np.zeros(shape), np.ones(shape)]
    middle, *at = subject.losses_of([np.full(shape, 1 / max(shape[1], 2)), *ends], X, y)
    if not np.isfinite(middle) or np.isfinite(at).any():
        return None
    if not subject.has_initial_weights:
        return float("nan")
    first = np.asarray(subject.forward(X, moment="initial").outputs)
    return float(((first == 0) | (first == 1)).any(axis=1).mean())


def _certain(subject: Subject, rows: Rows, task: Task, shape: tuple[int, ...]) -> float | None:
    """The size of the least right logits at which the loss is NaN; ``None`` where it has a value, or is not known."""
    k = 1 if len(shape) == 1 else shape[1]
    loss = subject.recipe.loss
    y = np.asarray(rows.y)
    targets = read_targets(y, loss_kind=None if loss is None else loss.kind, n_outputs=k, task=task)
    try:
        hot = next(right_outputs(targets, k, "linear"))
        asked = [hot, *(size * (2 * hot - 1) for size in CERTAIN)]
        losses = np.array(subject.losses_of([one.reshape(shape) for one in asked], rows.X, y))
    except (Missing, NotAvailable):  # a head that cannot say the labels, a loss of a library's own
        return None
    if not np.isfinite(losses[0]):
        return None
    return next((size for size, one in zip(CERTAIN, losses[1:], strict=True) if np.isnan(one)), None)


def _highest(is_nan: Callable[[float], bool], low: float, high: float) -> float:
    """Where NaN ends between a value at which the loss is NaN and one above it.

    >>> round(_highest(lambda value: value < -1, -5.0, 3.0), 2)
    -1.0
    """
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_nan(middle) else (low, middle)
    return low


def _share(subject: Subject, X: FloatArray, below: float) -> float:
    moment: Moment = "initial"
    if not subject.has_initial_weights:
        return float("nan")
    return float((np.asarray(subject.forward(X, moment=moment).outputs) <= below).mean())


PROBE = Probe("undefined", UndefinedFacts, "forward", _measure)

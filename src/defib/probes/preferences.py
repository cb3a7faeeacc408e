"""What the user's loss asks for: predictions that are all right, against constants.

The loss is asked about outputs that the network never gave: one set that says the right label of every row, in the form
in which this head speaks, and constants. A loss that is no higher for some constant does not ask for anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.probes.labels import LabelFacts
from defib.probes.looking import head_name, training_rows
from defib.subject import FloatArray, Subject
from defib.task import Targets, read_targets

SURE = 1e-3
"""How far from 0 and 1 a right probability stays: a logarithm is asked about."""
NO_BETTER = 0.01
"""Relative gain of right answers over a constant below which the loss asks for nothing; the smoothing of right answers
costs less than that."""
ENDLESS = 1000.0
NEARLY = 0.01
"""How far values that are nearly right miss: relative to the label, or to the least label beside one of 0."""
LOGITS = (1.0, 4.0, 16.0)
"""Sizes of the logits of right predictions: a margin loss is content with 1, a cross-entropy wants more."""


@dataclass(frozen=True)
class PreferenceFacts(Evidence):
    """The loss of outputs that the network might have given for its training rows."""

    right_loss: float
    """Least loss of outputs that are right on every row (over a few sizes of the logits)."""
    constant_loss: float
    """Least loss of one output for all rows: right for one class, their mean, the middle, or all columns at one end."""
    constant: tuple[float, ...]
    """That output, at most 5 columns."""
    wrong_loss: float | None
    """Least loss of outputs that say another class on every row; ``None`` for values."""
    endless_loss: float | None = None
    """Loss of right logits a thousand times larger than the largest in `right_loss`, where it fell in proportion."""

    nearly_loss: float | None = None
    """Of values: loss of outputs that miss every label by 1 % of it, and one of 0 by 1 % of the least other one."""

    has_zeros: bool = False
    """Of values: some label is 0."""

    @property
    def shuns_near(self) -> bool:
        """Values that are nearly right cost more than a constant: only one that misses no row at all is asked for."""
        return self.nearly_loss is not None and self.nearly_loss > self.constant_loss > self.right_loss

    @property
    def rewards_wrong(self) -> bool:
        """Answers that are all wrong cost clearly less than right ones."""
        wrong = self.wrong_loss
        return wrong is not None and self.right_loss - wrong > NO_BETTER * max(abs(wrong), abs(self.right_loss))

    @property
    def prefers_right(self) -> bool:
        """Right answers, and nearly right ones, cost clearly less than every constant, and no more than wrong ones."""
        gain, size = self.constant_loss - self.right_loss, max(abs(self.constant_loss), abs(self.right_loss))
        turned = self.rewards_wrong or self.shuns_near
        return gain > NO_BETTER * size and not turned and self.endless_loss is None


def _measure(subject: Subject, book: Book) -> PreferenceFacts:
    rows = training_rows(subject, "PreferenceFacts")
    if rows.y is None or not book.has(LabelFacts):
        raise Missing("PreferenceFacts", "the labels")
    forward = subject.forward(rows.X)
    shape = np.shape(forward.outputs)
    if len(shape) > 2:
        raise Missing("PreferenceFacts", "one label per row")
    k = 1 if len(shape) == 1 else shape[1]
    loss = subject.recipe.loss
    targets = read_targets(
        rows.y, loss_kind=None if loss is None else loss.kind, n_outputs=k, task=book.get(LabelFacts).task
    )
    if not np.isfinite(targets.values).all():
        raise Missing("PreferenceFacts", "labels without NaN")
    if len(np.unique(targets.values, axis=0)) < 2:  # of a rare class none may be among the rows that are looked at
        raise Missing("PreferenceFacts", "rows of two labels or more among those looked at")
    right = list(right_outputs(targets, k, head_name(forward)))
    wrong = [] if targets.class_ids is None else list(right_outputs(_shuffled(targets), k, head_name(forward)))
    constants = [one for outputs in right for one in _constants(outputs, head_name(forward))]
    largest = [right[-1] * ENDLESS] if len(right) > 1 else []
    near = [_nearly(right[0])] if targets.task == "regression" and (right[0] != 0).any() else []
    asked = [*right, *largest, *wrong, *(np.broadcast_to(one, (len(rows), k)) for one in constants), *near]
    losses = np.array(subject.losses_of([np.asarray(one).reshape(shape) for one in asked], rows.X, rows.y))
    losses, of_near = losses[: len(losses) - len(near)], losses[len(losses) - len(near) :]
    if not np.isfinite(losses).all():
        raise Missing("PreferenceFacts", "a loss that is finite for right and for constant outputs")
    if subject.outputs_joined and np.ptp(losses) <= NO_BETTER * np.abs(losses).max():
        raise Missing("PreferenceFacts", "a loss of which this output makes up more than a hundredth")
    endless = losses[len(right)] if largest and _endless(losses[len(right) - 1], losses[len(right)]) else None
    losses = np.concatenate([losses[: len(right)], losses[len(right) + len(largest) :]])
    of_constants = losses[len(right) + len(wrong) :]
    best = int(np.argmin(of_constants))
    return PreferenceFacts(
        right_loss=float(losses[: len(right)].min()),
        constant_loss=float(of_constants[best]),
        constant=tuple(float(one) for one in constants[best][:5]),
        wrong_loss=float(losses[len(right) : len(right) + len(wrong)].min()) if wrong else None,
        endless_loss=None if endless is None else float(endless),
        nearly_loss=float(of_near[0]) if np.isfinite(of_near).all() and len(near) else None,
        has_zeros=bool(near) and bool((right[0] == 0).any()),
    )


def _nearly(right: FloatArray) -> FloatArray:
    """Values that miss by little, within the range of the right ones.

    >>> _nearly(np.array([[0.0], [2.0], [-4.0]])).ravel().tolist()
    [0.02, 2.0, -4.0]
    """
    least = np.abs(right[right != 0]).min()
    missed = np.where(right == 0, NEARLY * least, (1 + NEARLY) * right)
    return np.asarray(np.clip(missed, right.min(), right.max()))


def _endless(before: float, after: float) -> bool:
    """Whether the loss fell in proportion to the logits: a cross-entropy of right logits ends at 0.

    >>> _endless(-16.0, -16000.0), _endless(1e-7, 0.0), _endless(-1.0, -1.0)
    (True, False, False)
    """
    return before < 0 and after < 0.5 * ENDLESS * before


def _shuffled(targets: Targets) -> Targets:
    """Every row's class replaced by the next one."""
    from dataclasses import replace

    assert targets.class_ids is not None
    classes, places = np.unique(targets.class_ids, return_inverse=True)
    return replace(targets, class_ids=classes[(places + 1) % len(classes)])


def right_outputs(targets: Targets, k: int, head: str) -> Iterator[FloatArray]:
    """Outputs ``(n, k)`` that say the right label of every row. Raises `Missing` where this head cannot say it."""
    n = len(targets.values)
    if targets.task == "regression" or (targets.class_ids is None and targets.values.shape[1] == k):
        if targets.values.shape[1] != k:
            raise Missing("PreferenceFacts", "a head with an output for every column of the labels")
        yield np.asarray(targets.values)
        return
    if targets.class_ids is None:
        raise Missing("PreferenceFacts", "a head with an output for every column of the labels")
    classes, places = np.unique(targets.class_ids, return_inverse=True)
    if k == 1 and len(classes) > 2:
        raise Missing("PreferenceFacts", "a head with an output for every class")
    if k > 1:
        ids = targets.class_ids.astype(np.int64)
        if not np.array_equal(ids, targets.class_ids) or ids.min() < 0 or ids.max() >= k:
            raise Missing("PreferenceFacts", "class ids that count the outputs")
        hot = np.eye(k)[ids]
    else:
        hot = np.asarray(places, dtype=np.float64).reshape(n, 1)
    yield from _as_said(hot, head)


def _as_said(hot: FloatArray, head: str) -> Iterator[FloatArray]:
    """0 and 1 in the form in which a head speaks."""
    smooth = SURE + (1 - 2 * SURE) * hot
    if head in ("sigmoid", "hard_sigmoid", "softmax"):
        yield smooth / smooth.sum(axis=1, keepdims=True) if head == "softmax" and hot.shape[1] > 1 else smooth
    elif head in ("log_softmax", "log_sigmoid"):
        yield np.log(smooth)
    elif head in ("tanh", "softsign", "hard_tanh"):
        yield 2 * smooth - 1
    else:
        yield hot
        yield from (size * (2 * hot - 1) for size in LOGITS)


def _constants(outputs: FloatArray, head: str) -> list[FloatArray]:
    """One output for all rows: right for one class, their mean, the middle, and every column at one end.

    Columns that sum to 1 cannot all stand at one end.
    """
    different = np.unique(outputs, axis=0)
    zero = [np.zeros(outputs.shape[1])] if (outputs == 0).any() else []
    some = different[np.linspace(0, len(different) - 1, min(len(different), 6)).astype(int)]
    ends = () if head in ("softmax", "log_softmax") else (outputs.min(), outputs.max())
    return [
        *some,
        *zero,
        outputs.mean(axis=0),
        different.mean(axis=0),
        *(np.full(outputs.shape[1], end) for end in ends),
    ]


PROBE = Probe("preferences", PreferenceFacts, "forward", _measure)

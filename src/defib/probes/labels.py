"""What the labels are: kind of task, range, classes, order in the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.priors import binary_entropy_nats, constant_loss, entropy_nats
from defib.probes.looking import some_rows
from defib.subject import AnyArray, FloatArray, Subject
from defib.symptom_values import stand_in_blocks
from defib.task import Targets, Task, read_targets

__all__ = ["PROBE", "LabelFacts", "Task"]

MAX_CLASSES_NAMED = 50
SHUFFLES = 20


@dataclass(frozen=True)
class LabelFacts(Evidence):
    """The training labels as they arrive at the loss."""

    task: Task
    """Read from the labels first, then from the loss and the head: 0/1/2 in one sigmoid is ``multiclass``."""
    n_rows: int
    n_distinct: int
    """Distinct values (distinct rows for one-hot)."""
    classes: tuple[float, ...]
    """Distinct values in order, at most 50; class ids for one-hot; empty for regression."""
    class_prior: tuple[float, ...]
    """Base rates in [0, 1], same order; per column for multilabel; empty for regression."""
    minimum: float
    maximum: float
    mean: float
    sd: float
    one_hot: bool
    integers: bool
    nan_fraction: float
    shape: tuple[int, ...]
    """Of the whole label array, ``(n_rows, ...)``."""
    prior_loss: float | None
    """Loss of the best constant predictor: entropy of the prior in nats, or var(y)."""
    longest_run_fraction: float
    """Longest run of one class in the order the training saw them, over n_rows, in [0, 1]; 0 for regression."""
    expected_longest_run_fraction: float
    """The same for the labels shuffled (expected)."""
    last_class: float | None
    """The class of the last rows of an epoch, when the order is in blocks."""
    blocks: bool
    """Classes stand in blocks in the order the training saw them, epoch after epoch."""
    prior_loss_row_sd: float | None = None
    """Standard deviation over rows of the best constant's loss: what batches of unequal labels add to a loss curve."""


def _measure(subject: Subject, book: Book) -> LabelFacts:
    rows = subject.training
    if rows is None or rows.y is None or len(rows.y) == 0:
        raise Missing("LabelFacts", "the labels")
    loss = subject.recipe.loss
    n_outputs, ndim = _output_shape(subject)
    kind = None if loss is None else loss.kind
    targets = read_targets(rows.y, loss_kind=kind, n_outputs=n_outputs, output_ndim=ndim)
    known = targets.values[np.isfinite(targets.values).all(axis=1)]
    if not len(known):
        raise Missing("LabelFacts", "labels that are numbers (all are NaN)")
    classes, prior = _classes(targets)
    longest, expected, last, blocks = _order(subject, targets)
    return LabelFacts(
        task=targets.task,
        n_rows=rows.n_seen or len(rows.y),
        n_distinct=len(np.unique(known, axis=0)),
        classes=classes[:MAX_CLASSES_NAMED],
        class_prior=prior[:MAX_CLASSES_NAMED],
        minimum=float(known.min()),
        maximum=float(known.max()),
        mean=float(known.mean()),
        sd=float(known.std()),
        one_hot=targets.one_hot,
        integers=bool((known == np.round(known)).all()),
        nan_fraction=1.0 - len(known) / len(targets.values),
        shape=(rows.n_seen or len(rows.y), *np.shape(rows.y)[1:]),
        prior_loss=prior_loss(targets, kind),
        longest_run_fraction=longest,
        expected_longest_run_fraction=expected,
        last_class=last,
        blocks=blocks,
        prior_loss_row_sd=prior_loss_row_sd(targets, kind),
    )


def _output_shape(subject: Subject) -> tuple[int | None, int | None]:
    """Columns and axes of the output, where some rows can be sent through."""
    if subject.training is None or not len(subject.training):
        return None, None
    try:
        outputs = subject.forward(some_rows(subject.training, 2).X).outputs
    except Exception:  # the probes that need the pass report the reason; labels can be read without it
        return None, None
    return (1 if outputs.ndim == 1 else outputs.shape[-1]), outputs.ndim


def _classes(targets: Targets) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if targets.task == "multilabel":
        shares = np.nanmean(targets.values, axis=0)
        return tuple(float(k) for k in range(len(shares))), tuple(float(share) for share in shares)
    if targets.class_ids is None:
        return (), ()
    ids = targets.class_ids[np.isfinite(targets.class_ids)]
    classes, counts = np.unique(ids, return_counts=True)
    return tuple(float(c) for c in classes), tuple(float(count) / len(ids) for count in counts)


def prior_loss(targets: Targets, loss_kind: str | None) -> float | None:
    """Loss of the best constant predictor under the user's loss (DESIGN: the entropy of the prior, or var(y)).

    ``None`` for a loss whose best constant has no formula here (hinge, Huber).
    """
    y = targets.values[np.isfinite(targets.values).all(axis=1)]
    if loss_kind in ("squared_error", "absolute_error"):
        return _value_loss(y, targets, loss_kind)
    if loss_kind in ("hinge", "huber", "poisson", "kl_divergence"):
        return None
    if targets.class_ids is None:
        if loss_kind == "binary_cross_entropy" and targets.task == "regression":
            return constant_loss(y, "binary_cross_entropy")
        return (
            binary_entropy_nats(y.mean(axis=0)) if targets.task == "multilabel" else constant_loss(y, "squared_error")
        )
    if loss_kind == "binary_cross_entropy" and y.shape[1] > 1:
        return constant_loss(y, "binary_cross_entropy")
    ids = targets.class_ids[np.isfinite(targets.class_ids)]
    return entropy_nats(np.unique(ids, return_counts=True)[1] / len(ids))


def prior_loss_row_sd(targets: Targets, loss_kind: str | None) -> float | None:
    """Standard deviation between rows of the loss of the best constant; ``None`` where that constant has no formula.

    >>> y = read_targets(np.array([0.0, 2.0, 4.0]), task="regression")
    >>> round(prior_loss_row_sd(y, "squared_error"), 3)  # rows cost 4, 0 and 4
    1.886
    """
    y = targets.values[np.isfinite(targets.values).all(axis=1)]
    if prior_loss(targets, loss_kind) is None or not len(y):
        return None
    if loss_kind == "squared_error":
        return float(((y - y.mean(axis=0)) ** 2).mean(axis=1).std())
    if loss_kind == "absolute_error":
        return float(np.abs(y - np.median(y, axis=0)).mean(axis=1).std())
    if targets.class_ids is None or (loss_kind == "binary_cross_entropy" and y.shape[1] > 1):
        p = np.clip(y.mean(axis=0), 1e-7, 1 - 1e-7)
        return (
            float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(axis=1).std())
            if 0 <= y.min() <= y.max() <= 1
            else None
        )
    ids = targets.class_ids[np.isfinite(targets.class_ids)]
    _, place, counts = np.unique(ids, return_inverse=True, return_counts=True)
    return float(np.log(counts / len(ids))[place].std())


def _value_loss(y: FloatArray, targets: Targets, loss_kind: str) -> float | None:
    ids_for_columns = targets.class_ids is not None and y.shape[1] == 1 and len(np.unique(y)) > 2
    return None if ids_for_columns and targets.task == "multiclass" else constant_loss(y, loss_kind)


def longest_run(ids: AnyArray) -> int:
    """Length of the longest stretch of equal labels in ``(n,)``.

    >>> longest_run(np.array([0, 1, 1, 1, 0])), longest_run(np.array([]))
    (3, 0)
    """
    if not len(ids):
        return 0
    starts = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1], [True]]))
    return int(np.diff(starts).max())


def _order(subject: Subject, targets: Targets) -> tuple[float, float, float | None, bool]:
    """Longest run, the one expected of a shuffle, class of an epoch's last rows, and whether there are blocks."""
    rows = subject.training
    if targets.class_ids is None or rows is None or rows.y is None:
        return 0.0, 0.0, None, False
    seen = subject.trace.label_order
    ids = targets.class_ids
    if seen is not None and len(seen):
        order = read_targets(seen, task=targets.task)
        ids = order.class_ids if order.class_ids is not None else ids
        epoch = rows.n_seen or len(rows.y)
        ids = ids[:epoch]
    ids = ids[np.isfinite(ids)]
    if not len(ids):
        return 0.0, 0.0, None, False
    rng = np.random.default_rng(0)
    expected = float(np.mean([longest_run(rng.permutation(ids)) for _ in range(SHUFFLES)]))
    blocks = stand_in_blocks(ids) and subject.recipe.shuffled is not True
    return longest_run(ids) / len(ids), expected / len(ids), float(ids[-1]) if blocks else None, blocks


PROBE = Probe("labels", LabelFacts, "free", _measure)

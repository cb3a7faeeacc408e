"""The same rows in training mode and in evaluation mode, and batch-norm statistics against the batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Probe
from defib.probes.labels import LabelFacts
from defib.probes.looking import head_name, link_of, training_rows
from defib.read_symptom import read_symptom
from defib.subject import AnyArray, FloatArray, ForwardPass, LayerOutput, Rows, Subject
from defib.symptom import Symptom

TINY = 1e-12
SAME = 1e-4
"""Outputs closer than this (relative) are the same computation in float32."""
MOST_ROWS_AT_ONCE = 2000


@dataclass(frozen=True)
class ModeFacts(Evidence):
    """Training rows, final weights."""

    has_batch_norm: bool
    has_dropout: bool
    eval_spread: float
    train_spread: float
    """prediction_spread of the same rows in training mode (one batch of at most 256 rows)."""
    eval_skill: float | None
    train_skill: float | None
    """Rank skill (2·AUC − 1, or R²) on the training rows in each mode; ``None`` without labels."""
    worst_layer: str | None
    """Batch-norm layer whose running statistics lie farthest from the batch's."""
    worst_mean_shift_sd: float | None
    """|running mean − batch mean| in batch sd, largest over channels (median over channels of the worst layer)."""
    worst_variance_ratio: float | None
    """running variance / batch variance of that layer, median over channels."""
    recorded_in_training_mode: bool | None
    """The user's own predictions match the training-mode outputs and not the evaluation-mode ones."""


def _measure(subject: Subject, book: Book) -> ModeFacts:
    rows = training_rows(subject, "ModeFacts")
    evaluated = subject.forward(rows.X)
    trained = subject.forward(rows.X, training=True)
    in_eval, in_training = _symptom(subject, book, evaluated, rows), _symptom(subject, book, trained, rows)
    worst = worst_statistics(subject, rows.X, trained.layers)
    buffers = subject.buffers()
    return ModeFacts(
        has_batch_norm=any(_running(one, buffers) is not None for one in evaluated.layers),
        has_dropout=any(one.layer.kind == "dropout" for one in (*evaluated.layers, *trained.layers)),
        eval_spread=in_eval.prediction_spread,
        train_spread=in_training.prediction_spread,
        eval_skill=None if in_eval.skill is None else in_eval.skill.value,
        train_skill=None if in_training.skill is None else in_training.skill.value,
        worst_layer=None if worst is None else worst[0],
        worst_mean_shift_sd=None if worst is None else worst[1],
        worst_variance_ratio=None if worst is None else worst[2],
        recorded_in_training_mode=_recorded_in_training_mode(subject),
    )


def _symptom(subject: Subject, book: Book, forward: ForwardPass, rows: Rows) -> Symptom:
    labels = book.get(LabelFacts) if book.has(LabelFacts) else None
    return read_symptom(
        np.asarray(forward.outputs),
        link=link_of(subject.recipe, head_name(forward)),
        y=rows.y,
        task=None if labels is None else labels.task,
        y_known_rows="training",
        training_labels=None if subject.training is None else subject.training.y,
    )


def _running(one: LayerOutput, buffers: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray] | None:
    """Running mean and variance of a layer, ``(channels,)`` each; ``None`` when it keeps none."""
    if one.layer.kind != "norm":
        return None
    mean, variance = buffers.get(f"{one.layer.name}.mean"), buffers.get(f"{one.layer.name}.variance")
    return None if mean is None or variance is None else (np.ravel(mean), np.ravel(variance))


def worst_statistics(subject: Subject, X: AnyArray, layers: Sequence[LayerOutput]) -> tuple[str, float, float] | None:
    """The norm layer farthest off: its name, median mean shift in batch sd, median variance ratio. ``None`` without.

    ``layers`` come from a pass in training mode, so that a layer's inputs are what its batches looked like. Farthest is
    the larger of the shift and |ln(ratio)|.
    """
    buffers, found = subject.buffers(), []
    for place, one in enumerate(layers):
        running = _running(one, buffers)
        if running is None:
            continue
        entering = np.asarray(layers[place - 1].values if place else X, dtype=np.float64)
        columns = _channels(entering, len(running[0]), subject.framework)
        if columns is not None:
            found.append((one.layer.name, *compare_statistics(columns, *running)))
    return max(found, key=lambda item: max(item[1], abs(np.log(max(item[2], TINY)))), default=None)


def _channels(values: FloatArray, n: int, framework: str) -> FloatArray | None:
    """``(cells, n)``: all rows and positions of each channel; ``None`` when no axis has that many channels."""
    order = (1, values.ndim - 1) if framework == "torch" else (values.ndim - 1, 1)
    for axis in order:
        if 0 < axis < values.ndim and values.shape[axis] == n:
            return np.moveaxis(values, axis, -1).reshape(-1, n)
    return None


def compare_statistics(columns: FloatArray, mean: FloatArray, variance: FloatArray) -> tuple[float, float]:
    """Median over channels of ``|running mean - batch mean| / batch sd`` and of running over batch variance.

    ``columns`` ``(cells, channels)``; channels that do not vary in the batch are left out; (0, 1) when none varies.

    >>> compare_statistics(np.array([[0.0], [2.0]]), np.array([3.0]), np.array([4.0]))
    (2.0, 4.0)
    """
    batch_mean, batch_variance = columns.mean(axis=0), columns.var(axis=0)
    varies = batch_variance > TINY
    if not varies.any() or not np.isfinite(columns).all():
        return 0.0, 1.0
    shift = np.abs(mean[varies] - batch_mean[varies]) / np.sqrt(batch_variance[varies])
    return float(np.median(shift)), float(np.median(variance[varies] / batch_variance[varies]))


def _recorded_in_training_mode(subject: Subject) -> bool | None:
    """Whether the recorded outputs are those of training mode; ``None`` when neither mode gives them."""
    rows, seen = subject.prediction, subject.prediction_outputs
    if rows is None or seen is None or len(seen) != len(rows) or not 1 < len(rows) <= MOST_ROWS_AT_ONCE:
        return None
    if _same(subject.forward(rows.X).outputs, seen):
        return False
    return True if _same(subject.forward(rows.X, training=True).outputs, seen) else None


def _same(mine: FloatArray, seen: FloatArray) -> bool:
    if np.size(mine) != np.size(seen):
        return False
    scale = float(np.nanmax(np.abs(mine), initial=TINY))
    return bool(np.allclose(np.ravel(mine), np.ravel(seen), rtol=SAME, atol=SAME * scale, equal_nan=True))


PROBE = Probe("modes", ModeFacts, "forward", _measure)

"""The same rows in training mode and in evaluation mode, and batch-norm statistics against the batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from defib.evidence import Book, Evidence, Probe
from defib.probes.labels import LabelFacts
from defib.probes.looking import asks_for_the_mean, head_name, link_of, some_rows, training_rows
from defib.read_symptom import read_symptom
from defib.subject import AnyArray, FloatArray, ForwardPass, LayerOutput, NotAvailable, Rows, Subject
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
    served_in_training: bool | None = None
    """The program's own calls that predicted ran in training mode; ``None`` when that was not seen."""
    rows_per_call: int | None = None
    """Rows of one of these calls, median."""
    served_spread: float | None = None
    """prediction_spread of what these calls returned."""
    served_flat: bool | None = None
    evaluation_spread: float | None = None
    """prediction_spread of the same rows and weights in evaluation mode."""
    evaluation_flat: bool | None = None
    one_batch_spread: float | None = None
    """The same in training mode, at most 256 rows in one batch."""
    one_batch_flat: bool | None = None
    dropped_fraction: float | None = None
    """Share of its inputs that the strongest dropout set to 0 in training mode, in [0, 1], measured on what was not 0
    before; ``None`` without a dropout whose outputs can be seen."""
    dropout_layer: str | None = None
    dropout_units: int | None = None
    """Units that this dropout has in front of it."""
    emptied_rows: float = 0.0
    """Share of the rows of which it left nothing at all."""
    trained_in_evaluation: float | None = None
    """Share of the updates whose forward pass ran in evaluation mode, in [0, 1]."""


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
        trained_in_evaluation=subject.trace.evaluation_mode_share,
        **_serving(subject, book),
        **strongest_dropout(trained.layers),
    )


def strongest_dropout(layers: Sequence[LayerOutput]) -> dict[str, Any]:
    """The strongest dropout of a pass in training mode, from what it set to 0."""
    found: list[tuple[float, str, int, float]] = []
    for before, one in pairwise(layers):
        given, kept = np.asarray(before.values), np.asarray(one.values)
        if one.layer.kind != "dropout" or given.shape != kept.shape or not (given != 0).any():
            continue
        rows = (given != 0).reshape(len(given), -1).any(axis=1)
        emptied = ~(kept != 0).reshape(len(kept), -1).any(axis=1) & rows
        share = float((kept[given != 0] == 0).mean())
        found.append((share, one.layer.name, int(np.prod(given.shape[1:])), float(emptied.sum() / rows.sum())))
    if not found:
        return {}
    share, name, units, emptied_rows = max(found)
    return {
        "dropped_fraction": share,
        "dropout_layer": name,
        "dropout_units": units,
        "emptied_rows": emptied_rows,
    }


def _serving(subject: Subject, book: Book) -> dict[str, Any]:
    """What the program's own calls gave, and what evaluation mode and one batch would have given for the same rows."""
    calls, rows, outputs = subject.serving_calls, subject.prediction, subject.prediction_outputs
    if calls is None or rows is None or not calls.sizes:
        return {}
    facts: dict[str, Any] = {
        "served_in_training": calls.in_training_mode,
        "rows_per_call": int(np.median(calls.sizes)),
    }
    if not calls.in_training_mode or outputs is None or len(outputs) != len(rows) or len(rows) < 2:
        return facts
    some = some_rows(rows)
    passes = {
        "served": some_rows(Rows(rows.X, outputs)).y,
        "evaluation": subject.forward(some.X).outputs,
        "one_batch": subject.forward(some.X, training=True).outputs,
    }
    for name, values in passes.items():
        assert values is not None
        symptom = _read(subject, book, np.asarray(values), some, "held_out")
        facts |= {f"{name}_spread": symptom.prediction_spread, f"{name}_flat": symptom.is_flat}
    return facts


def _symptom(subject: Subject, book: Book, forward: ForwardPass, rows: Rows) -> Symptom:
    return _read(subject, book, np.asarray(forward.outputs), rows, "training", head_name(forward))


def _read(
    subject: Subject,
    book: Book,
    outputs: FloatArray,
    rows: Rows,
    known: Literal["held_out", "training"],
    head: str | None = None,
) -> Symptom:
    labels = book.get(LabelFacts) if book.has(LabelFacts) else None
    return read_symptom(
        outputs,
        link=link_of(subject.recipe, head if head is not None else head_name(subject.forward(rows.X[:2]))),
        y=rows.y,
        task=None if labels is None else labels.task,
        y_known_rows=known,
        training_labels=None if subject.training is None else subject.training.y,
        straight=not asks_for_the_mean(subject.recipe),
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
    try:
        if _same(subject.forward(rows.X).outputs, seen):
            return False
        return True if _same(subject.forward(rows.X, training=True).outputs, seen) else None
    except NotAvailable:  # they were predicted in another way than the training called the network
        return None


def _same(mine: FloatArray, seen: FloatArray) -> bool:
    if np.size(mine) != np.size(seen):
        return False
    scale = float(np.nanmax(np.abs(mine), initial=TINY))
    return bool(np.allclose(np.ravel(mine), np.ravel(seen), rtol=SAME, atol=SAME * scale, equal_nan=True))


PROBE = Probe("modes", ModeFacts, "forward", _measure)

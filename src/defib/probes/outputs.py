"""The symptom as evidence: what the outputs show, on which rows, at which weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.again import among
from defib.measures.outputs import to_probabilities
from defib.numbered import numbers_of
from defib.probes.embeddings import EmbeddingFacts
from defib.probes.labels import LabelFacts, Task
from defib.probes.looking import asks_for_the_mean, head_name, link_of
from defib.read_symptom import read_symptom
from defib.recipe import Arm
from defib.subject import AnyArray, FloatArray, Moment, Rows, Subject, WeightsOrigin
from defib.symptom import Skill, Symptom

MAX_ROWS = 4096
"""Rows sent through the network for one symptom, evenly spaced."""
FEW = 64
"""Rows that a network drawn anew is asked about."""
STRANGE = 0.5
"""Correlation of kernels below which weights are no copy, average or later state of the trained ones (those are above
.9; what was drawn anew lies within a few 1/√n of 0)."""
HALF_WAY = 0.5
"""Weights nearer to the start of the training than to its end: no average that is meant to follow it stays there."""
TRAINED_ON = 0.9
"""Share of training rows among others from which on these are the training rows again."""
SAME = 1e-4
"""Outputs closer than this (relative to their size) are the same network's: float32 in another batch size."""


@dataclass(frozen=True)
class SymptomFacts(Evidence):
    """The symptom seen from three sides, so that a cause can say where it starts."""

    symptom: Symptom
    """Of the predict rows, as the user saw them."""
    training_symptom: Symptom | None
    """Of the same network on its training rows: evaluation mode, weights of the end."""
    initial_symptom: Symptom | None
    """Of the network at the initial weights; ``None`` when they are not known."""
    user_outputs_match: bool | None
    """Whether the user's recorded outputs equal what the final weights give for the same rows; ``None`` when
    no outputs were recorded."""
    training_centre: float | None = None
    """Median of all outputs on the training rows where they are values, in the unit of the targets."""
    initial_centre: float | None = None
    """The same of the network at the initial weights, or, where they are not known, of one drawn anew."""
    initial_drawn: bool = False
    """Whether it is of one drawn anew."""
    of_training: bool = False
    """Whether the rows looked at are, all but a few, those it was trained on."""
    n_predicted: int = 0
    """Rows whose predictions were seen or asked for; with less than two of them the training rows are looked at."""
    n_there: int = 0
    """Rows there were, of which `symptom` is of at most `MAX_ROWS`."""


def thin(n_rows: int, at_most: int = MAX_ROWS) -> AnyArray:
    """Indices of at most this many rows, evenly spaced, in order."""
    return np.unique(np.linspace(0, n_rows - 1, min(n_rows, at_most)).astype(int))


def measure(subject: Subject, book: Book) -> SymptomFacts:
    """Read the symptom of the predict rows, of the training rows and of the initial network.

    A network that takes its rows only together (the nodes of one graph) cannot be asked about some of them: then
    what the program itself was answered stands alone.
    """
    try:
        return _measured(subject, book)
    except Missing:
        raise
    except Exception:
        seen = _as_answered(subject, book)
        if seen is None:
            raise
        return seen


def _as_answered(subject: Subject, book: Book) -> SymptomFacts | None:
    """The symptom of the outputs that the program's own calls returned, and labels where rows are the same."""
    rows, outputs, training = subject.prediction, subject.prediction_outputs, subject.training
    if rows is None or outputs is None or len(outputs) < 2:
        return None
    y: AnyArray | None = rows.y
    trained_on = training is not None and np.array_equal(rows.X, training.X)
    if y is None and trained_on and training is not None:
        y = training.y
    known: Literal["held_out", "training"] = "training" if trained_on else "held_out"
    symptom = read_symptom(
        outputs,
        link=link_of(subject.recipe, ""),
        y=y if y is not None and len(y) == len(outputs) else None,
        task=book.get(LabelFacts).task if book.has(LabelFacts) else None,
        y_known_rows=known,
        straight=not asks_for_the_mean(subject.recipe),
    )
    return SymptomFacts(symptom, None, None, None, of_training=trained_on, n_predicted=len(rows))


def _measured(subject: Subject, book: Book) -> SymptomFacts:
    rows, outputs = rows_and_outputs(subject)
    training, predicted = subject.training, subject.prediction
    task = book.get(LabelFacts).task if book.has(LabelFacts) else None
    on_training = _symptom(subject, training, task, "training") if training is not None else None
    is_training = rows is training
    if is_training and outputs is None and on_training is not None:
        symptom = on_training
    else:
        symptom = _of_rows(subject, rows, task, outputs, again=squashed_again(subject))
    if book.has(EmbeddingFacts) and book.get(EmbeddingFacts).together:
        symptom = _one_point(subject, symptom, rows)
        on_training = on_training and _one_point(subject, on_training, training or rows)
    return SymptomFacts(
        symptom=replace(symptom, skill=_best_skill(subject, symptom, on_training, task)),
        training_symptom=on_training,
        initial_symptom=_initial(subject, rows, task),
        user_outputs_match=_match(subject, rows, outputs),
        training_centre=_centre(subject, task, "end"),
        initial_centre=_centre(subject, task, "initial") if subject.has_initial_weights else _drawn(subject, task),
        initial_drawn=not subject.has_initial_weights,
        of_training=is_training or _share_trained(rows, training) >= TRAINED_ON,
        n_predicted=0 if predicted is None or predicted is training else len(predicted),
        n_there=rows.n_seen or len(rows),
    )


def _share_trained(rows: Rows, known: Rows | None) -> float:
    """Share of the rows that are among the training rows, in [0, 1]."""
    old = _among_trained(rows, known)
    return float(old.mean()) if len(old) else 0.0


def _one_point(subject: Subject, symptom: Symptom, rows: Rows) -> Symptom:
    """Embeddings that the training brought to one point are flat beside their own size, whatever their unit."""
    if symptom.is_flat:
        return symptom
    outputs = np.asarray(subject.forward(rows.X[thin(len(rows))]).outputs).reshape(-1, symptom.n_outputs)
    middle = tuple(float(one) for one in np.median(outputs, axis=0))
    return replace(symptom, pattern="near_constant", constant=middle, columns_flat=(True,) * symptom.n_outputs)


def _of_rows(
    subject: Subject, rows: Rows, task: Task | None, outputs: FloatArray | None = None, again: int = 0
) -> Symptom:
    """Of rows that may be training rows, or hold some: those are no test, and the skill is that of the others."""
    known = subject.training
    old = np.ones(len(rows), bool) if rows is known else _among_trained(rows, known)
    share = float(old.mean()) if len(old) else 0.0
    symptom = _symptom(subject, rows, task, "training" if share >= TRAINED_ON else "held_out", outputs, again=again)
    if rows.y is None or not 1 - TRAINED_ON <= share < TRAINED_ON:
        return symptom
    fresh = Rows(np.asanyarray(rows.X)[~old], np.asarray(rows.y)[~old])
    whole = outputs is not None and len(outputs) == len(rows)
    given = np.asarray(outputs)[~old] if whole else None
    return replace(symptom, skill=_symptom(subject, fresh, task, "held_out", given, again=again).skill)


def _among_trained(rows: Rows, known: Rows | None) -> AnyArray:
    if known is None:
        return np.zeros(len(rows), bool)
    mine, theirs = numbers_of(rows.X), numbers_of(known.X)
    if mine is not None and theirs is not None:  # two nodes of a graph may well have the same features
        return np.asarray(np.isin(mine, theirs))
    return among(np.asarray(rows.X), np.asarray(known.X))


def _centre(subject: Subject, task: Task | None, moment: Moment) -> float | None:
    if task != "regression" or subject.training is None or not len(subject.training):
        return None
    rows = subject.training
    outputs = np.asarray(subject.forward(rows.X[thin(len(rows))], moment=moment).outputs, dtype=np.float64)
    return float(np.median(outputs)) if np.isfinite(outputs).all() else None


def _drawn(subject: Subject, task: Task | None) -> float | None:
    """Where a network with weights drawn anew lies, as trials begin; ``None`` where no trial can be run."""
    rows, arm = subject.training, Arm(stop_after=0)
    if task != "regression" or rows is None or rows.y is None or subject.can_train(arm) is not None:
        return None
    few = thin(len(rows), FEW)
    try:
        drawn = subject.train(arm, Rows(rows.X[few], rows.y[few]), seed=0).predict(rows.X[few])
    except Exception:  # it is an extra: what cannot be drawn is not known
        return None
    return float(np.median(drawn)) if np.isfinite(drawn).all() else None


def rows_and_outputs(subject: Subject) -> tuple[Rows, FloatArray | None]:
    """The rows the user had predicted; the training rows when there are none (one row alone shows no spread)."""
    if subject.prediction is not None and len(subject.prediction) > 1:
        return subject.prediction, subject.prediction_outputs
    if subject.training is not None and len(subject.training) > 0:
        return subject.training, None
    raise Missing("SymptomFacts", "rows to look at")


def _symptom(
    subject: Subject,
    rows: Rows,
    task: Task | None,
    known: Literal["held_out", "training"],
    outputs: FloatArray | None = None,
    moment: Moment = "end",
    again: int = 0,
) -> Symptom:
    index = thin(len(rows))
    whole = outputs is not None and len(outputs) == len(rows)
    values = np.asarray(outputs)[index] if whole else subject.forward(rows.X[index], moment=moment).outputs
    for _ in range(again):
        values = to_probabilities(values, "sigmoid")
    return read_symptom(
        values,
        link=link_for(subject, rows),
        y=None if rows.y is None else rows.y[index],
        task=task,
        y_known_rows=known,
        training_labels=None if subject.training is None else subject.training.y,
        straight=not asks_for_the_mean(subject.recipe),
    )


def squashed_again(subject: Subject) -> int:
    """How many sigmoids the program put on predictions that are probabilities already; none where they are logits.

    A softmax on a softmax is left alone: it changes no order and no largest class.
    """
    rows = subject.prediction if subject.prediction is not None else subject.training
    again = subject.prediction_squashed.count("sigmoid")
    if not again or rows is None or len(rows) == 0:
        return 0
    return again if head_name(subject.forward(rows.X[:2])) in ("sigmoid", "hard_sigmoid") else 0


def link_for(subject: Subject, rows: Rows) -> str:
    """What turns the outputs into probabilities; nothing when the network's own head already squashes them."""
    return link_of(subject.recipe, head_name(subject.forward(rows.X[:2])))


def _initial(subject: Subject, rows: Rows, task: Task | None) -> Symptom | None:
    if not subject.has_initial_weights:
        return None
    return _symptom(subject, rows, task, "held_out", moment="initial")


def _best_skill(subject: Subject, symptom: Symptom, on_training: Symptom | None, task: Task | None) -> Skill | None:
    """Skill on rows not trained on where labels of such rows are known; else on the training rows, said as such."""
    if symptom.skill is not None or served_by_a_stranger(subject.weights_origin):
        return symptom.skill
    if subject.held_out is not None and subject.held_out.y is not None and len(subject.held_out) > 1:
        held = _of_rows(subject, subject.held_out, task).skill
        if held is not None:
            return held
    return None if on_training is None else on_training.skill


def served_by_a_stranger(origin: WeightsOrigin | None) -> bool:
    """Another instance predicted, whose weights have nothing to do with the trained ones, or lag far behind them.

    No skill of theirs is its.
    """
    if origin is None or not origin.another_instance:
        return False
    lags = origin.way is not None and origin.way < HALF_WAY
    return lags or abs(origin.likeness_to_trained) < STRANGE


def _match(subject: Subject, rows: Rows, outputs: FloatArray | None) -> bool | None:
    if outputs is None or len(outputs) != len(rows):
        return None
    index = thin(len(rows), 256)
    again = subject.forward(rows.X[index]).outputs
    seen = np.asarray(outputs)[index].reshape(again.shape) if np.size(outputs[index]) == again.size else None
    if seen is None:
        return None
    size = float(np.nanmax(np.abs(again), initial=1.0))
    return bool(np.allclose(seen, again, rtol=SAME, atol=SAME * size, equal_nan=True))


PROBE = Probe("outputs", SymptomFacts, "forward", measure)

"""The hand-made loss of a hand-written loop, from what was seen of its first step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import to_numpy
from defib.adapters.keras.handmade import Open, Recovered, facts_of_handmade, recover
from defib.adapters.keras.losses import LossReading
from defib.adapters.keras.subject import KerasSubject
from defib.capture.keras_look import Met
from defib.capture.keras_study import Study
from defib.recipe import LossFacts
from defib.subject import AnyArray, Rows


@dataclass(frozen=True)
class HandMade:
    """What is known of it."""

    loss: Recovered | None
    """``None`` when no known formula gives the value that was seen."""
    facts: LossFacts


def read_handmade(study: Study, training: Rows | None) -> HandMade | None:
    """``None`` when the loop used a Keras loss object, or nothing was seen of its loss."""
    if study.loop is None or study.loop.loss is not None or study.loop.met is None:
        return None
    met: Met = study.loop.met
    batch = study.batch_size or study.training.batch_size or 1
    loss = None
    if met.value is not None and met.y is not None and met.p is not None:
        loss = recovered(met)
    elif training is not None and training.y is not None:
        loss = recover(None, training.y, training.y, met.operations)
        loss = None if loss is None else _as_met(loss, met)
    shapes = (met.prediction, met.target, met.element)
    return HandMade(loss, facts_of_handmade(loss, met.operations, shapes, batch))


def recovered(met: Met) -> Recovered | None:
    """The formula on labels and outputs in the shapes in which they met; class ids that became one-hot stay ids."""
    y, p = np.asarray(met.y), np.asarray(met.p)
    found = recover(met.value, _in_shape(y, met.target), _in_shape(p, met.prediction), met.operations)
    return None if found is None else _as_met(found, met)


def _as_met(loss: Recovered, met: Met) -> Recovered:
    return replace(loss, prediction=met.prediction, target=_inner(loss, met))


def _in_shape(array: AnyArray, shape: Open) -> AnyArray:
    wanted = [-1 if n is None else n for n in shape]
    return array.reshape(wanted) if wanted.count(-1) <= 1 and array.size == abs(int(np.prod(wanted))) else array


def _inner(loss: Recovered, met: Met) -> Open:
    return () if loss.kind == "sparse_categorical_cross_entropy" else met.target


def why_unread(study: Study, handmade: HandMade | None) -> str | None:
    """``None`` when the loop's loss is known, else what was not seen of it, as a clause."""
    if study.loop.loss is not None or (handmade is not None and handmade.loss is not None):
        return None
    if handmade is None:
        return "the loss of the hand-written loop was not seen: no operation took the model's output and labels"
    met = study.loop.met
    chain = ", ".join(met.operations[:6])
    return f"the loss of the hand-written loop is no known formula (its operations: {chain})"


def with_handmade(subject: KerasSubject, handmade: HandMade) -> KerasSubject:
    """The subject with the facts of its hand-made loss; a compiled step that returned its loss is held to it."""
    found = handmade
    value = subject.captured.first_loss
    if value is not None and subject.has_initial_weights and subject.training is not None:
        found = _held_to(subject, handmade, float(to_numpy(value)))
    unknown = subject.captured.unknown if found.loss is None else None
    reading = LossReading(found.facts, cached_logits=False)
    subject.captured = replace(subject.captured, loss=found.loss, reading=reading, unknown=unknown)
    subject.recipe = replace(subject.recipe, loss=found.facts)
    return subject


def _held_to(subject: KerasSubject, handmade: HandMade, value: float) -> HandMade:
    """The formula that gives the first loss a compiled step returned, on its rows and the initial weights."""
    rows: Any = subject.training
    n = subject.recipe.batch_size or len(rows)
    if rows.y is None or len(rows) < n:
        return handmade
    outputs = subject.forward(rows.X[:n], moment="initial", training=True).outputs
    facts = handmade.facts
    y = _in_shape(rows.y[:n], facts.target_shape or ())
    found = recover(value, y, _in_shape(outputs, facts.prediction_shape or ()))
    if found is None:
        return handmade
    target: Open = () if found.kind == "sparse_categorical_cross_entropy" else _open(facts.target_shape)
    loss = replace(found, prediction=_open(facts.prediction_shape), target=target)
    return HandMade(loss, replace(facts, kind=loss.kind, takes=loss.takes))


def _open(shape: tuple[int, ...] | None) -> Open:
    return (None, *shape[1:]) if shape else ()

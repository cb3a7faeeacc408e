"""Targets brought into the range that the head can say; predictions are transformed back."""

from __future__ import annotations

import math

import numpy as np

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.recipe import Arm, InputTransform


def _applies(book: Book) -> str | None:
    labels, head = book.get(LabelFacts), book.get(HeadFacts)
    if labels.task != "regression":
        return "the labels are classes"
    if math.isinf(head.output_low) or math.isinf(head.output_high):
        return "the head has no two ends"
    if not labels.maximum > labels.minimum:
        return "the targets do not vary"
    return "every target is within the head's reach" if head.labels_outside <= 0 else None


def _numbers(book: Book) -> tuple[float, float]:
    """``(offset, scale)``: (y − offset) / scale runs over the head's range."""
    labels, head = book.get(LabelFacts), book.get(HeadFacts)
    scale = (labels.maximum - labels.minimum) / (head.output_high - head.output_low)
    return labels.minimum - head.output_low * scale, scale


def _arm(book: Book) -> Arm:
    offset, scale = _numbers(book)
    return Arm(targets=InputTransform(np.array(offset), np.array(scale), "min-max"))


def _code(book: Book, framework: str) -> str:
    offset, scale = _numbers(book)
    start = f"offset, scale = {offset:.6g}, {scale:.6g}  # for targets within what the head can say"
    return by_framework(
        framework,
        keras=f"""
        {start}
        model.fit(X_train, (y_train - offset) / scale)
        predictions = model.predict(X_new) * scale + offset
        """,
        torch=f"""
        {start}
        loss = criterion(model(inputs), (targets - offset) / scale)
        predictions = model(X_new) * scale + offset
        """,
        jax=f"""
        {start}
        loss = loss_of(model(x), (y - offset) / scale)
        predictions = model(X_new) * scale + offset
        """,
    )


INTERVENTION = Intervention(
    name="min-max-targets",
    does="scale the targets into the range of the output activation and transform the predictions back",
    kind="train",
    arm=_arm,
    applies=_applies,
    code=_code,
    size=2,
    impossible_in=("sklearn",),
)

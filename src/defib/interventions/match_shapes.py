"""Predictions and targets of one shape before the loss."""

from __future__ import annotations

import math

from defib.evidence import Book, Missing
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.head import HeadFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    head = book.get(HeadFacts)
    return None if head.broadcasts else "predictions and targets are not broadcast against each other"


def _arm(book: Book) -> Arm:
    if book.has(HeadFacts) and _extra_axis(book.get(HeadFacts)) is not None:
        raise Missing("HeadFacts", "as many predictions for a row as targets")
    return Arm().with_edit("match_shapes")


def _extra_axis(head: HeadFacts) -> int | None:
    """Length of the axis (of time, say) that a row's predictions have and its targets do not; ``None`` without one.

    >>> from types import SimpleNamespace as facts
    >>> _extra_axis(facts(prediction_shape=(32, 12, 1), target_shape=(32,)))
    12
    >>> _extra_axis(facts(prediction_shape=(32, 1), target_shape=(32,)))
    """
    prediction, target = head.prediction_shape, head.target_shape
    if prediction is None or target is None or len(prediction) < 3 or math.prod(prediction) <= math.prod(target):
        return None
    return next((size for size in prediction[1:-1] if size > 1), None)


def _code(book: Book, framework: str) -> str:
    head = book.get(HeadFacts)
    prediction, target = head.prediction_shape or (), head.target_shape or ()
    wide = len(prediction) > len(target)
    if (steps := _extra_axis(head)) is not None:
        return _one_for_each_row(framework, steps)
    return by_framework(
        framework,
        jax="""
        targets = targets.reshape(predictions.shape)  # first line of the loss
        """,
        keras="""
        y_true = keras.ops.reshape(y_true, keras.ops.shape(y_pred))  # first line of the loss
        """
        if wide
        else """
        y_pred = keras.ops.reshape(y_pred, keras.ops.shape(y_true))  # first line of the loss
        """,
        torch="""
        # where a library calls the loss, give it labels of that shape: y_train.reshape(-1, 1)
        target = target.view_as(prediction)
        assert prediction.shape == target.shape
        loss = criterion(prediction, target)
        """
        if wide
        else """
        prediction = prediction.view_as(target)
        assert prediction.shape == target.shape
        loss = criterion(prediction, target)
        """,
    )


def _one_for_each_row(framework: str, steps: int) -> str:
    why = f"# the targets have one value for each row, the predictions {steps}: keep the last, or pool them"
    return by_framework(
        framework,
        jax=f"""
        {why}
        outputs = outputs[:, -1]
        """,
        keras=f"""
        {why}
        keras.layers.GRU(32)  # the last recurrent layer without return_sequences=True
        """,
        torch=f"""
        {why}
        outputs = outputs[:, -1]
        """,
    )


INTERVENTION = Intervention(
    name="match-shapes",
    does="bring predictions and targets to the same shape before the loss",
    kind="train",
    arm=_arm,
    applies=_applies,
    code=_code,
    size=1,
    impossible_in=("sklearn",),
)

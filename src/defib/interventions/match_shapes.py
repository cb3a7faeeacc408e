"""Predictions and targets of one shape before the loss."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.head import HeadFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    head = book.get(HeadFacts)
    return None if head.broadcasts else "predictions and targets are not broadcast against each other"


def _code(book: Book, framework: str) -> str:
    head = book.get(HeadFacts)
    prediction, target = head.prediction_shape or (), head.target_shape or ()
    wide = len(prediction) > len(target)
    return by_framework(
        framework,
        jax="""
        assert predictions.shape == targets.reshape(predictions.shape).shape
        loss = jnp.mean((predictions - targets.reshape(predictions.shape)) ** 2)
        """,
        keras="""
        y_true = keras.ops.reshape(y_true, keras.ops.shape(y_pred))  # first line of the loss
        """
        if wide
        else """
        y_pred = keras.ops.reshape(y_pred, keras.ops.shape(y_true))  # first line of the loss
        """,
        torch="""
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


INTERVENTION = Intervention(
    name="match-shapes",
    does="bring predictions and targets to the same shape before the loss",
    kind="train",
    arm=lambda book: Arm().with_edit("match_shapes"),
    applies=_applies,
    code=_code,
    size=1,
    impossible_in=("sklearn",),
)

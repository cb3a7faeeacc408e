"""Losses of hand-written loops, recovered from a value; the oracle is TensorFlow's and Keras' own functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from defib.adapters.keras.handmade import recover

RNG = np.random.default_rng(5)
LOGITS = RNG.normal(size=(12, 3)).astype(np.float32)
IDS = RNG.integers(0, 3, size=12)
ONE_HOT = np.eye(3, dtype=np.float32)[IDS]
SCORES = RNG.normal(size=(12, 1)).astype(np.float32)
BITS = RNG.integers(0, 2, size=(12, 1)).astype(np.float32)
SIGMOID = tf.sigmoid(SCORES).numpy()
SOFTMAX = tf.nn.softmax(LOGITS).numpy()

CASES: list[tuple[str, str, Any, Any, Callable[[Any, Any], Any]]] = [
    ("squared_error", "values", BITS, SCORES, lambda y, p: tf.reduce_mean((y - p) ** 2)),
    ("squared_error", "values", BITS, SCORES, lambda y, p: tf.reduce_sum((y - p) ** 2) / 2),
    ("squared_error", "values", BITS[:, 0], SCORES, lambda y, p: tf.reduce_mean((y - p) ** 2)),
    ("squared_error", "values", ONE_HOT, LOGITS, lambda y, p: tf.reduce_sum((y - p) ** 2)),
    ("absolute_error", "values", BITS, SCORES, lambda y, p: tf.reduce_sum(abs(y - p))),
    (
        "binary_cross_entropy",
        "logits",
        BITS,
        SCORES,
        lambda y, p: tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, p)),
    ),
    (
        "binary_cross_entropy",
        "probabilities",
        BITS,
        SIGMOID,
        lambda y, p: -tf.reduce_mean(y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p)),
    ),
    (
        "sparse_categorical_cross_entropy",
        "logits",
        IDS,
        LOGITS,
        lambda y, p: tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, p)),
    ),
    (
        "categorical_cross_entropy",
        "probabilities",
        ONE_HOT,
        SOFTMAX,
        lambda y, p: -tf.reduce_sum(y * tf.math.log(p)),
    ),
]


@pytest.mark.parametrize(("kind", "takes", "y", "p", "loss"), CASES)
def test_the_recovered_loss_is_the_users_on_other_rows_too(
    kind: str, takes: str, y: Any, p: Any, loss: Callable[[Any, Any], Any]
) -> None:
    found = recover(float(loss(y, p)), y, p)
    assert found is not None
    assert (found.kind, found.takes) == (kind, takes)
    for part in (slice(0, 12), slice(0, 5), slice(3, 10)):
        assert float(found(y[part], p[part])) == pytest.approx(float(loss(y[part], p[part])), rel=1e-4)


def test_a_formula_of_ones_own_is_not_taken_for_another() -> None:
    assert recover(float(tf.reduce_mean(abs(BITS - SCORES) ** 3)), BITS, SCORES) is None


def test_labels_meet_the_outputs_in_the_shape_that_was_seen() -> None:
    column = BITS[:, 0]
    found = recover(float(np.mean((column - SCORES) ** 2)), column, SCORES)
    assert found is not None
    as_met = type(found)(found.kind, found.takes, prediction=(None, 1), target=(None,))
    assert float(as_met(BITS, SCORES)) == pytest.approx(float(np.mean((column - SCORES) ** 2)), rel=1e-5)
    assert float(as_met.matching()(BITS, SCORES)) == pytest.approx(float(np.mean((BITS - SCORES) ** 2)), rel=1e-5)

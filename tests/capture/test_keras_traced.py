"""Rows and labels that a compiled step makes of its arguments by itself: cast, reshaped, scaled, one-hot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from defib.capture.keras_fit import KerasWatcher
from tests.adapters.keras_models import load

Made = Callable[[Any, Any], Any]


def seen(of_labels: Made, of_rows: Made, units: int, y: Any) -> Any:
    """The training rows of a model that was trained by a compiled step."""
    import tensorflow as tf

    keras = load("keras")
    X = np.arange(8, dtype=np.uint8).reshape(4, 2)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)])
    loss, optimizer = keras.losses.MeanSquaredError(), keras.optimizers.SGD(0.01)

    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(of_labels(tf, y), model(of_rows(tf, x), training=True))
        found = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(found, model.trainable_variables, strict=True))
        return value

    watcher = KerasWatcher()
    watcher.attach()
    try:
        for x, labels in tf.data.Dataset.from_tensor_slices((X, y)).batch(2):
            step(x, labels)
    finally:
        watcher.detach()
    (subject,) = watcher.subjects()
    return X, subject.training


PLAIN: Made = lambda tf, x: tf.cast(x, tf.float32)  # noqa: E731


@pytest.mark.parametrize(
    ("of_labels", "units", "expected"),
    [
        (lambda tf, y: tf.cast(y, tf.float32)[:, None], 1, [[0], [1], [2], [0]]),
        (lambda tf, y: tf.reshape(tf.cast(y, tf.float32) / 2, (-1, 1)), 1, [[0], [0.5], [1], [0]]),
        (lambda tf, y: tf.one_hot(y, 3), 3, np.eye(3)[[0, 1, 2, 0]]),
    ],
    ids=["column", "scaled", "one-hot"],
)
def test_labels_are_those_that_the_loss_was_given(of_labels: Made, units: int, expected: Any) -> None:
    X, rows = seen(of_labels, lambda tf, x: tf.cast(x, tf.float32) / 255.0, units, np.array([0, 1, 2, 0]))
    np.testing.assert_allclose(rows.X, X / 255.0, rtol=1e-6)
    np.testing.assert_allclose(rows.y, expected)


@pytest.mark.parametrize("part", [lambda tf, y: y[:, :1], lambda tf, y: y[::-1]], ids=["a column", "reversed"])
def test_what_is_not_the_labels_as_they_are_is_not_taken_for_them(part: Made) -> None:
    y = np.array([[0, 1], [1, 0], [1, 1], [0, 0]], dtype=np.float32)
    _, rows = seen(part, PLAIN, 2, y)
    assert rows is not None
    assert rows.y is None

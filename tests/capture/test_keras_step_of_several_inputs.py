"""A ``train_step`` of the user's own over several inputs: its loss is read, and the step is replayed as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from defib.capture.keras_fit import KerasWatcher
from defib.recipe import Arm
from tests.adapters.keras_models import FLAVORS, assert_same, load


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def own(keras: Any, how: str) -> Any:
    import tensorflow as tf

    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self, extra: Any) -> None:
            super().__init__()
            self.table = keras.layers.Embedding(3, 2)
            self.head = keras.layers.Dense(1)
            self.extra = extra

        def call(self, given: Any, training: Any = None) -> Any:
            a, b = (given["a"], given["b"]) if how == "dict" else given
            return self.head(tf.concat([a, self.table(b)], axis=-1))

        def train_step(self, data: Any) -> Any:
            x, y = data
            assert isinstance(x, dict) == (how == "dict")
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((y - self(x, training=True)) ** 2)
            found = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(found, self.trainable_variables, strict=True))
            return {"loss": loss}

    model = Own(iter(()))  # nothing that a config could hold
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    return model


@pytest.mark.parametrize("how", ["dict", "tuple"])
def test_the_loss_is_read_and_the_step_replayed(keras: Any, how: str) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(16, 2)).astype(np.float32), rng.integers(0, 3, 16)
    y = a[:, 0] + b
    x = {"a": a, "b": b} if how == "dict" else (a, b)
    model = own(keras, how)
    watcher = KerasWatcher()
    watcher.attach()
    try:
        model.fit(x, y.astype(np.float32), batch_size=16, epochs=1, verbose=0)
    finally:
        watcher.detach()
    (subject,) = watcher.subjects()
    assert watcher.errors == []
    facts = subject.recipe.loss
    assert facts is not None
    assert (facts.name, facts.kind, facts.element_shape) == ("train_step", "squared_error", (16, 16))
    before = [np.array(v.numpy()) for v in model.weights]
    assert subject.training is not None
    trained: Any = subject.train(Arm(), subject.training, seed=0)
    for found, end in zip(trained._values, before, strict=True):
        np.testing.assert_allclose(found, end, atol=1e-5)
    assert subject.can_train(Arm().with_edit("match_shapes")) is None
    assert subject.can_train(Arm().with_edit("reinitialize", "default")) is None
    assert_same(before, [np.array(v.numpy()) for v in model.weights])


def test_a_step_over_texts_is_replayed_behind_them() -> None:
    import tensorflow as tf

    keras = load("keras")
    words = keras.layers.TextVectorization(max_tokens=9, output_sequence_length=3)
    words.adapt(["a b c"])

    class Own(keras.Model):  # type: ignore[misc,name-defined]
        def train_step(self, data: Any) -> Any:
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((y - self(x, training=True)[:, 0]) ** 2)
            found = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(found, self.trainable_variables, strict=True))
            return {"loss": loss}

    given = keras.Input((1,), dtype="string")
    inner = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(9, 2)(words(given)))
    model = Own(given, keras.layers.Dense(1)(inner))
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    watcher = KerasWatcher()
    watcher.attach()
    try:
        texts = tf.constant([["a b"], ["b c"], ["c"], ["a"]])
        model.fit(texts, np.array([0, 1, 1, 0], dtype=np.float32), batch_size=4, epochs=1, verbose=0)
    finally:
        watcher.detach()
    (subject,) = watcher.subjects()
    assert subject.training is not None
    assert subject.recipe.loss is not None
    assert subject.recipe.loss.kind == "squared_error"
    trained: Any = subject.train(Arm(), subject.training, seed=0)
    for found, end in zip(trained._values, model.weights, strict=True):
        np.testing.assert_allclose(found, end.numpy(), atol=1e-5)

"""Models with a ``train_step`` or ``compute_loss`` of their own: the loss is found by running it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from defib.adapters.keras import KerasSubject, subject_from_model
from defib.capture.keras_fit import KerasWatcher
from defib.recipe import Arm
from tests.adapters.keras_models import FLAVORS, assert_same, load, rows, snapshot


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def broadcasting(keras: Any, *, only_head: bool = False, required: bool = False) -> Any:
    """A step whose loss takes (n,) against (n, 1); ``only_head`` leaves the first layer out of the update."""
    import tensorflow as tf

    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self, width: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            units = next(width) if required else width
            self.first = keras.layers.Dense(units, activation="tanh", name="first")
            self.head = keras.layers.Dense(1, name="head")
            if required:  # whatever calls this has this very model's layers: it can only be borrowed
                self.run: Any = lambda x: self.head(self.first(x))

        def call(self, x: Any, training: bool = False) -> Any:
            return self.run(x) if required else self.head(self.first(x))

        def train_step(self, data: Any) -> Any:
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((tf.reshape(y, [-1]) - self(x, training=True)) ** 2)
            weights = self.head.trainable_variables if only_head else self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return {"loss": loss}

        def get_config(self) -> dict[str, Any]:
            if required:
                raise NotImplementedError("no config")
            return {"width": 4}

    model = Own(iter([4]) if required else 4)  # an iterator gives its number once
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    return model


def formula(weights: list[Any], X: Any, y: Any) -> tuple[float, list[Any]]:
    """Loss and gradient of the mean over all *pairs* of rows, in float64."""
    W1, b1, W2, b2 = (np.asarray(w, dtype=np.float64) for w in weights)
    h = np.tanh(X @ W1 + b1)
    p = (h @ W2 + b2)[:, 0]
    loss = float(np.mean((y[None, :] - p[:, None]) ** 2))
    d2 = (2 * (p - y.mean()) / len(p))[:, None]
    d1 = (d2 @ W2.T) * (1 - h**2)
    return loss, [X.T @ d1, d1.sum(0), h.T @ d2, d2.sum(0)]


def watched(model: Any, X: Any, y: Any, epochs: int = 1) -> KerasSubject:
    watcher = KerasWatcher()
    watcher.attach()
    try:
        model.fit(X, y, epochs=epochs, batch_size=len(X), verbose=0)
    finally:
        watcher.detach()
    (subject,) = watcher.subjects()
    assert watcher.errors == []
    assert isinstance(subject, KerasSubject)
    return subject


@pytest.mark.parametrize("required", [False, True])
def test_the_loss_inside_the_step_is_read_replayed_and_differentiated(keras: Any, required: bool) -> None:
    X, y = rows()
    model = broadcasting(keras, required=required)
    subject = watched(model, X, y)
    before = snapshot(keras, model)
    facts = subject.recipe.loss
    assert facts is not None
    assert (facts.name, facts.kind, facts.element_shape) == ("train_step", "squared_error", (32, 32))
    assert {facts.prediction_shape, facts.target_shape} == {(32, 1), (32,)}
    weights = [v.numpy() for v in model.weights]
    loss, gradients = formula(weights, X, y)
    assert subject.loss(X, y) == pytest.approx(loss, rel=1e-5)
    for found, expected in zip(subject.gradients(X, y), gradients, strict=True):
        assert found.values is not None
        np.testing.assert_allclose(found.values, expected, atol=1e-5)
    assert subject.training is not None
    assert subject.captured.initial is not None
    _, first = formula(subject.captured.initial, X, y)
    trained: Any = subject.train(Arm(), subject.training, seed=0)
    for value, start, gradient in zip(trained._values, subject.captured.initial, first, strict=True):
        np.testing.assert_allclose(value, start - 0.1 * gradient, atol=2e-5)
    for value, end in zip(trained._values, weights, strict=True):  # the user's own step, replayed
        np.testing.assert_allclose(value, end, atol=2e-5)
    assert subject.base().borrowed is required
    assert_same(before, snapshot(keras, model))


def test_match_shapes_puts_a_loss_of_the_same_kind_in_its_place(keras: Any) -> None:
    X, y = rows()
    subject = watched(broadcasting(keras), X, y)
    assert subject.training is not None
    assert subject.captured.initial is not None
    start = subject.captured.initial
    p = (np.tanh(X @ start[0] + start[1]) @ start[2] + start[3])[:, 0]
    trained = subject.train(Arm().with_edit("match_shapes"), subject.training, seed=0)
    assert trained.loss[0] == pytest.approx(np.mean((p - y) ** 2), rel=1e-4)


def test_what_the_step_leaves_out_is_seen_and_the_canonical_loop_trains_it(keras: Any) -> None:
    X, y = rows()
    subject = watched(broadcasting(keras, only_head=True), X, y)
    held = {p.name: p.in_optimizer for p in subject.parameters()}
    assert held == {"first/kernel": False, "first/bias": False, "head/kernel": True, "head/bias": True}
    assert subject.training is not None
    assert subject.captured.initial is not None
    for arm, moves in ((Arm(), False), (Arm(loop="canonical"), True)):
        trained: Any = subject.train(arm, subject.training, seed=0)
        assert bool(np.any(trained._values[0] != subject.captured.initial[0])) is moves
        assert np.any(trained._values[2] != subject.captured.initial[2])


def test_a_functional_model_of_a_users_class_keeps_its_step_in_clones_and_edits(keras: Any) -> None:
    import tensorflow as tf

    class Own(keras.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            x, y = data
            with tf.GradientTape() as tape:
                loss = 3.0 * tf.reduce_mean((tf.reshape(y, [-1, 1]) - self(x, training=True)) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            return {"loss": loss}

    x = keras.Input((3,))
    model = Own(x, keras.layers.Dense(1, name="head")(keras.layers.Dense(4, activation="relu", name="first")(x)))
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    X, y = rows()
    subject = watched(model, X, y)
    assert subject.training is not None
    assert not subject.base().borrowed
    error = float(np.mean((model.predict(X, verbose=0)[:, 0] - y) ** 2))
    assert subject.train(Arm(), subject.training, seed=0).loss[0] == pytest.approx(3 * error, rel=1e-4)
    arm = Arm().with_edit("hidden_activation", "tanh")
    assert subject.can_train(arm) is None
    assert subject._program(arm).objective.own_step
    subject.train(arm, subject.training, seed=0)


def test_compute_loss_of_the_model_is_the_loss(keras: Any) -> None:
    import tensorflow as tf

    class Own(keras.Model):  # type: ignore[misc]
        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: Any = True
        ) -> Any:
            return tf.reduce_mean(tf.abs(tf.reshape(y, [-1, 1]) - y_pred))

    x = keras.Input((3,))
    model = Own(x, keras.layers.Dense(1)(x))
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    X, y = rows()
    subject = subject_from_model(model, X, y, epochs=1, batch_size=32)
    assert subject.recipe.loss is not None
    assert (subject.recipe.loss.name, subject.recipe.loss.kind) == ("compute_loss", "absolute_error")
    subject.captured = replace(subject.captured, initial=[v.numpy() for v in model.weights])
    p = model.predict(X, verbose=0)[:, 0]
    assert subject.loss(X, y) == pytest.approx(np.mean(np.abs(p - y)), rel=1e-5)
    assert subject.training is not None
    trained: Any = subject.train(Arm(), subject.training, seed=0)
    expected = model.weights[1].numpy() - 0.1 * np.mean(np.sign(p - y))
    np.testing.assert_allclose(trained._values[1], expected, atol=1e-5)

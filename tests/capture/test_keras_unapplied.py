"""Loops with a gradient tape that never hand their gradients to an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from defib.capture.keras_fit import KerasWatcher
from defib.recipe import Arm
from tests.adapters.keras_models import load, rows

X, Y = rows(32)


def accumulating(every: int, *, graph: bool = False, made: bool = True) -> Callable[[], Any]:
    """Two epochs of four batches, whose gradients are applied after each ``every`` of them within an epoch."""

    def program() -> Any:
        import tensorflow as tf

        keras = load("keras")
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((X.shape[1],)), keras.layers.Dense(1, activation="sigmoid")])
        optimizer = keras.optimizers.SGD(0.1) if made else None
        loss = keras.losses.BinaryCrossentropy()

        def gradients(x: Any, y: Any) -> Any:
            with tf.GradientTape() as tape:
                value = loss(y, model(x, training=True))
            return tape.gradient(value, model.trainable_variables)

        run = tf.function(gradients) if graph else gradients
        for _ in range(2):
            total = [tf.zeros_like(one) for one in model.trainable_variables]
            for step in range(4):
                part = slice(8 * step, 8 * step + 8)
                found = run(tf.constant(X[part]), tf.constant(Y[part, None]))
                total = [a + b for a, b in zip(total, found, strict=True)]
                if optimizer is not None and (step + 1) % every == 0:
                    optimizer.apply_gradients(zip(total, model.trainable_variables, strict=True))
        model.predict(X[:5], verbose=0)
        return model

    return program


def seen(program: Callable[[], Any]) -> list[Any]:
    load("keras")
    watcher = KerasWatcher()
    watcher.attach()
    try:
        kept = program()
    finally:
        watcher.detach()
    found = list(watcher.subjects())
    assert watcher.errors == []
    del kept
    return found


@pytest.mark.parametrize("graph", [False, True])
def test_a_loop_that_never_steps_is_a_training_without_steps(graph: bool) -> None:
    (subject,) = seen(accumulating(100, graph=graph))
    recipe = subject.recipe
    assert (recipe.n_updates, recipe.n_epochs, recipe.batch_size, recipe.optimizer.name) == (0, 2, 8, "sgd")
    np.testing.assert_array_equal(subject.training.X, X)
    np.testing.assert_array_equal(subject.training.y, Y[:, None])
    np.testing.assert_array_equal(subject.prediction.X, X[:5])
    assert all(np.array_equal(one.initial, one.end) for one in subject.parameters())


def test_only_the_usual_loop_makes_the_steps_that_were_left_out() -> None:
    (subject,) = seen(accumulating(100))
    courses = [subject._workshop.course(arm, subject.training, lambda X: X) for arm in (Arm(), Arm(loop="canonical"))]
    assert [one.updates for one in courses] == [1, 8]


@pytest.mark.parametrize("graph", [False, True])
def test_a_step_that_comes_late_is_the_training(graph: bool) -> None:
    (subject,) = seen(accumulating(2, graph=graph))
    assert subject.recipe.n_updates == 4
    assert not subject.captured.never_stepped
    assert any(np.any(one.initial != one.end) for one in subject.parameters())


def test_gradients_of_a_program_without_an_optimizer_are_no_training() -> None:
    assert seen(accumulating(100, made=False)) == []


def test_weights_that_were_moved_by_hand_are_no_training_without_steps() -> None:
    def program() -> Any:
        model = accumulating(100)()
        for variable in model.trainable_variables:
            variable.assign_add(np.ones(variable.shape, np.float32))
        return model

    assert seen(program) == []


def test_gradients_of_the_rows_are_no_training() -> None:
    def program() -> Any:
        import tensorflow as tf

        keras = load("keras")
        model = keras.Sequential([keras.Input((X.shape[1],)), keras.layers.Dense(1, activation="sigmoid")])
        optimizer, loss = keras.optimizers.SGD(0.1), keras.losses.BinaryCrossentropy()
        rows = tf.Variable(X)
        for _ in range(3):
            with tf.GradientTape() as tape:
                value = loss(Y[:, None], model(rows, training=False))
            optimizer.apply_gradients([(tape.gradient(value, rows), rows)])
        return model

    assert seen(program) == []


@pytest.mark.parametrize("graph", [False, True])
def test_several_batches_before_a_step_are_one_batch(graph: bool) -> None:
    (subject,) = seen(accumulating(2, graph=graph))
    assert (subject.recipe.n_updates, subject.recipe.batch_size) == (4, 16)
    np.testing.assert_array_equal(subject.training.X, X)
    np.testing.assert_array_equal(subject.training.y, Y[:, None])
    assert any("up to 2 batches" in note for note in subject.trace.notes)
    assert subject.can_train(Arm()) is None


def by_hand(rate: float, *, momentum: float = 0.0, graph: bool = False) -> Callable[[], Any]:
    def program() -> Any:
        import tensorflow as tf

        keras = load("keras")
        model = keras.Sequential([keras.Input((X.shape[1],)), keras.layers.Dense(1, activation="sigmoid")])
        kept = [tf.Variable(one * 0 + 1) for one in model.trainable_variables]

        def step(x: Any, y: Any) -> None:
            with tf.GradientTape() as tape:
                value = tf.reduce_mean((y - model(x, training=True)) ** 2)
            found = tape.gradient(value, model.trainable_variables)
            for one, before, by in zip(model.trainable_variables, kept, found, strict=True):
                before.assign(momentum * before + by)
                one.assign(one - rate * before)

        run = tf.function(step) if graph else step
        for _ in range(2):
            for k in range(0, 32, 8):
                run(tf.constant(X[k : k + 8]), tf.constant(Y[k : k + 8, None]))
        model.predict(X[:5], verbose=0)
        return model

    return program


@pytest.mark.parametrize("graph", [False, True])
def test_weights_that_are_moved_by_hand_are_moved_by_sgd(graph: bool) -> None:
    (subject,) = seen(by_hand(0.3, graph=graph))
    assert (subject.recipe.optimizer.name, subject.recipe.n_updates, subject.recipe.n_epochs) == ("sgd", 8, 2)
    assert subject.recipe.optimizer.learning_rate == pytest.approx(0.3, rel=1e-3)
    trained = subject.train(Arm(shuffle=False), subject.training, seed=0)
    for value, one in zip(trained._values, subject.parameters(), strict=True):
        np.testing.assert_allclose(value, one.end, atol=1e-4)


def test_a_step_by_hand_that_is_no_sgd_is_said() -> None:
    (subject,) = seen(by_hand(0.3, momentum=0.9))
    assert subject.recipe.optimizer is None
    assert "moved by hand" in (subject.can_train(Arm()) or "")
    assert any("moved by hand" in note for note in subject.trace.notes)

"""Hand-written loops with a gradient tape around a Keras model, plain and inside ``tf.function``."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from defib.capture.keras_fit import KerasWatcher
from defib.recipe import Arm
from tests.adapters.keras_models import FLAVORS, load, rows
from tests.adapters.test_keras import Oracle, sigmoid


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def loop(keras: Any, *, graph: bool, loss: Callable[[Any, Any], Any] | None, seed: int = 0) -> tuple[Any, list[float]]:
    """Two epochs of four batches on 32 rows; gives the model and the losses it saw."""
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    X, y = rows(32)
    model = keras.Sequential([keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1, activation="sigmoid")])
    optimizer = keras.optimizers.SGD(0.1)
    criterion = loss or keras.losses.BinaryCrossentropy()

    def step(x: Any, target: Any) -> Any:
        with tf.GradientTape() as tape:
            value = criterion(target, model(x, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    run = tf.function(step) if graph else step
    seen = []
    for _ in range(2):
        for start in range(0, 32, 8):
            part = slice(start, start + 8)
            seen.append(float(run(tf.constant(X[part]), tf.constant(y[part, None]))))
    return model, seen


def watched(program: Callable[[], Any]) -> tuple[Any, Any]:
    watcher = KerasWatcher()
    watcher.attach()
    try:
        result = program()
    finally:
        watcher.detach()
    assert watcher.errors == []
    (subject,) = watcher.subjects()
    return subject, result


@pytest.mark.parametrize("graph", [False, True])
def test_rows_labels_loss_and_steps_are_seen_and_replayed(keras: Any, graph: bool) -> None:
    X, y = rows(32)

    def program() -> Any:
        model, seen = loop(keras, graph=graph, loss=None)
        return model, seen, model(X[:5] + 1)

    subject, (model, seen, called) = watched(program)
    np.testing.assert_array_equal(subject.training.X, X)
    np.testing.assert_array_equal(subject.training.y, y[:, None])
    recipe = subject.recipe
    assert (recipe.batch_size, recipe.n_updates, recipe.n_epochs, recipe.shuffled) == (8, 8, 2, False)
    assert (recipe.optimizer.name, round(recipe.optimizer.learning_rate, 6)) == ("sgd", 0.1)
    assert recipe.loss.kind == "binary_cross_entropy"
    np.testing.assert_allclose(subject.trace.loss_per_update, seen, rtol=1e-5)
    np.testing.assert_array_equal(subject.prediction.X, X[:5] + 1)
    np.testing.assert_array_equal(subject.prediction_outputs, called.numpy())
    first = Oracle(subject.captured.initial)
    assert seen[0] == pytest.approx(first.loss(X[:8], y[:8]), rel=1e-4)
    np.testing.assert_allclose(sigmoid(first.forward(X)[2]), first.forward(X)[3])
    trained = subject.train(Arm(), subject.training, seed=0)
    for value, end in zip(trained._values, model.weights, strict=True):
        np.testing.assert_allclose(value, end.numpy(), atol=2e-5)


def squared(y: Any, p: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_mean((y - p) ** 2)


def broadcast(y: Any, p: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_mean((tf.squeeze(y, -1) - p) ** 2)


def summed_cross_entropy(y: Any, p: Any) -> Any:
    import tensorflow as tf

    return -tf.reduce_sum(y * tf.math.log(p) + (1.0 - y) * tf.math.log(1.0 - p))


def on_logits(y: Any, p: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=p))


def by_function(y: Any, p: Any) -> Any:
    import keras
    import tensorflow as tf

    return tf.reduce_mean(keras.losses.binary_crossentropy(y, p))


def unheard_of(y: Any, p: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_mean(tf.exp(tf.abs(y - p) ** 1.5))


HANDMADE = [
    (squared, "squared_error", (8, 1), (8, 1)),
    (broadcast, "squared_error", (8,), (8, 8)),
    (summed_cross_entropy, "binary_cross_entropy", (8, 1), (8, 1)),
    (on_logits, "binary_cross_entropy", (8, 1), (8, 1)),
    (by_function, "binary_cross_entropy", (8, 1), (8, 1)),
]


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize(("loss", "kind", "target", "element"), HANDMADE)
def test_a_hand_made_loss_is_recovered_and_replayed(
    keras: Any, graph: bool, loss: Any, kind: str, target: tuple[int, ...], element: tuple[int, ...]
) -> None:
    X, y = rows(32)
    subject, (model, seen) = watched(lambda: loop(keras, graph=graph, loss=loss))
    facts = subject.recipe.loss
    assert (facts.kind, facts.prediction_shape, facts.target_shape, facts.element_shape) == (
        kind,
        (8, 1),
        target,
        element,
    )
    np.testing.assert_array_equal(subject.training.y, y[:, None])
    np.testing.assert_allclose(subject.trace.loss_per_update, seen, rtol=1e-5)
    assert subject.loss(X[:8], y[:8, None], moment="initial") == pytest.approx(seen[0], rel=1e-4)
    trained = subject.train(Arm(), subject.training, seed=0)
    for value, end in zip(trained._values, model.weights, strict=True):
        np.testing.assert_allclose(value, end.numpy(), atol=2e-5)


@pytest.mark.parametrize("graph", [False, True])
def test_the_matched_loss_no_longer_broadcasts(keras: Any, graph: bool) -> None:
    X, y = rows(32)
    subject, _ = watched(lambda: loop(keras, graph=graph, loss=broadcast))
    trained = subject.train(Arm().with_edit("match_shapes"), subject.training, seed=0)
    first = Oracle(subject.captured.initial)
    expected = float(np.mean((first.forward(X)[3][:, 0] - y) ** 2))
    assert trained.loss[:4].mean() == pytest.approx(expected, abs=0.05)
    broadcast_loss = float(np.mean((first.forward(X)[3] - y[None, :]) ** 2))
    assert abs(broadcast_loss - expected) > 1e-3


@pytest.mark.parametrize("graph", [False, True])
def test_what_was_not_understood_of_a_hand_made_loss_is_said(keras: Any, graph: bool) -> None:
    subject, _ = watched(lambda: loop(keras, graph=graph, loss=unheard_of))
    assert subject.trace.n_updates == 8
    assert subject.has_initial_weights
    reason = subject.can_train(Arm())
    assert reason is not None
    assert reason.startswith("the loss of the hand-written loop is no known formula (its operations: Sub, Abs, Pow")
    assert (subject.recipe.loss.kind, subject.recipe.loss.target_shape) == ("other", (8, 1))
    moved = [bool(np.any(p.initial != p.end)) for p in subject.parameters()]
    assert all(moved)


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("loss", [None, squared])
def test_the_loop_is_bit_identical_under_watch(keras: Any, graph: bool, loss: Any) -> None:
    model, alone = loop(keras, graph=graph, loss=loss, seed=3)
    _, (watched_model, together) = watched(lambda: loop(keras, graph=graph, loss=loss, seed=3))
    assert alone == together
    for a, b in zip(model.weights, watched_model.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())

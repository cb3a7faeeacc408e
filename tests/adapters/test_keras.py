"""The Keras adapter against NumPy, and that it leaves no trace. Keras 3 and the legacy one alike."""

from typing import Any

import numpy as np
import pytest

from defib.adapters.keras import KerasSubject, subject_from_model
from defib.recipe import Arm, InputTransform
from defib.subject import BudgetExceeded, NotAvailable, Rows
from tests.adapters.keras_models import FLAVORS, assert_same, door, load, mlp, rows, snapshot


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


class Oracle:
    """A one-hidden-layer tanh network with a sigmoid head and mean binary cross-entropy, in float64."""

    def __init__(self, weights: list[Any]) -> None:
        self.W1, self.b1, self.W2, self.b2 = (np.asarray(w, dtype=np.float64) for w in weights)

    def forward(self, X: Any) -> tuple[Any, Any, Any, Any]:
        z1 = X @ self.W1 + self.b1
        h = np.tanh(z1)
        z2 = h @ self.W2 + self.b2
        return z1, h, z2, sigmoid(z2)

    def loss(self, X: Any, y: Any) -> float:
        p = self.forward(X)[-1][:, 0]
        return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))

    def gradients(self, X: Any, y: Any, weight: Any = 1.0) -> list[Any]:
        _, h, _, p = self.forward(X)
        d2 = (p - y[:, None]) * np.reshape(weight, (-1, 1)) / len(X)
        d1 = (d2 @ self.W2.T) * (1 - h**2)
        return [X.T @ d1, d1.sum(0), h.T @ d2, d2.sum(0)]


def oracle(model: Any) -> Oracle:
    return Oracle([v.numpy() for v in model.weights])


def full_batch(model: Any, X: Any, y: Any, epochs: int = 1) -> KerasSubject:
    """A subject whose recorded training is one full-batch step per epoch from the present weights."""
    from dataclasses import replace

    subject = subject_from_model(model, X, y, epochs=epochs, batch_size=len(X))
    subject.captured = replace(subject.captured, initial=[np.array(v.numpy()) for v in model.weights])
    return subject


def trained_weights(subject: KerasSubject, arm: Arm, seed: int = 0) -> list[Any]:
    assert subject.training is not None
    trained: Any = subject.train(arm, subject.training, seed=seed)
    return list(trained._values)


def test_forward_gives_every_layer_with_fused_activations_split(keras: Any) -> None:
    model, (X, y) = mlp(keras), rows()
    forward = subject_from_model(model, X, y, epochs=1).forward(X)
    expected = oracle(model).forward(X)
    names = [(kept.layer.name, kept.layer.kind, kept.layer.activation) for kept in forward.layers]
    assert names == [
        ("first", "dense", None),
        ("first:tanh", "activation", "tanh"),
        ("head", "dense", None),
        ("head:sigmoid", "activation", "sigmoid"),
    ]
    for kept, values in zip(forward.layers, expected, strict=True):
        np.testing.assert_allclose(kept.values, values, atol=1e-5)
    np.testing.assert_allclose(forward.outputs, expected[-1], atol=1e-6)
    assert forward.layers[0].layer.parameters == ("first/kernel", "first/bias")
    assert forward.layers[0].layer.units == 4


def test_gradients_and_loss_equal_the_formula(keras: Any) -> None:
    model, (X, y) = mlp(keras), rows()
    subject = subject_from_model(model, X, y, epochs=1)
    assert subject.loss(X, y) == pytest.approx(oracle(model).loss(X, y), abs=1e-5)
    found = subject.gradients(X, y)
    assert [g.name for g in found] == ["first/kernel", "first/bias", "head/kernel", "head/bias"]
    for gradient, expected in zip(found, oracle(model).gradients(X, y), strict=True):
        assert gradient.values is not None
        np.testing.assert_allclose(gradient.values, expected, atol=1e-5)


def test_frozen_parameters_have_gradients_too(keras: Any) -> None:
    model, (X, y) = mlp(keras), rows()
    model.get_layer("first").trainable = False
    model.compile(optimizer="sgd", loss="binary_crossentropy")
    subject = subject_from_model(model, X, y, epochs=1)
    found = {g.name: g.values for g in subject.gradients(X, y)}
    assert found["first/kernel"] is not None
    np.testing.assert_allclose(found["first/kernel"], oracle(model).gradients(X, y)[0], atol=1e-5)
    flags = {p.name: p.trainable for p in subject.parameters()}
    assert flags == {"head/kernel": True, "head/bias": True, "first/kernel": False, "first/bias": False}


@pytest.mark.parametrize("factor", [1.0, 10.0])
def test_one_sgd_step_equals_the_formula(keras: Any, factor: float) -> None:
    model, (X, y) = mlp(keras, optimizer=keras.optimizers.SGD(0.1, momentum=0.9)), rows()
    start = [v.numpy() for v in model.weights]
    found = trained_weights(full_batch(model, X, y), Arm(learning_rate_factor=factor))
    for value, before, gradient in zip(found, start, oracle(model).gradients(X, y), strict=True):
        np.testing.assert_allclose(value, before - 0.1 * factor * gradient, atol=2e-5)


def test_three_momentum_steps_equal_the_formula(keras: Any) -> None:
    model, (X, y) = mlp(keras, optimizer=keras.optimizers.SGD(0.1, momentum=0.9)), rows()
    net = oracle(model)
    values = [net.W1, net.b1, net.W2, net.b2]
    speed = [np.zeros_like(v) for v in values]
    for _ in range(3):
        gradients = Oracle(values).gradients(X, y)
        speed = [0.9 * s - 0.1 * g for s, g in zip(speed, gradients, strict=True)]
        values = [v + s for v, s in zip(values, speed, strict=True)]
    for found, expected in zip(trained_weights(full_batch(model, X, y, epochs=3), Arm()), values, strict=True):
        np.testing.assert_allclose(found, expected, atol=5e-5)


def test_one_adam_step_moves_every_weight_by_the_learning_rate(keras: Any) -> None:
    # Kingma and Ba 2015, section 2, first step: lr * g / (|g| + epsilon / sqrt(1 - beta_2)) with the efficient form.
    epsilon = 1e-7 / np.sqrt(1 - 0.999)
    model, (X, y) = mlp(keras, optimizer=keras.optimizers.Adam(0.01)), rows()
    start = [v.numpy() for v in model.weights]
    found = trained_weights(full_batch(model, X, y), Arm())
    for value, before, gradient in zip(found, start, oracle(model).gradients(X, y), strict=True):
        step = gradient / (np.abs(gradient) + epsilon)
        np.testing.assert_allclose(value, before - 0.01 * step, atol=2e-5)


def test_a_schedule_is_kept_and_scaled(keras: Any) -> None:
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.1, 0.0])  # step 0 moves, step 1 does not
    model, (X, y) = mlp(keras, optimizer=keras.optimizers.SGD(schedule)), rows()
    start = [v.numpy() for v in model.weights]
    found = trained_weights(full_batch(model, X, y, epochs=2), Arm(learning_rate_factor=2.0))
    for value, before, gradient in zip(found, start, oracle(model).gradients(X, y), strict=True):
        np.testing.assert_allclose(value, before - 0.2 * gradient, atol=2e-5)


def test_class_weight_and_targets_out_of_the_graph(keras: Any) -> None:
    from dataclasses import replace

    model, (X, y) = mlp(keras), rows()
    start = [v.numpy() for v in model.weights]
    subject = full_batch(model, X, y)
    subject.captured = replace(subject.captured, class_weight={0: 1.0, 1: 5.0})
    weight = np.where(y == 1, 5.0, 1.0)
    expected = oracle(model).gradients(X, y, weight)
    for value, before, gradient in zip(trained_weights(subject, Arm()), start, expected, strict=True):
        np.testing.assert_allclose(value, before - 0.1 * gradient, atol=2e-5)


def test_target_transform_is_undone_in_predictions(keras: Any) -> None:
    model, (X, _) = mlp(keras, head="linear", loss="mse", optimizer=keras.optimizers.Adam(0.05)), rows(64)
    y = 1000.0 + 50.0 * X[:, 0]
    subject = full_batch(model, X, y, epochs=300)
    assert subject.training is not None
    arm = Arm(targets=InputTransform(np.array(1000.0), np.array(50.0)))
    predicted = subject.train(arm, subject.training, seed=0).predict(X)
    assert predicted.shape == (64, 1)
    assert np.corrcoef(predicted[:, 0], y)[0, 1] > 0.95
    assert abs(predicted.mean() - 1000.0) < 20.0


def test_classes_are_numbered(keras: Any) -> None:
    model, (X, y) = mlp(keras), rows()
    subject = full_batch(model, X, y)
    signs = Rows(X, np.where(y > 0, 1.0, -1.0).astype(y.dtype))
    as_meant = subject.train(Arm(), Rows(X, y), seed=0).predict(X)
    np.testing.assert_array_equal(subject.train(Arm(labels=(-1.0, 1.0)), signs, seed=0).predict(X), as_meant)


def test_an_input_transform_is_applied_inside(keras: Any) -> None:
    model, (X, y) = mlp(keras), rows()
    raw = X * 100.0 + 7.0
    subject = full_batch(model, raw, y)
    assert subject.training is not None
    arm = Arm(inputs=InputTransform(np.full(3, 7.0), np.full(3, 100.0)))
    trained: Any = subject.train(arm, subject.training, seed=0)
    expected = Oracle(
        [b - 0.1 * g for b, g in zip([v.numpy() for v in model.weights], oracle(model).gradients(X, y), strict=True)]
    )
    np.testing.assert_allclose(trained.predict(raw), expected.forward(X)[-1], atol=2e-5)


def test_batches_are_shuffled_anew_unless_told_otherwise(keras: Any) -> None:
    model, (X, y) = mlp(keras), rows()
    from dataclasses import replace

    subject = subject_from_model(model, X, y, epochs=2, batch_size=8)
    initial = [np.array(v.numpy()) for v in model.weights]
    subject.captured = replace(subject.captured, initial=initial)
    in_order = trained_weights(subject, Arm(shuffle=False))
    values: list[Any] = [np.asarray(v, dtype=np.float64) for v in initial]
    for start in [*range(0, 32, 8)] * 2:
        part = slice(start, start + 8)
        values = [v - 0.1 * g for v, g in zip(values, Oracle(values).gradients(X[part], y[part]), strict=True)]
    for found, expected in zip(in_order, values, strict=True):
        np.testing.assert_allclose(found, expected, atol=5e-5)
    shuffled = trained_weights(subject, Arm())
    assert any(not np.allclose(a, b, atol=1e-6) for a, b in zip(in_order, shuffled, strict=True))


def test_trials_repeat_bit_for_bit_and_seeds_differ(keras: Any) -> None:
    model, (X, y) = mlp(keras), rows()
    subject = full_batch(model, X, y)
    once, again, other = (trained_weights(subject, Arm(), seed=s) for s in (1, 1, 2))
    for a, b in zip(once, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(once[0], other[0])


def test_other_seeds_draw_from_the_layers_initializer(keras: Any) -> None:
    from defib.adapters.keras.weights import redraw, weights_of

    model = keras.Sequential([door(keras, 300), keras.layers.Dense(300)])
    kernel, bias = weights_of(model)
    rng = np.random.default_rng(0)
    captured = kernel.variable.numpy()
    drawn = redraw(kernel, captured, rng)
    limit = np.sqrt(6 / 600)  # Glorot, uniform
    assert np.abs(drawn).max() <= limit
    assert drawn.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert len(np.intersect1d(drawn, captured)) < 0.05 * captured.size  # a permutation would hold all of them
    loaded = np.linspace(-3, 3, captured.size, dtype=np.float32).reshape(captured.shape)
    np.testing.assert_array_equal(np.sort(redraw(kernel, loaded, rng).ravel()), loaded.ravel())
    np.testing.assert_array_equal(redraw(bias, np.zeros(300, np.float32), rng), 0)


def test_batch_norm_and_dropout_follow_the_mode_and_forget_it(keras: Any) -> None:
    layers = keras.layers
    model = keras.Sequential(
        [door(keras, 3), layers.BatchNormalization(name="norm"), layers.Dropout(0.5), layers.Dense(2)]
    )
    model.compile(optimizer="sgd", loss="mse")
    X = np.random.default_rng(0).normal(3.0, 2.0, size=(200, 3)).astype(np.float32)
    subject = subject_from_model(model, X, np.zeros((200, 2), np.float32), epochs=1)
    still = subject.forward(X)
    batch = subject.forward(X, training=True)
    assert abs(still.layers[0].values.mean() - 3.0) < 0.2
    assert abs(batch.layers[0].values.mean()) < 0.01
    assert 0.4 < (batch.layers[1].values == 0).mean() < 0.6
    again = subject.forward(X)
    np.testing.assert_array_equal(again.outputs, still.outputs)
    np.testing.assert_array_equal(subject.forward(X, training=True).outputs, batch.outputs)
    assert sorted(subject.buffers()) == ["norm.mean", "norm.variance"]
    np.testing.assert_array_equal(subject.buffers()["norm.mean"], 0)
    assert not any("moving" in p.name for p in subject.parameters())


def test_single_unit_softmax_trains_on_the_cached_logits(keras: Any) -> None:
    model, (X, y) = mlp(keras, head="softmax"), rows()
    subject = subject_from_model(model, X, y, epochs=1)
    np.testing.assert_array_equal(subject.forward(X).outputs, 1.0)
    assert subject.recipe.loss is not None
    assert subject.link == "identity"
    expected = oracle(model).gradients(X, y)  # those of a sigmoid: Keras goes behind the softmax
    for gradient, value in zip(subject.gradients(X, y), expected, strict=True):
        assert gradient.values is not None
        np.testing.assert_allclose(gradient.values, value, atol=1e-5)


def test_the_loss_is_read_from_the_program(keras: Any) -> None:
    X, y = rows()
    logits = subject_from_model(
        mlp(keras, head="linear", loss=keras.losses.BinaryCrossentropy(from_logits=True)), X, y, epochs=1
    )
    assert logits.recipe.loss is not None
    assert (logits.recipe.loss.kind, logits.recipe.loss.takes) == ("binary_cross_entropy", "logits")
    assert logits.link == "sigmoid"
    relu = subject_from_model(mlp(keras, head="relu"), X, y, epochs=1)
    assert relu.recipe.loss is not None
    assert relu.recipe.loss.clips_probabilities
    ids = subject_from_model(
        mlp(keras, head="softmax", units=2, loss="sparse_categorical_crossentropy"), X, y.astype(int), epochs=1
    )
    assert ids.recipe.loss is not None
    assert (ids.recipe.loss.kind, ids.link) == ("sparse_categorical_cross_entropy", "identity")


def test_a_broadcast_inside_a_hand_made_loss_is_seen(keras: Any) -> None:
    import tensorflow as tf

    def careless(y: Any, p: Any) -> Any:
        return tf.reduce_mean((tf.reshape(y, [-1]) - p) ** 2)

    model, (X, y) = mlp(keras, head="linear", loss=careless), rows()
    facts = subject_from_model(model, X, y, epochs=1).recipe.loss
    assert facts is not None
    assert facts.name == "careless"
    assert facts.element_shape == (32, 32)


def test_nothing_is_left_behind(keras: Any) -> None:
    import tensorflow as tf

    layers = keras.layers
    tf.random.set_seed(3)
    model = keras.Sequential(
        [
            door(keras, 3),
            layers.Dense(4, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.layers[0].trainable = False
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    X, y = rows()
    model.fit(X, y, epochs=1, verbose=0)
    before = snapshot(keras, model)
    subject = subject_from_model(model, X, y, epochs=1, batch_size=8)
    subject.forward(X)
    subject.forward(X, training=True)
    subject.gradients(X, y)
    subject.loss(X, y)
    subject.parameters()
    subject.buffers()
    assert subject.training is not None
    subject.train(Arm(), subject.training, seed=1).predict(X)
    subject.train(Arm().with_edit("hidden_activation", "tanh").with_edit("unfreeze"), subject.training, seed=1)
    with pytest.raises(BudgetExceeded):
        subject.train(Arm(), subject.training, seed=1, deadline=0.0)
    assert_same(before, snapshot(keras, model))


def test_a_missing_answer_says_what_it_needs(keras: Any) -> None:
    model, (X, y) = mlp(keras), rows()
    subject = subject_from_model(model, X, y)
    assert not subject.has_initial_weights
    with pytest.raises(NotAvailable, match="initial weights"):
        subject.forward(X, moment="initial")
    assert subject.can_train(Arm()) == "the optimizer or the number of epochs is not known"
    with pytest.raises(NotAvailable):
        subject.train(Arm(), Rows(X, y), seed=0)

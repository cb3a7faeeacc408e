"""Models with several inputs or outputs: packed rows, one Subject per output. The oracle is the user's own model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from defib.recipe import Arm, InputTransform
from defib.subject import NotAvailable, Rows
from tests.adapters.keras_models import FLAVORS, load, rows
from tests.capture.test_keras_fit import watched, watching

pytestmark = [pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")]


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def data(n: int = 24) -> tuple[Any, Any, Any]:
    """Three numbers, four tokens, a label."""
    X, y = rows(n)
    tokens = np.random.default_rng(3).integers(0, 9, size=(n, 4)).astype(np.int32)
    return X[:, :3].astype(np.float32), tokens, y.astype(np.float32)


def two_doors(keras: Any) -> Any:
    numbers, tokens = keras.Input((3,), name="numbers"), keras.Input((4,), dtype="int32", name="tokens")
    looked_up = keras.layers.Flatten()(keras.layers.Embedding(9, 2)(tokens))
    hidden = keras.layers.Dense(5, activation="tanh")(keras.layers.Concatenate()([numbers, looked_up]))
    model = keras.Model([numbers, tokens], keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy")
    return model


def given(how: str, numbers: Any, tokens: Any) -> Any:
    return {"list": [numbers, tokens], "dict": {"numbers": numbers, "tokens": tokens}}[how]


@pytest.mark.parametrize("how", ["list", "dict"])
def test_several_inputs_are_one_row_and_are_replayed(keras: Any, how: str) -> None:
    numbers, tokens, y = data()
    model = two_doors(keras)

    def program() -> Any:
        model.fit(given(how, numbers[:16], tokens[:16]), y[:16], epochs=3, batch_size=8, verbose=0, shuffle=False)
        model.evaluate(given(how, numbers[16:], tokens[16:]), y[16:], verbose=0)
        return model.predict(given(how, numbers[16:], tokens[16:]), verbose=0)

    subject, predicted = watched(program)
    packed = np.concatenate([numbers, tokens], axis=1)
    np.testing.assert_array_equal(subject.training.X, packed[:16])
    np.testing.assert_array_equal(subject.prediction.X, packed[16:])
    np.testing.assert_array_equal(subject.prediction.y, y[16:])
    np.testing.assert_array_equal(subject.prediction_outputs, predicted)
    np.testing.assert_allclose(subject.forward(packed[16:]).outputs, predicted, rtol=1e-5)
    trained = subject.train(Arm(), subject.training, seed=0)
    for value, end in zip(trained._values, model.weights, strict=True):
        np.testing.assert_allclose(value, end.numpy(), atol=2e-5)
    assert len(subject.gradients(packed[:16], y[:16])) == len(model.weights)
    assert any("columns 3 to 6 are input" in note for note in subject.trace.notes)


def test_tokens_are_not_standardized(keras: Any) -> None:
    numbers, tokens, y = data()
    model = two_doors(keras)
    subject, _ = watched(lambda: model.fit([numbers, tokens], y, epochs=1, verbose=0))
    arm = Arm(inputs=InputTransform(np.full(7, 2.0), np.full(7, 3.0)))
    moved = subject._workshop.inputs(arm, subject.training)(subject.training.X)
    np.testing.assert_allclose(moved[:, :3], (numbers - 2) / 3, rtol=1e-5)
    np.testing.assert_array_equal(moved[:, 3:], tokens)
    assert subject.can_train(arm) is None


def test_a_dataset_of_dicts(keras: Any) -> None:
    import tensorflow as tf

    numbers, tokens, y = data()
    stream = tf.data.Dataset.from_tensor_slices(({"numbers": numbers, "tokens": tokens}, y)).batch(8)
    subject, _ = watched(lambda: two_doors(keras).fit(stream, epochs=2, verbose=0))
    np.testing.assert_array_equal(subject.training.X, np.concatenate([numbers, tokens], axis=1))
    np.testing.assert_array_equal(subject.training.y, y)


def test_watching_several_inputs_changes_nothing(keras: Any) -> None:
    numbers, tokens, y = data()

    def program() -> Any:
        keras.utils.set_random_seed(4)
        model = two_doors(keras)
        model.fit([numbers, tokens], y, epochs=2, batch_size=8, verbose=0)
        return [v.numpy() for v in model.weights], model.predict([numbers, tokens], verbose=0)

    alone = program()
    _, together = watched(program)
    np.testing.assert_array_equal(alone[1], together[1])
    assert all(np.array_equal(a, b) for a, b in zip(alone[0], together[0], strict=True))


@pytest.mark.parametrize("how", ["tuple", "dict"])
def test_a_class_of_ones_own_that_takes_several_inputs(keras: Any, how: str) -> None:
    numbers, tokens, y = data()
    layers = keras.layers

    class TwoDoors(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            keras.Model.__init__(self)
            self.look_up, self.flat = layers.Embedding(9, 2), layers.Flatten()
            self.head = layers.Dense(1, activation="sigmoid")

        def call(self, inputs: Any) -> Any:
            first, second = inputs.values() if isinstance(inputs, dict) else inputs
            return self.head(layers.concatenate([first, self.flat(self.look_up(second))]))

    model = TwoDoors()
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy")
    given = (numbers, tokens) if how == "tuple" else {"numbers": numbers, "tokens": tokens}

    def program() -> Any:
        model.fit(given, y, epochs=2, batch_size=8, verbose=0, shuffle=False)
        return model.predict(given, verbose=0)

    subject, predicted = watched(program)
    packed = np.concatenate([numbers, tokens], axis=1)
    np.testing.assert_allclose(subject.forward(packed).outputs, predicted, rtol=1e-5)
    p = np.clip(predicted[:, 0].astype(np.float64), 1e-7, 1 - 1e-7)
    expected = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    assert subject.loss(packed, y) == pytest.approx(expected, rel=1e-4)
    bias = next(one.values for one in subject.gradients(packed, y) if one.name.endswith("bias"))
    np.testing.assert_allclose(bias, [np.mean(p - y)], rtol=1e-3)
    trained = subject.train(Arm(), subject.training, seed=0)
    for value, end in zip(trained._values, model.weights, strict=True):
        np.testing.assert_allclose(value, end.numpy(), atol=2e-5)


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("how", ["tuple", "dict"])
def test_a_tape_over_several_inputs(keras: Any, how: str, graph: bool) -> None:
    import tensorflow as tf

    numbers, tokens, y = data()
    model, optimizer = two_doors(keras), keras.optimizers.SGD(0.1)
    criterion = keras.losses.BinaryCrossentropy()

    def step(x: Any, target: Any) -> Any:
        with tf.GradientTape() as tape:
            value = criterion(target, model(x, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    run = tf.function(step) if graph else step

    def program() -> None:
        for start in range(0, 24, 8):
            a, b = tf.constant(numbers[start : start + 8]), tf.constant(tokens[start : start + 8])
            run((a, b) if how == "tuple" else {"numbers": a, "tokens": b}, tf.constant(y[start : start + 8, None]))

    subject, _ = watched(program)
    np.testing.assert_array_equal(subject.training.X, np.concatenate([numbers, tokens], axis=1))
    np.testing.assert_array_equal(subject.training.y[:, 0], y)
    assert subject.trace.n_updates == 3


def two_heads(keras: Any, *, named: bool) -> Any:
    door = keras.Input((3,))
    hidden = keras.layers.Dense(5, activation="tanh", name="trunk")(door)
    level = keras.layers.Dense(1, name="level")(hidden)
    high = keras.layers.Dense(1, activation="sigmoid", name="high")(hidden)
    model = keras.Model(door, {"level": level, "high": high} if named else [level, high])
    losses = {"level": "mse", "high": "binary_crossentropy"}
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss=losses if named else list(losses.values()))
    return model


@pytest.mark.parametrize("named", [False, True])
def test_every_output_is_a_subject_of_its_own(keras: Any, named: bool) -> None:
    X, y = rows(24)
    values = X.sum(axis=1)
    model = two_heads(keras, named=named)
    before = [v.numpy() for v in model.weights]
    labels = {"level": values[:16], "high": y[:16]} if named else [values[:16], y[:16]]
    counts = np.linspace(0.5, 2.0, 16)
    given = {"level": counts, "high": 3 - counts} if named else [counts, 3 - counts]
    with watching() as watcher:
        model.fit(X[:16], labels, epochs=2, batch_size=8, verbose=0, shuffle=False, sample_weight=given)
        predicted = model.predict(X[16:], verbose=0)
    by_name = predicted if named else dict(zip(("level", "high"), predicted, strict=True))
    subjects: dict[str, Any] = {one.recipe.output: one for one in watcher.subjects()}
    assert watcher.errors == []
    assert set(subjects) == {"level", "high"}
    for name, truth, kind in (("level", values, "squared_error"), ("high", y, "binary_cross_entropy")):
        subject = subjects[name]
        assert subject.name == f"{model.name}, output {name}"
        np.testing.assert_array_equal(subject.training.y, truth[:16])
        np.testing.assert_array_equal(subject.prediction_outputs, by_name[name])
        np.testing.assert_allclose(subject.forward(X[16:]).outputs, by_name[name], rtol=1e-5)
        assert subject.recipe.loss.kind == kind
        parameters = {one.name: one for one in subject.parameters()}
        assert set(parameters) == {"trunk/kernel", "trunk/bias", f"{name}/kernel", f"{name}/bias"}
        np.testing.assert_array_equal(parameters["trunk/kernel"].initial, before[0])
        assert len(subject.gradients(X[:8], truth[:8])) == 4
        assert len(subject.trace.loss_per_epoch) == 2
        trained = subject.train(Arm(), subject.training, seed=0)  # all outputs, as the user's own training did
        for value, end in zip(trained._values, model.weights, strict=True):
            np.testing.assert_allclose(value, end.numpy(), atol=2e-5)
        np.testing.assert_allclose(trained.predict(X[16:]), by_name[name], atol=2e-5)


def test_a_change_is_made_to_one_of_several_outputs(keras: Any) -> None:
    X, y = rows(24)
    values = X.sum(axis=1)
    model = two_heads(keras, named=True)
    with watching() as watcher:
        model.fit(X, {"level": values, "high": y}, epochs=1, batch_size=8, verbose=0)
    subject: Any = next(one for one in watcher.subjects() if one.recipe.output == "high")
    arm = Arm().with_edit("head", "linear").with_edit("loss", "bce_logits")
    assert subject.can_train(arm) is None
    trained = subject.train(arm, subject.training, seed=0)
    level, high = trained._program.clone.model.get_layer("level"), trained._program.clone.model.get_layer("high")
    assert [one.activation.__name__ for one in (level, high)] == ["linear", "linear"]
    inside = trained.inside()
    assert {one.name for one in inside.parameters()} == {"trunk/kernel", "trunk/bias", "high/kernel", "high/bias"}
    z = inside.forward(X).outputs[:, 0].astype(np.float64)
    assert inside.loss(X, y) == pytest.approx(float(np.mean(np.logaddexp(0, z) - y * z)), rel=1e-4)
    with pytest.raises(NotAvailable, match="labels of the other outputs"):
        subject.train(Arm(), Rows(X + 1, y), seed=0)


def test_several_inputs_in_memory(keras: Any) -> None:
    from defib.adapters.keras import subject_from_model

    numbers, tokens, y = data()
    model = two_doors(keras)
    model.fit([numbers, tokens], y, epochs=1, verbose=0)
    subject = subject_from_model(model, [numbers, tokens], y, X_predict=[numbers[:5] + 1, tokens[:5]])
    assert subject.prediction is not None
    np.testing.assert_array_equal(subject.prediction.X, np.concatenate([numbers[:5] + 1, tokens[:5]], axis=1))
    expected = model.predict([numbers[:5] + 1, tokens[:5]], verbose=0)
    np.testing.assert_allclose(subject.forward(subject.prediction.X).outputs, expected, rtol=1e-5)
    assert subject.can_train(Arm(updates_factor=0.5)) is None

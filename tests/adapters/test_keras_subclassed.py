"""Classes of the user's own: a second object without its constructor, and edits grafted into it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from defib.adapters.keras import KerasSubject, subject_from_model
from defib.adapters.keras.flavor import to_numpy
from defib.adapters.keras.starts import starting_values
from defib.recipe import Arm
from tests.adapters.keras_models import FLAVORS, assert_same, load, rows

EDITS = {
    "batch_norm": Arm().with_edit("batch_norm"),
    "relu": Arm().with_edit("hidden_activation", "relu"),
    "reinitialize": Arm().with_edit("reinitialize", "default"),
    "head": Arm().with_edit("head", "linear"),
    "dropout": Arm().with_edit("dropout", 0.0),
    "halve_depth": Arm().with_edit("halve_depth"),
}


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def own(keras: Any) -> Any:
    """The head comes first in the constructor, blocks stand in a list, activations are functions."""
    layers = keras.layers

    class Block(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, n: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.a = layers.Dense(n, name="a", kernel_initializer="zeros")
            self.drop = layers.Dropout(0.3)
            self.b = layers.Dense(n, activation="tanh", name="b")

        def call(self, x: Any, training: Any = None) -> Any:
            return self.b(self.drop(keras.activations.sigmoid(self.a(x)), training=training))

    class Net(keras.Model):  # type: ignore[misc]
        def __init__(self, n: int, blocks: Any) -> None:
            super().__init__()
            self.out = layers.Dense(1, name="out")
            self.blocks = [Block(n, name=f"block_{i}") for i in blocks]

        def call(self, x: Any, training: Any = None) -> Any:
            for block in self.blocks:
                x = block(x, training=training)
            return keras.activations.sigmoid(self.out(x))

    model = Net(5, iter(range(2)))  # an iterator can be read once: the constructor cannot be called again
    X, y = rows()
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy")
    model.fit(X, y, epochs=1, verbose=0)
    return model


def steps(subject: KerasSubject, arm: Arm) -> list[str]:
    """Kinds and activations of an arm's network, as it ran."""
    assert subject.training is not None
    assert subject.can_train(arm) is None
    trained = subject.train(arm, subject.training, seed=0)
    inside = trained.inside()
    assert inside is not None
    seen = inside.forward(subject.training.X[:4]).layers
    return [str(one.layer.activation or one.layer.kind) for one in seen if one.layer.kind != "other"]


BLOCK = ["dense", "sigmoid", "dropout", "dense", "tanh"]
TREATED = {
    "batch_norm": [*["dense", "norm", "sigmoid", "dropout", "dense", "norm", "tanh"] * 2, "dense", "sigmoid"],
    "relu": [*["dense", "relu", "dropout", "dense", "relu"] * 2, "dense", "sigmoid"],
    "reinitialize": [*BLOCK * 2, "dense", "sigmoid"],
    "head": [*BLOCK * 2, "dense"],
    "dropout": [*BLOCK * 2, "dense", "sigmoid"],
}


@pytest.mark.parametrize("edit", sorted(EDITS))
def test_edits_reach_layers_and_functions_inside_a_class(keras: Any, edit: str) -> None:
    model = own(keras)
    X, y = rows()
    subject = subject_from_model(model, X, y, epochs=1)
    before = [np.array(v.numpy()) for v in model.weights]
    kept = [sorted(layer.__dict__) for layer in model._flatten_layers()]
    assert not subject.base().borrowed
    found = steps(subject, EDITS[edit])
    if edit == "halve_depth":  # the first layer of each pair of the same size stays
        assert len(steps(subject, Arm())) > len([one for one in found if one in ("dense", "tanh")])
    else:
        assert found == TREATED[edit]
    made = subject._program(EDITS[edit]).clone
    weights = {id(v) for v in model.weights}
    assert not weights & {id(v) for v in made.model.weights}
    if edit == "reinitialize":
        assert set(made.sources) == {None}
        drawn = starting_values(subject.captured, made, 0)
        assert all(np.ptp(value) > 0 for value in drawn if value.ndim == 2)  # zeros before
    if edit == "dropout":
        assert made.sources == list(range(len(model.weights)))
    assert_same(before, [np.array(v.numpy()) for v in model.weights])
    assert kept == [sorted(layer.__dict__) for layer in model._flatten_layers()]


def test_a_function_that_cannot_be_reached_is_said(keras: Any) -> None:
    import tensorflow as tf

    bound = tf.nn.sigmoid

    class Net(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.first = keras.layers.Dense(4)
            self.out = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.out(bound(self.first(x)))

    model = Net()
    X, y = rows()
    model.compile(optimizer="sgd", loss="mse")
    model.fit(X, y, epochs=1, verbose=0)
    subject = subject_from_model(model, X, y, epochs=1)
    assert "cannot be reached" in str(subject.can_train(Arm().with_edit("hidden_activation", "relu")))
    assert subject.can_train(Arm().with_edit("batch_norm")) is None


def test_wider_layers_carry_what_stands_behind_them_along() -> None:
    keras = load("keras")
    model = own(keras)
    X, y = rows()
    subject = subject_from_model(model, X, y, epochs=1)
    arm = Arm().with_edit("double_width")
    assert subject.can_train(arm) is None
    shapes = [tuple(v.shape) for v in subject._program(arm).clone.model.weights if len(v.shape) == 2]
    assert sorted(shapes) == [(3, 10), (10, 1), (10, 10), (10, 10), (10, 10)]


def test_a_block_of_ones_own_in_a_functional_model_is_edited_too(keras: Any) -> None:
    layers = keras.layers

    class Block(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.a = layers.Dense(4, activation="sigmoid")

        def call(self, x: Any) -> Any:
            return self.a(x)

    x = keras.Input((3,))
    model = keras.Model(x, layers.Dense(1)(Block()(layers.Dense(4, activation="sigmoid")(x))))
    model.compile(optimizer="sgd", loss="mse")
    X, y = rows()
    model.fit(X, y, epochs=1, verbose=0)
    subject = subject_from_model(model, X, y, epochs=1)
    found = steps(subject, Arm().with_edit("hidden_activation", "tanh"))
    assert found == ["dense", "tanh", "dense", "tanh", "dense"]


def test_a_dropout_that_is_always_on_is_switched_off_on_a_clone() -> None:
    keras = load("keras")

    class Net(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.drop, self.out = keras.layers.Dense(8), keras.layers.Dropout(0.9), keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.out(self.drop(self.hidden(x), training=True))

    X, y = rows()
    model = Net()
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy")
    model.fit(X, y, epochs=1, verbose=0)
    before = to_numpy(model.drop.seed_generator.state)
    subject = subject_from_model(model, X, y)
    assert subject.can_train(EDITS["dropout"]) is None
    assert subject.training is not None
    trained = subject.train(EDITS["dropout"], subject.training, seed=0)
    assert_same(trained.predict(X), trained.predict(X))
    np.testing.assert_array_equal(to_numpy(model.drop.seed_generator.state), before)

"""How a Keras program is compiled and weighted changes nothing in what defib sees of it and answers.

Runs on TensorFlow here, and for JAX in ``tests/adapters/test_keras_backends.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import defib
from defib.capture.script import watch
from defib.recipe import Arm
from tests.adapters.keras_models import load

# NumPy about Keras, and Keras about a softmax of one unit and its own arguments.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.filterwarnings("ignore:You are using a softmax"),
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
    pytest.mark.filterwarnings("ignore:Your input ran out of data"),
]

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 5)).astype(np.float32)
Y = (X[:, 0] + 0.3 * X[:, 1] > 0).astype(np.float32)
WEIGHTS = np.linspace(0.1, 2.0, 100).astype(np.float32)

WAYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "jit_compile": ({"jit_compile": True}, {}),
    "run_eagerly": ({"run_eagerly": True}, {}),
    "steps_per_execution": ({"steps_per_execution": 4}, {}),
    "class_weight": ({}, {"class_weight": {0: 1.0, 1: 3.0}}),
    "sample_weight": ({"steps_per_execution": 3}, {"sample_weight": WEIGHTS}),
}
"""Arguments of ``compile`` and of ``fit``. Thirteen batches an epoch: no number of steps at a time divides them."""


def train(way: str, head: str) -> Any:
    """A small network trained this way; what it predicts then."""
    keras = load("keras")
    compiled, fitted = WAYS[way]
    layers = keras.layers
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4, activation="relu"), layers.Dense(1, activation=head)])
    model.compile("adam", "binary_crossentropy", **compiled)
    model.fit(X, Y, epochs=3, batch_size=8, shuffle=False, verbose=0, **fitted)
    return model.predict(X, verbose=0)


@pytest.mark.parametrize("way", list(WAYS))
def test_the_steps_are_counted_and_replayed(way: str) -> None:
    with watch() as watched:
        predicted = train(way, "sigmoid")
    (subject,) = watched.subjects()
    assert (subject.recipe.n_updates, subject.trace.n_updates, subject.recipe.batch_size) == (39, 39, 8)
    assert subject.training is not None
    np.testing.assert_allclose(subject.train(Arm(), subject.training, seed=0).predict(X), predicted, atol=1e-5)


@pytest.mark.parametrize("way", list(WAYS))
def test_the_cause_stays_the_same(way: str) -> None:
    with defib.watch(trials=False) as watched:
        train(way, "softmax")
    assert watched.diagnosis is not None
    assert watched.diagnosis.causes[0].code == "DF301"


def test_a_dataset_of_unknown_length_and_steps_beyond_an_epoch() -> None:
    """What Keras tells callbacks of its steps is too much for the first, and right for the second."""
    import tensorflow as tf

    keras = load("keras")

    def once() -> Any:
        for start in range(0, 100, 8):
            yield X[start : start + 8], Y[start : start + 8]

    def endless() -> Any:
        while True:
            yield from once()

    rows = (tf.TensorSpec((None, 5)), tf.TensorSpec((None,)))
    given: Any = (
        (tf.data.Dataset.from_generator(once, output_signature=rows), {}),
        (endless(), {"steps_per_epoch": 13}),
    )
    for batches, more in given:
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", steps_per_execution=4)
        with watch() as watched:
            model.fit(batches, epochs=2, verbose=0, **more)
        (subject,) = watched.subjects()
        assert subject.recipe.n_updates == int(model.optimizer.iterations)

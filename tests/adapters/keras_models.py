"""Small models for the Keras tests, for Keras 3 and the legacy one alike."""

import random
import warnings
from typing import Any

import numpy as np

FLAVORS = ("keras", "tf_keras")


def load(flavor: str) -> Any:
    """Import one Keras, seeded: a test must fail every time or never. TensorFlow warns about itself on import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras = __import__(flavor)  # one that is missing fails
        keras.utils.set_random_seed(0)
        return keras


def door(keras: Any, *shape: int) -> Any:
    return keras.Input(shape) if keras.__name__ == "keras" else keras.layers.InputLayer(shape)


def mlp(
    keras: Any,
    *,
    head: str = "sigmoid",
    units: int = 1,
    hidden: str = "tanh",
    loss: Any = "binary_crossentropy",
    optimizer: Any = None,
    depth: int = 1,
) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            door(keras, 3),
            layers.Dense(4, activation=hidden, name="first"),
            *[layers.Dense(4, activation=hidden, name=f"hidden_{i}") for i in range(depth - 1)],
            layers.Dense(units, activation=head, name="head"),
        ]
    )
    model.compile(optimizer=optimizer or keras.optimizers.SGD(0.1), loss=loss)
    return model


def rows(n: int = 32, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)).astype(np.float32)
    return X, (X[:, 0] + X[:, 1] > 0).astype(np.float32)


def snapshot(keras: Any, model: Any) -> dict[str, Any]:
    """Everything that looking must not move."""
    from tensorflow.python.eager import context

    state = random.getstate()
    name = keras.layers.Dense(1).name  # draws a seed
    random.setstate(state)
    rng = getattr(context.context(), "_rng", None)
    optimizer = model.optimizer
    numpy_state: Any = np.random.get_state()
    moments = optimizer.variables() if callable(optimizer.variables) else optimizer.variables
    return {
        "weights": [np.array(v.numpy()) for v in model.weights],
        "variables": [np.array(v.numpy()) for v in model.variables],
        "metrics": [np.array(v.numpy()) for m in model.metrics for v in m.variables],
        "optimizer": [np.array(v.numpy()) for v in moments],
        "trainable": [layer.trainable for layer in model.layers],
        "attributes": [sorted(layer.__dict__) for layer in model.layers],
        "calls": [layer.__dict__.get("call") for layer in model.layers],
        "activations": [getattr(layer, "activation", None) for layer in model.layers],
        "nodes": [len(getattr(layer, "_inbound_nodes", ())) for layer in model.layers],
        "python": random.getstate(),
        "numpy": [np.array(part) for part in numpy_state[1:3]],
        "tensorflow": None if rng is None else rng.getstate(),
        "names": name,
    }


def assert_same(before: Any, after: Any) -> None:
    if isinstance(before, dict):
        assert before.keys() == after.keys()
        for key in before:
            if key == "names":  # each snapshot makes one layer: the counter moves by exactly one
                number = [int(name.rpartition("_")[2]) if "_" in name else 0 for name in (before[key], after[key])]
                assert number[1] == number[0] + 1
            else:
                assert_same(before[key], after[key])
    elif isinstance(before, list):
        assert len(before) == len(after)
        for one, other in zip(before, after, strict=True):
            assert_same(one, other)
    elif isinstance(before, np.ndarray):
        np.testing.assert_array_equal(before, after)
    else:
        assert before == after

"""Every adapter held to the NumPy network by one table: each layer, loss, gradients, one step, and the replay of it.

The same weights, rows, loss and step go to each framework. scikit-learn draws its weights by itself and is held to the
same network in ``test_sklearn.py``; Keras on PyTorch and on JAX run this file again in ``test_keras_backends.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from defib.adapters.numpy import NumpySubject, trained_subject
from defib.adapters.numpy_network import draw
from defib.capture.script import watch
from defib.recipe import Arm, OptimizerFacts
from defib.subject import Moment, Rows, Subject
from tests.adapters.keras_models import door, load

RNG = np.random.default_rng(7)
X = RNG.normal(size=(30, 4)).astype(np.float32)
RATE = 0.05


@dataclass(frozen=True)
class Task:
    """One column of the table; ``n_steps`` full batches."""

    loss: str
    units: int
    y: Any
    momentum: float | None
    n_steps: int = 1


TASKS = {
    "binary-sgd": Task("bce_logits", 1, (X[:, :1] > 0).astype(np.float32), 0.0),
    "classes-adam": Task("ce_logits", 3, np.digitize(X[:, 0] + X[:, 1], [-0.6, 0.6]), None),
    "regression-momentum": Task("mse", 2, X[:, :2] * 2 - X[:, 2:], 0.9, n_steps=3),
}


def oracle_of(task: Task) -> NumpySubject:
    step = OptimizerFacts("adam", RATE) if task.momentum is None else OptimizerFacts("sgd", RATE, {"momentum": 0.9})
    network = draw((4, 6, 5, task.units), ("tanh", "relu", "linear"), seed=11)
    return trained_subject(
        *(network, X, task.y), loss=task.loss, optimizer=step, n_updates=task.n_steps, batch_size=len(X), shuffle=False
    )


def weights(oracle: NumpySubject, moment: Moment = "initial") -> list[Any]:
    values = [one.initial if moment == "initial" else one.end for one in oracle.parameters()]
    return [np.asarray(one, dtype=np.float32) for one in values]


def in_torch(task: Task, oracle: NumpySubject) -> Subject:
    import torch
    from torch import nn

    net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, task.units))
    values = [torch.tensor(one.T) for one in weights(oracle)]
    net.load_state_dict(dict(zip(net.state_dict(), values, strict=True)))
    losses = {"bce_logits": nn.BCEWithLogitsLoss(), "ce_logits": nn.CrossEntropyLoss(), "mse": nn.MSELoss()}
    inputs, labels = torch.tensor(X), torch.tensor(task.y)
    with watch() as watched:
        if task.momentum is None:
            optimizer: Any = torch.optim.Adam(net.parameters(), lr=RATE)
        else:
            optimizer = torch.optim.SGD(net.parameters(), lr=RATE, momentum=task.momentum)
        for _ in range(task.n_steps):
            optimizer.zero_grad()
            losses[task.loss](net(inputs), labels).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    return subject


def in_keras(flavor: str) -> Callable[[Task, NumpySubject], Subject]:
    def build(task: Task, oracle: NumpySubject) -> Subject:
        keras = load(flavor)
        layers, losses = keras.layers, keras.losses
        hidden = [layers.Dense(6, activation="tanh"), layers.Dense(5, activation="relu")]
        model = keras.Sequential([door(keras, 4), *hidden, layers.Dense(task.units)])
        model.set_weights(weights(oracle))
        loss = {
            "bce_logits": losses.BinaryCrossentropy(from_logits=True),
            "ce_logits": losses.SparseCategoricalCrossentropy(from_logits=True),
            "mse": "mse",
        }[task.loss]
        step = keras.optimizers
        adam = task.momentum is None
        model.compile(step.Adam(RATE, epsilon=1e-8) if adam else step.SGD(RATE, momentum=task.momentum), loss)
        with watch() as watched:
            model.fit(X, task.y, epochs=task.n_steps, batch_size=len(X), shuffle=False, verbose=0)
        (subject,) = watched.subjects()
        return subject

    return build


def in_jax(task: Task, oracle: NumpySubject) -> Subject:
    import jax
    import jax.numpy as jnp
    import optax

    from defib.adapters.jax import subject

    def apply(params: Any, rows: Any) -> Any:
        hidden = jnp.maximum(jnp.tanh(rows @ params[0] + params[1]) @ params[2] + params[3], 0)
        return hidden @ params[4] + params[5]

    def loss(outputs: Any, y: Any) -> Any:
        each = {
            "bce_logits": optax.sigmoid_binary_cross_entropy,
            "ce_logits": optax.softmax_cross_entropy_with_integer_labels,
            "mse": optax.squared_error,
        }[task.loss]
        return each(outputs, y).mean()

    initial: Any = [jnp.asarray(one) for one in weights(oracle)]
    optimizer = optax.adam(RATE) if task.momentum is None else optax.sgd(RATE, momentum=task.momentum)
    params, state = initial, optimizer.init(initial)
    for _ in range(task.n_steps):
        gradients = jax.grad(lambda p: loss(apply(p, X), task.y))(params)
        updates, state = optimizer.update(gradients, state, params)
        params = optax.apply_updates(params, updates)
    settings = {"epochs": task.n_steps, "batch_size": len(X), "init_params": initial, "shuffled": False}
    return subject(apply, params, X, task.y, loss=loss, optimizer=optimizer, **settings)


ADAPTERS: dict[str, Callable[[Task, NumpySubject], Subject]] = {
    "torch": in_torch,
    "keras": in_keras("keras"),
    "tf_keras": in_keras("tf_keras"),
    "jax": in_jax,
}


def aligned(found: Any, like: Any) -> Any:
    """A kernel as NumPy has it: torch keeps ``(n_out, n_in)``."""
    return found if np.shape(found) == np.shape(like) else np.asarray(found).T


@pytest.mark.parametrize("task", list(TASKS))
@pytest.mark.parametrize("adapter", list(ADAPTERS))
def test_an_adapter_agrees_with_the_numpy_network(adapter: str, task: str) -> None:
    oracle = oracle_of(TASKS[task])
    subject = ADAPTERS[adapter](TASKS[task], oracle)
    assert subject.training is not None
    y: Any = subject.training.y
    for moment in ("initial", "end"):
        same_pass(subject, oracle, y, moment)
    replay = subject.train(Arm(), Rows(X, y), seed=0)
    np.testing.assert_allclose(replay.predict(X), oracle.forward(X).outputs, rtol=2e-4, atol=1e-5)


def same_pass(subject: Subject, oracle: NumpySubject, y: Any, moment: Moment) -> None:
    """Layers, loss, gradients and weights at one moment; at the end, these are those of the step itself."""
    found, expected = subject.forward(X, moment=moment), oracle.forward(X, moment=moment)
    assert len(found.layers) == len(expected.layers)
    for one, other in zip(found.layers, expected.layers, strict=True):
        assert one.layer.activation == other.layer.activation
        np.testing.assert_allclose(one.values, other.values, rtol=2e-4, atol=1e-5)
    assert subject.loss(X, y, moment=moment) == pytest.approx(oracle.loss(X, y, moment=moment), rel=1e-5)
    theirs = weights(oracle, moment)
    values = {one.name: one.initial if moment == "initial" else one.end for one in subject.parameters()}
    gradients = {one.name: one.values for one in subject.gradients(X, y, moment=moment)}
    for name, value, slope in zip(sorted_as_numpy(values), theirs, oracle.gradients(X, y, moment=moment), strict=True):
        np.testing.assert_allclose(aligned(values[name], value), value, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(aligned(gradients[name], value), slope.values, rtol=2e-3, atol=1e-6)  # type: ignore[arg-type]


def sorted_as_numpy(names: Any) -> list[str]:
    """Kernel and bias of the layers in order: as they stand, and by number where the names are numbers (JAX)."""
    return sorted(names) if all(name.isdigit() for name in names) else list(names)

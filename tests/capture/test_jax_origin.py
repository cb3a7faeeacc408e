"""Which weights a JAX program predicts with."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from flax.training.train_state import TrainState

from defib.capture.script import watch

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4)).astype(np.float32)
Y = (X[:, 0] - X[:, 1]).astype(np.float32)


class Plain(nn.Module):  # type: ignore[misc]
    """Two layers."""

    @nn.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        return nn.Dense(1)(nn.tanh(nn.Dense(8)(x)))[:, 0]


class Net(nnx.Module):  # type: ignore[misc]
    """One layer."""

    def __init__(self, seed: int) -> None:
        self.only = nnx.Linear(4, 1, rngs=nnx.Rngs(seed))

    def __call__(self, x: Any) -> Any:
        return self.only(x)[:, 0]


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
@pytest.mark.parametrize("asked", ["first", "trained", "both"])
def test_weights_that_are_handed_over_are_told_apart(asked: str, compiled: bool) -> None:
    net = Plain()
    first = net.init(jax.random.key(0), X[:2])["params"]
    with watch() as watched:
        state = TrainState.create(apply_fn=net.apply, params=first, tx=optax.adam(0.05))

        @jax.jit  # type: ignore[untyped-decorator]
        def step(state: Any, x: Any, y: Any) -> Any:
            return state.apply_gradients(
                grads=jax.grad(lambda p: jnp.mean((state.apply_fn({"params": p}, x) - y) ** 2))(state.params)
            )

        for i in (0, 40, 80) * 4:
            state = step(state, X[i : i + 40], Y[i : i + 40])

        def predict(params: Any, x: Any) -> Any:
            return net.apply({"params": params}, x)

        predict = jax.jit(predict) if compiled else predict
        for params in {"first": [first], "trained": [state.params], "both": [state.params, first]}[asked]:
            predict(params, X[:50] + 1)
    (subject,) = watched.subjects()
    origin = subject.weights_origin
    assert origin is not None
    assert origin.another_instance is (asked == "first")
    assert (origin.likeness_to_initial == 1.0) is (asked == "first")
    assert subject.prediction_outputs is not None
    assert len(subject.prediction_outputs) == 50
    like = first if asked == "first" else state.params
    assert np.allclose(subject.prediction_outputs, net.apply({"params": like}, X[:50] + 1))


@pytest.mark.parametrize("own", [True, False])
def test_another_network_of_the_class_is_not_the_trained_one(own: bool) -> None:
    with watch() as watched:
        net, other = Net(0), Net(1)
        optimizer = nnx.Optimizer(net, optax.adam(0.05), wrt=nnx.Param)

        @nnx.jit  # type: ignore[untyped-decorator]
        def step(net: Any, optimizer: Any, x: Any, y: Any) -> Any:
            optimizer.update(net, nnx.grad(lambda net: jnp.mean((net(x) - y) ** 2))(net))

        for i in (0, 40, 80):
            step(net, optimizer, X[i : i + 40], Y[i : i + 40])
        (net if own else other)(X[:50] + 1)
    (subject,) = watched.subjects()
    assert subject.weights_origin is not None
    assert subject.weights_origin.another_instance is not own
    assert subject.prediction_outputs is not None

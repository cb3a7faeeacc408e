"""Repairs of JAX programs, made on the clones of watched ones."""

from __future__ import annotations

import itertools
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax.training.train_state import TrainState

from defib.capture.script import watch
from defib.recipe import Arm

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4)).astype(np.float32)
Y = (X[:, 0] - X[:, 1]).astype(np.float32)


def test_shapes_are_matched_where_the_step_takes_labels_of_any_rank() -> None:
    with watch() as watched:
        params = {"w": jnp.full((4, 1), 0.1), "b": jnp.zeros(1)}

        @jax.jit  # type: ignore[untyped-decorator]
        def update(params: Any, x: Any, y: Any) -> Any:
            grads = jax.grad(lambda p: jnp.mean((x @ p["w"] + p["b"] - y) ** 2))(params)
            return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)

        for _, i in itertools.product(range(10), range(0, 120, 40)):
            params = update(params, X[i : i + 40], Y[i : i + 40])
    (subject,) = watched.subjects()
    assert subject.training is not None
    assert subject.can_train(Arm().with_edit("match_shapes")) is None
    matched = subject.train(Arm().with_edit("match_shapes"), subject.training, seed=0).predict(X)
    as_it_was = subject.train(Arm(), subject.training, seed=0).predict(X)
    assert np.corrcoef(matched.ravel(), Y)[0, 1] > 0.99
    assert as_it_was.std() < 0.1 * matched.std()


class Normalized(nn.Module):  # type: ignore[misc]
    """Raw rows through a batch normalization."""

    @nn.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any, train: bool) -> Any:
        return nn.Dense(1)(nn.BatchNorm(use_running_average=not train, momentum=0.5)(x))


@pytest.mark.parametrize("kept", [True, False])
def test_running_statistics_are_kept_as_the_program_kept_them(kept: bool) -> None:
    net, rows = Normalized(), X * 10 + 50
    with watch() as watched:
        first = net.init(jax.random.key(0), rows[:2], train=False)
        state = TrainState.create(apply_fn=net.apply, params=first["params"], tx=optax.adam(0.1))
        stats = first["batch_stats"]

        @jax.jit  # type: ignore[untyped-decorator]
        def step(state: Any, stats: Any, x: Any, y: Any) -> Any:
            def loss(params: Any) -> Any:
                given = {"params": params, "batch_stats": stats}
                out, new = net.apply(given, x, train=True, mutable=["batch_stats"])
                return jnp.mean((out[:, 0] - y) ** 2), new["batch_stats"]

            (_, new), grads = jax.value_and_grad(loss, has_aux=True)(state.params)
            return state.apply_gradients(grads=grads), new if kept else stats

        for _, i in itertools.product(range(10), range(0, 120, 40)):
            state, stats = step(state, stats, rows[i : i + 40], Y[i : i + 40])
    (subject,) = watched.subjects()
    assert subject.training is not None
    spread = {
        arm.recomputed_statistics: subject.train(arm, subject.training, seed=0).predict(rows).std()
        for arm in (Arm(), Arm(recomputed_statistics=True))
    }
    assert spread[True] < 3 * Y.std()
    assert bool(spread[False] < 3 * Y.std()) == kept


@pytest.mark.parametrize("gathered", [3, 50])
def test_gradients_are_put_together_as_the_program_does(gathered: int) -> None:
    with watch() as watched:
        params = {"w": jnp.full((4, 1), 0.1)}
        tx = optax.MultiSteps(optax.sgd(0.1), every_k_schedule=gathered)
        state = tx.init(params)

        @jax.jit  # type: ignore[untyped-decorator]
        def step(params: Any, state: Any, x: Any, y: Any) -> Any:
            grads = jax.grad(lambda p: jnp.mean(((x @ p["w"])[:, 0] - y) ** 2))(params)
            updates, state = tx.update(grads, state, params)
            return optax.apply_updates(params, updates), state

        for _, i in itertools.product(range(5), range(0, 120, 40)):
            params, state = step(params, state, X[i : i + 40], Y[i : i + 40])
    (subject,) = watched.subjects()
    facts = subject.recipe.optimizer
    assert facts is not None
    assert (facts.name, facts.gathers) == ("sgd", gathered)
    assert facts.learning_rate == pytest.approx(0.1)
    assert subject.training is not None
    again = subject.train(Arm(), subject.training, seed=0).predict(X)
    np.testing.assert_allclose(again, (X @ params["w"])[:, 0], rtol=1e-3, atol=1e-4)
    faster = subject.train(Arm(loop="canonical"), subject.training, seed=0).predict(X)
    assert np.abs(faster - Y).mean() < np.abs(again - Y).mean()


@pytest.mark.parametrize("cut", [jax.lax.stop_gradient, jnp.round], ids=["stop_gradient", "round"])
def test_a_gradient_that_the_program_stops_is_let_through(cut: Any) -> None:
    with watch() as watched:
        params = {"w": jnp.full((4, 1), 0.1), "b": jnp.zeros(1)}
        tx = optax.sgd(0.1)
        kept = tx.init(params)

        @jax.jit  # type: ignore[untyped-decorator]
        def update(params: Any, kept: Any, x: Any, y: Any) -> Any:
            def loss(p: Any) -> Any:
                return jnp.mean((cut(x @ p["w"] + p["b"])[:, 0] - y) ** 2)

            moves, kept = tx.update(jax.grad(loss)(params), kept)
            return optax.apply_updates(params, moves), kept

        for _, i in itertools.product(range(10), range(0, 120, 40)):
            params, kept = update(params, kept, X[i : i + 40], Y[i : i + 40])
    (subject,) = watched.subjects()
    assert subject.training is not None
    arm = Arm().with_edit("pass_gradients")
    if cut is jnp.round:
        assert "no jax.lax.stop_gradient" in (subject.can_train(arm) or "")
        return
    repaired = subject.train(arm, subject.training, seed=0).predict(X)
    assert np.corrcoef(repaired.ravel(), Y)[0, 1] > 0.99
    assert np.corrcoef(subject.train(Arm(), subject.training, seed=0).predict(X).ravel(), Y)[0, 1] < 0.9

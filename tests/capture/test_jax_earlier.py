"""Functions that were compiled before the watching began: a loop in a ``with`` block, a cell of a notebook."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from defib.capture.script import watch
from defib.diagnose import diagnose_subject
from defib.integrations.watching import watch as watch_block

rng = np.random.default_rng(0)
X = rng.normal(size=(96, 4)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)


def start() -> dict[str, Any]:
    return {"a": 0.3 * jax.random.normal(jax.random.key(0), (4, 8)), "b": jnp.ones((8, 1))}


def loss(weights: dict[str, Any], x: Any, y: Any) -> Any:
    out = jax.nn.softmax(jnp.tanh(x @ weights["a"]) @ weights["b"], axis=1)
    return jnp.mean((y - out) ** 2)


gradient = jax.value_and_grad(loss)
both = jax.jit(jax.value_and_grad(loss))


def down(weights: Any, grads: Any) -> Any:
    return jax.tree.map(lambda weight, grad: weight - 0.1 * grad, weights, grads)


def plain_update(weights: Any, x: Any, y: Any) -> Any:
    value, grads = gradient(weights, x, y)
    return down(weights, grads), value


update = jax.jit(plain_update)


def train(step: Any) -> None:
    weights = start()
    for _ in range(3):
        for at in range(0, 96, 32):
            weights, _ = step(weights, X[at : at + 32], Y[at : at + 32])


def named_update(weights: Any, x: Any, y: Any) -> Any:
    return update(weights, x, y)


def named_both(weights: Any, x: Any, y: Any) -> Any:
    value, grads = both(weights, x, y)
    return down(weights, grads), value


def test_a_step_that_was_compiled_before_is_followed_by_its_global_name() -> None:
    """Compiled, a compiled gradient, a plain gradient; each traced before, so that no trace shows what it asks for."""
    for step in (named_update, named_both, plain_update):
        step(start(), X[:32], Y[:32])
        before = (update, both, gradient)
        with watch() as watched:
            train(step)
        assert (update, both, gradient) == before
        assert watched.notes == ()
        (subject,) = watched.subjects()
        assert subject.recipe.n_updates == 9
        found = diagnose_subject(subject, trials=False)
        assert found.causes[0].name == "single-unit-softmax", step


def test_one_inside_a_running_function_is_said_not_to_be() -> None:
    inner = jax.jit(plain_update)
    with watch_block(trials=False) as watched:
        train(inner)
    assert watched.diagnosis is None
    assert "inner was compiled before the watching began" in watched.notes[0]

"""Losses: canonical ones that an edit asks for, and which well-known one the user's is (by numbers)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from defib.adapters.jax.captured import Tail
from defib.recipe import LossFacts, LossKind, LossTakes
from defib.subject import AnyArray

LINKS: Final = {"bce_logits": "sigmoid", "ce_logits": "softmax"}
DRAWS: Final = 3
AGREEMENT: Final = 2e-3
"""Largest relative difference of the ratio between draws, in float32; hand-made logarithms carry an epsilon."""
SMALL: Final = 1e-7


def canonical(name: str) -> Callable[[Any, Any], Any]:
    """The canonical loss of this name, of outputs and targets prepared by `defib.adapters.canonical.prepare`."""
    losses: dict[str, Callable[[Any, Any], Any]] = {
        "bce_logits": lambda z, y: jnp.mean(jax.nn.softplus(z) - y * z),
        "bce": lambda p, y: _log_loss(jnp.clip(p, SMALL, 1 - SMALL), y),
        "ce_logits": lambda z, y: _sparse(z, y),
        "ce": lambda p, y: -jnp.mean(_picked(jnp.log(jnp.clip(p, SMALL, None)), y)),
        "mse": lambda z, y: jnp.mean((z - y) ** 2),
    }
    return losses[name]


def _log_loss(p: Any, y: Any) -> Any:
    return -jnp.mean(y * jnp.log(p) + (1 - y) * jnp.log1p(-p))


def _picked(values: Any, y: Any) -> Any:
    return jnp.take_along_axis(values, y.reshape(*values.shape[:-1], 1).astype(jnp.int32), axis=-1)


def _sparse(z: Any, y: Any) -> Any:
    return -jnp.mean(_picked(jax.nn.log_softmax(z, axis=-1), y))


def _aligned(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(z: Any, y: Any) -> Any:
        if y.size == z.size:
            return function(z, y.reshape(z.shape).astype(z.dtype))
        return function(z, jax.nn.one_hot(y.reshape(z.shape[:-1]).astype(jnp.int32), z.shape[-1]))

    return run


def _broadcasting(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda z, y: function(z, y.astype(z.dtype))


CANDIDATES: Final[tuple[tuple[str, LossKind, LossTakes, Callable[[Any, Any], Any]], ...]] = (
    ("squared_error", "squared_error", "values", _aligned(lambda z, y: jnp.mean((z - y) ** 2))),
    ("squared_error", "squared_error", "values", _broadcasting(lambda z, y: jnp.mean((z - y) ** 2))),
    ("root of squared_error", "squared_error", "values", _aligned(lambda z, y: jnp.sqrt(jnp.mean((z - y) ** 2)))),
    ("absolute_error", "absolute_error", "values", _aligned(lambda z, y: jnp.mean(jnp.abs(z - y)))),
    ("absolute_error", "absolute_error", "values", _broadcasting(lambda z, y: jnp.mean(jnp.abs(z - y)))),
    ("log loss", "binary_cross_entropy", "probabilities", _aligned(_log_loss)),
    ("log loss", "binary_cross_entropy", "probabilities", _broadcasting(_log_loss)),
    ("sigmoid_binary_cross_entropy", "binary_cross_entropy", "logits",
     _aligned(lambda z, y: jnp.mean(jax.nn.softplus(z) - y * z))),
    ("sigmoid_binary_cross_entropy", "binary_cross_entropy", "logits",
     _broadcasting(lambda z, y: jnp.mean(jax.nn.softplus(z) - y * z))),
    ("softmax cross-entropy", "sparse_categorical_cross_entropy", "logits", _sparse),
    ("softmax cross-entropy", "categorical_cross_entropy", "logits",
     _aligned(lambda z, y: -jnp.mean(jnp.sum(y * jax.nn.log_softmax(z), axis=-1)))),
    ("cross-entropy of probabilities", "categorical_cross_entropy", "probabilities",
     _aligned(lambda z, y: -jnp.mean(jnp.sum(y * jnp.log(z), axis=-1)))),
    ("negative log likelihood", "categorical_cross_entropy", "log_probabilities",
     _aligned(lambda z, y: -jnp.mean(jnp.sum(y * z, axis=-1)))),
    ("hinge_loss", "hinge", "values", _aligned(lambda z, y: jnp.mean(jax.nn.relu(1 - z * y)))),
    ("huber_loss", "huber", "values", _aligned(lambda z, y: jnp.mean(_huber(z - y)))),
)  # fmt: skip
"""Name, kind, what it takes, formula; tried in this order, exact forms before broadcast ones."""


def _huber(d: Any) -> Any:
    small = jnp.minimum(jnp.abs(d), 1.0)
    return 0.5 * small**2 + (jnp.abs(d) - small)


def loss_facts(tail: Tail, outputs: Any, y: Any, weights: Any, X: Any, elements: tuple[int, ...] | None) -> LossFacts:
    """Name, kind and shapes of the user's loss, from its values on random outputs with these labels."""
    z, labels = jnp.asarray(outputs), jnp.asarray(y)
    found = _by_numbers(lambda out: tail(out, labels, weights, X), z, labels)
    name, kind, takes = found if found is not None else ("the program's own loss", "other", "values")
    clips = takes == "probabilities" and _clips(lambda out: tail(out, labels, weights, X), z)
    return LossFacts(name, kind, takes, tuple(z.shape), tuple(labels.shape), elements, clips)


def _by_numbers(loss: Callable[[Any], Any], like: Any, y: Any) -> tuple[str, LossKind, LossTakes] | None:
    rng = np.random.default_rng(0)
    narrow = [_draw(rng, like.shape) for _ in range(DRAWS)]
    wide = [6 * one - 3 for one in narrow]
    known = {id(one): _value(loss, one) for one in (*narrow, *wide)}
    for name, kind, takes, function in CANDIDATES:
        draws = narrow if takes in ("probabilities",) else [*narrow, *wide]
        ratios = []
        for one in draws:
            expected = _value(lambda out, function=function: function(out, y), one)  # type: ignore[misc]
            value = known[id(one)]
            if value is None or not expected:
                break
            ratios.append(value / expected)
        if len(ratios) == len(draws) and _constant(ratios):
            return name, kind, takes
    return None


def _constant(ratios: list[float]) -> bool:
    middle = sorted(ratios)[len(ratios) // 2]
    return middle > 0 and all(abs(ratio / middle - 1) <= AGREEMENT for ratio in ratios)


def _draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    value = rng.uniform(0.05, 0.95, shape)
    if len(shape) > 1 and shape[-1] > 1:
        value = value / value.sum(axis=-1, keepdims=True)
    return jnp.asarray(value.astype(np.float32))


def _value(loss: Callable[[Any], Any], outputs: Any) -> float | None:
    try:
        value = float(loss(outputs))
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None


def _clips(loss: Callable[[Any], Any], like: Any) -> bool:
    """Whether no probability at an end of its range has a gradient."""
    ends = [jax.grad(loss)(jnp.full(like.shape, value, dtype=jnp.float32)) for value in (0.0, 1.0)]
    return all(bool((one == 0).all()) for one in ends)


def link_of(facts: LossFacts | None) -> str:
    """What turns the outputs into probabilities."""
    if facts is None:
        return "identity"
    if facts.takes == "log_probabilities":
        return "exp"
    if facts.takes == "logits":
        return "sigmoid" if facts.kind == "binary_cross_entropy" else "softmax"
    return "identity"


def element_shape(y: AnyArray, outputs: tuple[int, ...]) -> tuple[int, ...] | None:
    """Where outputs and targets broadcast to something larger than either, its shape."""
    try:
        shape = np.broadcast_shapes(outputs, y.shape)
    except ValueError:
        return None
    return shape

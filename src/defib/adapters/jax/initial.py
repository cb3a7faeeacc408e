"""Initial weights: drawn anew by a named scheme, or like the captured ones for another seed."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from defib.adapters.jax.captured import Arrays, Captured

SAME_SCALE = 0.2
"""Captured and freshly drawn root mean squares within a fifth (and four standard errors) belong together."""


def drawn(like: Any, rng: np.random.Generator, scheme: str) -> Any:
    """An array of this shape: matrices and kernels ``(..., n_in, n_out)`` by scheme, everything else zero.

    ``lecun``: sd ``1 / sqrt(fan in)``, what Flax does by default; ``he``: ``sqrt(2 / fan in)``;
    ``glorot``: ``sqrt(2 / (fan in + fan out))``. All normal.
    """
    if like.ndim < 2:
        return jnp.zeros_like(like)
    fan_in = float(np.prod(like.shape[:-1]))
    fan_out = float(like.shape[-1] * np.prod(like.shape[:-2]))
    variance = {"lecun": 1 / fan_in, "he": 2 / fan_in, "glorot": 2 / (fan_in + fan_out)}[scheme]
    return jnp.asarray(rng.normal(0.0, np.sqrt(variance), like.shape).astype(np.float32), like.dtype)


def degenerate(value: Any) -> bool:
    """All entries equal, or a matrix whose units are all the same."""
    array = np.asarray(value, dtype=np.float64)
    if array.size < 2 or (array == array.reshape(-1)[0]).all():
        return True
    flat = array.reshape(-1, array.shape[-1])
    if min(flat.shape) < 2:
        return False
    return bool((flat == flat[:, :1]).all() or (flat == flat[:1]).all())


def initial_weights(captured: Captured, seed: int) -> Arrays:
    """What a training of this seed starts from (see `defib.subject.Subject.train`)."""
    if captured.initial is None:
        return _fresh(captured, seed)
    if seed == 0 or captured.loaded:
        return captured.initial
    fresh = captured.redraw(seed) if captured.redraw is not None else {}
    rng = np.random.default_rng([seed, 11])
    return {name: _like(value, fresh.get(name), rng) for name, value in captured.initial.items()}


def _like(value: Any, fresh: Any, rng: np.random.Generator) -> Any:
    if not jnp.issubdtype(value.dtype, jnp.floating) or degenerate(value):
        return value
    if fresh is not None and fresh.shape == value.shape and _same_scale(fresh, value):
        return jnp.asarray(fresh, value.dtype)
    flat = np.asarray(value).reshape(-1)
    return jnp.asarray(flat[rng.permutation(flat.size)].reshape(value.shape))


def _same_scale(fresh: Any, captured: Any) -> bool:
    a, b = (float(np.sqrt(np.mean(np.square(np.asarray(one, dtype=np.float64))))) for one in (fresh, captured))
    return bool(a > 0 and abs(b / a - 1) <= SAME_SCALE + 4 / np.sqrt(2 * captured.size))


def _fresh(captured: Captured, seed: int) -> Arrays:
    """Nothing was captured before the training: the model's own initializers, else what Flax would draw."""
    own = captured.redraw(seed) if captured.redraw is not None else {}
    rng = np.random.default_rng([seed, 13])
    found = {}
    for name, value in captured.weights.items():
        if name in own:
            found[name] = own[name]
        elif value.ndim >= 2:
            found[name] = drawn(value, rng, "lecun")
        else:
            last = name.rpartition(".")[2]
            found[name] = jnp.ones_like(value) if last in ("scale", "gamma") else jnp.zeros_like(value)
    return found

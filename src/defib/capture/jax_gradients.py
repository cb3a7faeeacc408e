"""What the loss of the first step gives each weight, by structure and by numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from defib.adapters.jax.graph import Ref, flatten, run
from defib.adapters.jax.quiet import quiet
from defib.capture.jax_step import Step
from defib.subject import AnyArray


def gradient_words(step: Step) -> dict[str, str]:
    """What the loss of the first step gives each weight: ``none`` at all, ``zero``, ``nonzero``, ``nan``."""
    reading = step.first
    given = {**dict(zip(reading.leaves, step.snapshot.leaves, strict=True))}
    names = tuple(reading.cut.weights)
    weights = {ref: given[ref] for ref in reading.cut.weights.values() if ref in given}
    floating = {ref: one for ref, one in weights.items() if jnp.issubdtype(one.dtype, jnp.floating)}

    def loss(own: Any) -> Any:
        return run(reading.graph, {**given, **own}, [reading.loss])[0].reshape(())

    with quiet():
        gradients = jax.jit(jax.grad(loss))(floating)
        cut = _structurally_zero(loss, floating)
    words = {}
    for name in names:
        ref = reading.cut.weights[name]
        if ref in floating:
            words[name] = "none" if ref in cut else _word(np.asarray(gradients[ref]))
    return words


def _structurally_zero(loss: Callable[[Any], Any], weights: dict[int, Any]) -> set[int]:
    """Weights whose gradient is 0 whatever the numbers: reached through ``stop_gradient``, or not at all."""
    graph = flatten(jax.make_jaxpr(jax.grad(loss))(weights))
    cut = set()
    for ref, out in zip(sorted(weights), graph.outputs, strict=True):
        if not isinstance(out, Ref) or not set(graph.behind([out.id])) & set(graph.inputs):
            if isinstance(out, Ref) and out.id in graph.inputs:
                continue
            if not isinstance(out, Ref) or _is_constant(graph, out.id):
                cut.add(ref)
    return cut


def _is_constant(graph: Any, ref: int) -> bool:
    """Made of nothing but numbers that stand in the program."""
    return not any(one in graph.constants for one in graph.behind([ref]))


def _word(gradient: AnyArray) -> str:
    if not np.isfinite(gradient).all():
        return "nan"
    return "nonzero" if (gradient != 0).any() else "zero"

"""The loss of one training: outputs, rows and labels in, a scalar out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from defib.adapters.canonical import prepare
from defib.adapters.jax.captured import Captured
from defib.adapters.jax.graph import let_through, run, traced
from defib.adapters.jax.losses import LINKS, canonical
from defib.adapters.jax.network import Network
from defib.recipe import Arm
from defib.subject import AnyArray, NotAvailable

Objective = Callable[[Any, Any, Any, Any], Any]
"""``(outputs, y, weights, X) -> loss``"""


def loss_edit(arm: Arm) -> str | None:
    """Name of the canonical loss that the arm asks for, if any."""
    return next((str(edit.value) for edit in arm.edits if edit.op == "loss"), None)


def link_of_arm(captured: Captured, arm: Arm) -> str:
    """What turns the arm's outputs into probabilities."""
    name = loss_edit(arm)
    return captured.link if name is None else LINKS.get(name, "identity")


def objective_for(captured: Captured, arm: Arm) -> Objective:
    """The loss of an arm. Raises `NotAvailable` when the user's loss is unknown and the arm brings none."""
    name = loss_edit(arm)
    if name is not None:
        function = canonical(name)
        return lambda outputs, y, weights, X: function(outputs, y)
    tail = captured.tail
    if tail is None:
        raise NotAvailable("the loss")
    if passes_gradients(arm):
        tail = _passing_gradients(tail)
    if arm.regularization_factor != 1.0:
        tail = _with_penalty_times(tail, arm.regularization_factor)
    if not any(edit.op == "match_shapes" for edit in arm.edits):
        return tail

    def matched(outputs: Any, y: Any, weights: Any, X: Any) -> Any:
        if y.size != outputs.size or y.shape == outputs.shape:
            return tail(outputs, y, weights, X)
        try:
            return tail(outputs, y.reshape(outputs.shape), weights, X)
        except (TypeError, ValueError):  # the loss may have been compiled for labels of this rank
            return tail(outputs.reshape(y.shape), y, weights, X)

    return matched


def passes_gradients(arm: Arm) -> bool:
    """Whether gradients go through where the program stops them."""
    return any(edit.op == "pass_gradients" for edit in arm.edits)


def _passing_gradients(tail: Objective) -> Objective:
    def loss(*given: Any) -> Any:
        graph, _ = traced(tail, *given)
        inputs = dict(zip(graph.inputs, jax.tree_util.tree_leaves(given), strict=True))
        return run(graph, inputs, graph.outputs, let_through(graph))[0]

    return loss


def _with_penalty_times(tail: Objective, factor: float) -> Objective:
    """The loss with what it asks of the weights themselves (not of the outputs) times a factor, gradients included."""

    def loss(outputs: Any, y: Any, weights: Any, X: Any) -> Any:
        still, held = jax.lax.stop_gradient(outputs), jax.tree_util.tree_map(jax.lax.stop_gradient, weights)
        zero = {name: jnp.zeros_like(one) for name, one in weights.items()}
        fit = tail(outputs, y, held, X)
        penalty = tail(still, y, weights, X) - tail(still, y, zero, X)
        return fit - jax.lax.stop_gradient(penalty) + factor * penalty

    return loss


def labels_for(network: Network, arm: Arm, X: AnyArray, y: AnyArray | None) -> Any:
    """Labels of all rows as the loss takes them."""
    labels = arm.labelled(np.asarray(X if y is None else y))
    name = loss_edit(arm)
    if name is not None:
        return jnp.asarray(prepare(name, labels, network.predict(np.asarray(X)[:2]).shape[1:]))
    dtype = network.captured.label_dtype
    if dtype is None or (arm.targets is not None and not jnp.issubdtype(dtype, jnp.floating)):
        return jnp.asarray(labels)
    return jnp.asarray(labels, dtype)

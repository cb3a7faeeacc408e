"""Every `Edit` on a clone of any JAX network: operations of its graph are replaced, or weights take other sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

import jax
import jax.numpy as jnp
import numpy as np

from defib.adapters.jax.initial import drawn
from defib.adapters.jax.network import ACTIVATIONS, EXTRA, Network
from defib.adapters.jax.reading import Step, last_weighted
from defib.adapters.only_one import ONLY_IN_TORCH
from defib.recipe import Edit

DRY_ROWS: Final = 4
"""Rows that a clone is run on to read its graph."""
REPLACEABLE: Final = frozenset(
    {"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "sigmoid", "hard_sigmoid", "tanh", "log_sigmoid"}
)
ORDER: Final = (
    "output_units",
    "double_width",
    "reinitialize",
    "hidden_activation",
    "head",
    "halve_depth",
    "batch_norm",
)
LOSS_ONLY: Final = frozenset({"loss", "match_shapes", "unfreeze"})
MOMENTUM: Final = 0.9
EPSILON: Final = 1e-5


class Impossible(Exception):
    """An edit cannot be made on this model; the message is the reason as a clause."""


@final
class Path:
    """The layers from the rows to the prediction."""

    def __init__(self, network: Network, X: Any) -> None:
        self.steps = network.program(network.rows(X[:DRY_ROWS]), False).layers
        self.head = last_weighted(self.steps)

    @property
    def hidden(self) -> tuple[Step, ...]:
        """Those before the last one with weights."""
        return self.steps[: self.head] if self.head >= 0 else ()

    def weighted(self, *kinds: str) -> list[Step]:
        """Hidden ones of these kinds."""
        return [one for one in self.hidden if one.layer.kind in kinds]


def apply_edits(network: Network, edits: tuple[Edit, ...], X: Any, seed: int) -> None:
    """Make the edits on a clone, structural ones first; ``X`` are rows as they reach the model. Raises `Impossible`."""
    for edit in sorted(edits, key=lambda one: ORDER.index(one.op) if one.op in ORDER else len(ORDER)):
        if edit.op in LOSS_ONLY:
            continue
        change = EDITS.get(edit.op)
        if change is None:
            raise Impossible(REFUSED.get(edit.op, f"the JAX adapter knows no edit {edit.op!r}"))
        change(network, edit.value, X, np.random.default_rng([seed, 7_000]))


def _hidden_activation(network: Network, value: Any, X: Any, rng: np.random.Generator) -> None:
    path = Path(network, X)
    found = [(i, one) for i, one in enumerate(path.hidden) if one.layer.activation in REPLACEABLE]
    if not found:
        raise Impossible("the model has no hidden activation that was recognized")
    for i, step in found:
        network.plan[step.layer.name] = _instead(ACTIVATIONS[str(value)])
        before = next((one for one in reversed(path.hidden[:i]) if one.layer.kind in ("dense", "conv")), None)
        if before is not None and step.layer.activation != value:
            he = value in ("relu", "leaky_relu")
            _draw(network, before, rng, "he" if he else "glorot")


def _instead(function: Callable[[Any], Any]) -> Any:
    """Applied to the layer's own input instead of the layer."""

    def make(weights: Any, state: Any, training: bool, notes: dict[str, Any], step: Step) -> Any:
        return lambda values, compute, value: function(value(step.source))

    return make


def _draw(network: Network, step: Step, rng: np.random.Generator, scheme: str) -> None:
    for name in step.layer.parameters:
        network.weights[name] = drawn(network.weights[name], rng, scheme)


def _batch_norm(network: Network, value: Any, X: Any, rng: np.random.Generator) -> None:
    found = Path(network, X).weighted("dense", "conv")
    if not found:
        raise Impossible("the model has no hidden dense or convolution layer that was recognized")
    for step in found:
        units, name = step.layer.units or 1, f"{EXTRA}{step.layer.name}"
        network.weights |= {f"{name}.scale": jnp.ones(units), f"{name}.offset": jnp.zeros(units)}
        network.state |= {f"{name}.mean": jnp.zeros(units), f"{name}.variance": jnp.ones(units)}
        network.plan[step.layer.name] = _normalized(name)


def _normalized(name: str) -> Any:
    def make(weights: Any, state: Any, training: bool, notes: dict[str, Any], step: Step) -> Any:
        def replacement(values: Any, compute: Any, value: Any) -> Any:
            z = compute()
            mean, variance = state[f"{name}.mean"], state[f"{name}.variance"]
            if training:
                axes = tuple(range(z.ndim - 1))
                now, spread = z.mean(axes), z.var(axes)
                notes[f"{name}.mean"] = MOMENTUM * mean + (1 - MOMENTUM) * now
                notes[f"{name}.variance"] = MOMENTUM * variance + (1 - MOMENTUM) * spread
                mean, variance = now, spread
            scaled = (z - mean) * jax.lax.rsqrt(variance + EPSILON) * weights[f"{name}.scale"]
            return scaled + weights[f"{name}.offset"]

        return replacement

    return make


def _halve_depth(network: Network, value: Any, X: Any, rng: np.random.Generator) -> None:
    path = Path(network, X)
    same = [
        i
        for i, one in enumerate(path.hidden)
        if one.layer.kind in ("dense", "conv")
        and one.source is not None
        and one.in_shape[1:] == _shape(network, X, one)
    ]
    if not same:
        raise Impossible("no hidden layer has inputs and outputs of the same shape")
    for i in same[::2] if len(same) % 2 else same[1::2]:
        network.plan[path.steps[i].layer.name] = _instead(lambda z: z)
        for after in path.steps[i + 1 :]:
            if after.layer.kind not in ("activation", "dropout"):
                break
            network.plan[after.layer.name] = _instead(lambda z: z)


def _shape(network: Network, X: Any, step: Step) -> tuple[int, ...]:
    return network.program(network.rows(X[:DRY_ROWS]), False).graph.shapes[step.value][1:]


def _plain_dense(network: Network, path: Path) -> list[tuple[Step, str, str | None]]:
    """All weighted layers as ``(step, matrix, bias)``. Raises `Impossible` where one is anything else."""
    found: list[tuple[Step, str, str | None]] = []
    for step in path.steps:
        if step.layer.kind in ("norm", "conv", "recurrent", "embedding", "merge", "attention"):
            raise Impossible(f"the model has a {step.layer.kind} layer, whose sizes are not changed")
        if step.layer.kind == "dense":
            matrices = [name for name in step.layer.parameters if network.weights[name].ndim == 2]
            biases = [name for name in step.layer.parameters if network.weights[name].ndim == 1]
            if len(matrices) != 1 or len(biases) > 1:
                raise Impossible("a layer is no plain matrix with a bias")
            found.append((step, matrices[0], biases[0] if biases else None))
    return found


def _resized(network: Network, chain: list[tuple[Step, str, str | None]], sizes: list[int], X: Any, rng: Any) -> None:
    """Layers with these numbers of units; the layers that change are drawn anew. The user's code must still run."""
    before: int | None = None
    for (_, matrix, bias), size in zip(chain, sizes, strict=True):
        old = network.weights[matrix]
        shape = (old.shape[0] if before is None else before, size)
        if shape != old.shape:
            network.weights[matrix] = drawn(jnp.zeros(shape, old.dtype), rng, "lecun")
            if bias is not None:
                network.weights[bias] = jnp.zeros(size, network.weights[bias].dtype)
        before = size
    network.forget_programs()
    try:
        network.program(network.rows(X[:DRY_ROWS]), False)
    except Exception as error:
        raise Impossible(f"the model's code does not run with other layer sizes ({type(error).__name__})") from error


def _double_width(network: Network, value: Any, X: Any, rng: np.random.Generator) -> None:
    path = Path(network, X)
    chain = _plain_dense(network, path)
    if len(chain) < 2:
        raise Impossible("the model has no hidden dense layer that was recognized")
    sizes = [int(network.weights[matrix].shape[1]) for _, matrix, _ in chain]
    _resized(network, chain, [*(2 * one for one in sizes[:-1]), sizes[-1]], X, rng)


def _output_units(network: Network, value: Any, X: Any, rng: np.random.Generator) -> None:
    chain = _plain_dense(network, Path(network, X))
    if not chain:
        raise Impossible("the model has no dense layer that was recognized")
    sizes = [int(network.weights[matrix].shape[1]) for _, matrix, _ in chain]
    _resized(network, chain, [*sizes[:-1], int(value)], X, rng)


def _reinitialize(network: Network, value: Any, X: Any, rng: np.random.Generator) -> None:
    cores = ("dense", "conv", "recurrent")
    steps = [one for one in Path(network, X).steps if one.layer.kind in cores or _tells_no_token(network, one)]
    if not steps:
        raise Impossible("the model has no layer that can be drawn anew")
    for step in steps:
        _draw(network, step, rng, "he" if value == "he" else "lecun")


def _tells_no_token(network: Network, step: Step) -> bool:
    """An embedding with one vector for all tokens."""
    tables = [network.weights[name] for name in step.layer.parameters] if step.layer.kind == "embedding" else []
    return any(len(table) > 1 and bool((table == table[:1]).all()) for table in tables)


def _head(network: Network, value: Any, X: Any, rng: np.random.Generator) -> None:
    path = Path(network, X)
    for step in path.steps[path.head + 1 :]:
        if step.layer.kind == "activation":
            network.plan[step.layer.name] = _instead(lambda z: z)
    network.folded = () if value == "linear" else (str(value),)


def _dropout(network: Network, value: Any, X: Any, rng: np.random.Generator) -> None:
    if float(value or 0.0) != 0.0:
        raise Impossible("another rate of dropout is not set")
    steps = network.program(network.rows(X[:DRY_ROWS]), True).layers
    found = [one for one in steps if one.layer.kind == "dropout" and one.source is not None]
    if not found:
        raise Impossible("the model has no dropout")
    for step in found:
        network.plan[step.layer.name] = _instead(lambda z: z)


def _pass_gradients(network: Network, value: Any, X: Any, rng: np.random.Generator) -> None:
    network.passes_gradients = True


REFUSED: Final = {**ONLY_IN_TORCH, "woken_rate": "a learning rate of 0 is replaced in PyTorch and Keras only"}
EDITS: Final[dict[str, Callable[[Network, Any, Any, np.random.Generator], None]]] = {
    "hidden_activation": _hidden_activation,
    "batch_norm": _batch_norm,
    "halve_depth": _halve_depth,
    "double_width": _double_width,
    "output_units": _output_units,
    "reinitialize": _reinitialize,
    "head": _head,
    "dropout": _dropout,
    "pass_gradients": _pass_gradients,
}

"""What is known of a JAX model beyond the neutral recipe: pure functions, flat weights, the optax optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import jax
import numpy as np

from defib.subject import AnyArray

Arrays: TypeAlias = Mapping[str, Any]
"""Arrays by the path of their place in the user's own structure, joined by dots: ``encoder.dense.kernel``."""
Apply: TypeAlias = Callable[[Arrays, Arrays, Any, bool], tuple[Any, dict[str, Any]]]
"""``(weights, state, X, training) -> (outputs, state)``. Random keys are part of the state."""
Tail: TypeAlias = Callable[[Any, Any, Arrays, Any], Any]
"""``(outputs, y, weights, X) -> loss``; the loss is a scalar."""


@dataclass(frozen=True)
class OptimizerRecord:
    """The optimizer as it is used; ``tx`` is an optax ``GradientTransformation``."""

    tx: Any
    structured: Callable[[Arrays], Any]
    """The user's own structure from flat weights: what ``tx`` is given."""
    flat: Callable[[Any], dict[str, Any]]
    """The way back."""
    held: frozenset[str]
    """Names of the weights it is given."""


@dataclass(frozen=True)
class Captured:
    """One model with everything that training it again needs. All arrays are immutable or copies."""

    apply: Apply
    weights: Arrays
    state: Arrays = field(default_factory=dict)
    """Everything else that changes: running statistics, random keys."""
    initial: Arrays | None = None
    initial_state: Arrays | None = None
    redraw: Callable[[int], Arrays] | None = None
    """Initial weights for a seed by the model's own initializers, where they are known."""
    loaded: bool = False
    """The initial weights are kept for every seed."""
    tail: Tail | None = None
    label_dtype: Any = None
    link: str = "identity"
    optimizer: OptimizerRecord | None = None
    frozen: frozenset[str] = frozenset()
    """Weights that the optimizer leaves alone."""
    gradients: Mapping[str, str] = field(default_factory=dict)
    """What the loop's loss gives each weight: ``none``, ``zero``, ``nonzero`` or ``nan``."""
    trained_in_training_mode: bool = True
    statistics: Mapping[str, str] = field(default_factory=dict)
    """State that is a running statistic → the name that the protocol has for it (``layer.mean``)."""


def path_name(path: tuple[Any, ...]) -> str:
    """A path of a pytree as a name.

    >>> path_name((jax.tree_util.DictKey("a"), jax.tree_util.SequenceKey(0)))
    'a.0'
    """
    parts = (getattr(one, "key", getattr(one, "idx", getattr(one, "name", one))) for one in path)
    return ".".join(str(part) for part in parts)


def flat_arrays(tree: Any) -> dict[str, Any]:
    """Leaves of a pytree by name."""
    return {path_name(path): leaf for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]}


def structure_of(tree: Any) -> tuple[Callable[[Arrays], Any], Callable[[Any], dict[str, Any]]]:
    """From flat weights to a structure like this one, and back."""
    paths, treedef = jax.tree_util.tree_flatten_with_path(tree)
    names = tuple(path_name(path) for path, _ in paths)

    def structured(weights: Arrays) -> Any:
        return jax.tree_util.tree_unflatten(treedef, [weights[name] for name in names])

    return structured, flat_arrays


def as_numpy(value: Any) -> AnyArray:
    """A copy in NumPy; bfloat16 becomes float32."""
    array = np.asarray(value)
    return (
        np.array(array, dtype=np.float32)
        if array.dtype.kind == "V" or array.dtype.name == "bfloat16"
        else np.array(array)
    )


def is_key(value: Any) -> bool:
    """Whether this is an array of random keys."""
    return bool(hasattr(value, "dtype") and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key))

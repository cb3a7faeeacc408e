"""The arguments of one call of a JAX function as leaves, and the way back."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Container, Sequence
from typing import Any, final

import jax
import numpy as np

from defib.adapters.jax.captured import is_key, path_name
from defib.capture.jax_closure import Place


def loaded(name: str) -> Any:
    """A module that the program has imported, else ``None``."""
    return sys.modules.get(name)


@final
class Snapshot:
    """The arguments of one call, as leaves and the way back; NNX objects are copied, arrays are not changed by JAX."""

    def __init__(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        copied: bool = False,
        donated: Container[int] = (),
        places: Sequence[Place] = (),
    ) -> None:
        """``donated``: which of the arrays the call gives away (see `lost_in`); these are copied before."""
        self.places = tuple(places)
        self._given = (*args, *kwargs.values())
        self._given_tree = (args, kwargs)
        around = [jax.tree_util.tree_flatten(one.value) for one in self.places]
        self._around = [(len(leaves), treedef) for leaves, treedef in around]
        flat, self._treedef = jax.tree_util.tree_flatten((args, kwargs), is_leaf=is_object)
        self._plain = list(flat)
        self.objects = [one for one in flat if is_object(one)]
        self._graphdef: Any = None
        self._object_def: Any = None
        self._n_objects = 0
        arrays: list[Any] = []
        if self.objects:
            from flax import nnx

            self._graphdef, state = nnx.split(self.objects)
            arrays, self._object_def = jax.tree_util.tree_flatten(state)
            self._n_objects = len(arrays)
        self._places = [i for i, one in enumerate(flat) if not is_object(one) and is_array(one)]
        plain = [flat[i] for i in self._places]
        taken = [_copied(one) if copied or i in donated else one for i, one in enumerate(plain)]
        given = [*(_copied(one) if copied else one for one in arrays), *taken]
        self._n_given = len(given)
        self.leaves = [*given, *(leaf for leaves, _ in around for leaf in leaves)]
        self._originals = {id(copy): one for copy, one in zip(taken, plain, strict=True) if copy is not one}

    @property
    def given(self) -> Any:
        """The arguments as the program handed them over."""
        return self._given_tree

    def original(self, leaf: Any) -> Any:
        """What the program handed over, of a leaf that may be a copy."""
        return self._originals.get(id(leaf), leaf)

    def forget_places(self) -> None:
        """The variables around the function are constants of it."""
        self.places, self._around = (), []
        self.leaves = self.leaves[: self._n_given]

    def states(self) -> list[Any]:
        """Arguments that are nestings of the program's own classes (a train state)."""
        found: list[Any] = []
        for one in self._given:
            found += (
                [one]
                if hasattr(one, "tx")
                else [v for v in (one if isinstance(one, tuple | list) else ()) if hasattr(v, "tx")]
            )
        return found

    def holds_state_of(self, tx: Any, step: Any) -> bool:
        """Whether an argument has the structure of this optimizer's state."""
        probe = step.probe.structure
        if probe is None or not hasattr(tx, "init"):
            return False
        with contextlib.suppress(Exception):
            wanted = jax.tree_util.tree_structure(jax.eval_shape(tx.init, probe))
            return any(jax.tree_util.tree_structure(one) == wanted for one in self._given)
        return False

    def around(self, leaves: Sequence[Any]) -> list[Any]:
        """What the places are to hold."""
        rest = iter(leaves[self._n_given :])
        return [jax.tree_util.tree_unflatten(treedef, [next(rest) for _ in range(n)]) for n, treedef in self._around]

    def like(self, other: Snapshot) -> list[Any]:
        """The leaves in the order of another call's, also where a number has become an array since."""
        if self._treedef == other._treedef and self._around == other._around and len(self.leaves) == len(other.leaves):
            return self.leaves
        found = {**other.by_name(), **self.by_name()}
        return [found[name] for name in other.by_name()]

    def by_name(self) -> dict[Any, Any]:
        """Leaves by where they stand."""
        paths = jax.tree_util.tree_flatten_with_path(self._given_tree, is_leaf=is_object)[0]
        names: list[Any] = [("object", i) for i in range(self._n_objects)]
        names += [path_name(paths[i][0]) for i in self._places]
        names += [("around", i) for i in range(len(self.leaves) - self._n_given)]
        return dict(zip(names, self.leaves, strict=True))

    def rebuilt(self, leaves: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any], list[Any]]:
        """Arguments with other leaves, and the NNX objects among them."""
        objects: list[Any] = []
        if self.objects:
            from flax import nnx

            state = jax.tree_util.tree_unflatten(self._object_def, leaves[: self._n_objects])
            objects = list(nnx.merge(self._graphdef, state))
        plain, own = list(self._plain), iter(objects)
        for i, one in enumerate(plain):
            if is_object(one):
                plain[i] = next(own)
        for i, leaf in zip(self._places, leaves[self._n_objects : self._n_given], strict=True):
            plain[i] = leaf
        args, kwargs = jax.tree_util.tree_unflatten(self._treedef, plain)
        return args, kwargs, objects


def is_object(value: Any) -> bool:
    """A Flax NNX object: a module, an optimizer, random streams."""
    nnx = loaded("flax.nnx")
    return nnx is not None and isinstance(value, nnx.Pytree | nnx.Module)


def is_array(value: Any) -> bool:
    """An array of JAX's or NumPy's."""
    return isinstance(value, jax.Array | np.ndarray) and (is_key(value) or value.dtype.kind in "biufV")


def _copied(value: Any) -> Any:
    return value if is_key(value) else np.array(value)


def lost_in(args: tuple[Any, ...], kwargs: dict[str, Any]) -> frozenset[int]:
    """Numbers, among the arrays of a call that is over, of those whose memory it gave away (``donate_argnums``)."""
    flat = jax.tree_util.tree_leaves((args, kwargs), is_leaf=is_object)
    arrays = [one for one in flat if not is_object(one) and is_array(one)]
    return frozenset(i for i, one in enumerate(arrays) if is_lost(one))


def is_lost(value: Any) -> bool:
    """Whether an array's memory was given away."""
    return isinstance(value, jax.Array) and not isinstance(value, jax.core.Tracer) and value.is_deleted()


def shape_of(leaf: Any) -> Any:
    """What is traced instead of an array."""
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)

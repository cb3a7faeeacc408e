"""A Flax NNX module as a pure function of flat weights and state; the module itself is only read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import jax
import numpy as np
from flax import nnx

from defib.adapters.jax.captured import Apply, Arrays, path_name

STATISTICS: Final = {"mean": "mean", "var": "variance"}


class Pure:
    """The module's structure at one moment, its arrays by name, and how to call it."""

    def __init__(self, model: Any, wrt: Any = nnx.Param) -> None:
        self.graphdef, state = nnx.split(model)
        paths, self.treedef = jax.tree_util.tree_flatten_with_path(state)
        self.names = tuple(_name(path) for path, _ in paths)
        self.arrays = {name: _array(value) for name, (_, value) in zip(self.names, paths, strict=True)}
        kinds = _kinds(model)
        self.weight_names = frozenset(name for name, kind in kinds.items() if issubclass(kind, nnx.Param))
        self.statistics = {
            name: f"{layer}.{STATISTICS[last]}" if layer else STATISTICS[last]
            for name, kind in kinds.items()
            if issubclass(kind, nnx.BatchStat)
            for layer, _, last in [name.rpartition(".")]
            if last in STATISTICS
        }

    @property
    def weights(self) -> dict[str, Any]:
        """Arrays that are parameters."""
        return {name: self.arrays[name] for name in self.names if name in self.weight_names}

    @property
    def state(self) -> dict[str, Any]:
        """All other arrays: running statistics, random keys and counters."""
        return {name: self.arrays[name] for name in self.names if name not in self.weight_names}

    def merged(self, arrays: Arrays) -> Any:
        """A module of its own with these arrays."""
        leaves = [arrays[name] for name in self.names]
        return nnx.merge(self.graphdef, jax.tree_util.tree_unflatten(self.treedef, leaves))

    def apply(
        self, call: Callable[[Any, Any, bool], Any], modes: Mapping[str, Mapping[str, bool]] | None = None
    ) -> Apply:
        """``(weights, state, X, training) -> (outputs, state)`` by ``call(module, X, training)``.

        ``modes``: what the program had set in its training step, by path; training mode when not given.
        """

        def function(weights: Arrays, state: Arrays, X: Any, training: bool) -> tuple[Any, dict[str, Any]]:
            module = self.merged({**state, **weights})
            if not training:
                module.eval()
            elif modes is None:
                module.train()
            else:
                _set_modes(module, modes)
            outputs = call(module, X, training)
            return first_array(outputs), {n: v for n, v in arrays_of(module).items() if n not in self.weight_names}

        return function

    def structured(self, wrt: Any) -> tuple[Callable[[Arrays], Any], Callable[[Any], dict[str, Any]], frozenset[str]]:
        """What an optimizer over ``wrt`` is given, from flat weights; the way back; and the names in it."""
        template = nnx.as_pure(nnx.state(self.merged(self.arrays), wrt))
        paths, treedef = jax.tree_util.tree_flatten_with_path(template)
        names = tuple(_name(path) for path, _ in paths)

        def there(weights: Arrays) -> Any:
            return jax.tree_util.tree_unflatten(treedef, [weights[name] for name in names])

        def back(tree: Any) -> dict[str, Any]:
            return {_name(path): leaf for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]}

        return there, back, frozenset(names)

    def redraw(self, seed: int) -> Mapping[str, Any]:
        """Weights drawn again by the modules' own initializers, where they keep them."""
        found: dict[str, Any] = {}
        key = jax.random.key(seed)
        for path, module in nnx.iter_modules(self.merged(self.arrays)):
            for name in ("kernel", "bias", "embedding"):
                draw = getattr(module, f"{name}_init", None)
                full = ".".join((*(str(part) for part in path), name))
                if draw is not None and full in self.weight_names:
                    key, one = jax.random.split(key)
                    found[full] = draw(one, self.arrays[full].shape, self.arrays[full].dtype)
        return found


MODES: Final = ("deterministic", "use_running_average")


def modes_of(module: Any) -> dict[str, dict[str, bool]]:
    """Switches of the modules inside that tell training from evaluation, by path."""
    return {
        ".".join(str(part) for part in path): found
        for path, one in nnx.iter_modules(module)
        if (found := {key: value for key in MODES if isinstance(value := getattr(one, key, None), bool)})
    }


def _set_modes(module: Any, modes: Mapping[str, Mapping[str, bool]]) -> None:
    for path, one in nnx.iter_modules(module):
        for key, value in modes.get(".".join(str(part) for part in path), {}).items():
            setattr(one, key, value)


def weights_of(module: Any) -> dict[str, Any]:
    """Parameters of a module by name, as they are (tracers included)."""
    names = {name for name, kind in _kinds(module).items() if issubclass(kind, nnx.Param)}
    return {name: value for name, value in arrays_of(module).items() if name in names}


def _name(path: tuple[Any, ...]) -> str:
    """The last part says that it is a Variable's value."""
    kept = path[:-1] if getattr(path[-1], "name", None) in ("value", "raw_value") else path
    return path_name(kept)


def _array(value: Any) -> Any:
    return jax.numpy.asarray(value) if isinstance(value, np.ndarray) else value


def arrays_of(module: Any) -> dict[str, Any]:
    """All arrays of a module by name."""
    paths = jax.tree_util.tree_flatten_with_path(nnx.state(module))[0]
    return {_name(path): leaf for path, leaf in paths}


def _kinds(module: Any) -> dict[str, type[Any]]:
    """Class of the Variable behind each name."""
    flat = nnx.to_flat_state(nnx.state(module))
    return {".".join(str(part) for part in path): type(variable) for path, variable in flat}


def first_array(outputs: Any) -> Any:
    """The prediction: the first array of what a model returns."""
    leaves = jax.tree_util.tree_leaves(outputs)
    return leaves[0] if leaves else outputs

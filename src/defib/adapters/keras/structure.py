"""A second object of a class of the user's, made from the attributes of the first: what it was built with is not known.

An empty object of the class is made, and every attribute that Keras' own constructor did not set is set again:
layers as new ones from their configs, lists and dictionaries of them likewise, anything else as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from defib.adapters.keras.flavor import Flavor, is_builtin

PLACES: Final = (list, tuple, dict)
MAX_DEPTH: Final = 8
"""Of lists in lists."""
AFTER_COMPILE: Final = frozenset({"optimizer", "history", "loss", "stop_training", "callbacks", "torch_params"})
"""What ``compile`` and ``fit`` set on a model."""


class NoStructure(Exception):
    """Something in the object cannot be made a second time; the message says what."""


class Copier:
    """Makes each layer once."""

    def __init__(self, flavor: Flavor, graph: Callable[[Any], Any]) -> None:
        self._flavor = flavor
        self._graph = graph
        """A Sequential or functional model to a new one; ``None`` where it is neither."""
        self._made: dict[int, Any] = {}
        self._kept: list[Any] = []

    def layer(self, old: Any) -> Any:
        """A layer or model as a new one, without its weights' values."""
        if id(old) not in self._made:
            self._kept.append(old)
            self._made[id(old)] = self._new(old)
        return self._made[id(old)]

    def _new(self, old: Any) -> Any:
        graph = self._graph(old)
        if graph is not None:
            return graph
        if is_builtin(old):
            if hasattr(old, "get_vocabulary"):
                return old  # it has no weights, and what it looks up is no part of its config
            return type(old).from_config(old.get_config())
        return self._own(old)

    def _own(self, old: Any) -> Any:
        """An object of the user's class."""
        base = (
            self._flavor.keras.Model if isinstance(old, self._flavor.keras.Model) else self._flavor.keras.layers.Layer
        )
        if any(is_builtin(one) and one not in base.__mro__ for one in type(old).__mro__[1:] if one is not object):
            return type(old).from_config(old.get_config())  # a kind of Dense: Keras' own constructor does more
        cls: Any = type(old)
        new = cls.__new__(cls)
        base.__init__(new, name=old.name, dtype=getattr(old, "dtype_policy", None))
        self._made[id(old)] = new
        for name, value in _attributes(old).items():
            if name not in vars(new) and not name.startswith("_self_") and name not in AFTER_COMPILE:
                self._set(new, name, value)
        new.built = True
        return new

    def _set(self, new: Any, name: str, value: Any) -> None:
        if self._flavor.v3 and isinstance(value, self._flavor.keras.Variable):
            setattr(new, name, self._variable(new, value))
        elif hasattr(value, "assign"):
            raise NoStructure(f"it holds the variable {name}")
        else:
            setattr(new, name, self._value(value, MAX_DEPTH))

    def _variable(self, new: Any, old: Any) -> Any:
        zeros = self._flavor.keras.initializers.Zeros()
        shape, kind = tuple(old.shape), str(old.dtype)
        return new.add_weight(shape=shape, initializer=zeros, dtype=kind, trainable=old.trainable, name=old.name)

    def _value(self, value: Any, depth: int) -> Any:
        keras = self._flavor.keras
        if isinstance(value, keras.layers.Layer):
            return self.layer(value)
        if isinstance(value, (keras.metrics.Metric, keras.optimizers.Optimizer)):
            return type(value).from_config(value.get_config())
        if not isinstance(value, PLACES) or depth == 0:
            return value
        if isinstance(value, dict):
            return {key: self._value(one, depth - 1) for key, one in value.items()}
        parts = [self._value(one, depth - 1) for one in value]
        return tuple(parts) if isinstance(value, tuple) else parts


def _attributes(layer: Any) -> dict[str, Any]:
    """By name, those that hold layers in the order in which they were given to it: that of its weights."""
    found = {**vars(layer), **vars(layer).get("_modules", {})}  # PyTorch keeps what is a module of its own elsewhere
    known: list[Any] = next(
        (vars(layer)[name] for name in ("_layers", "_self_tracked_trackables") if name in vars(layer)), []
    )
    places = {id(one): place for place, one in enumerate(known)}
    first = {name: _first(places, found[name]) for name in found}
    return {name: found[name] for name in sorted(found, key=first.__getitem__)}


def _first(places: dict[int, int], value: Any) -> int:
    """The first place of what an attribute holds; -1 where it holds no layer."""
    return min((places[id(one)] for one in _layers_in(value) if id(one) in places), default=-1)


def _layers_in(value: Any, depth: int = MAX_DEPTH) -> list[Any]:
    if isinstance(value, PLACES) and depth:
        inner = value.values() if isinstance(value, dict) else value
        return [value, *(found for one in inner for found in _layers_in(one, depth - 1))]
    return [value]


def same_variables(a: Any, b: Any) -> bool:
    """Whether two models share a variable."""
    return bool({id(v) for v in a.weights} & {id(v) for v in b.weights})


def constructed(layer: Any, changed: Mapping[str, Any]) -> Any:
    """A layer whose constructor does not take what every config holds (``name``, ``dtype``), made with what it takes.

    Raises `NoStructure` where it does not take what is to be changed.
    """
    config = {**layer.get_config(), **changed}
    takes = inspect.signature(type(layer).__init__).parameters
    if not takes.keys() >= changed.keys():
        raise NoStructure(f"the constructor of {type(layer).__name__} takes no {' and '.join(sorted(changed))}")
    made = type(layer)(**{key: value for key, value in config.items() if key in takes})
    for name in ("name", "_name"):
        if name in vars(layer):
            setattr(made, name, getattr(layer, name))
    return made

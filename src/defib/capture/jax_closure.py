"""Arrays that a function takes from around it: from its closure, its module's variables, and what it calls."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax
import numpy as np

from defib.capture.torch_frames import is_foreign

DEPTH: Final = 4
"""Functions that call functions."""
MANY: Final = 32
"""Leaves of a nesting that is taken for a batch."""


@dataclass(frozen=True)
class Place:
    """A variable that holds an array, or a small nesting of arrays."""

    holder: Any
    """A cell of a closure, the dictionary of a module's variables, or a function with its defaults (by number)."""
    name: str

    @property
    def value(self) -> Any:
        """What it holds now."""
        if isinstance(self.holder, types.FunctionType):
            return (self.holder.__defaults__ or ())[int(self.name)]
        return self.holder[self.name] if isinstance(self.holder, dict) else self.holder.cell_contents

    def put(self, value: Any) -> None:
        """Hold something else."""
        if isinstance(self.holder, dict):
            self.holder[self.name] = value
        elif isinstance(self.holder, types.FunctionType):
            given = list(self.holder.__defaults__ or ())
            given[int(self.name)] = value
            self.holder.__defaults__ = tuple(given)
        else:
            self.holder.cell_contents = value


def places_around(function: Any) -> list[Place]:
    """In an order that depends on the code alone, so that a function made again in a loop has the same ones."""
    found: list[Place] = []
    _collect(function, found, set(), DEPTH)
    return found


def _collect(function: Any, found: list[Place], seen: set[int], depth: int) -> None:
    function = plain(function)
    if not isinstance(function, types.FunctionType) or depth == 0 or id(function.__code__) in seen:
        return
    if is_foreign(function.__code__.co_filename):
        return
    seen.add(id(function.__code__))
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # not filled yet
            _look(cell.cell_contents, Place(cell, name), found, seen, depth)
    for i, value in enumerate(function.__defaults__ or ()):
        if _holds_arrays(value):
            found.append(Place(function, str(i)))
    for name in _names(function.__code__):
        if name in function.__globals__:
            _look(function.__globals__[name], Place(function.__globals__, name), found, seen, depth)


def _look(value: Any, place: Place, found: list[Place], seen: set[int], depth: int) -> None:
    if _holds_arrays(value):
        if all((one.holder is not place.holder or one.name != place.name) for one in found):
            found.append(place)
    elif callable(value):
        _collect(value, found, seen, depth - 1)


def plain(function: Any) -> Any:
    """The function under wrappers (``jit``, ``grad``, ``partial``)."""
    for _ in range(8):
        if isinstance(function, types.FunctionType) and not hasattr(function, "__wrapped__"):
            break
        if hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif hasattr(function, "fun"):
            function = function.fun
        elif hasattr(function, "func"):
            function = function.func
        else:
            break
    return function


def _names(code: Any) -> list[str]:
    names = list(code.co_names)
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            names += _names(one)
    return list(dict.fromkeys(names))


def _holds_arrays(value: Any) -> bool:
    if isinstance(value, np.ndarray | jax.Array):
        return value.ndim >= 1 and len(value) >= 2 and value.dtype.kind in "biuf"
    if isinstance(value, dict | list | tuple) and 0 < len(value) <= MANY and type(value) in (dict, list, tuple):
        leaves = jax.tree_util.tree_leaves(value)
        return 0 < len(leaves) <= MANY and all(isinstance(one, np.ndarray | jax.Array) for one in leaves)
    return False


@contextlib.contextmanager
def holding(places: Sequence[Place], values: Sequence[Any]) -> Iterator[None]:
    """Other values in these places; the program's own are put back, whatever happens."""
    before = [one.value for one in places]
    try:
        for one, value in zip(places, values, strict=True):
            one.put(value)
        yield
    finally:
        for one, value in zip(places, before, strict=True):
            one.put(value)


Raw = Callable[..., Any]

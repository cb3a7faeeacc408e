"""Activations that a ``call`` of the user's applies as functions (``tf.nn.relu(x)``): others in their place on a clone.

The functions are replaced in the modules where callers look them up, and only while a ``call`` of the user's own runs;
what a layer of Keras does inside is left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final

from defib.adapters.keras.flavor import ACTIVATIONS, Flavor, is_builtin, is_operation
from defib.adapters.keras.trace import shown_parts

HOMES: Final = (
    "tensorflow",
    "tensorflow._api.v2.nn",
    "tensorflow._api.v2.math",
    "keras.activations",
    "keras.ops",
    "keras.backend",
    "keras._tf_keras.keras.activations",
    "keras._tf_keras.keras.ops",
    "keras._tf_keras.keras.backend",
    "tf_keras.activations",
    "tf_keras.backend",
    "torch",
    "torch.nn.functional",
    "jax.nn",
    "jax.numpy",
)
"""Modules whose functions are looked up at each call."""
LEFT: Final = frozenset({"linear", "softmax"})
"""Not changed as hidden activations: a softmax inside weighs, it does not activate."""


@dataclass(frozen=True)
class FunctionSwap:
    """What to apply instead; ``None``: as the user does."""

    head: Any
    """The layer that gives the output: functions after it are the output's, before it hidden ones."""
    hidden: str | None = None
    output: str | None = None


@dataclass
class _Now:
    """Where a pass stands."""

    frames: list[bool] = field(default_factory=list)
    """Per layer that is being called, innermost last: whether its ``call`` is the user's."""
    behind_head: bool = False
    inside: bool = False
    """One of the replaced functions is running: what it calls in turn is left alone."""


def activations_swapped(flavor: Flavor, model: Any, swap: FunctionSwap) -> None:
    """Wrap the ``call`` of every layer of this clone, for good."""
    now = _Now()
    for layer in (one for one in shown_parts(model) if not is_operation(one)):
        layer.__dict__["call"] = _followed(flavor, layer, model, swap, now)


def _followed(flavor: Flavor, layer: Any, model: Any, swap: FunctionSwap, now: _Now) -> Callable[..., Any]:
    original = layer.call
    foreign = not is_builtin(layer)

    def call(*args: Any, **kwargs: Any) -> Any:
        if layer is model:
            now.behind_head = False
        now.frames.append(foreign)
        try:
            if layer is not model:
                return original(*args, **kwargs)
            with _replaced(flavor, swap, now):
                return original(*args, **kwargs)
        finally:
            now.frames.pop()
            if layer is swap.head:
                now.behind_head = True

    return call


@contextmanager
def _replaced(flavor: Flavor, swap: FunctionSwap, now: _Now) -> Iterator[None]:
    undo: list[tuple[Any, str, Any]] = []
    for home in (sys.modules[name] for name in HOMES if name in sys.modules):
        for name, kind in ACTIVATIONS.items():
            function = getattr(home, name, None)
            if kind != "linear" and callable(function) and not isinstance(function, type):
                undo.append((home, name, function))
                setattr(home, name, _other(flavor, kind, function, swap, now))
    try:
        yield
    finally:
        for home, name, function in reversed(undo):
            setattr(home, name, function)


def _other(flavor: Flavor, kind: str, function: Any, swap: FunctionSwap, now: _Now) -> Callable[..., Any]:
    @wraps(function)  # PyTorch tells functions apart by their names
    def activation(x: Any, *args: Any, **kwargs: Any) -> Any:
        wanted = swap.output if now.behind_head else None if kind in LEFT else swap.hidden
        if now.inside or wanted is None or not (now.frames and now.frames[-1]):
            return function(x, *args, **kwargs)
        now.inside = True
        try:
            return flavor.keras.activations.get(wanted)(x)
        finally:
            now.inside = False

    return activation

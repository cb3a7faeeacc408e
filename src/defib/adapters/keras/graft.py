"""Changes to layers inside classes of the user's own, whose ``call`` nobody can rewrite.

On a clone, the layer object stays where the class keeps it and hands what it is given to another layer, made from its
config with the change. Where sizes change, all layers with weights are made anew, to take what now reaches them.
Activations that a ``call`` applies as functions are found, and replaced, where the ``call`` looks them up.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from defib.adapters.keras.flavor import everything, is_builtin, is_operation, own_variables, sublayers

SIZES: Final = frozenset({"units", "filters"})
VARIABLES: Final = ("_trainable_variables", "_non_trainable_variables", "_trainable_weights", "_non_trainable_weights")
"""Lists that a layer of either Keras keeps its own variables in."""
BELOW: Final = ("_layers", "_self_tracked_trackables")
"""Lists that a layer of either Keras keeps its sublayers in."""
ALSO_OWN: Final = ("_seed_generators", "_callable_losses")

Remake = Callable[[Any], Any]
"""A layer of the user's to the layer that takes its place in the clone."""


def composite(layer: Any) -> bool:
    """A class of the user's with layers inside."""
    return not is_operation(layer) and not is_builtin(layer) and bool(sublayers(layer))


def has_composite(model: Any) -> bool:
    """Whether a class of the user's arranges layers somewhere in the model."""
    return any(composite(one) for one in everything(model))


@dataclass(frozen=True)
class Pair:
    """A layer of the user's and its counterpart; ``whole`` where all that is below belongs to it."""

    old: Any
    new: Any
    whole: bool

    def variables(self) -> tuple[list[Any], list[Any]]:
        """Theirs, in the same order."""
        return _variables(self.old, whole=self.whole), _variables(self.new, whole=self.whole)


def _variables(layer: Any, *, whole: bool) -> list[Any]:
    return list(layer.weights) if whole else [v for part in own_variables(layer) for v in part]


def graft(old: Any, new: Any, changed: frozenset[int], remake: Remake, *, resized: bool) -> list[Pair]:
    """Put other layers in the place of those of ``new`` whose ids in ``old`` are ``changed``; all layers in pairs."""
    pairs: list[Pair] = []
    inside: set[int] = set()
    for mine, theirs in zip(everything(old), everything(new), strict=True):
        if id(mine) in inside:
            continue
        leaf = is_builtin(mine) and not sublayers(mine)
        if id(mine) in changed or (resized and leaf and mine.weights):
            guest = remake(mine)
            pairs.append(Pair(mine, _core_of(guest), whole=True))
            inside |= {id(one) for one in everything(mine)}
            _host(theirs, guest)
        else:
            pairs.append(Pair(mine, theirs, whole=False))
    return pairs


def _core_of(guest: Any) -> Any:
    """The layer that has the user's weights: the first one where a normalization was put behind it."""
    return guest.layers[0] if hasattr(guest, "layers") else guest


def _host(layer: Any, guest: Any) -> None:
    """From now on ``layer`` does what ``guest`` does, and has its weights."""
    named = inspect.signature(guest.call).parameters
    open_ended = any(one.kind is one.VAR_KEYWORD for one in named.values())

    def call(*args: Any, **kwargs: Any) -> Any:
        return guest(*args, **{key: value for key, value in kwargs.items() if open_ended or key in named})

    layer.__dict__["call"] = call
    layer.input_spec = None
    layer.activity_regularizer = None
    for name in (*VARIABLES, *ALSO_OWN, *BELOW):
        held = layer.__dict__.get(name)
        if isinstance(held, list):
            del held[:]
    below = next(layer.__dict__[name] for name in BELOW if isinstance(layer.__dict__.get(name), list))
    below.append(guest)

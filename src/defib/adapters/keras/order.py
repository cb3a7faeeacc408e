"""In which order the layers of a model run, and which activations a class of the user's applies as functions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from defib.adapters.keras.backends.abstract import Backend
from defib.adapters.keras.flavor import activation_name, is_builtin, is_operation, layer_activation, layer_kind, walk
from defib.adapters.keras.trace import call_model, shown_parts, swapped
from defib.subject import AnyArray


@dataclass(frozen=True)
class Function:
    """An activation that was applied as a function."""

    after: Any
    """The leaf layer that ended last before it."""
    kind: str


@dataclass(frozen=True)
class Run:
    """One pass: leaf layers by their first call, and functions."""

    layers: list[Any] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)

    def seen_from(self, twin: dict[int, Any]) -> Run:
        """The same pass with each layer's counterpart in another model, by ``id`` of the layer that ran."""
        found = [Function(twin[id(one.after)], one.kind) for one in self.functions]
        return Run([twin[id(one)] for one in self.layers], found)

    def ends_in(self) -> str:
        """The last activation on the way to the output; ``linear`` when there is none."""
        last = self.layers[-1] if self.layers else None
        if self.functions and self.functions[-1].after is last:
            return self.functions[-1].kind
        for layer in reversed(self.layers):
            own = layer_activation(layer)
            if own is not None:
                return own
            if getattr(layer, "activation", None) is not None:
                return activation_name(layer.activation)
            if getattr(layer, "weights", None):
                break
        return "linear"


def run_once(backend: Backend, model: Any, rows: AnyArray) -> Run:
    """Send a few rows through and note what ran; bare operations of a graph are left out."""
    leaves = {id(one) for one in walk(model) if not is_operation(one)}
    found, frames = Run(), list[Any]()
    seen: set[int] = set()
    last: list[Any] = []

    def spy(layer: Any) -> Callable[..., Any]:
        original = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            frames.append(layer)
            try:
                return original(*args, **kwargs)
            finally:
                frames.pop()
                if id(layer) in leaves:
                    last[:] = [layer]
                    if id(layer) not in seen:
                        seen.add(id(layer))
                        found.layers.append(layer)

        return call

    def report(kind: str, before: Any, after: Any) -> None:
        inner = frames[-1] if frames else None
        foreign = inner is not None and layer_kind(inner) == "other" and not is_builtin(inner)
        if foreign and last:
            found.functions.append(Function(last[0], kind))

    with ExitStack() as stack:
        for part in shown_parts(model):
            if not is_operation(part):
                stack.enter_context(swapped(part, "call", spy(part)))
        stack.enter_context(backend.activations_seen(report))
        with backend.quietly():
            call_model(model, backend.rows(rows), training=False)
    return found

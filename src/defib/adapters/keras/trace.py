"""One eager pass of some rows through a model, every layer's output kept, fused activations split off.

The record is taken from the run itself: each layer's ``call`` and fused ``activation`` are wrapped on
the instance for the length of the pass; functional activations that a user's own ``call`` applies
(``tf.nn.relu(x)``, ``keras.ops.relu(x)``) are seen by the backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import (
    OPAQUE,
    activation_name,
    is_builtin,
    is_operation,
    layer_activation,
    layer_kind,
    sublayers,
    to_numpy,
)
from defib.adapters.keras.weights import Weight, layer_names, weights_of
from defib.subject import AnyArray, ForwardPass, Layer, LayerOutput

FUSED_KINDS = ("dense", "conv")


@dataclass
class _Frame:
    """A layer that is being called."""

    layer: Any
    foreign: bool
    """A user's own class, or a model: activations may be applied in its ``call``."""
    recorded: int
    """How many outputs were recorded when it was entered."""


class _Recorder:
    """Collects layer outputs in execution order."""

    def __init__(self, model: Any, n_rows: int) -> None:
        self.names = layer_names(model)
        self.parameters: dict[str, list[Weight]] = {}
        for weight in weights_of(model):
            if weight.by_design:
                self.parameters.setdefault(weight.layer, []).append(weight)
        self.n_rows = n_rows
        self.found: list[LayerOutput] = []
        self.last: Any = None
        self.stack: list[_Frame] = []

    def name(self, layer: Any) -> str:
        return self.names.get(id(layer), str(layer.name))

    def keep(self, layer: Layer, tensor: Any) -> bool:
        """Record a tensor with one entry per row; anything else is passed over."""
        if isinstance(tensor, (tuple, list)) and tensor:
            tensor = tensor[0]
        if not hasattr(tensor, "shape") or len(tensor.shape) == 0 or tensor.shape[0] != self.n_rows:
            return False
        values = to_numpy(tensor)
        if not np.issubdtype(values.dtype, np.number):
            return False
        self.found.append(LayerOutput(layer, values))
        self.last = tensor
        return True

    def describe(self, layer: Any, values: Any) -> Layer:
        name, kind = self.name(layer), layer_kind(layer)
        weights = self.parameters.get(name, [])
        if kind == "other" and any(w.variable.shape is not None and len(w.variable.shape) == 2 for w in weights):
            kind = "dense"
        return Layer(name, kind, layer_activation(layer), _last(values), tuple(w.name for w in weights))

    def activation(self, owner: Any, kind: str, before: Any, after: Any) -> None:
        """Record a fused or functional activation, and what went into it if that was not recorded yet."""
        known = self.last is before or (self.found and _same(self.found[-1].values, before))
        if not known:
            self.keep(self.describe(owner, before), before)
        name = self.found[-1].layer.name if self.found and known else self.name(owner)
        units = int(after.shape[-1]) if len(after.shape) > 1 else None
        self.keep(Layer(f"{name}:{kind}", "activation", kind, units), after)


def _same(values: AnyArray, tensor: Any) -> bool:
    return tuple(values.shape) == tuple(tensor.shape) and bool(np.array_equal(values, to_numpy(tensor), equal_nan=True))


@contextmanager
def swapped(layer: Any, attribute: str, value: Any) -> Iterator[None]:
    """Set an instance attribute behind the framework's tracking, and put the former state back."""
    own = layer.__dict__
    had, before = attribute in own, own.get(attribute)
    own[attribute] = value
    try:
        yield
    finally:
        if had:
            own[attribute] = before
        else:
            own.pop(attribute, None)


def _spy_call(recorder: _Recorder, layer: Any) -> Callable[..., Any]:
    original = layer.call
    leaf = not sublayers(layer)
    foreign = not is_builtin(layer) or not leaf

    def call(*args: Any, **kwargs: Any) -> Any:
        frame = _Frame(layer, foreign and layer_kind(layer) not in OPAQUE, len(recorder.found))
        recorder.stack.append(frame)
        added: list[Any] = []
        try:
            with _added_seen(layer, added) if not is_builtin(layer) else nullcontext():
                result = original(*args, **kwargs)
        finally:
            recorder.stack.pop()
        kept = keep(frame, result)
        if added and recorder.found:
            recorder.found[-1] = replace(recorder.found[-1], added=sum(float(to_numpy(one)) for one in added))
        return kept

    def keep(frame: _Frame, result: Any) -> Any:
        first = result[0] if isinstance(result, (tuple, list)) and result else result
        inside = len(recorder.found) > frame.recorded
        if recorder.last is first and inside:
            return result
        if inside and _tail_is(recorder, first):
            return result
        if inside and not leaf and recorder.found and layer_kind(layer) == "other":
            recorder.keep(Layer(recorder.name(layer), "merge", None, _last(first)), result)
            return result
        recorder.keep(recorder.describe(layer, first), result)
        return result

    return call


@contextmanager
def _added_seen(layer: Any, added: list[Any]) -> Iterator[None]:
    """Note what a layer adds to the loss while it runs."""
    original = layer.add_loss

    def add_loss(losses: Any, *args: Any, **kwargs: Any) -> None:
        parts = losses if isinstance(losses, (list, tuple)) else [losses]
        added.extend(one for one in parts if one is not None and not callable(one))
        original(losses, *args, **kwargs)

    with swapped(layer, "add_loss", add_loss):
        yield


def _tail_is(recorder: _Recorder, tensor: Any) -> bool:
    return hasattr(tensor, "shape") and _same(recorder.found[-1].values, tensor)


def _last(tensor: Any) -> int | None:
    shape: Any = getattr(tensor, "shape", ())
    known = len(shape) > 1 and shape[-1] is not None  # text layers run inside a graph of their own: sizes are open
    return int(shape[-1]) if known else None


def _spy_activation(recorder: _Recorder, layer: Any) -> Callable[[Any], Any]:
    original = layer.activation
    kind = activation_name(original)

    def activation(before: Any) -> Any:
        after = original(before)
        recorder.keep(recorder.describe(layer, before), before)
        name = recorder.name(layer)
        recorder.keep(Layer(f"{name}:{kind}", "activation", kind, _last(after)), after)
        return after

    return activation


def _has_fused_activation(layer: Any) -> bool:
    if not is_builtin(layer) or layer_kind(layer) not in FUSED_KINDS:
        return False
    activation = getattr(layer, "activation", None)
    if activation is None or hasattr(activation, "weights"):
        return False
    return activation_name(activation) != "linear"


def shown_parts(model: Any) -> list[Any]:
    """The model and every layer or operation below it that is shown, once."""
    found: dict[int, Any] = {id(model): model}

    def visit(layer: Any) -> None:
        for part in sublayers(layer):
            if id(part) not in found:
                found[id(part)] = part
                visit(part)

    visit(model)
    return list(found.values())


Report = Callable[[str, Any, Any], None]
Listen = Callable[[Report], AbstractContextManager[None]]
"""Opens a context in which activations applied as functions are reported as ``(kind, before, after)``."""


def _silent(report: Report) -> AbstractContextManager[None]:
    return nullcontext()


def _functional(recorder: _Recorder) -> Report:
    """Record activations that a user's own ``call`` applies as functions."""

    def report(kind: str, before: Any, after: Any) -> None:
        if recorder.stack and recorder.stack[-1].foreign:
            recorder.activation(recorder.stack[-1].layer, kind, before, after)

    return report


def trace(model: Any, X: Any, *, training: bool, listen: Listen = _silent) -> ForwardPass:
    """Run the rows through ``model`` eagerly and keep every layer's output; ``listen`` is the backend's.

    The weights of ``model`` may move when ``training`` (batch-norm statistics): give a clone, or put them back.
    """
    recorder = _Recorder(model, len(X))
    with ExitStack() as stack:
        for part in shown_parts(model):
            stack.enter_context(swapped(part, "call", _spy_call(recorder, part)))
            if not is_operation(part) and _has_fused_activation(part):
                stack.enter_context(swapped(part, "activation", _spy_activation(recorder, part)))
        if _needs_operations(model):
            stack.enter_context(listen(_functional(recorder)))
        outputs = call_model(model, X, training=training)
    return ForwardPass(outputs=to_numpy(outputs), layers=tuple(recorder.found))


def _needs_operations(model: Any) -> bool:
    """A class of the user's is among the layers."""
    return any(not is_builtin(part) for part in shown_parts(model))


def first_output(outputs: Any) -> Any:
    """The one output of a model that returns a list or dict of one."""
    if isinstance(outputs, dict):
        return next(iter(outputs.values()))
    return outputs[0] if isinstance(outputs, (list, tuple)) else outputs


def call_model(model: Any, X: Any, *, training: bool) -> Any:
    """``model(X)``, with the training flag where its ``call`` takes one."""
    takes = getattr(model, "_call_has_training_arg", None)
    if takes is None:
        takes = getattr(model, "_expects_training_arg", True)
    return model(X, training=training) if takes else model(X)

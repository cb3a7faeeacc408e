"""What a trace of our own notes down: the loss whose gradient is asked for, and the model's call inside it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
from jax.extend.core import get_opaque_trace_state

from defib.capture.jax_snapshot import is_object, loaded, shape_of
from defib.capture.keras_patch import MARK


class Unreadable(Exception):
    """The step cannot be read; the message says why, as a sentence."""


class Found(BaseException):
    """The gradient was asked for; ends the trace. No ``except Exception`` of the program catches it."""


@dataclass
class ModelCall:
    """A call of the model inside the loss function."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: Any
    modes: dict[str, dict[str, bool]] = field(default_factory=dict)
    variables: Any = None
    module: Any = None
    count: int = 1


@dataclass
class Probe:
    """What a trace of ours notes down."""

    loss: Any = None
    differentiated: Any = None
    call: ModelCall | None = None
    name: str = ""
    structure: Any = None
    """Shapes of what the gradient is taken of, in the program's own nesting."""
    level: Any = None
    """Trace that our function runs in."""
    inside: bool = False
    """The gradient was asked for in a trace inside of ours."""
    module: Any = None
    """The NNX module whose calls are waited for."""
    running: bool = False
    """The loss function runs: gradients inside it are its own business."""


class Now:
    """The trace of ours that is under way, if any."""

    probe: Probe | None = None


def probing() -> Probe | None:
    """The trace of ours that is under way."""
    return Now.probe


def answer(fun: Callable[..., Any], argnums: Any, has_aux: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Inside a trace of ours, a gradient of ``fun`` is asked for: run it, note what it gives, end the trace."""
    probe = Now.probe
    assert probe is not None
    probe.running = True
    probe.inside = probe.level != get_opaque_trace_state()
    if probe.inside:
        raise Found
    first: Any = argnums[0] if isinstance(argnums, Sequence) else argnums
    probe.differentiated = args[int(getattr(first, "argnum", first))]
    probe.name = getattr(fun, "__name__", "")
    if not is_object(probe.differentiated):
        probe.structure = jax.tree_util.tree_map(shape_of, probe.differentiated)
    with noting_calls(probe.differentiated, probe):
        outs = fun(*args, **kwargs)
    probe.loss = outs[0] if has_aux else outs
    raise Found


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Gradients asked for by way of ``jax.grad`` and its like are answered, also when nothing is watched any more."""
    undo = [
        _swap(module, name, _answering)
        for module in (jax, loaded("flax.nnx"))
        for name in ("grad", "value_and_grad")
        if module is not None
    ]
    try:
        yield
    finally:
        for one in undo:
            one()


def _answering(original: Any) -> Any:
    @functools.wraps(original)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        if not (args and callable(args[0])):
            return lambda fun: gradient(fun, **kwargs)
        made = original(*args, **kwargs)

        @functools.wraps(made)
        def called(*own: Any, **named: Any) -> Any:
            probe = Now.probe
            if probe is not None and not probe.running:
                argnums = kwargs.get("argnums", args[1] if len(args) > 1 else 0)
                answer(args[0], argnums, bool(kwargs.get("has_aux", False)), own, named)
            return made(*own, **named)

        return called

    return gradient


@contextlib.contextmanager
def noting_calls(module: Any, probe: Probe) -> Iterator[None]:
    """Calls of this NNX module, and of any Linen module, are noted; classes are as they were afterwards."""
    probe.module = module
    undo: list[Callable[[], None]] = []
    nnx, linen = loaded("flax.nnx"), loaded("flax.linen")
    if nnx is not None and isinstance(module, nnx.Module):
        undo.append(_swap(type(module), "__call__", lambda original: _nnx_call(original, module, probe)))
    elif linen is not None:
        undo.append(_swap(linen.Module, "apply", lambda original: _linen_call(original, probe)))
    try:
        yield
    finally:
        for one in undo:
            one()


def _swap(cls: Any, name: str, wrapper: Callable[[Any], Any]) -> Callable[[], None]:
    had, before = name in vars(cls), vars(cls).get(name)
    if hasattr(getattr(cls, name), MARK):  # watched already, and told of what it sees
        return lambda: None
    setattr(cls, name, wrapper(getattr(cls, name)))
    return lambda: setattr(cls, name, before) if had else delattr(cls, name)


def _nnx_call(original: Any, module: Any, probe: Probe) -> Any:
    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        modes = modes_before(self)
        out = original(self, *args, **kwargs)
        note_call(self, args, kwargs, out, modes)
        return out

    return __call__


def _linen_call(original: Any, probe: Probe) -> Any:
    def apply(self: Any, *args: Any, **kwargs: Any) -> Any:
        out = original(self, *args, **kwargs)
        note_call(self, args, kwargs, out, {})
        return out

    return apply


def modes_before(module: Any) -> dict[str, dict[str, bool]]:
    """Modes of the NNX module whose call is waited for; empty for any other."""
    probe = Now.probe
    if probe is None or module is not probe.module:
        return {}
    from defib.adapters.jax.nnx import modes_of

    return modes_of(module)


def note_call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any, modes: Any) -> None:
    """A model was called in a trace of ours."""
    probe = Now.probe
    if probe is None or not probe.running:
        return
    if is_object(module):
        if module is probe.module:
            _note(probe, ModelCall(args, kwargs, out, modes))
        return
    variables = args[0] if args else kwargs.get("variables")
    named = {name: value for name, value in kwargs.items() if name != "variables"}
    _note(probe, ModelCall(args[1:], named, out, variables=variables, module=module))


def _note(probe: Probe, call: ModelCall) -> None:
    if probe.call is None:
        probe.call = call
    else:
        probe.call.count += 1

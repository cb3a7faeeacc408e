"""Watches raw PyTorch training loops: top-level module calls, backward passes and optimizer steps.

Nothing is changed in the user's program. A top-level call of a module with parameters opens a step;
what torch computes after it is recorded until ``backward`` (see `defib.adapters.torch.tape`), so losses of every make
are read from what ran. Once the rows of an epoch are known, a step costs a few microseconds.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, final

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from defib.adapters.torch.quiet import busy
from defib.capture import Watcher
from defib.capture.engaged import engaged
from defib.capture.keras_patch import Patches
from defib.capture.torch_build import build_subjects
from defib.capture.torch_fit_watch import FitWatch
from defib.capture.torch_frames import calling_forward, is_foreign, user_line
from defib.capture.torch_progress import progress_of
from defib.capture.torch_session import Session
from defib.capture.torch_study import Entry
from defib.subject import Subject

LIBRARIES: Final[Mapping[str, str]] = {
    "lightning.pytorch.trainer.trainer": "defib.capture.lightning_fit",
    "pytorch_lightning.trainer.trainer": "defib.capture.lightning_fit",
    "transformers.trainer": "defib.capture.transformers_fit",
    "skorch.net": "defib.capture.skorch_fit",
}
"""Module of a library that trains PyTorch models → module of ours whose ``watch`` tells the session of its fits."""


def tracing() -> bool:
    """Whether a graph is made of what runs now (``torch.compile``, ``torch.jit.trace``): nothing of ours is in it."""
    return bool(torch.compiler.is_dynamo_compiling() or torch.jit.is_tracing())


REHEARSAL: Final = "defib-rehearsal"
"""Name of a thread in which defib runs a clone with a watcher of its own."""
BESIDE: Final = (
    "a network was called in training mode in another thread than the one that is watched: it was not followed"
)


@final
class TorchWatcher(Watcher):
    """Watches PyTorch from import to the end of the program."""

    triggers = ("torch", *LIBRARIES)

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.session = Session()
        self._inside = False
        self._thread = 0
        self._undo: list[Callable[[], None]] = []
        self._libraries = Patches()
        self._watched: set[str] = set()
        self.fits = FitWatch(self.session, self._guard, self._off, self._watch_forward)

    def attach(self) -> None:
        """Patch modules, backward, optimizers, and the libraries that came in since; see `detach`."""
        if not self._undo:
            self._attach_torch()
        for trigger, where in LIBRARIES.items():
            if trigger in sys.modules and trigger not in self._watched:
                self._watched.add(trigger)
                watch = import_module(where).watch
                watch(
                    sys.modules[trigger],
                    self._libraries,
                    FitWatch(self.session, self._guard, self._off, self._watch_forward),
                )

    def _attach_torch(self) -> None:
        self._thread = threading.get_ident()
        self._patch(nn.Module, "__call__", self._call)
        self._patch(torch.Tensor, "backward", self._tensor_backward)
        self._patch(torch.autograd, "backward", self._autograd_backward)
        self._patch(torch.optim.Optimizer, "__init__", self._optimizer_init)
        self._patch(nn.Module, "load_state_dict", self._load_state_dict)
        self._patch(torch.amp.GradScaler, "scale", self._scale)
        self._patch(torch, "compile", self._compile)
        for owner in (torch.func, torch.nn.utils.stateless):
            if "functional_call" in owner.__dict__:
                self._patch(owner, "functional_call", self._functional_call)
        for owner in (nn.utils, nn.utils.clip_grad):
            self._patch(owner, "clip_grad_norm_", functools.partial(self._clip, "clip_norm"))
            self._patch(owner, "clip_grad_value_", functools.partial(self._clip, "clip_value"))
        self._undo.append(register_optimizer_step_pre_hook(self._before_step).remove)
        self._undo.append(register_optimizer_step_post_hook(self._after_step).remove)

    def detach(self) -> None:
        """Put everything back as it was."""
        self.session.tape_off()
        self._libraries.undo()
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()

    def subjects(self) -> tuple[Subject, ...]:
        """One Subject per model that was trained, in order of first training step."""
        self._guard(self.session.flush)
        return build_subjects(self.session, self.errors)

    def _patch(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        original = owner.__dict__[name]
        setattr(owner, name, make(original))
        self._undo.append(functools.partial(setattr, owner, name, original))

    def _guard(self, action: Callable[..., Any], *args: Any) -> None:
        """Watch without ever breaking the program: an error is noted and swallowed."""
        inside, self._inside = self._inside, True
        try:
            action(*args)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            if text not in self.errors:
                self.errors.append(text)
        finally:
            self._inside = inside

    def _off(self) -> bool:
        if tracing():
            return True
        return self._inside or busy() or engaged() or threading.get_ident() != self._thread

    def _follow(self, module: Any) -> bool:
        """Whether another thread is watched from here on: where nothing was trained yet, or that thread has ended."""
        if not (module.training and torch.is_grad_enabled()) or threading.current_thread().name == REHEARSAL:
            return False
        if self.session.studies and any(one.ident == self._thread for one in threading.enumerate()):
            if BESIDE not in self.errors:
                self.errors.append(BESIDE)
            return False
        self._thread = threading.get_ident()
        return True

    def _call(self, original: Any) -> Any:
        watcher = self

        def __call__(module: Any, *args: Any, **kwargs: Any) -> Any:
            if tracing():
                return original(module, *args, **kwargs)
            if watcher._inside or busy() or engaged():
                return original(module, *args, **kwargs)
            if threading.get_ident() != watcher._thread and not watcher._follow(module):
                return original(module, *args, **kwargs)
            return watcher._top_level(original, module, args, kwargs)

        functools.update_wrapper(__call__, original)
        return __call__

    def _top_level(self, original: Any, module: Any, args: Any, kwargs: Any) -> Any:
        try:
            entry = self.session.entry(module)
        except Exception as error:
            self.errors.append(f"{type(error).__name__}: {error}")
            entry = None
        if entry is None or id(module) in self.session.see_through:
            return original(module, *args, **kwargs)
        if entry.initial is None and not entry.looked and self._part_of_forward(entry):
            return original(module, *args, **kwargs)
        grad = torch.is_grad_enabled()
        self._guard(self.session.before_call, entry, grad)
        self._inside = True
        compiled = type(module).__name__ == "OptimizedModule" or module._compiled_call_impl is not None
        if compiled:  # torch.compile traces calls of submodules: it must see torch's own __call__
            nn.Module.__call__, ours = original, nn.Module.__call__
        try:
            out = original(module, *args, **kwargs)
        finally:
            self._inside = False
            if compiled:
                nn.Module.__call__ = ours
        self._guard(self.session.after_call, entry, args, kwargs, out, grad)
        return out

    def _part_of_forward(self, entry: Entry) -> bool:
        """Whether ``model.forward(x)`` is running; from now on that is watched as a call of ``model``."""
        entry.looked = True
        owner = calling_forward(nn.Module)
        if owner is None or owner is entry.module:
            return False
        self._guard(self.session.adopt, owner)
        self._watch_forward(owner)
        return True

    def expect(self, module: Any) -> None:
        """``module.forward(x)`` may be called directly, the first time as well."""
        self._watch_forward(module)

    def _watch_forward(self, owner: Any) -> None:
        """From now on ``forward`` of the class that defines it, called directly, opens a step."""
        kind = next((one for one in type(owner).__mro__ if "forward" in one.__dict__), None)
        code = None if kind is None else getattr(kind.__dict__["forward"], "__code__", None)
        if code is None or is_foreign(code.co_filename):  # a library's, or wrapped already
            return
        self._patch(kind, "forward", self._forward)

    def _forward(self, original: Any) -> Any:
        @functools.wraps(original)
        def forward(module: Any, *args: Any, **kwargs: Any) -> Any:
            if self._off():
                return original(module, *args, **kwargs)
            return self._top_level(original, module, args, kwargs)

        return forward

    def _functional_call(self, original: Any) -> Any:
        @functools.wraps(original)
        def functional_call(*args: Any, **kwargs: Any) -> Any:
            if self._off():
                return original(*args, **kwargs)
            self.session.functional = True
            self._inside = True  # the weights are not the module's own: its call is none of its training
            try:
                return original(*args, **kwargs)
            finally:
                self._inside = False

        return functional_call

    def _scale(self, original: Any) -> Any:
        @functools.wraps(original)
        def scale(scaler: Any, outputs: Any, *args: Any, **kwargs: Any) -> Any:
            scaled = original(scaler, outputs, *args, **kwargs)
            if not self._off() and isinstance(outputs, torch.Tensor) and scaled is not outputs:
                self.session.scaled = (scaled, outputs)
            return scaled

        return scale

    def _compile(self, original: Any) -> Any:
        @functools.wraps(original)
        def compile(*args: Any, **kwargs: Any) -> Any:
            self.session.loose.compiled = True
            return original(*args, **kwargs)

        return compile

    def _tensor_backward(self, original: Any) -> Any:
        @functools.wraps(original)
        def backward(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            if self._off():
                return original(tensor, *args, **kwargs)
            self._guard(self.session.on_backward, tensor)
            self._inside = True
            try:
                return original(tensor, *args, **kwargs)
            finally:
                self._inside = False
                self._guard(self.session.after_backward)

        return backward

    def _autograd_backward(self, original: Any) -> Any:
        @functools.wraps(original)
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._off():
                first = tensors if isinstance(tensors, torch.Tensor) else next(iter(tensors), None)
                self._guard(self.session.on_backward, first)
            return original(tensors, *args, **kwargs)

        return backward

    def _optimizer_init(self, original: Any) -> Any:
        @functools.wraps(original)
        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            if not self._off():
                self._guard(self._built, optimizer)

        return __init__

    def _built(self, optimizer: Any) -> None:
        self.session.lines[optimizer] = user_line()

    def _load_state_dict(self, original: Any) -> Any:
        @functools.wraps(original)
        def load_state_dict(module: Any, *args: Any, **kwargs: Any) -> Any:
            if self._off():
                return original(module, *args, **kwargs)
            result = original(module, *args, **kwargs)
            self._guard(self.session.note_load, module, result)
            return result

        return load_state_dict

    def _note_clip(self, kind: str, args: Any, kwargs: Any) -> None:
        """The limit, by place or by name."""
        limit = args[1] if len(args) > 1 else kwargs.get("max_norm", kwargs.get("clip_value"))
        if limit is not None:
            self.session.clip = (kind, float(limit))

    def _clip(self, kind: str, original: Any) -> Any:
        @functools.wraps(original)
        def clip(*args: Any, **kwargs: Any) -> Any:
            if not self._off():
                self._guard(self._note_clip, kind, args, kwargs)
            return original(*args, **kwargs)

        return clip

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not self._off():
            self._guard(self.session.before_step, optimizer)

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not self._off():
            self._guard(self.session.after_step, optimizer)
            if self.pulse is not None and self.pulse.due:
                self._guard(lambda pulse: pulse.beat(progress_of(self.session)), self.pulse)

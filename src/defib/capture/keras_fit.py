"""Watch Keras 3 and the legacy ``tf_keras`` inside a user's unmodified program.

Methods of the model class are wrapped on the class and put back on `detach`; steps and epochs are
seen by wrapping Keras' own list of callbacks, so that no callback of ours stands among the user's.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Final

from defib.capture import Watcher
from defib.capture.engaged import KEPT_OUTSIDE
from defib.capture.keras_patch import Patches
from defib.subject import Subject

TRAINING: Final = ("fit", "train_on_batch", "compile")
SERVING: Final = ("evaluate", "test_on_batch", "predict", "predict_on_batch")
CALLBACKS: Final = ("on_train_begin", "on_epoch_begin", "on_train_batch_end", "on_epoch_end")
FLAVORS: Final = ("keras", "tf_keras")


class KerasWatcher(Watcher):
    """Notices every model that is trained, its rows, recipe and trace, and what it serves afterwards."""

    triggers = FLAVORS

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._patches = Patches()
        self._attached: set[str] = set()
        self._session: Any = None
        KEPT_OUTSIDE.clear()

    def attach(self) -> None:
        """Patch what is imported of ``keras`` and ``tf_keras``; may be called again when the other one comes in."""
        for name in FLAVORS:
            module = sys.modules.get(name)
            if module is None or name in self._attached or not hasattr(module, "Model"):
                continue
            from defib.capture.keras_session import Session

            if self._session is None:
                self._session = Session(self.errors)
            self._attached.add(name)
            self._patch(module)

    def _patch(self, module: Any) -> None:
        session = self._session
        for part, methods in ((session, TRAINING), (session.serving, SERVING)):
            for method in methods:
                self._patches.wrap(module.Model, method, functools.partial(_guest, session, getattr(part, method)))
        wrapper = functools.partial(_guest, session, session.serving.call)
        self._patches.wrap(module.Model, "__call__", wrapper, own=True)
        for method in ("load_weights", "set_weights"):
            wrapper = functools.partial(_guest, session, functools.partial(session.instances.loading, method))
            self._patches.wrap(module.Model, method, wrapper, own=True)
        for event in CALLBACKS:
            self._patches.wrap(
                module.callbacks.CallbackList, event, functools.partial(_before, session, getattr(session, event))
            )
        ended = functools.partial(_after, session, session.on_train_end)
        self._patches.wrap(module.callbacks.CallbackList, "on_train_end", ended)
        self._patches.wrap(
            module.optimizers.Optimizer, "build", functools.partial(_before, session, session.optimizer_build)
        )
        self._patches.wrap(module.Model, "make_train_function", functools.partial(_before, session, session.make_train))

        step = "apply" if hasattr(module.optimizers.Optimizer, "apply") else "apply_gradients"
        self._patches.wrap(module.optimizers.Optimizer, step, functools.partial(_guest, session, session.loops.apply))
        wrapper = functools.partial(_guest, session, session.loops.loss)
        self._patches.wrap(module.losses.Loss, "__call__", wrapper)
        tape = getattr(sys.modules.get("tensorflow.python.eager.backprop"), "GradientTape", None)
        if tape is not None:
            self._patches.wrap(tape, "gradient", functools.partial(_guest, session, session.loops.gradient))
        if hasattr(module.Model, "stateless_call"):
            stateless = functools.partial(_guest, session, session.loops.stateless)
            self._patches.wrap(module.Model, "stateless_call", stateless, own=True)
            if module.backend.backend() == "torch":
                self._patch_torch(session)
        function = _traced_function_class()
        if function is not None:
            self._patches.wrap(function, "__call__", functools.partial(_guest, session, session.loops.function))
            wrapper = functools.partial(_after, session, session.variables_initialized)
            self._patches.wrap(function, "_initialize_uninitialized_variables", wrapper)

    def _patch_torch(self, session: Any) -> None:
        """Loops in plain PyTorch around a Keras model."""
        import torch
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        wrapper = functools.partial(_guest, session, session.loops.backward)
        self._patches.wrap(torch.Tensor, "backward", wrapper)
        before = register_optimizer_step_pre_hook(
            lambda optimizer, args, kwargs: session.safely(session.loops.before_native_step, optimizer)
        )
        after = register_optimizer_step_post_hook(
            lambda optimizer, args, kwargs: session.safely(session.loops.after_native_step)
        )
        self._patches.later(before.remove)
        self._patches.later(after.remove)

    def join(self, model: Any, ended: Callable[[], None]) -> bool:
        """Watch the ``fit`` of this model that is running now, and no other model any more.

        ``ended`` is called when every callback was told that the training is over. Returns whether ``fit`` was found.
        """
        return bool(self._session.join(model, ended))

    def detach(self) -> None:
        """Put everything back."""
        self._patches.undo()
        self._attached.clear()
        if self._session is not None:
            self._session.loops.stop()
            self._session.depth = 0  # a call that never came back looks at nothing any more

    def subjects(self) -> tuple[Subject, ...]:
        """One Subject per model that was trained, in order of first training step."""
        return () if self._session is None else tuple(self._session.subjects())


def _traced_function_class() -> Any:
    """What ``tf.function`` gives.

    A model without a known input shape gets its weights inside the first step; TensorFlow initializes
    them between tracing that step and running it.
    """
    module = sys.modules.get("tensorflow.python.eager.polymorphic_function.polymorphic_function")
    return getattr(module, "Function", None)


def _after(session: Any, watch: Callable[[], Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """A wrapper that calls ``watch`` when the call is done."""

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        session.safely(watch)
        return result

    return method


def _guest(session: Any, watch: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """A wrapper that lets ``watch`` prepare a call, hand on other arguments, and see the result.

    ``watch(original, model, args, kwargs)`` gives a `Turn` or ``None``; whatever it raises is noted and the
    call runs as the user wrote it.
    """

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        turn = session.safely(watch, original, self, args, kwargs)
        if turn is None:
            return original(self, *args, **kwargs)
        with turn.around():
            result = original(self, *turn.args, **turn.kwargs)
        session.safely(turn.finish, result)
        return result

    return method


def _before(session: Any, watch: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """A wrapper that shows ``watch`` the arguments first."""

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        session.safely(watch, self, *args, **kwargs)
        return original(self, *args, **kwargs)

    return method

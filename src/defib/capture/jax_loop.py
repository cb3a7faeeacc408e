"""Watch JAX programs: functions they compile, gradients they ask for, Flax models they train, inside unmodified code.

`jax.jit` of the user's functions gives an object that stands for the compiled function and shows us its arguments;
`nnx.jit` is watched on its class. Nothing is added to what is compiled.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Final, final

from defib.capture import Watcher
from defib.capture.engaged import KEPT_OUTSIDE
from defib.capture.jax_earlier import NOT_SHOWN, gradient_of, hidden_earlier, show_earlier
from defib.capture.keras_patch import MARK
from defib.capture.torch_frames import is_foreign, user_line
from defib.subject import Subject

OPTIMIZERS: Final = (
    *("adam", "adamw", "sgd", "rmsprop", "adagrad", "adadelta", "adamax", "adamaxw", "amsgrad", "lamb", "lars", "lion"),
    *(
        "nadam",
        "nadamw",
        "noisy_sgd",
        "novograd",
        "radam",
        "yogi",
        "adabelief",
        "adafactor",
        "fromage",
        "sm3",
        "optimistic_gradient_descent",
    ),
    *("chain", "partition", "multi_transform", "masked", "apply_if_finite", "named_chain"),
)
JITS: Final = ("JitWrapped", "SimpleJitWrapped", "SimpleJitPartialWrapped", "JitPartialWrapped")


@final
class JaxWatcher(Watcher):
    """Watches JAX from import to the end of the program; Flax and optax as they come in."""

    triggers = ("jax", "optax", "flax.nnx", "flax.linen")

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._session: Any = None
        self._undo: list[Callable[[], None]] = []
        self._done: set[str] = set()
        self._hidden: tuple[str, ...] = ()
        """Functions that were compiled before, and cannot be shown."""

    @property
    def session(self) -> Any:
        """Made when the first library is there."""
        if self._session is None:
            from defib.capture.jax_held import held_arrays
            from defib.capture.jax_session import Session

            self._session = Session(self.errors, held_arrays)
        return self._session

    def attach(self) -> None:
        """Patch what has been imported and is not patched yet."""
        for name, last, patch in (
            ("jax", "value_and_grad", self._jax),
            ("optax", "yogi", self._optax),
            ("flax.nnx", "Optimizer", self._nnx),
            ("flax.linen", "Module", self._linen),
        ):
            module = sys.modules.get(name)
            if (
                module is not None and hasattr(module, last) and name not in self._done
            ):  # not in the middle of its import
                self._done.add(name)
                patch(module)

    def detach(self) -> None:
        """Put everything back."""
        while self._undo:
            self._undo.pop()()

    def subjects(self) -> tuple[Subject, ...]:
        """One Subject per training, in order of first step; none of a loop over a Keras model, which Keras tells of."""
        if self._session is None or KEPT_OUTSIDE:
            return ()
        from defib.capture.jax_build import build_subjects

        found = tuple(build_subjects(self._session, self.errors))
        if self._hidden and not found:
            self.errors.append(NOT_SHOWN.format(names=", ".join(self._hidden)))
        return found

    def _replace(self, owner: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
        before = getattr(owner, name, None)
        if before is None or hasattr(before, MARK):
            return
        had = name in vars(owner)
        raw = vars(owner).get(name)
        made = wrapper(before)
        setattr(made, MARK, before)
        setattr(owner, name, made)
        self._undo.append(lambda: setattr(owner, name, raw) if had else delattr(owner, name))

    def _jax(self, jax: Any) -> None:
        compiled = type(jax.jit(_nothing))
        self._hidden = hidden_earlier(compiled)
        self._undo.extend(show_earlier(functools.partial(_shown, self, compiled)))
        self._replace(jax, "jit", functools.partial(_watched_jit, self))
        for name in ("grad", "value_and_grad"):
            self._replace(jax, name, functools.partial(_watched_gradient, self))
        for name in ("scan", "fori_loop", "while_loop"):
            self._replace(jax.lax, name, functools.partial(_watched_loop, self, name))

    def _optax(self, optax: Any) -> None:
        for name in OPTIMIZERS:
            self._replace(optax, name, functools.partial(_noted_optimizer, self))
        self._replace(optax, "apply_updates", functools.partial(_applied, self))
        self._replace(optax.MultiSteps, "__init__", functools.partial(_wrapped, self))

    def _nnx(self, nnx: Any) -> None:
        compilation = sys.modules.get("flax.nnx.transforms.compilation")
        for name in JITS:
            cls = getattr(compilation, name, None)
            if cls is not None:
                self._replace(cls, "__call__", functools.partial(_watched_call, self))
        for name in ("grad", "value_and_grad"):
            self._replace(nnx, name, functools.partial(_watched_gradient, self))
        self._replace(nnx.Optimizer, "__init__", functools.partial(_made, self))

    def _linen(self, linen: Any) -> None:
        self._replace(linen.Module, "apply", functools.partial(_model_call, self))

    def watch_models(self) -> None:
        """Calls of NNX networks that are trained, outside of compiled functions."""
        for cls in self.session.new_models():
            self._replace(cls, "__call__", functools.partial(_model_call, self))


class CompiledFunction:
    """Stands for what ``jax.jit`` gave: called and asked like it."""

    def __init__(self, watcher: JaxWatcher, compiled: Any, raw: Any) -> None:
        self._defib = (watcher, compiled, raw)
        functools.update_wrapper(self, raw, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The call itself, shown to the watcher."""
        watcher, compiled, raw = self._defib
        return watcher.session.around(raw, functools.partial(compiled, *args, **kwargs), args, kwargs)

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return self if owner is None else functools.partial(self, owner)

    def __getattr__(self, name: str) -> Any:
        if name == "_defib":
            raise AttributeError(name)
        return getattr(self._defib[1], name)

    def __repr__(self) -> str:
        return repr(self._defib[1])


def _nothing() -> None: ...


def _shown(watcher: JaxWatcher, compiled: type[Any], value: Any) -> Any:
    """What stands for a function that was compiled, or made a gradient of, before the watching began."""
    if type(value) is compiled and hasattr(value, "__wrapped__"):
        raw = _shown(watcher, compiled, value.__wrapped__) or value.__wrapped__
        watcher.session.earlier.add(id(raw))
        return CompiledFunction(watcher, value, raw)
    found = gradient_of(value)
    if found is None:
        return None
    fun, argnums, has_aux = found
    return _with_gradient(watcher, value, fun, (argnums,), {"has_aux": has_aux})


def _from_the_program() -> bool:
    return not is_foreign(sys._getframe(2).f_code.co_filename)


def _watched_jit(watcher: JaxWatcher, original: Any) -> Any:
    @functools.wraps(original)
    def jit(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        if not _from_the_program():
            return made
        if args and callable(args[0]):
            return CompiledFunction(watcher, made, args[0])
        if not hasattr(made, "lower"):  # jax.jit(static_argnames=...) is a decorator
            return lambda fun: CompiledFunction(watcher, made(fun), fun)
        return made

    return jit


def _watched_loop(watcher: JaxWatcher, name: str, original: Any) -> Any:
    @functools.wraps(original)
    def loop(*args: Any, **kwargs: Any) -> Any:
        return (
            watcher.session.looped(name, original, args, kwargs) if _from_the_program() else original(*args, **kwargs)
        )

    return loop


def _watched_gradient(watcher: JaxWatcher, original: Any) -> Any:
    @functools.wraps(original)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        if not _from_the_program():
            return made
        if args and callable(args[0]):
            return _with_gradient(watcher, made, args[0], args[1:], kwargs)
        return lambda fun: _with_gradient(watcher, original(fun, **kwargs), fun, (), kwargs)

    return gradient


def _with_gradient(watcher: JaxWatcher, made: Any, fun: Any, rest: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    argnums = kwargs.get("argnums", rest[0] if rest else 0)
    has_aux = bool(kwargs.get("has_aux", rest[1] if len(rest) > 1 else False))

    @functools.wraps(made)
    def called(*args: Any, **own: Any) -> Any:
        session = watcher.session
        before = session.gradient(called, fun, argnums, has_aux, args, own)
        out = made(*args, **own)
        if before is not None:
            session.safely(session.graded, called, fun, before, out)
            watcher.watch_models()
        return out

    return called


def _watched_call(watcher: JaxWatcher, original: Any) -> Any:
    @functools.wraps(original)
    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        raw = getattr(self, "fun", getattr(self, "f", None))
        if raw is None or is_foreign(getattr(getattr(raw, "__code__", None), "co_filename", "")):
            return original(self, *args, **kwargs)
        out = watcher.session.around(raw, functools.partial(original, self, *args, **kwargs), args, kwargs)
        watcher.watch_models()
        return out

    return __call__


def _noted_optimizer(watcher: JaxWatcher, original: Any) -> Any:
    @functools.wraps(original)
    def make(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        if _from_the_program():
            watcher.session.optimizers.append(made)
            watcher.session.lines[id(made)] = user_line()
        return made

    return make


def _wrapped(watcher: JaxWatcher, original: Any) -> Any:
    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        watcher.session.optimizers.append(self)
        watcher.session.lines[id(self)] = user_line()

    return __init__


def _applied(watcher: JaxWatcher, original: Any) -> Any:
    @functools.wraps(original)
    def apply_updates(*args: Any, **kwargs: Any) -> Any:
        out = original(*args, **kwargs)
        watcher.session.safely(watcher.session.applied, out)
        return out

    return apply_updates


def _made(watcher: JaxWatcher, original: Any) -> Any:
    @functools.wraps(original)
    def __init__(self: Any, model: Any, *args: Any, **kwargs: Any) -> None:
        original(self, model, *args, **kwargs)
        watcher.session.trained_by[id(model)] = self
        watcher.session.lines[id(self)] = user_line()

    return __init__


def _model_call(watcher: JaxWatcher, original: Any) -> Any:
    @functools.wraps(original)
    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        session = watcher.session
        modes = session.modes_before(self)
        out = original(self, *args, **kwargs)
        session.safely(session.model_called, self, args, kwargs, out, modes)
        return out

    return __call__

"""Functions that were compiled before the watching began: ``with defib.watch():`` around a loop, a cell of a notebook.

What ``jax.jit`` and ``jax.value_and_grad`` have given already shows its arguments to nobody. Where the program has a
global name for it, one that does show them stands under this name until the watching ends. A name inside a running
function cannot be changed; it is told.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from defib.capture.torch_frames import is_foreign, user_frames

NOT_SHOWN: Final = (
    "{names} was compiled before the watching began, inside a function that was running: its calls were not seen; "
    "begin the watching (defib.watch()) before it is compiled, or use defib run"
)


GRADIENTS: Final = ("value_and_grad_f", "value_and_grad_f_aux", "grad_f", "grad_f_aux")
"""What the functions are called inside JAX that ``jax.value_and_grad`` and ``jax.grad`` give."""
FILTER: Final = "reraise_with_filtered_traceback"
"""What stands around them."""


SHOWN: Final[dict[tuple[int, str], tuple[dict[str, Any], Any, Any]]] = {}
"""Names whose gradient was shown: by globals and name, the globals, what stands there now and what showed it."""


def show_earlier(shown_as: Callable[[Any], Any]) -> list[Callable[[], None]]:
    """Put ``shown_as(value)``, where that is not ``None``, under each global name; how to put each back."""
    undo = []
    for names in _global_names():
        for name, value in list(names.items()):
            shown = shown_as(value)
            if shown is not None:
                names[name] = shown
                undo.append(_back(names, name, shown, value))
                if gradient_of(value) is not None:
                    SHOWN[id(names), name] = (names, value, shown)
    return undo


@contextlib.contextmanager
def shown_again() -> Iterator[None]:
    """Gradients that were shown are shown once more: a step is traced again when the watching is over, too."""
    undo = []
    for (_, name), (names, value, shown) in SHOWN.items():
        if names.get(name) is value:
            names[name] = shown
            undo.append(_back(names, name, shown, value))
    try:
        yield
    finally:
        for one in undo:
            one()


def gradient_of(made: Any) -> tuple[Any, Any, bool] | None:
    """Function, ``argnums`` and ``has_aux`` behind what ``jax.grad`` or ``value_and_grad`` gave; else ``None``."""
    code = getattr(made, "__code__", None)
    if code is None or code.co_name not in (*GRADIENTS, FILTER) or not is_foreign(code.co_filename):
        return None
    inside = inspect.getclosurevars(made).nonlocals
    if {"fun", "argnums", "has_aux"} <= set(inside):
        return inside["fun"], inside["argnums"], bool(inside["has_aux"])
    behind = inside.get("fun" if code.co_name == FILTER else "value_and_grad_f")
    return None if behind is None else gradient_of(behind)


def hidden_earlier(kind: type[Any]) -> tuple[str, ...]:
    """Names of compiled functions in the program's running functions."""
    frames = (one for one in user_frames(sys._getframe(1)) if one.f_locals is not one.f_globals)
    return tuple(dict.fromkeys(name for one in frames for name, value in one.f_locals.items() if type(value) is kind))


def _back(names: dict[str, Any], name: str, shown: Any, value: Any) -> Callable[[], None]:
    def back() -> None:
        if names.get(name) is shown:  # the program may have put something else there
            names[name] = value

    return back


def _global_names() -> Iterator[dict[str, Any]]:
    """Of every module of the program's own, and of the functions that run now; each once."""
    modules = (one for one in list(sys.modules.values()) if _is_the_programs(one))
    found = [vars(one) for one in modules] + [one.f_globals for one in user_frames(sys._getframe(1))]
    yield from {id(one): one for one in found}.values()


def _is_the_programs(module: Any) -> bool:
    if getattr(module, "__name__", "") == "__main__":  # a notebook's has no file
        return True
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and not is_foreign(file)

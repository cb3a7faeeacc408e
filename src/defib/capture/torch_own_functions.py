"""Autograd functions of the program's own whose backward passes nothing on."""

from __future__ import annotations

import inspect
import linecache
from pathlib import Path
from typing import Any, Final, final

import torch
from torch.autograd.function import BackwardCFunction

from defib.capture.torch_frames import is_foreign

PASSES: Final = 5
"""Backward passes that are looked at: a factor that grows from zero has grown by then."""
MAX_NODES: Final = 20_000


@final
class OwnFunctions:
    """What came to the backward of each such function of one training, and what it gave back."""

    def __init__(self) -> None:
        self.passed: dict[Any, list[bool]] = {}
        """By function: per backward pass that brought it a gradient, whether it passed any on."""
        self._left = PASSES
        self._hooks: list[Any] = []

    def watch(self, loss: Any) -> None:
        """Before the backward pass of this loss. The hooks only look, and are gone with `done`."""
        self.done()
        if self._left == 0:
            return
        self._left -= 1
        for node in _own_nodes(getattr(loss, "grad_fn", None)):
            self._hooks.append(node.register_hook(self._looker(node._forward_cls)))

    def _looker(self, function: Any) -> Any:
        def look(given_back: Any, came: Any) -> None:
            if any(map(_is_there, came)):
                self.passed.setdefault(function, []).append(any(map(_is_there, given_back)))

        return look

    def done(self) -> None:
        """The backward pass is over."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def silent(self) -> tuple[str, ...]:
        """Those that never passed anything on, ``Name (file:line)``."""
        return tuple(f"{function.__name__} ({_line(function)})" for function in self._silent())

    def notes(self) -> list[str]:
        """One sentence per function that never passed anything on."""
        return [
            f"{function.__name__} ({_line(function)}) is an autograd function of the program's own, and its backward "
            f"gave back zeros for gradients that were not zero, on each of the first {len(self.passed[function])} "
            "calls: nothing before it learns through it"
            for function in self._silent()
        ]

    def _silent(self) -> list[Any]:
        return [function for function, passed in self.passed.items() if not any(passed)]


def _is_there(gradient: Any) -> bool:
    return isinstance(gradient, torch.Tensor) and bool((gradient != 0).any())


def _own_nodes(root: Any) -> list[Any]:
    """Nodes of the graph whose backward the program wrote."""
    found, seen, waiting = [], {root}, [root]
    while waiting and len(seen) < MAX_NODES:
        node = waiting.pop()
        if isinstance(node, BackwardCFunction) and not is_foreign(_code(node._forward_cls).co_filename):
            found.append(node)
        for below, _ in getattr(node, "next_functions", ()):
            if below is not None and below not in seen:
                seen.add(below)
                waiting.append(below)
    return found


def _code(function: Any) -> Any:
    return function.backward.__code__


def own_step(optimizer: Any) -> str:
    """``Name.step (file:line)`` of an optimizer class that the program wrote; empty for a library's."""
    kind = next((one for one in type(optimizer).__mro__ if "step" in vars(one)), None)
    code = None if kind is None else getattr(inspect.unwrap(vars(kind)["step"]), "__code__", None)
    if kind is None or code is None or is_foreign(code.co_filename):
        return ""
    return f"{kind.__name__}.step ({_place(code)})"


def _line(function: Any) -> str:
    return _place(_code(function))


def _place(code: Any) -> str:
    """``file:line`` of a ``def``, past its decorators."""
    number = code.co_firstlineno
    while linecache.getline(code.co_filename, number).lstrip().startswith("@"):
        number += 1
    return f"{Path(code.co_filename).name}:{number}"

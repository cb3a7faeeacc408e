"""How many rounds the program's own loop was to make around a training step, read from its source where that is sure.

``for epoch in range(args.epochs)`` says it; a ``break`` or ``return`` inside is what may end it before.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from defib.capture.torch_frames import user_frames

COUNTERS: Final = frozenset({"range", "trange"})
CLEARLY: Final = 0.9
"""Epochs are counted by rows that come again, which may miss one of many; fewer than this share were cut short."""
WRAPPERS: Final = frozenset({"tqdm", "enumerate", "track", "iter", "list"})


@dataclass(frozen=True)
class CountedLoop:
    """A loop around the first step of a training."""

    rounds: int
    may_end_before: bool
    """A ``break`` of its own, or a ``return``, stands in it."""


def counted_loops(innermost: Any) -> tuple[CountedLoop, ...]:
    """Counted loops around the running line of this frame and of the user's frames that called it, innermost first."""
    found: list[CountedLoop] = []
    for frame in user_frames(innermost):
        scope = {**frame.f_globals, **frame.f_locals}
        for loop in _loops_around(frame.f_code.co_filename, frame.f_lineno):
            rounds = _rounds(loop.iter, scope)
            if rounds is not None:
                found.append(CountedLoop(rounds, _may_end(loop)))
    return tuple(found)


def planned_epochs(loops: tuple[CountedLoop, ...], epochs: int | None, n_updates: int) -> int | None:
    """Epochs that were planned, given those that were made; ``None`` where the loops do not say it.

    >>> planned_epochs((CountedLoop(200, True),), 7, 70), planned_epochs((CountedLoop(20, False),), 20, 200)
    (200, 20)
    >>> planned_epochs((CountedLoop(10, True),), 7, 70) is None  # ten batches make one epoch
    True
    """
    if not epochs:
        return None
    batches = round(n_updates / epochs)
    of_epochs = [one for one in loops if one.rounds != batches] or loops
    if any(one.rounds == epochs for one in of_epochs):
        return epochs
    left = [one.rounds for one in of_epochs if one.may_end_before and epochs <= CLEARLY * one.rounds]
    # Rounds of equal length that fill the updates were all made: each took but a part of the rows.
    sure = len(left) == 1 and n_updates % left[0] != 0
    return left[0] if sure else None


@lru_cache(maxsize=64)
def _parsed(filename: str) -> ast.Module | None:
    try:
        return ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError, RecursionError):
        return None


def _loops_around(filename: str, line: int) -> Iterator[ast.For]:
    """``for`` loops of the innermost function at that line, innermost first."""
    tree = _parsed(filename)
    if tree is None:
        return
    around = [one for one in ast.walk(tree) if _spans(one, line)]
    functions = [one for one in around if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)]
    inside = max((one.lineno for one in functions), default=0)
    loops = [one for one in around if isinstance(one, ast.For) and one.lineno >= inside]
    yield from sorted(loops, key=lambda one: -one.lineno)


def _spans(node: ast.AST, line: int) -> bool:
    first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
    return first is not None and last is not None and first <= line <= last


def _may_end(loop: ast.For) -> bool:
    """A ``break`` inside an inner loop ends that one, and a ``return`` inside a function only the function."""
    todo: list[tuple[ast.AST, bool]] = [(one, True) for one in loop.body]
    while todo:
        node, own = todo.pop()
        if isinstance(node, ast.Return) or (own and isinstance(node, ast.Break)):
            return True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        own = own and not isinstance(node, ast.For | ast.While)
        todo += [(one, own) for one in ast.iter_child_nodes(node)]
    return False


def _rounds(over: ast.expr, scope: Mapping[str, Any]) -> int | None:
    """Length of ``range(…)``, also inside ``tqdm(…)`` and the like."""
    if not isinstance(over, ast.Call) or not over.args:
        return None
    called = over.func
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    if name in WRAPPERS:
        return _rounds(over.args[0], scope)
    numbers = [_number(one, scope) for one in over.args[:3]]
    if name not in COUNTERS or None in numbers or (over.keywords and name == "range"):
        return None
    try:
        return len(range(*[one for one in numbers if one is not None]))
    except (ValueError, TypeError, OverflowError):
        return None


def _number(node: ast.expr, scope: Mapping[str, Any]) -> int | None:
    """A whole number that the source names: nothing of the program's is called for it."""
    value = _value(node, scope)
    return value if type(value) is int else None


def _value(node: ast.expr, scope: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return scope.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, scope)
        return {**getattr(type(owner), "__dict__", {}), **getattr(owner, "__dict__", {})}.get(node.attr)
    if isinstance(node, ast.Subscript):
        owner, key = _value(node.value, scope), _value(node.slice, scope)
        return owner.get(key) if type(owner) is dict and isinstance(key, str | int) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left, right = _number(node.left, scope), _number(node.right, scope)
        if left is None or right is None:
            return None
        return left + right if isinstance(node.op, ast.Add) else left - right
    return None

"""Many entries of a program's that are all the one answer for which its network was asked.

A cache of the program's own (a dictionary, a file) says nothing of its hits. What shows it: a loop that asks with
another argument each turn, during which the network was asked once, and as many entries as turns, all that one answer.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from defib.measures.outputs import to_probabilities
from defib.program_text import covers, parted
from defib.subject import AnyArray, FloatArray, Handling

LEAST: Final = 10
"""Entries; fewer may well be asked for alike."""
MOST: Final = 1_000_000
APPLIED: Final = frozenset({"apply", "map", "progress_apply"})
Turns: TypeAlias = ast.For | ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.Call


def read_entries(places: Sequence[str], answer: FloatArray | None) -> tuple[Handling, ...]:
    """The first variable that holds nothing but the answer, where a loop asked for it; empty where there is none.

    ``places``: the frames of the call that predicted, innermost first, each ``file:line``. ``answer``: what came of
    it, ``(1, ...)``; more rows asked for are no single answer.
    """
    if answer is None or len(answer) != 1:
        return ()
    read = [(Path(file).name, _tree(file), line, _namespace(file)) for file, line in map(parted, places)]
    turns = [(name, space, one) for name, tree, line, space in read for one in _turns(tree, line)]
    if not turns or any(_all_alike(one, space) for _, space, one in turns):
        return ()
    where, _, loop = turns[0]
    for _, tree, line, space in read:
        for holder in _holders(tree, line):
            n = _entries(_value(holder, space), answer)
            if n:
                code = ast.unparse(holder)
                return (Handling("entries", f"{where}:{loop.lineno}", code, hits=n - 1, misses=1),)
    return ()


def _tree(file: str) -> ast.AST:
    with contextlib.suppress(SyntaxError):
        return ast.parse("".join(linecache.getlines(file)))
    return ast.Module([], [])


def _namespace(file: str) -> Mapping[str, Any]:
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == file:
            return vars(module)
    return {}


def _covering(tree: ast.AST, line: int) -> Iterator[ast.stmt | ast.expr]:
    return (one for one in ast.walk(tree) if isinstance(one, ast.stmt | ast.expr) and covers(one, line))


def _names(*nodes: ast.AST) -> set[str]:
    return {one.id for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)}


def _turns(tree: ast.AST, line: int) -> Iterator[Turns]:
    """Loops around this line in which a call takes something that is another one each turn."""
    for node in _covering(tree, line):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in APPLIED:
            yield node
        elif isinstance(node, ast.For):
            made = [one for part in node.body for one in ast.walk(part) if isinstance(one, ast.Assign)]
            own = _names(node.target, *(target for one in made for target in one.targets))
            calls = [one for part in node.body for one in _covering(part, line) if isinstance(one, ast.Call)]
            if any(own & _names(one) for one in calls):
                yield node
        elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
            own = _names(*(one.target for one in node.generators))
            made_of = node.value if isinstance(node, ast.DictComp) else node.elt
            if any(own & _names(one) for one in ast.walk(made_of) if isinstance(one, ast.Call)):
                yield node


def _all_alike(turns: Turns, space: Mapping[str, Any]) -> bool:
    """Whether what it goes over is known to be one and the same thing again and again."""
    if isinstance(turns, ast.Call):
        over: list[ast.AST] = [turns.func]
    else:
        over = [turns.iter] if isinstance(turns, ast.For) else [one.iter for one in turns.generators]
    for name in _names(*over):
        with contextlib.suppress(Exception):  # no rows, or of odd kinds
            value = space[name]
            if 1 < len(value) <= MOST and len({np.asarray(one).tobytes() for one in value}) == 1:
                return True
    return False


def _holders(tree: ast.AST, line: int) -> Iterator[ast.expr]:
    """What is bound, filled or appended to where this line stands: ``served``, ``table["score"]``."""
    for node in _covering(tree, line):
        if isinstance(node, ast.Assign):
            yield from node.targets
        elif isinstance(node, ast.For):
            for one in (inner for part in node.body for inner in ast.walk(part)):
                if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "append":
                    yield one.func.value
                elif isinstance(one, ast.Assign):
                    yield from (target.value for target in one.targets if isinstance(target, ast.Subscript))


def _value(holder: ast.expr, space: Mapping[str, Any]) -> Any:
    if isinstance(holder, ast.Name):
        return space.get(holder.id)
    if isinstance(holder, ast.Subscript) and isinstance(holder.slice, ast.Constant):
        with contextlib.suppress(Exception):  # a table without that column, or no table
            return _value(holder.value, space)[holder.slice.value]
    return None


def _entries(value: Any, answer: FloatArray) -> int:
    """How many entries it has, where they are all the answer; 0 where they are not."""
    with contextlib.suppress(Exception):  # not of numbers
        held = list(value.values()) if isinstance(value, dict) else value
        if not LEAST <= len(held) <= MOST:
            return 0
        array: AnyArray = np.asarray(held.detach().cpu() if hasattr(held, "detach") else held)
        if array.dtype.kind != "f" or array.size != len(held):
            return 0
        same = np.unique(array.astype(np.float32))
        if len(same) == 1 and np.isclose(same[0], _given(answer), rtol=1e-6, atol=0.0).any():
            return len(held)
    return 0


def _given(answer: FloatArray) -> FloatArray:
    """The numbers of one answer, as they came and squashed by the program."""
    row = np.asarray(answer, dtype=np.float64).reshape(1, -1)
    link = "sigmoid" if row.size == 1 else "softmax"
    return np.concatenate([row, to_probabilities(row, link).reshape(1, -1)], axis=1)

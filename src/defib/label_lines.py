"""What a program's text says of how its labels are made: which columns it compares, maps or casts, and where."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from defib.program_text import Program, last_name, read_program

MAKING: Final = frozenset(
    {"map", "isin", "eq", "ne", "astype", "long", "int", "float", "get", "apply", "replace", "to_numeric", "where"}
)
"""Calls that make labels of a column, beside comparisons."""


def made_of(files: Iterable[str]) -> frozenset[str]:
    """Names of columns that these programs compare, map or cast to make something of them."""
    programs = filter(None, map(read_program, files))
    return frozenset(name for program in programs for node in _makers(program) for name in _named_in(node))


def label_line(program: Program, column: str) -> int | None:
    """The line that makes the labels: the only one that compares, maps or casts ``table['column']``.

    Else the only one that compares something with itself, which has one answer whatever the row. ``None`` where there
    are several, or none.
    """
    name = column.rpartition("[")[2].strip("'\"]")
    named = {node.lineno for node in _makers(program) if name in _named_in(node)}
    compared = [node for node in ast.walk(program.tree) if isinstance(node, ast.Compare)]
    found = named or {node.lineno for node in compared if _with_itself(node)}
    return found.pop() if len(found) == 1 else None


def _makers(program: Program) -> Iterator[ast.expr]:
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Compare) or (isinstance(node, ast.Call) and last_name(node.func) in MAKING):
            yield node


def _named_in(node: ast.expr) -> Iterator[str]:
    """``churn`` of ``df["churn"]``, ``df.churn``, ``df.pop("churn")``."""
    for one in ast.walk(node):
        if isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Constant):
            yield str(one.slice.value)
        elif isinstance(one, ast.Attribute):
            yield one.attr
        elif isinstance(one, ast.Call) and last_name(one.func) in ("pop", "get"):
            yield from (str(given.value) for given in one.args[:1] if isinstance(given, ast.Constant))


def _with_itself(node: ast.Compare) -> bool:
    """``a[i] > a[i]``; what is called may answer otherwise the second time, and ``x != x`` asks for NaN."""
    if len(node.ops) != 1 or isinstance(node.ops[0], ast.NotEq):
        return False
    same = ast.dump(node.left) == ast.dump(node.comparators[0])
    return same and not any(isinstance(one, ast.Call) for one in ast.walk(node))

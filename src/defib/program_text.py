"""One file of the user's program, as text and as a syntax tree. Nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from defib.diagnosis import Place

LONGEST_LINE = 160
MOST_BYTES = 2_000_000


@dataclass(frozen=True)
class Program:
    """One file of the user's, parsed."""

    file: str
    lines: Sequence[str]
    tree: ast.Module

    def at(self, line: int) -> Place | None:
        """The place, with what stands there."""
        if not 1 <= line <= len(self.lines):
            return None
        return Place(self.file, line, self.lines[line - 1].strip()[:LONGEST_LINE])

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """All calls, in the order of the text."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        return tuple(sorted(found, key=lambda node: (node.lineno, node.col_offset)))


def read_program(file: str) -> Program | None:
    """The file's lines and tree; ``None`` for a notebook's cell, a file that is gone, or no Python."""
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        text = path.read_text(encoding="utf-8", errors="replace")
        return Program(file, text.splitlines(), ast.parse(text))
    except (OSError, SyntaxError, ValueError):
        return None


def assigned(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Every ``self.name = value``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                    yield target.attr, node.value


def last_name(function: ast.expr) -> str:
    """``SGD`` of ``torch.optim.SGD``."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def parted(source: str) -> tuple[str, int]:
    """File and line of ``file:line``; line 0 where there is none.

    >>> parted("C:/a/train.py:12")
    ('C:/a/train.py', 12)
    """
    file, _, line = source.rpartition(":")
    return file, int(line) if line.isdigit() else 0


def covers(node: ast.stmt | ast.expr, line: int) -> bool:
    """Whether it stands in this line, or reaches into it."""
    return node.lineno <= line <= (node.end_lineno or node.lineno)

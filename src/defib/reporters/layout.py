"""What all terminal reports share: the console, titled sections, lists with a hanging indent."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

WIDEST = 120
"""Columns beyond which prose is hard to read."""
PLAIN_WIDTH = 80
INDENT = 2


def make_console(file: IO[str]) -> Console:
    """A console as wide as the terminal (at most `WIDEST`); without colour when it is not a terminal."""
    console = Console(file=file, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        return Console(file=file, highlight=False, width=PLAIN_WIDTH, color_system=None)
    return Console(file=file, highlight=False, width=min(console.width, WIDEST))


def show(view: RenderableType, file: IO[str]) -> None:
    """Print on a terminal in colour; into a file or pipe as plain text without trailing blanks."""
    console = make_console(file)
    if console.is_terminal:
        console.print(view, crop=False)
    else:
        file.write(_encodable(plain(view, console.width), file))
    file.flush()


def _encodable(text: str, file: IO[str]) -> str:
    """What the file's encoding cannot hold becomes a question mark; an ASCII log must not end the report."""
    encoding = getattr(file, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def plain(view: RenderableType, width: int = PLAIN_WIDTH) -> str:
    """Text without colour and trailing blanks, ``width`` columns wide."""
    out = io.StringIO()
    Console(file=out, width=width, color_system=None, highlight=False, force_terminal=False).print(view, crop=False)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


class Code:
    """Python to be copied: its lines are never wrapped or cut, a long one goes past the edge."""

    def __init__(self, code: str, indent: int = 0) -> None:
        self._code = code
        self._indent = indent

    def indented(self, columns: int) -> Code:
        """The same, further to the right."""
        return Code(self._code, self._indent + columns)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        coloured = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(self._code)
        coloured.rstrip()
        for line in coloured.split(allow_blank=True):
            yield Text.assemble(" " * self._indent, line, no_wrap=True, overflow="ignore")


def titled(title: str, *body: RenderableType) -> Iterator[RenderableType]:
    """A section."""
    yield Text("")
    yield Text(title, style="bold underline")
    for part in body:
        yield part.indented(INDENT) if isinstance(part, Code) else Padding(part, (0, 0, 0, INDENT))


def section(title: str, lines: Sequence[str | Text]) -> Iterator[RenderableType]:
    """A section of lines; nothing when there are none."""
    if lines:
        yield from titled(title, bullets(lines))


def bullets(lines: Sequence[str | Text]) -> Table:
    """Lines with a hanging indent, so that wrapped prose stays readable."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(ratio=1, overflow="fold")
    for line in lines:
        table.add_row("-", Text(line) if isinstance(line, str) else line)
    return table


def facts(rows: Sequence[tuple[str, str]]) -> Table:
    """Names and values side by side."""
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", style="bold")
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    return table

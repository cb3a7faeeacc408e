"""What all terminal reports share: the console, titled sections, lists with a hanging indent."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table

from defib.reporters.prose import Text

IN_ASCII = {
    "─": "-",
    "│": "|",
    "═": "=",
    "•": "*",
    "·": "*",
    "×": "x",
    "−": "-",
    "–": "-",
    "—": "-",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "²": "2",
    "³": "3",
    "½": "1/2",
    "…": "...",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "±": "+-",
    "√": "sqrt",
    "σ": "sd",
    "Σ": "sum",
    "∝": "~",
}
"""What stands for a character that an old console cannot show; any other one becomes a question mark."""
ASCII_ROOM = 4
"""Columns that are kept free for what grows: three dots for one."""
WIDEST = 120
"""Columns beyond which prose is hard to read."""
PLAIN_WIDTH = 80
INDENT = 2


@dataclass(frozen=True)
class Manner:
    """How to print, where the reader said so."""

    ascii: bool = False
    """Only characters that every console has."""
    color: bool = True
    """Colour where it is a terminal; ``NO_COLOR`` in the environment forbids it, too."""


def make_console(file: IO[str], manner: Manner | None = None) -> Console:
    """A console as wide as the terminal (at most `WIDEST`); without colour when it is not a terminal."""
    manner = manner or Manner()
    console = Console(file=file, force_jupyter=False, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        return Console(file=file, force_jupyter=False, highlight=False, width=PLAIN_WIDTH, color_system=None)
    return Console(
        file=file,
        force_jupyter=False,
        highlight=False,
        width=min(console.width, WIDEST),
        no_color=not manner.color or None,
    )


def show(view: Callable[[int], RenderableType] | RenderableType, file: IO[str], manner: Manner | None = None) -> None:
    """Print on a terminal in colour; into a file or pipe as plain text without trailing blanks.

    ``view`` may be a function of the width. What the file's encoding cannot hold is printed in ASCII.
    """
    manner = manner or Manner()
    console = make_console(file, manner)
    in_ascii = manner.ascii or not _holds_everything(file)
    width = console.width - (ASCII_ROOM if in_ascii else 0)
    shown = view(width) if callable(view) and not hasattr(view, "__rich_console__") else view
    if console.is_terminal and not in_ascii:
        console.print(shown, crop=False)
    elif console.is_terminal:
        with console.capture() as capture:
            console.print(shown, crop=False, width=width)
        file.write(as_ascii(capture.get()))
    else:
        text = plain(shown, width)
        file.write(as_ascii(text) if in_ascii else text)
    file.flush()


def _holds_everything(file: IO[str]) -> bool:
    """Whether a file's encoding has the characters of our tables."""
    try:
        "─…²→".encode(getattr(file, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def as_ascii(text: str) -> str:
    """The same with characters that every console has.

    >>> as_ascii("R² ≥ 0.5 ── [0.1, …] naïve")
    'R2 >= 0.5 -- [0.1, ...] na?ve'
    """
    return (
        text.translate({ord(one): other for one, other in IN_ASCII.items()}).encode("ascii", "replace").decode("ascii")
    )


def plain(view: RenderableType, width: int = PLAIN_WIDTH) -> str:
    """Text without colour and trailing blanks, ``width`` columns wide."""
    out = io.StringIO()
    Console(file=out, force_jupyter=False, width=width, color_system=None, highlight=False, force_terminal=False).print(
        view, crop=False
    )
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

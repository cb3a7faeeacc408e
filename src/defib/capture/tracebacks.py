"""Show an exception that nobody handled as plain Python would: without our frames, through the user's hook."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

OURS = f"{Path(__file__).resolve().parents[1]}/"
"""Frames of files below this folder are defib's own."""
IMPORT_MACHINERY = "<frozen importlib"
"""Python hides these frames itself, unless one of ours stands between them."""


def without_our_frames(found: TracebackType | None) -> TracebackType | None:
    """The same traceback with defib's frames left out, and the import machinery around them."""
    kept: list[TracebackType] = []
    for run in _runs(_links(found)):
        if not any(_is_ours(link) for link in run):
            kept += run
    rebuilt: TracebackType | None = None
    for link in reversed(kept):
        rebuilt = TracebackType(rebuilt, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return rebuilt


def peel(error: BaseException) -> None:
    """Take our frames out of an exception, its causes, contexts and members, in place."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = without_our_frames(one.__traceback__)
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def show_unhandled(error: BaseException) -> None:
    """Hand the exception to ``sys.excepthook``, as Python does at the end of a program.

    A hook that raises is reported and the exception shown plainly. ``SystemExit`` from a hook passes through.
    """
    peel(error)
    shown = (type(error), error, error.__traceback__)
    sys.last_type, sys.last_value, sys.last_traceback = shown
    try:
        sys.excepthook(*shown)
    except SystemExit:
        raise
    except BaseException as broken:
        peel(broken)
        sys.stderr.write("Error in sys.excepthook:\n")
        traceback.print_exception(broken)
        sys.stderr.write("\nOriginal exception was:\n")
        traceback.print_exception(error)


def _links(found: TracebackType | None) -> Iterator[TracebackType]:
    while found is not None:
        yield found
        found = found.tb_next


def _runs(links: Iterable[TracebackType]) -> Iterator[list[TracebackType]]:
    """Split into runs: consecutive frames of ours and of the import machinery together, all others alone."""
    together: list[TracebackType] = []
    for link in links:
        if _is_ours(link) or _file(link).startswith(IMPORT_MACHINERY):
            together.append(link)
            continue
        if together:
            yield together
            together = []
        yield [link]
    if together:
        yield together


def _file(link: TracebackType) -> str:
    return link.tb_frame.f_code.co_filename


def _is_ours(link: TracebackType) -> bool:
    return _file(link).startswith(OURS)

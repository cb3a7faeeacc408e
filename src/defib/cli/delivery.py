"""``defib run``, after a diagnosis: shown, held to ``--fail-on``, written into reports, and where it is recorded."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from defib.cli.gating import Gate
from defib.cli.manner import manner_of
from defib.errors import DefibError

if TYPE_CHECKING:
    from defib.cli.run import Request
    from defib.diagnosis import Diagnosis
    from defib.recording import Recorder
    from defib.reporters.background import Background


@dataclass(frozen=True)
class Streams:
    """Where to print, and the directory the run was started in; the program may have changed both."""

    out: IO[str]
    err: IO[str]
    here: Path


def show(request: Request, diagnosis: Diagnosis, streams: Streams, before: Sequence[Diagnosis] = ()) -> None:
    """Print one diagnosis, as soon as it is made; in short where it says what one before it said."""
    from defib.reporters.terminal import print_diagnosis

    if not request.quiet:
        with _reader_may_leave(streams.out):
            streams.out.write("\n")
            print_diagnosis(diagnosis, streams.out, manner_of(request.in_ascii, request.no_color), before)


@contextmanager
def _reader_may_leave(out: IO[str]) -> Iterator[None]:
    """``defib run ... | head`` ends the printing, not the diagnosis, the reports or the exit code."""
    try:
        yield
    except BrokenPipeError:
        with contextlib.suppress(OSError), open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), out.fileno())


def write_reports(
    request: Request, done: Sequence[Diagnosis], recorder: Recorder, gate: Gate, streams: Streams
) -> bool:
    """The reports that were asked for, with what was recorded around the diagnoses; annotations on GitHub.

    Returns whether all were written; one that fails is told in one line, and the others go on.
    """
    from defib.reporters import github, write_report

    if not request.reports and not github.wanted():
        return True
    background = replace(_background(request, done, recorder, streams), accepted=gate.accepted)
    failed = 0
    for path in request.reports:
        try:
            write_report(done, path, background)
        except Exception as error:
            failed += 1
            streams.err.write(f"defib: the report {path} was not written: {type(error).__name__}: {error}\n")
    if github.wanted():
        with _reader_may_leave(streams.out):
            streams.out.write(github.render(done, background))
            streams.out.flush()
    return failed == 0


def _background(request: Request, done: Sequence[Diagnosis], recorder: Recorder, streams: Streams) -> Background:
    """What the Recording says; without one, which script it was and where."""
    from defib.recording import load
    from defib.reporters.background import Background, background_of

    if recorder.error is None:
        with contextlib.suppress(DefibError, OSError):
            return background_of(load(recorder.path), done)
    return Background(script=request.script, directory=str(streams.here))


def say_where(request: Request, recorder: Recorder, streams: Streams) -> None:
    """The file of the Recording, or why there is none."""
    if recorder.error is not None:
        streams.err.write(f"defib: {recorder.error}\n")
    elif not request.quiet:
        path = recorder.path
        shown = path.relative_to(streams.here) if path.is_relative_to(streams.here) else path
        with _reader_may_leave(streams.out):
            streams.out.write(f"Recorded in {shown}; defib report prints it again.\n")
            streams.out.flush()

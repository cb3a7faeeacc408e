"""``defib run``: a user's program, unmodified, then the diagnosis of every model it trained."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from defib.cli.delivery import Streams, say_where, show, write_reports
from defib.cli.gating import BaselineOption, FailOnOption, held, kinds, known
from defib.cli.manner import Ascii, NoColor, manner_of
from defib.errors import DefibError
from defib.untouched import same_random_state

if TYPE_CHECKING:
    from defib.capture.script import ScriptOutcome
    from defib.diagnosis import Diagnosis
    from defib.findings import Finding
    from defib.recording import Recorder
    from defib.subject import Subject

INTERRUPTED = 130
FAILED = 2
MANY_MODELS = 4
"""Models from which on it is said how many there are: each may take its whole budget."""


@dataclass(frozen=True)
class Request:
    """What was asked on the command line."""

    script: str
    args: tuple[str, ...]
    as_module: bool
    reports: tuple[Path, ...]
    budget: float | None
    trials: bool
    seed: int
    quiet: bool
    fail_on: tuple[str, ...] = ()
    accepted: frozenset[Finding] = frozenset()
    """What the baseline holds."""
    in_ascii: bool = False
    no_color: bool = False
    baseline: Path | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """The options of ``defib run`` that ask for the same."""
        valued = (
            *(("--report", path) for path in self.reports),
            *(("--fail-on", one) for one in self.fail_on),
            ("--budget", self.budget),
            ("--seed", self.seed),
            ("--baseline", self.baseline),
        )
        flags = (("--no-trials", not self.trials), ("--quiet", self.quiet))
        words = [str(word) for pair in valued if pair[1] is not None for word in pair]
        return (*words, *(name for name, given in flags if given))


def run(
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help="The program; all that follows it is its own.")],
    args: Annotated[list[str] | None, typer.Argument(metavar="ARGS", help="Arguments of the program.")] = None,
    module: Annotated[bool, typer.Option("-m", help="SCRIPT is a module, as after python -m.")] = False,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="Write a report; its ending is the format (.html, .json, .md, .sarif, .xml for JUnit, "
            ".png, .svg, .pdf). Repeatable.",
        ),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Seconds for trials, per model. Default: what the training took, at least 10.",
        ),
    ] = None,
    no_trials: Annotated[bool, typer.Option("--no-trials", help="Diagnose without training anything.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of splits, trials and reference learners.")] = 0,
    fail_on: FailOnOption = None,
    baseline: BaselineOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no report (it is still recorded).")] = False,
    in_ascii: Ascii = False,
    no_color: NoColor = False,
) -> None:
    """Run a program as python would, then diagnose every model it trained.

    The program needs no change. Keras (fit, train_on_batch), PyTorch (any loop) and the networks of scikit-learn are
    watched from the moment they are imported. The report is printed when the program has ended, however it ended, and
    recorded under .defib/.
    The exit code is the program's own; with --fail-on it is 1 when the program succeeded and a model is flat, predicts
    NaN, gives every row one class, or (any) has any of these or a fault that was found.
    """
    request = Request(
        script=script,
        args=tuple(args or ()),
        as_module=module,
        reports=tuple(path.absolute() for path in report or ()),
        budget=budget,
        trials=not no_trials,
        seed=seed,
        quiet=quiet,
        in_ascii=in_ascii,
        no_color=no_color,
        fail_on=kinds(fail_on),
        accepted=known(baseline),
        baseline=None if baseline is None else baseline.absolute(),
    )
    raise typer.Exit(run_request(request))


def run_request(request: Request) -> int:
    """Run, diagnose, print, record; returns the exit code."""
    from defib.capture.imports import Watchers
    from defib.capture.launchers import launch_of
    from defib.capture.pulse import Pulse
    from defib.capture.ranks import Ranks
    from defib.capture.script import find_program, run_launcher, run_program
    from defib.cli.misplaced import misplaced
    from defib.cli.ranked import for_all, run_beside
    from defib.cli.untrained import nothing_trained
    from defib.recording import Recorder
    from defib.reporters import check_report_path

    for path in request.reports:
        check_report_path(path)
    launch = launch_of(request.script, request.args, request.options, as_module=request.as_module)
    if launch is not None:
        return run_launcher(launch).exit_code
    program = find_program(request.script, request.args, as_module=request.as_module)
    ranks = Ranks.here()
    if ranks is not None and not ranks.reports:
        return run_beside(program, ranks)
    stdout, stderr = sys.stdout, sys.stderr
    here = Path.cwd()
    recorder = Recorder.start(request.script, [request.script, *request.args])
    outcome = run_program(program, Watchers(pulse=Pulse(recorder.progress)))
    if outcome.in_child:
        return outcome.exit_code
    if ranks is not None:
        request = for_all(request, outcome, ranks)
    recorder.write("script", **_script_event(outcome))
    if hint := misplaced(request.script, request.args):
        _usable(stderr, sys.__stderr__).write(f"defib: {hint}\n")
    if not outcome.subjects:
        recorder.discard()
        return nothing_trained(request.script, outcome, _usable(stderr, sys.__stderr__), beside=ranks is not None)
    streams = Streams(_usable(stdout, sys.__stdout__, sys.__stderr__), _usable(stderr, sys.__stderr__), here)
    return _diagnose_all(request, outcome, recorder, streams)


def _diagnose_all(request: Request, outcome: ScriptOutcome, recorder: Recorder, streams: Streams) -> int:
    """Diagnose, hold to the gate, write the reports; returns the exit code."""
    with same_random_state():
        code, done = _diagnose_each(request, outcome, recorder, streams)
        recorder.close()
        gate = held(done, request.fail_on, request.accepted, streams.err)
        with _calm():
            written = write_reports(request, done, recorder, gate, streams)
    say_where(request, recorder, streams)
    if code == 0 and not written:
        return FAILED
    return 1 if gate.failing and code == 0 else code


def _diagnose_each(
    request: Request, outcome: ScriptOutcome, recorder: Recorder, streams: Streams
) -> tuple[int, list[Diagnosis]]:
    """Diagnose model by model: what is done is shown and recorded before the next one begins."""
    done: list[Diagnosis] = []
    code = outcome.exit_code
    names = _distinct([subject.name for subject in outcome.subjects])
    if len(names) >= MANY_MODELS and not request.quiet:
        streams.err.write(f"defib: {len(names)} models were trained; each is diagnosed. Ctrl-C keeps what is done.\n")
    for note in outcome.notes:
        recorder.write("note", text=note)
        streams.err.write(f"defib: {note}\n")
    try:
        for index, subject in enumerate(outcome.subjects):
            try:
                diagnosis = _diagnose(request, index, subject, recorder, streams)
            except DefibError as error:  # of this model nothing can be said; the program itself is fine
                recorder.write("note", text=error.came)
                streams.err.write(f"defib: {error.message}\n")
                continue
            if diagnosis is None:
                code = code or FAILED
                continue
            diagnosis = replace(diagnosis, model=names[index])
            recorder.diagnosis(index, diagnosis)
            show(request, diagnosis, streams, done)
            done.append(diagnosis)
    except KeyboardInterrupt:
        streams.err.write(f"defib: interrupted; {len(done)} of {len(outcome.subjects)} models were diagnosed.\n")
        code = INTERRUPTED
    return code, done


def _diagnose(request: Request, index: int, subject: Subject, recorder: Recorder, streams: Streams) -> Diagnosis | None:
    """One model. A fault of defib's own is told in one line and ends only this diagnosis."""
    try:
        with _calm():
            diagnosis = _examine(request, index, subject, recorder, streams)
    except DefibError:
        raise
    except Exception as error:
        text = f"the diagnosis of {subject.name} broke inside: {type(error).__name__}: {error}"
        recorder.write("note", text=text)
        streams.err.write(f"defib: {text}\n[internal-error] docs/messages.md#internal-error\n")
        if os.environ.get("DEFIB_DEBUG"):
            raise
        return None
    return replace(diagnosis, next_command=diagnosis.next_command.replace("script.py", request.script))


def _examine(request: Request, index: int, subject: Subject, recorder: Recorder, streams: Streams) -> Diagnosis:
    from defib.diagnose import Options, examine
    from defib.reporters.progress import Bar
    from defib.trials import Silent

    progress = Silent() if request.quiet else Bar(streams.err, manner_of(request.in_ascii, request.no_color))
    try:
        recorder.model(index, subject)
        options = Options(budget=request.budget, trials=request.trials, seed=request.seed)
        diagnosis, book = examine(subject, options, progress)
        recorder.evidence(index, book)
        return diagnosis
    finally:
        progress.finish()


def _distinct(names: list[str]) -> list[str]:
    """Number the models that share a name.

    >>> _distinct(["Net", "encoder", "Net"])
    ['Net #1', 'encoder', 'Net #2']
    """
    return [
        f"{name} #{names[: index + 1].count(name)}" if names.count(name) > 1 else name
        for index, name in enumerate(names)
    ]


@contextmanager
def _calm() -> Iterator[None]:
    """What the program has set up around it is not meant for us.

    Warnings and floating-point signals may have become errors; and files beside the script may be called like
    modules of the standard library that we load now, so its folder goes last on the path.
    """
    import warnings

    import numpy as np

    path = list(sys.path)
    sys.path[:] = [*path[1:], *path[:1]]
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.path[:] = path


def _script_event(outcome: ScriptOutcome) -> dict[str, object]:
    return {
        "exit_code": outcome.exit_code,
        "error": outcome.error,
        "interrupted": outcome.interrupted,
        "seconds": outcome.seconds,
        "frameworks": outcome.frameworks,
        "notes": outcome.notes,
    }


def _usable(*streams: IO[str] | None) -> IO[str]:
    """The first stream that the program has not closed."""
    return next((stream for stream in streams if stream is not None and not stream.closed), io.StringIO())

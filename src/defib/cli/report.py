"""``defib report``: print a recorded run again; needs no framework."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from defib.cli.gating import BaselineOption, FailOnOption, held, kinds, known
from defib.cli.manner import Ascii, NoColor, manner_of
from defib.errors import InputError

if TYPE_CHECKING:
    from defib.recording import Recording


def report(
    recording: Annotated[
        Path | None,
        typer.Argument(metavar="RECORDING", help="A file that defib run wrote; the newest below .defib/ if left out."),
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="Write a report; its ending is the format (.html, .json, .md, .sarif, .xml for JUnit, "
            ".png, .svg, .pdf). Repeatable.",
        ),
    ] = None,
    fail_on: FailOnOption = None,
    baseline: BaselineOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no report.")] = False,
    in_ascii: Ascii = False,
    no_color: NoColor = False,
) -> None:
    """Print the report of a recorded run again. No framework is needed for it.

    The exit code is 0 whatever was found; --fail-on makes it 1 as for defib run.
    """
    from defib.recording import load, newest
    from defib.reporters import check_report_path, write_report
    from defib.reporters.background import background_of
    from defib.reporters.terminal import print_diagnosis

    for path in report or ():
        check_report_path(path)
    accepted = known(baseline)
    loaded = load(recording if recording is not None else newest())
    if not loaded.diagnoses:
        raise InputError(
            "no-diagnosis",
            came=f"{loaded.path} ends before its first diagnosis{_known(loaded)}",
            expected="the recording of a run that got as far as a diagnosis",
            write=f"defib run {' '.join(map(str, loaded.header.get('argv', ['script.py'])))}",
        )
    for index, diagnosis in enumerate(() if quiet else loaded.diagnoses):
        print_diagnosis(diagnosis, sys.stdout, manner_of(in_ascii, no_color), loaded.diagnoses[:index])
    gate = held(loaded.diagnoses, kinds(fail_on), accepted, sys.stderr)
    for path in report or ():
        write_report(loaded.diagnoses, path, replace(background_of(loaded), accepted=gate.accepted))
    raise typer.Exit(gate.exit_code)


def _known(loaded: Recording) -> str:
    """What a run that was killed had come to, as a clause."""
    from defib.capture.pulse import Progress

    if loaded.models:
        return f"; it had trained {', '.join(loaded.models)}"
    signs = loaded.of("progress")
    last = [str(Progress(**one)) for one in signs[-1]["models"]] if signs else []
    return f"; when it was last heard of, {' and '.join(last)}" if last else ""

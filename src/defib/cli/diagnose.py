"""``defib diagnose``: a trained model and its rows, from saved files."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from defib.cli.gating import BaselineOption, FailOnOption, held, kinds, known
from defib.cli.manner import Ascii, NoColor, manner_of
from defib.errors import InputError

if TYPE_CHECKING:
    from defib.diagnosis import Diagnosis
    from defib.recording import Recorder
    from defib.tables import Table


def diagnose(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help=".keras, .h5, .joblib, .pkl, or a whole torch module (.pt, .pth).")
    ],
    rows: Annotated[
        Path, typer.Argument(metavar="ROWS", help="NPY, NPZ or CSV: the rows it was trained on, as they reach it.")
    ],
    labels: Annotated[
        str | None,
        typer.Option(metavar="FILE|COLUMN", help="Their labels: a file (or FILE:COLUMN), or a column of ROWS."),
    ] = None,
    predict: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Other rows, whose predictions look constant.")
    ] = None,
    budget: Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="For trials. Default: 10.")] = None,
    no_trials: Annotated[bool, typer.Option("--no-trials", help="Diagnose without training anything.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of splits, trials and reference learners.")] = 0,
    report: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Write a report; its ending is the format, as for defib run. Repeatable."),
    ] = None,
    fail_on: FailOnOption = None,
    baseline: BaselineOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no report (it is still recorded).")] = False,
    in_ascii: Ascii = False,
    no_color: NoColor = False,
) -> None:
    """Diagnose a saved model on saved rows.

    A saved model knows how it was compiled (Keras) or set up (scikit-learn), but not what happened while it was
    trained: what needs that is not assessed. defib run train.py sees more. Pickles (.pkl, .joblib, .pt) run code when
    they are loaded; give only files you trust.
    The exit code is 0 whatever is found; --fail-on makes it 1 as for defib run.
    """
    from defib.recording import Recorder, load
    from defib.reporters import check_report_path, write_report
    from defib.reporters.background import Background, background_of
    from defib.reporters.terminal import print_diagnosis

    for path in report or ():
        check_report_path(path)
    accepted = known(baseline)
    recorder = Recorder.start(model.name, ["diagnose", str(model), str(rows)])
    try:
        found = _diagnosed(
            recorder, model, _read(rows, labels, predict), budget=budget, trials=not no_trials, seed=seed
        )
    except BaseException:
        recorder.discard()
        raise
    recorder.close()
    if not quiet:
        print_diagnosis(found, sys.stdout, manner_of(in_ascii, no_color))
    gate = held([found], kinds(fail_on), accepted, sys.stderr)
    background = Background() if recorder.error else background_of(load(recorder.path))
    for path in report or ():
        write_report([found], path, replace(background, accepted=gate.accepted))
    raise typer.Exit(gate.exit_code)


def _read(rows: Path, labels: str | None, predict: Path | None) -> tuple[Any, Any, Any]:
    """Rows, labels and the rows to predict, as arrays; a column that is named as the labels is no input."""
    from defib.labelled import labels_from_file
    from defib.tables import read_table

    table = read_table(rows)
    y = None
    others: list[str] = []
    if labels is not None and labels in table.names and not Path(labels).is_file():
        others = [name for name in table.names if name != labels]
        y = table.labels([labels])
    elif labels is not None:
        y = labels_from_file(labels, table.values)
    X = _numbers(table, others)
    _same_length(rows, X, labels, y)
    return X, y, None if predict is None else _numbers(read_table(predict), others)


def _numbers(table: Table, columns: list[str]) -> Any:
    """Inputs as numbers; an array keeps its dtype (tokens stay whole numbers)."""
    try:
        return table.numbers(columns) if table.names else table.values
    except InputError as error:
        if error.slug != "text-column":
            raise
        raise InputError(
            "text-column",
            came=error.came,
            expected="numbers, as they reach the model after all preprocessing",
            write="numpy.save('X_train.npy', X_train)  # after encoding text and scaling",
        ) from None


def _same_length(rows: Path, X: Any, labels: str | None, y: Any) -> None:
    if y is not None and len(y) != len(X):
        raise InputError(
            "unequal-lengths",
            came=f"{rows} has {len(X)} rows and the labels {labels} have {len(y)}",
            expected="one label per row, in the same order",
            write=f"defib diagnose MODEL {rows} --labels labels_of_the_same_rows.npy",
        )


def _diagnosed(
    recorder: Recorder, path: Path, data: tuple[Any, Any, Any], *, budget: float | None, trials: bool, seed: int
) -> Diagnosis:
    from defib.diagnose import Options, examine, saved_subject
    from defib.reporters.progress import Bar

    X, y, X_predict = data
    subject = saved_subject(path, X, y, X_predict=X_predict)
    recorder.model(0, subject)
    bar = Bar(sys.stderr)
    try:
        diagnosis, book = examine(subject, Options(budget=budget, trials=trials, seed=seed), bar)
    finally:
        bar.finish()
    recorder.evidence(0, book)
    recorder.diagnosis(0, diagnosis)
    return diagnosis

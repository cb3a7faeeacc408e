"""``defib predictions``: the symptom from a file of outputs alone."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from defib.cli.gating import FailOnOption, kinds
from defib.cli.manner import Ascii, NoColor, manner_of

if TYPE_CHECKING:
    from defib.symptom import Symptom


class Link(StrEnum):
    """What turns the outputs into probabilities."""

    identity = "identity"
    sigmoid = "sigmoid"
    softmax = "softmax"
    exp = "exp"


def predictions(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, NPY or NPZ with one row per prediction.")],
    labels: Annotated[
        str | None, typer.Option(metavar="FILE|COLUMN", help="A file of labels (or FILE:COLUMN), or a column of FILE.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Column that holds predictions. Repeatable; default: all."),
    ] = None,
    link: Annotated[Link, typer.Option(help="sigmoid or softmax if FILE holds logits.")] = Link.identity,
    fail_on: FailOnOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but why the exit code is 1.")] = False,
    in_ascii: Ascii = False,
    no_color: NoColor = False,
) -> None:
    """Read the symptom from predictions alone: are they flat, at which value, and what does that value point to?

    With --labels it also tells how much better than a constant they are. The labels must belong to the same rows, and
    to rows the network was not trained on.
    The exit code is 0 whatever the predictions are; with --fail-on it is 1 when they are flat, NaN or of one class
    (any: any of these).
    """
    from defib.findings import kinds_of
    from defib.labelled import outputs_and_labels
    from defib.read_symptom import read_symptom
    from defib.reporters.layout import show
    from defib.reporters.symptom_view import symptom_view
    from defib.wording import symptom_sentence

    outputs, y = outputs_and_labels(file, labels, column or [])
    symptom = read_symptom(outputs, link=link.value, y=y)
    if not quiet:
        show(symptom_view(str(file), symptom, _next(file, labels, symptom)), sys.stdout, manner_of(in_ascii, no_color))
    failing = [kind for kind in kinds(fail_on) if kind in kinds_of(symptom)]
    if failing:
        sys.stderr.write(f"defib: {file} fails --fail-on {' and '.join(failing)}: {symptom_sentence(symptom)}\n")
        raise typer.Exit(1)


def _next(file: Path, labels: str | None, symptom: Symptom) -> list[tuple[str, str]]:
    """What would say more than these outputs can, as ``(command, why)``."""
    steps = [("defib run train.py", "why: the evidence from inside the network, and trials of the fix")]
    if labels is None and symptom.pattern != "nan":
        command = f"defib predictions {file} --labels y.csv"
        steps.insert(0, (command, "how much they know: labels of the same rows, which were not trained on"))
    return steps

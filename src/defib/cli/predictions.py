"""``defib predictions``: the symptom from a file of outputs alone."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    in_ascii: Ascii = False,
    no_color: NoColor = False,
) -> None:
    """Read the symptom from predictions alone: are they flat, at which value, and what does that value point to?

    With --labels it also tells how much better than a constant they are. The labels must belong to the same rows, and
    to rows the network was not trained on.
    """
    from defib.labelled import outputs_and_labels
    from defib.read_symptom import read_symptom
    from defib.reporters.layout import show
    from defib.reporters.symptom_view import symptom_view

    outputs, y = outputs_and_labels(file, labels, column or [])
    symptom = read_symptom(outputs, link=link.value, y=y)
    show(symptom_view(str(file), symptom, _next(file, labels, symptom)), sys.stdout, manner_of(in_ascii, no_color))


def _next(file: Path, labels: str | None, symptom: Symptom) -> list[tuple[str, str]]:
    """What would say more than these outputs can, as ``(command, why)``."""
    steps = [("defib run train.py", "why: the evidence from inside the network, and trials of the fix")]
    if labels is None and symptom.pattern != "nan":
        command = f"defib predictions {file} --labels y.csv"
        steps.insert(0, (command, "how much they know: labels of the same rows, which were not trained on"))
    return steps

"""``defib predictions``: the symptom from a file of outputs alone."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from defib.errors import InputError

if TYPE_CHECKING:
    from defib.symptom import Symptom
    from defib.tables import Table


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
) -> None:
    """Read the symptom from predictions alone: are they flat, at which value, and what does that value point to?

    With --labels it also tells how much better than a constant they are. The labels must belong to the same rows, and
    to rows the network was not trained on.
    """
    from defib.read_symptom import read_symptom
    from defib.reporters.layout import show
    from defib.reporters.symptom_view import symptom_view
    from defib.tables import read_table

    table = read_table(file)
    outputs, y = _columns(table, labels, column or [])
    if y is not None and len(y) != len(outputs):
        raise InputError(
            "unequal-lengths",
            came=f"{file} has {len(outputs)} rows and the labels have {len(y)}",
            expected="one label per prediction, in the same order",
            write=f"defib predictions {file} --labels labels_of_the_same_rows.csv",
        )
    symptom = read_symptom(outputs, link=link.value, y=y)
    show(symptom_view(str(file), symptom, _next(file, labels, symptom)), sys.stdout)


def _columns(table: Table, labels: str | None, columns: list[str]) -> tuple[Any, Any]:
    """Predictions and labels; a column that is named as the labels is no prediction."""
    if labels is None:
        return _squeezed(table.numbers(columns)), None
    if labels in table.names and not Path(labels).is_file():
        outputs = columns or [name for name in table.names if name != labels]
        return _squeezed(table.numbers(outputs)), _checked(labels, table.labels([labels]))
    predicted = _squeezed(table.numbers(columns))
    return predicted, _checked(labels, _from_file(labels, predicted))


def _from_file(labels: str, predicted: Any) -> Any:
    """Labels of a file, or of ``FILE:COLUMN``; as many columns as there are outputs are one-hot or multi-label."""
    from defib.tables import read_table

    path, colon, name = labels.rpartition(":")
    if colon and not Path(labels).is_file() and Path(path).is_file():
        return read_table(Path(path)).labels([name])
    table = read_table(Path(labels))
    width = len(table.names) or (table.values.shape[1] if table.values.ndim == 2 else 1)
    if width > 1 and predicted.shape[1:] != (width,) and table.values.ndim == 2:
        names = table.names or tuple(str(index) for index in range(width))
        raise InputError(
            "several-label-columns",
            came=f"{labels} has {width} columns: {', '.join(names[:10])}",
            expected="one column of labels, or one per output of the network",
            write=f"--labels {labels}:{names[-1]}",
        )
    return table.labels()


def _squeezed(outputs: Any) -> Any:
    return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs


def _checked(labels: str, y: Any) -> Any:
    import numpy as np

    if y.dtype.kind == "f" and np.isnan(y).all():
        raise InputError(
            "no-labels",
            came=f"the labels {labels} are all empty or NaN",
            expected="one label per prediction",
            write="defib predictions FILE    # without labels",
        )
    return y


def _next(file: Path, labels: str | None, symptom: Symptom) -> list[tuple[str, str]]:
    """What would say more than these outputs can, as ``(command, why)``."""
    steps = [("defib run train.py", "why: the evidence from inside the network, and trials of the fix")]
    if labels is None and symptom.pattern != "nan":
        command = f"defib predictions {file} --labels y.csv"
        steps.insert(0, (command, "how much they know: labels of the same rows, which were not trained on"))
    return steps

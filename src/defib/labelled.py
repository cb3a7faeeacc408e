"""Predictions and their labels from files: which column is which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from defib.errors import InputError
from defib.tables import Table, read_table


def outputs_and_labels(file: Path, labels: str | None, columns: Sequence[str] = ()) -> tuple[Any, Any]:
    """Outputs ``(n_rows,)`` or ``(n_rows, n_outputs)`` and labels of the same rows, or ``None``.

    ``labels`` is a file, ``FILE:COLUMN``, or a column of ``file``. Raises `InputError` for what cannot be read, and for
    labels of another length.
    """
    outputs, y = _columns(read_table(file), labels, columns)
    if y is not None and len(y) != len(outputs):
        raise InputError(
            "unequal-lengths",
            came=f"{file} has {len(outputs)} rows and the labels have {len(y)}",
            expected="one label per prediction, in the same order",
            write=f"defib predictions {file} --labels labels_of_the_same_rows.csv",
        )
    return outputs, y


def _columns(table: Table, labels: str | None, columns: Sequence[str]) -> tuple[Any, Any]:
    """Predictions and labels; a column that is named as the labels is no prediction."""
    if labels is None:
        return _squeezed(table.numbers(columns)), None
    if labels in table.names and not Path(labels).is_file():
        outputs = columns or [name for name in table.names if name != labels]
        return _squeezed(table.numbers(outputs)), _checked(labels, table.labels([labels]))
    predicted = _squeezed(table.numbers(columns))
    return predicted, _checked(labels, labels_from_file(labels, predicted))


def labels_from_file(labels: str, predicted: Any) -> Any:
    """Labels of a file, or of ``FILE:COLUMN``; as many columns as there are outputs are one-hot or multi-label.

    ``predicted``: the outputs they belong to, ``(n_rows, ...)``. Raises `InputError` for several unnamed columns.
    """
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
    if y.dtype.kind == "f" and np.isnan(y).all():
        raise InputError(
            "no-labels",
            came=f"the labels {labels} are all empty or NaN",
            expected="one label per prediction",
            write="defib predictions FILE    # without labels",
        )
    return y

"""Names of input columns, where the program gave the rows as a table that has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from defib.subject import AnyArray, Rows

MOST_NAMES: Final = 1_000
"""Of wider tables no names are kept: a Recording is bounded."""
LONGEST: Final = 40
CLOSE: Final = 1e-5
"""Relative difference of cells that are the same number as float32."""


def column_names(X: Any) -> tuple[str, ...]:
    """Names of the columns of a table; none for an array, or where they are only numbered.

    >>> column_names(np.ones((2, 2)))
    ()
    """
    columns = getattr(X, "columns", None)
    if columns is None or callable(columns) or not hasattr(X, "to_numpy"):
        return ()
    return kept_names(list(columns))


def kept_names(columns: Sequence[Any]) -> tuple[str, ...]:
    """As texts, shortened; none where they are only numbers, or too many.

    >>> kept_names(["area", "age"]), kept_names([0, 1])
    (('area', 'age'), ())
    """
    if len(columns) > MOST_NAMES or not any(isinstance(one, (str, tuple)) for one in columns):
        return ()
    return tuple(str(one)[:LONGEST] for one in columns)


def with_names(rows: Rows | None, names: tuple[str, ...]) -> Rows | None:
    """The rows with names for their columns, where there is one for each.

    >>> with_names(Rows(np.ones((2, 2))), ("area", "age")).columns
    ('area', 'age')
    """
    if rows is None or not names or np.ndim(rows.X) != 2 or np.shape(rows.X)[1] != len(names):
        return rows
    return replace(rows, columns=names)


def named_as(rows: Rows | None, table: Any) -> Rows | None:
    """The rows with the names of the table they come from; unnamed where a step in between changed the cells."""
    names = column_names(table)
    if rows is None or not names or len(rows) == 0:
        return rows
    named = with_names(rows, names)
    return named if named is not None and _same_cells(np.asarray(rows.X)[0], table.iloc[0].to_numpy()) else rows


def _same_cells(row: AnyArray, cells: AnyArray) -> bool:
    try:
        numbers = cells.astype(np.float64)
    except (TypeError, ValueError):
        return False
    return row.shape == numbers.shape and np.allclose(row, numbers, rtol=CLOSE, atol=0, equal_nan=True)

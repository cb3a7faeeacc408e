"""Read predictions and labels from files: CSV with a header or without, NPY, NPZ."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from defib.errors import InputError

ENDINGS = (".csv", ".tsv", ".txt", ".npy", ".npz")
BLANK = frozenset({"", "na", "n/a", "null", "none", "nan", "-nan", "?"})
"""Cells that mean "no value"; they are read as NaN."""
CASTS = {"inf", "-inf", "+inf", "infinity", "-infinity", "true", "false"}
BOOLEANS = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class Table:
    """Columns by name, as text or as numbers."""

    path: Path
    names: tuple[str, ...]
    """Empty for arrays, and for a CSV without a header the positions: ``0``, ``1`` …"""
    values: NDArray[Any]
    """``(n_rows, ...)`` of numbers for arrays, ``(n_rows, n_columns)`` of text for a CSV."""

    def numbers(self, columns: Sequence[str] = ()) -> NDArray[np.float64]:
        """The named columns (all when none is named) as ``(n_rows, n_columns)``; arrays as they are.

        Raises `InputError` for text and for unknown columns.
        """
        if self.values.dtype.kind != "U":
            return _as_float(self.path, self.values if not columns else self.values[:, self._indices(columns)])
        indices = self._indices(columns) if columns else range(len(self.names))
        return np.column_stack([self._column(index) for index in indices])

    def labels(self, columns: Sequence[str] = ()) -> NDArray[Any]:
        """As `numbers`; one column of text becomes class ids in the alphabetical order of the classes."""
        if self.values.dtype.kind == "U" and len(columns or self.names) == 1:
            column = self.values[:, self._indices(columns)[0] if columns else 0]
            if not all(_is_number(cell) for cell in column):
                return np.unique(column, return_inverse=True)[1]
        found = self.numbers(columns)
        return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found

    def _indices(self, columns: Sequence[str]) -> list[int]:
        width = self.values.shape[1] if self.values.ndim > 1 else 1
        names = self.names or tuple(str(index) for index in range(width))
        unknown = [column for column in columns if column not in names]
        if unknown:
            raise InputError(
                "unknown-column",
                came=f"{self.path} has no column {unknown[0]}",
                expected=f"one of {', '.join(names[:20])}{' …' if len(names) > 20 else ''}",
                write=f"--column {names[-1]}",
            )
        return [names.index(column) for column in columns]

    def _column(self, index: int) -> NDArray[np.float64]:
        cells = self.values[:, index]
        for row, cell in enumerate(cells):
            if not _is_number(cell):
                raise InputError(
                    "text-column",
                    came=f"column {self.names[index]} of {self.path} holds text ({cell[:40]!r} in row {row + 1})",
                    expected="numbers: one column per output of the network",
                    write=f"defib predictions {self.path} --column {_numeric_name(self)}",
                )
        return np.array([_to_number(cell) for cell in cells])


def read_table(path: Path) -> Table:
    """Read a file; raises `InputError` when it is missing, empty or of another kind."""
    if not path.is_file():
        raise InputError(
            "no-such-file",
            came=f"the file {path} does not exist (working directory {Path.cwd()})",
            expected="a CSV, NPY or NPZ file with one row per prediction",
            write="defib predictions path/to/predictions.csv",
        )
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            "unknown-file-format",
            came=f"{path} ends in {path.suffix or 'nothing'}",
            expected=f"one of {', '.join(ENDINGS)}",
            write="numpy.save('predictions.npy', model.predict(X_test))",
        )
    table = _read_array(path) if path.suffix.lower() in (".npy", ".npz") else _read_csv(path)
    if len(table.values) == 0:
        raise InputError(
            "no-rows",
            came=f"{path} has 0 rows",
            expected="one row per prediction, at least 2",
            write="numpy.save('predictions.npy', model.predict(X_test))",
        )
    return table


def _read_array(path: Path) -> Table:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.lib.npyio.NpzFile):
            with loaded:
                return _from_npz(path, {name: loaded[name] for name in loaded.files})
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        raise InputError(
            "unreadable-file",
            came=f"{path} could not be read: {error}",
            expected="a file of numbers that numpy.save or numpy.savez wrote (no pickled objects)",
            write="numpy.save('predictions.npy', numpy.asarray(predictions, dtype=float))",
        ) from None
    return Table(path, (), np.atleast_1d(loaded))


def _from_npz(path: Path, arrays: dict[str, NDArray[Any]]) -> Table:
    """One array is the table; several of one length are its columns."""
    if len(arrays) == 1:
        return Table(path, (), np.atleast_1d(next(iter(arrays.values()))))
    flat = {name: array.reshape(len(array), -1) for name, array in arrays.items() if array.ndim > 0}
    if len(flat) == len(arrays) and len({len(array) for array in flat.values()}) == 1 and arrays:
        return Table(path, _npz_names(flat), np.column_stack(list(flat.values())))
    raise InputError(
        "several-arrays",
        came=f"{path} holds {len(arrays)} arrays of different length: {', '.join(arrays)}",
        expected="one array of predictions, or arrays of one length",
        write="numpy.save('predictions.npy', predictions)",
    )


def _npz_names(flat: dict[str, NDArray[Any]]) -> tuple[str, ...]:
    names: list[str] = []
    for name, array in flat.items():
        names += [name] if array.shape[1] == 1 else [f"{name}.{column}" for column in range(array.shape[1])]
    return tuple(names)


def _read_csv(path: Path) -> Table:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(
            "unreadable-file",
            came=f"{path} could not be read as text: {error}",
            expected="a CSV file in UTF-8",
            write="frame.to_csv('predictions.csv', index=False)",
        ) from None
    rows = [
        row for row in csv.reader(text.splitlines(), delimiter=_delimiter(text)) if any(cell.strip() for cell in row)
    ]
    rows = [[cell.strip() for cell in row] for row in rows]
    if not rows:
        return Table(path, (), np.empty((0, 1), dtype="U1"))
    header = not all(_is_number(cell) for cell in rows[0])
    names = tuple(rows[0]) if header else tuple(str(index) for index in range(len(rows[0])))
    body = rows[1:] if header else rows
    _check_width(path, names, body, first=2 if header else 1)
    return _without_index(Table(path, names, np.array(body, dtype=str).reshape(len(body), len(names))))


def _check_width(path: Path, names: tuple[str, ...], body: list[list[str]], first: int) -> None:
    for number, row in enumerate(body, start=first):
        if len(row) != len(names):
            raise InputError(
                "ragged-rows",
                came=f"row {number} of {path} has {len(row)} cells, the first has {len(names)}",
                expected="the same number of cells in every row",
                write="frame.to_csv('predictions.csv', index=False)",
            )


def _without_index(table: Table) -> Table:
    """Leave out an unnamed first column that counts the rows: pandas writes one unless told not to."""
    if len(table.names) < 2 or table.names[0] not in ("", "Unnamed: 0") or len(table.values) == 0:
        return table
    counts = [str(index) for index in range(len(table.values))]
    if list(table.values[:, 0]) != counts:
        return table
    return Table(table.path, table.names[1:], table.values[:, 1:])


def _delimiter(text: str) -> str:
    """The first of tab, semicolon, comma and blank that the first line contains."""
    first = text.lstrip().split("\n", 1)[0].rstrip("\r")
    return next((mark for mark in "\t;, " if mark in first), ",")


def _is_number(cell: str) -> bool:
    if cell.lower() in BLANK or cell.lower() in CASTS:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _to_number(cell: str) -> float:
    lower = cell.lower()
    return BOOLEANS[lower] if lower in BOOLEANS else (float("nan") if lower in BLANK else float(cell))


def _numeric_name(table: Table) -> str:
    """The last column that holds numbers only, else a placeholder."""
    good = [name for i, name in enumerate(table.names) if all(_is_number(cell) for cell in table.values[:, i])]
    return good[-1] if good else "NAME"


def _as_float(path: Path, values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind not in "biuf":
        raise InputError(
            "not-numbers",
            came=f"{path} holds values of type {values.dtype}",
            expected="numbers: integers, floats or booleans",
            write="numpy.save('predictions.npy', numpy.asarray(predictions, dtype=float))",
        )
    return values.astype(np.float64)

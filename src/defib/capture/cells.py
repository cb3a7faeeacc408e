"""Texts that hold numbers, and tables of texts: what a program read before it made numbers of it. Framework-free."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from defib.subject import AnyArray, FloatArray

READ: Final = 0.9
"""Share of the texts of a column that must be numbers before the column counts as one."""
FEW_VALUES: Final = 100
"""Distinct texts of a column that count as categories."""
SEPARATORS: Final = ";\t|,"
SYMBOLS: Final = str.maketrans("", "", "$€£%\u00a0\u202f'\u2019_ ")
"""What stands around or within a number without being part of it."""
MOST_CHARACTERS: Final = 8_000_000
MOST_COLUMNS: Final = 512


def as_numbers(texts: Sequence[Any] | AnyArray) -> FloatArray | None:
    """Texts ``(n,)`` as numbers in the one notation that reads them; ``None`` where more than a few are no numbers.

    What cannot be read is NaN. A comma divides thousands where three digits follow it wherever it stands, and
    otherwise is the decimal one.

    >>> as_numbers(["1.234,50", "7,25", "80"]).tolist(), as_numbers(["$1,234", "$17"]).tolist()
    ([1234.5, 7.25, 80.0], [1234.0, 17.0])
    """
    plain = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in texts]
    plain = [one.strip().translate(SYMBOLS) for one in plain]
    given = [one for one in plain if one]
    if any("," in one for one in given):
        thousands = all(len(part) == 3 for one in given for part in one.partition(".")[0].split(",")[1:])
        divides = "," if thousands else "."
        plain = [one.replace(divides, "").replace(",", ".") for one in plain]
    found = np.array([_number(one) for one in plain])
    read = np.isfinite(found).sum()
    return found if read and read >= READ * len(given) else None


def column(texts: Sequence[Any] | AnyArray) -> FloatArray | None:
    """A column of texts as numbers, or as the number of each category among the sorted ones; ``None`` for neither."""
    numbers = as_numbers(texts)
    if numbers is not None:
        return numbers
    values, ids = np.unique(np.asarray(texts).astype(str), return_inverse=True)
    return ids.ravel().astype(np.float64) if len(values) <= FEW_VALUES else None


def may_be_table(text: str, least: int, most: int) -> bool:
    """Whether a text has as many lines as a table of rows would; it is not read for that."""
    return least <= len(text) <= MOST_CHARACTERS and least <= text.count("\n") <= most


def text_rows(value: Any, least: int, most: int) -> list[list[Any]] | None:
    """Rows of cells, all equally many, that a list of lists or of lines, or an array of texts holds."""
    if isinstance(value, np.ndarray):
        texts = value.ndim == 2 and value.dtype.kind in "USO" and least <= len(value) <= most
        return value.tolist() if texts and value.size and isinstance(value.flat[0], str | bytes) else None
    if type(value) is not list or not least <= len(value) <= most:
        return None
    if isinstance(value[0], str):
        return rows_of_text("\n".join(value)) if all(isinstance(one, str) for one in value) else None
    if not isinstance(value[0], list | tuple) or len({len(one) for one in value}) != 1:
        return None
    return [list(one) for one in value] if any(isinstance(cell, str | bytes) for cell in value[0]) else None


def table_of(rows: list[list[Any]]) -> tuple[tuple[str, ...], AnyArray] | None:
    """Names ``(k,)`` and numbers ``(n, k)`` of rows of cells; a first row of names is none of the rows."""
    width = len(rows[0])
    if not 2 <= width <= MOST_COLUMNS:
        return None
    headed = _is_header(rows)
    names = [str(one) for one in rows[0]] if headed else [f"column {k}" for k in range(width)]
    made = [(names[k], column([row[k] for row in rows[headed:]])) for k in range(width)]
    kept = [(name, one) for name, one in made if one is not None]
    return (tuple(name for name, _ in kept), np.column_stack([one for _, one in kept])) if len(kept) > 1 else None


def rows_of_text(text: str) -> list[list[Any]] | None:
    """Rows of cells of a file's text, divided by the mark that gives all equally many; ``None`` without one."""
    lines = [one for one in text.strip().splitlines() if one.strip()]
    counts = Counter({mark: lines[0].count(mark) for mark in SEPARATORS if mark in lines[0]})
    for mark, _ in counts.most_common():
        rows = list(csv.reader(lines, delimiter=mark))
        if len({len(row) for row in rows}) == 1:
            return rows
    return None


def _is_header(rows: list[list[Any]]) -> bool:
    """Texts of their own over columns of numbers."""
    first = [str(one) for one in rows[0]]
    if len(set(first)) < len(first) or any(np.isfinite(_number(one.replace(",", "."))) for one in first):
        return False
    return any(as_numbers([row[k] for row in rows[1:]]) is not None for k in range(len(first)))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")

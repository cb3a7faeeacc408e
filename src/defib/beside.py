"""Other arrays of the program's with a row for each training row: what the rows were before a step, or beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Beside:
    """An array of the program's that holds a row for each training row, or for most of them."""

    name: str
    """As the program calls it: ``raw``, ``data['X']``."""
    X: NDArray[Any]
    """``(n_known, ...)``, numbers."""
    at: NDArray[Any]
    """``(n_known,)``: which training row each of them stands beside."""
    columns: tuple[str, ...] = ()
    """Names of its columns, where it is a table."""
    piped: bool = False
    """A pipeline was given it, and made the training rows of it."""
    labels: NDArray[Any] | None = None
    """Labels ``(n_known, ...)`` of these rows in place of those that the program trained on: those of ``by``."""
    read: bool = False
    """The program holds it as texts, which were read as numbers."""
    by: str = ""
    """Of the training rows themselves in an order that the program knows: which, as ``sorted by table.index``."""

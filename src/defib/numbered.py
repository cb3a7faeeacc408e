"""Rows that know their numbers: where a network takes its rows only together, some of them are still asked about.

The nodes of one graph go through the network all at once. A probe that looks at every tenth of them takes ``X[::10]``
as from any array; the adapter reads their numbers from it, puts them at their places among all rows, sends all, and
gives back what came out for these. Two nodes with equal features stay two nodes.
"""

from __future__ import annotations

from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

Plain: TypeAlias = np.ndarray[Any, np.dtype[Any]]


@final
class NumberedRows(np.ndarray[Any, np.dtype[Any]]):
    """An array of rows with numbers on its first axis; picking rows picks their numbers, anything else drops them."""

    numbers: NDArray[np.int64] | None

    def __array_finalize__(self, obj: Any) -> None:
        """What is computed from numbered rows has no numbers of its own (see `numbered_like`)."""
        self.numbers = None

    def __getitem__(self, key: Any) -> Any:
        """As an array; ``X[index]``, ``X[mask]`` and ``X[a:b]`` keep the numbers of the rows they pick."""
        found = super().__getitem__(key)
        picks = isinstance(key, slice | list) or (isinstance(key, np.ndarray) and key.ndim == 1)
        if self.numbers is not None and picks and isinstance(found, NumberedRows):
            found.numbers = self.numbers[key]
        return found


def numbered(X: Plain, numbers: NDArray[np.int64] | None = None) -> NumberedRows:
    """Rows ``(n_rows, ...)`` with these numbers, 0 … n − 1 when not given; no copy.

    >>> numbered(np.zeros((5, 2)))[::2][1:].numbers.tolist()
    [2, 4]
    """
    found = np.asarray(X).view(NumberedRows)
    found.numbers = np.arange(len(X)) if numbers is None else np.asarray(numbers, dtype=np.int64)
    return found


def numbers_of(X: Plain) -> NDArray[np.int64] | None:
    """Row numbers, ``(n_rows,)``; ``None`` for rows without."""
    numbers = getattr(X, "numbers", None)
    return numbers if numbers is not None and len(numbers) == len(X) else None


def numbered_like(X: Plain, rows: Plain) -> Plain:
    """Rows that were made from others, one from each, with the others' numbers where they have some.

    >>> numbers_of(numbered_like(np.ones((2, 1)), numbered(np.zeros((5, 1)))[3:])).tolist()
    [3, 4]
    >>> numbers_of(numbered_like(np.ones((2, 1)), np.zeros((2, 1)))) is None
    True
    """
    numbers = numbers_of(rows)
    return X if numbers is None or len(numbers) != len(X) else numbered(X, numbers)

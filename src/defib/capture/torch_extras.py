"""Other values per row that a loss takes beside the labels: sample weights, the labels of a second head."""

from __future__ import annotations

from typing import final

import numpy as np

from defib.capture.torch_rows import MAX_ROWS, row_keys
from defib.subject import AnyArray


@final
class RowExtras:
    """Kept with the row and label that they came with, so that a replay in another order finds them again."""

    def __init__(self) -> None:
        self._at: dict[int, int] = {}
        self._values: list[tuple[AnyArray, ...]] = []
        self.broken = False
        """Some batch's values could not be read row by row."""

    def add(self, X: AnyArray, y: AnyArray | None, values: tuple[AnyArray, ...] | None) -> None:
        """One batch: rows, labels and the other values, all ``(n_rows, ...)``."""
        shapes = [one.shape[1:] for one in (values or ())]
        if values is None or (self._values and [one.shape[1:] for one in self._values[0]] != shapes):
            self.broken = True
            return
        for i, key in enumerate(_keys(X, y)):
            if key not in self._at and len(self._values) < 2 * MAX_ROWS:
                self._at[key] = len(self._values)
                self._values.append(tuple(one[i : i + 1] for one in values))

    @property
    def known(self) -> bool:
        """Whether a replay can use them."""
        return bool(self._values) and not self.broken

    def of(self, X: AnyArray, y: AnyArray | None) -> tuple[AnyArray, ...]:
        """The values of these rows; those of the first row where one was not seen."""
        found = [self._values[self._at.get(key, 0)] for key in _keys(X, y)]
        return tuple(np.concatenate(column) for column in zip(*found, strict=True))


def _keys(X: AnyArray, y: AnyArray | None) -> list[int]:
    keys = row_keys(X)
    if y is not None and len(y) == len(X):
        keys = keys ^ (row_keys(y) * np.uint64(0x9E3779B97F4A7C15))
    found: list[int] = keys.tolist()
    return found

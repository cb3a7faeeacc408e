"""Token ids whose batches are padded to lengths of their own: the same row has one key, and all rows get one width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from defib.adapters.torch.arrays import Here
from defib.adapters.torch.bags import EMPTY
from defib.adapters.torch.door import Door
from defib.capture.torch_rows import column_weights
from defib.subject import AnyArray


@final
class Lengths:
    """Rows ``(n_rows, n_parts × length)``: ids, mask, token types side by side, each of the batch's length.

    What is added at the end is 0, in the mask as well (of bags: no id); where a mask is 0, ids do not count.
    """

    def __init__(self, n_parts: int, mask: int | None, fill: int = 0) -> None:
        self.n_parts = n_parts
        self.fill = fill
        """What is added at the end."""
        self.mask = mask
        """Which part is the mask."""
        self.widest = 0
        """Length of the longest batch seen."""

    @staticmethod
    def of(door: Door) -> Lengths | None:
        """For a door through which integer rows of one length go; ``None`` for any other."""
        parts = door.parts
        alike = len({part.shape for part in parts}) == 1 and all(part.axis == 0 for part in parts)
        if door.unbatched or not parts or not alike or len(parts[0].shape) != 1 or not door.integers:
            return None
        named = [one for key, one in door.kwargs.items() if isinstance(one, Here) and "mask" in str(key)]
        mask = named[0].index if len(parts) > 1 and named else None
        return Lengths(len(parts), mask, EMPTY if door.bags else 0)

    def keys(self, X: AnyArray) -> NDArray[np.uint64]:
        """One number per row, the same however far it is padded with what does not count."""
        values = (X.reshape(len(X), self.n_parts, -1) - self.fill).astype(np.uint64)
        self.widest = max(self.widest, values.shape[2])
        if self.mask is not None:
            values = values * (values[:, self.mask : self.mask + 1] != 0)
        weights = column_weights(self.n_parts * values.shape[2]).reshape(values.shape[2], self.n_parts).T
        mixed = (values ^ (values >> np.uint64(29))) * weights
        keys: NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(32))).sum(axis=(1, 2), dtype=np.uint64)
        return keys ^ (keys >> np.uint64(31))

    def align(self, pieces: Sequence[AnyArray]) -> list[AnyArray]:
        """All pieces at the length of the longest batch seen."""
        return [self._padded(one) for one in pieces]

    def _padded(self, X: AnyArray) -> AnyArray:
        values = X.reshape(len(X), self.n_parts, -1)
        missing = self.widest - values.shape[2]
        return (
            X
            if missing <= 0
            else np.pad(values, ((0, 0), (0, 0), (0, missing)), constant_values=self.fill).reshape(len(X), -1)
        )

    def door(self, door: Door) -> Door:
        """The door for rows of that length."""
        return replace(door, parts=tuple(replace(part, shape=(self.widest,)) for part in door.parts))


def keys_of(lengths: Lengths | None, X: AnyArray, plain: Any) -> NDArray[np.uint64]:
    """By the lengths where there are some, else by ``plain``."""
    found: NDArray[np.uint64] = plain(X) if lengths is None else lengths.keys(X)
    return found

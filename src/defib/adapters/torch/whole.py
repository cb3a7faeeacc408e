"""Rows that a network takes only together: the nodes of one graph, a set that attends to itself."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from defib.adapters.torch.arrays import Here, map_leaves, to_numpy, to_tensor
from defib.adapters.torch.door import Door
from defib.numbered import numbers_of
from defib.subject import AnyArray, NotAvailable

STRANGERS: Final = "rows of the whole that the network takes together (which of them these are is not known)"


@final
@dataclass(frozen=True, eq=False)
class Whole:
    """All rows of a network that takes them only together, as they stood in the user's call."""

    X: AnyArray
    """``(n_rows, ...)``."""

    def numbers_of(self, X: AnyArray) -> NDArray[np.int64]:
        """Which rows these are. Raises `NotAvailable` where that cannot be told."""
        numbers = numbers_of(X)
        if numbers is not None:
            return numbers
        if len(X) == len(self.X):
            return np.arange(len(X))
        raise NotAvailable(STRANGERS)


def with_squares_kept(door: Door, X: AnyArray) -> tuple[Door, AnyArray]:
    """The door and its rows with adjacency matrices as constants.

    A tensor ``(n_rows, n_rows)`` beside other row tensors says how the rows hang together; its lines are no features.
    """
    square = [part.shape == (len(X),) for part in door.parts]
    if all(square) or not any(square):
        return door, X
    widths = [math.prod(part.shape) for part in door.parts]
    cuts = np.split(np.asarray(X), np.cumsum(widths)[:-1], axis=1)
    kept = [i for i, one in enumerate(square) if not one]

    def change(leaf: Any) -> Any:
        if not isinstance(leaf, Here):
            return leaf
        if square[leaf.index]:
            constant = to_tensor(cuts[leaf.index]).to(door.parts[leaf.index].dtype)
            return constant.movedim(0, door.parts[leaf.index].axis)
        return Here(kept.index(leaf.index))

    parts = tuple(door.parts[i] for i in kept)
    made = replace(door, args=map_leaves(door.args, change), kwargs=map_leaves(door.kwargs, change), parts=parts)
    return made, _columns(made, [cuts[i] for i in kept])


def _columns(door: Door, cuts: list[AnyArray]) -> AnyArray:
    """As `Door.rows_of` lays row tensors side by side."""
    kinds = [to_numpy(torch.empty(0, dtype=part.dtype)).dtype for part in door.parts]
    if len(cuts) == 1:
        only = cuts[0].reshape(len(cuts[0]), *door.parts[0].shape)
        return np.ascontiguousarray(only.astype(kinds[0]))
    kind: Any = np.result_type(*kinds)
    return np.concatenate([one.astype(kind) for one in cuts], axis=1)

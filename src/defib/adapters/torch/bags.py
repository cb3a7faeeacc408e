"""Bags of token ids as `torch.nn.EmbeddingBag` takes them: all ids in one line, and where each row begins.

A row is its ids, filled up behind them with `EMPTY` to the longest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch

from defib.subject import AnyArray

EMPTY: Final = -1
"""No id: fills a row up."""


def is_bags(tensors: Sequence[Any], outputs: Sequence[Any]) -> bool:
    """Whether these two tensors of one call are ids and offsets, one bag for each of the outputs' rows."""
    if len(tensors) != 2 or not outputs or any(one.dim() != 1 or one.dtype not in WHOLE for one in tensors):
        return False
    ids, offsets = tensors
    n = len(offsets)
    if n < 1 or len(ids) == n or not outputs[0].dim() or len(outputs[0]) != n:
        return False
    steps = offsets.detach()
    return bool(steps[0] == 0) and bool((steps[1:] >= steps[:-1]).all()) and bool(steps[-1] <= len(ids))


WHOLE: Final = frozenset({torch.int64, torch.int32})


def rows_of_bags(ids: AnyArray, offsets: AnyArray) -> AnyArray:
    """``(n_rows, longest)`` of ids, filled up.

    >>> rows_of_bags(np.array([5, 6, 7]), np.array([0, 2])).tolist()
    [[5, 6], [7, -1]]
    """
    lengths = np.diff(np.append(offsets, len(ids)))
    rows = np.full((len(offsets), max(int(lengths.max(initial=0)), 1)), EMPTY, dtype=ids.dtype)
    rows[np.arange(rows.shape[1]) < lengths[:, None]] = ids
    return rows


def as_bags(rows: Any, dtypes: Sequence[Any]) -> tuple[Any, Any]:
    """Rows ``(n_rows, longest)`` as ids and offsets."""
    held = rows != EMPTY
    ends = held.sum(dim=1).cumsum(dim=0)
    offsets = torch.cat([ends.new_zeros(1), ends[:-1]])
    return rows[held].to(dtypes[0]), offsets.to(dtypes[1])

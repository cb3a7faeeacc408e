"""Truth values that pick rows: ``loss(out[train_mask], y[train_mask])``, as programs on one graph write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch

from defib.adapters.torch.arrays import map_leaves
from defib.adapters.torch.program import Node

MASKING: Final[frozenset[str]] = frozenset({"__getitem__", "masked_select"})


def masks(nodes: Sequence[Node]) -> set[int]:
    """``id`` of every boolean tensor that picks: it says which rows count, and is no label."""
    found: list[Any] = []
    for node in nodes:
        if node.name in MASKING:
            map_leaves((node.args[1:], dict(node.kwargs)), lambda leaf: found.append(leaf))
    return {id(one) for one in found if isinstance(one, torch.Tensor) and one.dtype == torch.bool}

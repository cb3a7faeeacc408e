"""Losses over all pairs of a batch's rows: ``z @ z.T``, ``torch.cdist(z, z)``.

What stands beside them says which rows belong together (the same class, the other view), not what a row's own answer
should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch

from defib.adapters.torch.program import Node, tracked, uses

PAIRING: Final = frozenset({"matmul", "mm", "__matmul__", "__rmatmul__", "einsum", "bmm", "cdist"})
ALL_PAIRS: Final = (
    "the loss compares the outputs of all rows of a batch with each other (a contrastive loss): the labels say which "
    "rows belong together, and what needs labels of a row, or the loss, was not assessed"
)


def compares_all(nodes: Sequence[Node], outputs: Sequence[Any], n_rows: int) -> bool:
    """Whether outputs meet outputs as ``(rows, rows)``, and no label of ``(n_rows, ...)`` before that, or beside it.

    ``nodes``: from the outputs to the loss, in order.
    """
    derived, paired = {id(one) for one in outputs}, set[int]()
    for node in nodes:
        used = [one for one in uses(node) if isinstance(one, torch.Tensor)]
        own = [one for one in used if id(one) in derived]
        if not own:
            continue
        made = {id(one) for one in tracked(node.out)}
        derived |= made
        if any(id(one) in paired for one in own) or _pairs(node, used, own, n_rows):
            paired |= made
        elif any(one.dim() and n_rows > 1 and one.shape[0] == n_rows for one in used if id(one) not in derived):
            return False  # a label, say, of each row by itself
    return bool(paired)


def _pairs(node: Node, used: Sequence[Any], own: Sequence[Any], n_rows: int) -> bool:
    out = node.out
    if node.name not in PAIRING or len(own) < len(used) or not isinstance(out, torch.Tensor) or out.dim() < 2:
        return False
    size = int(out.shape[-1])
    first = own[0]
    rows_first = first.dim() < 2 or int(first.shape[-2]) == size
    return n_rows > 1 and out.shape[-2] == size and size % n_rows == 0 and rows_first

"""What picks rows for the loss: ``loss(out[train_mask], y[train_mask])``, as programs on one graph write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from defib.adapters.torch.arrays import map_leaves
from defib.adapters.torch.program import Node, tracked, uses

MASKING: Final[frozenset[str]] = frozenset({"__getitem__", "masked_select"})


def masks(nodes: Sequence[Node]) -> set[int]:
    """``id`` of every boolean tensor that picks: it says which rows count, and is no label."""
    found: list[Any] = []
    for node in nodes:
        if node.name in MASKING:
            map_leaves((node.args[1:], dict(node.kwargs)), lambda leaf: found.append(leaf))
    return {id(one) for one in found if isinstance(one, torch.Tensor) and one.dtype == torch.bool}


@final
@dataclass(frozen=True)
class Picking:
    """Which rows the loss counts, where the program picks them after the network: by mask, by numbers, by a slice."""

    nodes: frozenset[int] = frozenset()
    """``id`` of every call that picks them, from outputs or from labels."""
    numbers: NDArray[np.int64] | None = None
    """The rows, in the order in which they are picked; ``None`` where all count."""
    indices: frozenset[int] = frozenset()
    """``id`` of the tensors that say which: no labels."""


def picking(nodes: Sequence[Node], outputs: Sequence[Any], n_rows: int) -> Picking:
    """How ``outputs`` (and labels) ``(n_rows, ...)`` are picked; nothing where they are picked in several ways."""
    derived = {id(one) for one in outputs}
    found: list[tuple[Node, NDArray[np.int64], bool]] = []
    for node in nodes:
        from_outputs = any(id(one) in derived for one in uses(node))
        numbers = _numbers(node, n_rows)
        if numbers is not None:
            found.append((node, numbers, from_outputs))
        if from_outputs:
            derived |= {id(one) for one in tracked(node.out)}
    chosen = [numbers for _, numbers, from_outputs in found if from_outputs]
    if not chosen or any(not np.array_equal(one, chosen[0]) for one in chosen):
        return Picking()
    same = [node for node, numbers, _ in found if np.array_equal(numbers, chosen[0])]
    indices: list[Any] = []
    for node in same:
        map_leaves((node.args[1:], dict(node.kwargs)), lambda leaf: indices.append(leaf))
    tensors = frozenset(id(one) for one in indices if isinstance(one, torch.Tensor))
    return Picking(frozenset(id(node) for node in same), chosen[0], tensors)


def _numbers(node: Node, n_rows: int) -> NDArray[np.int64] | None:
    """Rows that a call picks along the first axis of ``(n_rows, ...)``; ``None`` where it does something else."""
    source = node.args[0] if node.args else None
    if not isinstance(source, torch.Tensor) or not source.dim() or source.shape[0] != n_rows:
        return None
    index = _index(node, source)
    if index is None or not isinstance(node.out, torch.Tensor):
        return None
    try:
        rows = torch.arange(n_rows)[index.cpu() if isinstance(index, torch.Tensor) else index]
    except (IndexError, TypeError, RuntimeError):
        return None
    if rows.dim() != 1 or not node.out.dim() or len(rows) != node.out.shape[0] or len(rows) >= n_rows:
        return None
    numbers: NDArray[np.int64] = rows.numpy()
    return numbers


def _index(node: Node, source: Any) -> Any:
    """What says which rows; ``None`` where other axes are picked by tensors as well."""
    if node.name == "masked_select":
        return node.args[1] if source.dim() == 1 and len(node.args) > 1 else None
    if node.name == "index_select":
        dim, index = (*node.args[1:], *node.kwargs.values())[:2] if len(node.args) + len(node.kwargs) > 2 else (1, None)
        return index if dim == 0 else None
    if node.name != "__getitem__" or len(node.args) < 2:
        return None
    index = node.args[1]
    if not isinstance(index, tuple):
        return index if isinstance(index, torch.Tensor | slice | list) or _is_array(index) else None
    plain = all(isinstance(one, slice | int) for one in index[1:])
    return index[0] if index and plain and not isinstance(index[0], int) else None


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)

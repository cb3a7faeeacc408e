"""How one batch was picked from all rows: indexing, slices, arrays of the program that became tensors."""

from __future__ import annotations

from typing import Final

import torch

from defib.adapters.torch.arrays import leaf_tensors, tensors_in
from defib.adapters.torch.program import Node, slice_nodes, tracked, uses

INDEXING: Final[frozenset[str]] = frozenset({"__getitem__", "index_select", "take", "narrow", "gather"})
FACTORIES: Final[frozenset[str]] = frozenset(
    {"ones", "zeros", "full", "arange", "eye", "linspace", "rand", "randn", "randint", "randperm", "empty"}
)


def without_picking(nodes: list[Node], known: set[int], n_rows: int, time_first: bool = False) -> list[Node]:
    """Leave out how this batch was picked from all rows (``y[idx]``, ``torch.tensor(y_np[a:b])``).

    What was picked then is the label (or the input) tensor, with a row on its first axis. ``known`` are
    the ids of outputs, inputs and parameters: what comes from them was computed, not picked. ``time_first``:
    rows may lie along the second axis.
    """
    derived, rows, picked = set(known), set[int](), set[int]()
    for node in nodes:
        used = uses(node)
        if node.call or any(id(one) in derived for one in used):
            derived |= {id(one) for one in tracked(node.out)}
        elif (node.name not in FACTORIES and picks_rows(node, n_rows, rows)) or (
            time_first and picks_second(node, n_rows)
        ):
            picked.add(id(node.out))
            rows.add(id(node.out))
        elif any(id(one) in rows for one in used):
            rows |= {id(one) for one in tensors_in(node.out)}
    if not picked or id(nodes[-1].out) in picked:
        return nodes
    return slice_nodes([node for node in nodes if id(node.out) not in picked], tracked(nodes[-1].out))


def picks_rows(node: Node, n_rows: int, rows: set[int] = frozenset()) -> bool:  # type: ignore[assignment]
    """Whether a call makes one batch of row values out of something that is no such batch."""
    out = node.out
    if not isinstance(out, torch.Tensor) or not out.dim() or out.shape[0] != n_rows:
        return False
    used = leaf_tensors((node.args, dict(node.kwargs)))
    if node.name in INDEXING and used and id(used[0]) not in rows:
        # By numbers that were picked themselves, too: y[perm[a:b]] is the label, perm[a:b] is not.
        return used[0].shape[:1] != (n_rows,) or len(used) > 1
    if any(id(one) in rows for one in used):
        return False
    return not any(one.dim() and one.shape[0] == n_rows for one in used)


def picks_second(node: Node, n_rows: int) -> bool:
    """Whether a call picks a batch ``(time, rows, ...)``: its rows, or the steps that it is about."""
    out, used = node.out, leaf_tensors((node.args, dict(node.kwargs)))
    if node.name not in INDEXING or not isinstance(out, torch.Tensor) or out.dim() < 2 or not used:
        return False
    return bool(out.shape[1] == n_rows and used[0].dim() > 1)

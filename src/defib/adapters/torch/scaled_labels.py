"""Targets that a step scales on their way to the loss (``y / s``): the label is what meets the predictions."""

from __future__ import annotations

from typing import Any, Final

import torch

from defib.adapters.torch.arrays import leaf_tensors, tensors_in
from defib.adapters.torch.program import Node, slice_nodes, tracked, uses

ARITHMETIC: Final = frozenset({"add", "sub", "rsub", "mul", "div", "true_divide", "truediv", "log", "log1p", "sqrt"})


def without_scaling(nodes: list[Node], known: set[int], n_rows: int) -> list[Node]:
    """Leave out arithmetic on targets alone, by numbers that all rows share; what it gives is the label then.

    Targets are values here: classes that are smoothed or moved are left to the loss. So are targets whose predictions
    the loss reckons with as well before they meet (both in logarithms). ``known`` as for
    `defib.adapters.torch.batches.without_picking`.
    """
    predicted, met, scaled, classes = set(known), set[int](), set[int](), set[int]()
    for node in nodes:
        used = {id(one) for one in uses(node)}
        made = {id(one) for one in tracked(node.out)}
        if node.call or (used & predicted and not _beside(node, predicted | met)):
            predicted |= made
            if not node.call and _is_arithmetic(node):
                return nodes
        elif used & (predicted | met):
            met |= made
        elif used & classes or _of_classes(node):
            classes |= made
        elif _scales(node, n_rows):
            scaled |= {id(one) for one in tensors_in(node.out)}
    if not scaled or id(nodes[-1].out) in scaled:
        return nodes
    return slice_nodes([node for node in nodes if id(node.out) not in scaled], tracked(nodes[-1].out))


def _beside(node: Node, derived: set[int]) -> bool:
    """Whether something with an axis that is not derived from the predictions goes into this call as well."""
    return any(one.dim() and id(one) not in derived for one in leaf_tensors((node.args, dict(node.kwargs))))


def _is_arithmetic(node: Node) -> bool:
    return node.name.strip("_") in ARITHMETIC


def _of_classes(node: Node) -> bool:
    """Arithmetic on zeros and ones, which is the same for every batch, however few its rows are."""
    used = [one for one in leaf_tensors((node.args, dict(node.kwargs))) if one.dim()]
    return _is_arithmetic(node) and any(bool(((one == 0) | (one == 1)).all()) for one in used)


def _scales(node: Node, n_rows: int) -> bool:
    """One number per row and target in, one out."""
    out: Any = node.out
    if not _is_arithmetic(node) or not isinstance(out, torch.Tensor) or not out.is_floating_point():
        return False
    used = leaf_tensors((node.args, dict(node.kwargs)))
    by_row = [one for one in used if one.dim() and one.shape[0] == n_rows]
    return len(by_row) == 1 and by_row[0].shape == out.shape and by_row[0] is not out

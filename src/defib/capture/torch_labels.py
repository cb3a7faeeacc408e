"""Labels of a step or of an evaluation: which tensor they are, and as an array with a row on the first axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from defib.adapters.torch.arrays import leaf_tensors, tensors_in, to_numpy
from defib.adapters.torch.batches import picks_rows, picks_second
from defib.adapters.torch.layout import Lie, led_array
from defib.adapters.torch.masks import masks
from defib.adapters.torch.program import Node, tracked, uses
from defib.subject import AnyArray


def label_array(label: Any, n_rows: int, flat: bool, unbatched: bool, lie: Lie = "first") -> AnyArray | None:
    """A label tensor as an array with a row on the first axis, copied; ``None`` where that cannot be."""
    if label is None:
        return None
    array = to_numpy(label)
    if unbatched:
        return array[None]
    array = led_array(array, n_rows, lie)
    if flat and lie == "first" and n_rows and len(array) % n_rows == 0:
        array = array.reshape(n_rows, -1, *array.shape[1:])
    return array if array.ndim and len(array) == n_rows else None


def meeting_label(
    nodes: Sequence[Node], outputs: Sequence[Any], rows: Sequence[Any], n_rows: int, time_first: bool = False
) -> Any:
    """The row tensor, as the user had it, that first meets something computed from the outputs."""
    derived = {id(one) for one in outputs}
    known, masking = {id(one) for one in rows}, masks(nodes)
    roots: dict[int, Any] = {}
    for node in nodes:
        used = uses(node)
        others = [one for one in used if id(one) not in derived and isinstance(one, torch.Tensor)]
        if any(id(one) in derived for one in used):
            for one in others:
                root = roots.get(id(one), one)
                if id(one) not in masking and id(root) not in known and _row_like(root, n_rows, time_first):
                    return root
            derived |= {id(one) for one in tracked(node.out)}
        elif others and not picks_rows(node, n_rows) and not (time_first and picks_second(node, n_rows)):
            root = roots.get(id(others[0]), others[0])
            roots.update({id(one): root for one in tensors_in(node.out)})
    return None


def any_label(nodes: Sequence[Node], outputs: Sequence[Any], rows: Sequence[Any], n_rows: int) -> Any:
    """Any row tensor that was used after the call and does not come from its outputs (``y.numpy()``)."""
    known = {id(one) for one in (*outputs, *rows)} | masks(nodes)
    for node in nodes:
        used = leaf_tensors((node.args, dict(node.kwargs)))
        if any(id(one) in known for one in used):
            known |= {id(one) for one in tensors_in(node.out)}
            continue
        for one in used:
            if _row_like(one, n_rows) and not isinstance(one, torch.nn.Parameter):
                return one
    return None


def rows_second(tensor: Any, n_rows: int, time_first: bool) -> bool:
    """Whether a label's rows lie second, as time comes first."""
    return bool(time_first and tensor.dim() > 1 and tensor.shape[1] == n_rows and tensor.shape[0] != n_rows)


def _row_like(tensor: Any, n_rows: int, time_first: bool = False) -> bool:
    if isinstance(tensor, torch.nn.Parameter) or not tensor.dim():
        return False
    return bool(tensor.shape[0] == n_rows) or rows_second(tensor, n_rows, time_first)

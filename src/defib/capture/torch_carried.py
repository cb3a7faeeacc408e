"""What a batch carries beside the rows: its labels, a mask of rows, numbers of rows; handed to the network, not read.

``model(batch)`` with ``batch["label"]`` taken by the loss afterwards: the label is no input, and a change of the inputs
must leave it alone. That the network does not read it is seen on a clone, which answers the same without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import torch

from defib.adapters.torch.arrays import leaf_tensors, map_leaves, tensors_in
from defib.adapters.torch.clone import clone_module, unwrapped
from defib.adapters.torch.door import Door
from defib.adapters.torch.inside import NOTHING_BESIDE, Beside, Path, label_paths, tensor_at
from defib.adapters.torch.masks import masks
from defib.adapters.torch.program import Node
from defib.adapters.torch.quiet import quiet
from defib.capture.torch_call import Call

_known: WeakKeyDictionary[Any, dict[Path, bool]] = WeakKeyDictionary()
"""By module: whether it reads what stands there."""


def carried(call: Call, door: Door, rows: Sequence[Any], after: Sequence[Node], label: Any) -> Beside:
    """Where tensors stand that the loss takes, or that are its ``label``, and that the network does not read.

    Of those that the loss takes the label is the first that no operation picks rows with.
    """
    if len(rows) < 2:
        return NOTHING_BESIDE
    taken = [(path, one) for path, one in _taken(door, rows, after, label) if not _is_read(call, path, one)]
    if not taken or len(taken) == len(rows):
        return NOTHING_BESIDE
    masking = masks(after)
    labels = [path for path, tensor in taken if id(tensor) not in masking]
    its = labels[0] if labels else ()
    return Beside(its, tuple(path for path, _ in taken if path != its))


def _is_read(call: Call, path: Path, tensor: Any) -> bool:
    known = _known.setdefault(call.module, {})
    if path not in known:
        known[path] = reads(call, tensor)
    return known[path]


def _taken(door: Door, rows: Sequence[Any], after: Sequence[Node], label: Any) -> Iterator[tuple[Path, Any]]:
    used = {id(one) for node in after for one in leaf_tensors((node.args, dict(node.kwargs)))}
    for path in label_paths(door):
        tensor = tensor_at(door, rows, path)
        if id(tensor) in used or (label is not None and label is not tensor and _same(tensor, label)):
            yield path, tensor


def _same(one: Any, label: Any) -> bool:
    """The same numbers, whatever the shape and the type."""
    if one.numel() != label.numel():
        return False
    return bool(torch.equal(one.detach().reshape(-1).double(), label.detach().reshape(-1).double()))


def reads(call: Call, tensor: Any) -> bool:
    """Whether a clone answers otherwise, or not at all, without this argument."""
    if call.copied is not None or call.as_called is None:  # overwritten since: nothing can be asked about it
        return True
    try:
        whole, less = _answers(call, None), _answers(call, tensor)
    except Exception:  # it misses its argument
        return True
    return len(whole) != len(less) or not all(torch.equal(a, b) for a, b in zip(whole, less, strict=True))


def _answers(call: Call, missing: Any) -> list[Any]:
    """Of a clone in evaluation mode, with ``None`` for one of its arguments."""

    def given(leaf: Any) -> Any:
        if leaf is missing:
            return None
        return leaf.detach() if isinstance(leaf, torch.Tensor) else leaf

    with quiet(seed=0), torch.no_grad():
        clone = clone_module(unwrapped(call.module)).eval()
        return list(tensors_in(clone(*map_leaves(call.args, given), **map_leaves(call.kwargs, given))))

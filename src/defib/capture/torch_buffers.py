"""Whether one output after the other lies in the same memory, and whether the program keeps the earlier ones."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Sequence
from typing import Any, final

import torch

from defib.adapters.torch.arrays import tensors_in
from defib.adapters.torch.program import Node, tracked, uses


@final
class SharedMemory:
    """Told of every output of one line of the program, in order."""

    def __init__(self) -> None:
        self.kept = 0
        """Outputs, at least, that the program still held when the next one had overwritten them."""
        self._last: Any = None
        self._references = 0
        self._buffer: Any = None
        self._filled = 0

    def add(self, out: Any) -> None:
        """The next output, as the network gave it (no copy)."""
        tensor = next(iter(tensors_in(out)), None)
        if tensor is None or not tensor.numel():
            return
        before = None if self._last is None else self._last()
        count = sys.getrefcount(tensor)
        if before is tensor:  # one object, given out again: another reference to it is one more entry of a list
            self.kept += count > self._references
        elif before is not None and before.data_ptr() == tensor.data_ptr():
            self.kept += 1
        self._last, self._references = weakref.ref(tensor), count

    def filled(self, buffer: Any) -> None:
        """The tensor of the program's that this output was copied into; looked for at every power of two."""
        before = None if self._buffer is None else self._buffer()
        self._filled = self._filled + 1 if before is buffer else 1
        self._buffer = weakref.ref(buffer)
        if self._filled > 1 and self._filled & (self._filled - 1) == 0:
            self.kept = max(self.kept, _entries(buffer) - 1)


def _entries(buffer: Any) -> int:
    """How often one list of the program's holds this very tensor."""
    return max(
        (sum(one is buffer for one in held) for held in gc.get_referrers(buffer) if type(held) is list), default=0
    )


def buffer_of(nodes: Sequence[Node], outputs: Sequence[Any]) -> Any:
    """The tensor from before the call that is filled whole with what comes of its outputs; ``None`` without one."""
    derived = {id(one) for one in outputs}
    made = set(derived)
    for node in nodes:
        target = _written(node)
        if not any(id(one) in derived for one in uses(node)):
            made |= {id(one) for one in tracked(node.out)}
            continue
        if isinstance(target, torch.Tensor) and id(target) not in made:
            return target
        made |= {id(one) for one in tracked(node.out)}
        derived |= {id(one) for one in tracked(node.out)}
    return None


def _written(node: Node) -> Any:
    if isinstance(node.kwargs.get("out"), torch.Tensor):
        return node.kwargs["out"]
    if node.name == "copy" and node.args:
        return node.args[0]
    if node.name != "__setitem__" or len(node.args) < 2:
        return None
    index = node.args[1]
    whole = index is Ellipsis or (isinstance(index, slice) and index == slice(None))
    return node.args[0] if whole else None

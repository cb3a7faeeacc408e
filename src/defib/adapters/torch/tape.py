"""Records every call of torch while it stands on torch's stack of function modes."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from defib.adapters.torch.program import Node

MAX_NODES = 2_000
"""A loss takes a few dozen calls, one of an episode many hundreds; past this the program went on to other things."""
MAX_BYTES = 256 * 2**20
"""Of tensors without a graph, which nobody but the tape may be holding any more."""


class Tape(TorchFunctionMode):  # type: ignore[misc]  # torch is Any to mypy
    """The calls, in order, with their live tensors."""

    def __init__(self) -> None:
        TorchFunctionMode.__init__(self)
        self.nodes: list[Node] = []
        self.full = False
        self._bytes = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the call unchanged and note it."""
        out = func(*args, **(kwargs or {}))
        if not self.full:
            self.nodes.append(Node(func, args, kwargs or {}, out, torch.is_grad_enabled()))
            if not torch.is_grad_enabled() and isinstance(out, torch.Tensor):
                self._bytes += out.nbytes
            self.full = len(self.nodes) >= MAX_NODES or self._bytes > MAX_BYTES
        return out

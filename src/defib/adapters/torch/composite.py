"""Several modules that the user's loop calls one after the other (``head(encoder(x))``), as one module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import nn

from defib.adapters.torch.door import resized
from defib.adapters.torch.program import Leaf, Program


@final
class Composite(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Holds the user's modules (the same objects) and runs the recorded calls between rows and outputs."""

    def __init__(self, parts: Mapping[str, Any], program: Program, recorded_rows: int, axis: int = 0) -> None:
        """``axis``: of the first row tensor, along which its rows lie."""
        nn.Module.__init__(self)
        for name, part in parts.items():
            self.add_module(name, part)
        self.program = program
        self.recorded_rows = recorded_rows
        self.axis = axis

    def forward(self, *tensors: Any) -> tuple[Any, ...]:
        """All tensors that the loss takes from the modules."""
        n_rows = tensors[0].shape[self.axis] if tensors and tensors[0].dim() > self.axis else 1

        def give(leaf: Leaf) -> Any:
            if leaf.kind == "input":
                return tensors[int(leaf.key)]
            if isinstance(leaf.value, torch.Tensor) and tensors:
                return resized(leaf.value, self.recorded_rows, n_rows).to(tensors[0].device)
            return leaf.value

        return self.program.run(give, n_rows=n_rows, module=self.get_submodule)

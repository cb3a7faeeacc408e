"""Several modules that the user's loop calls one after the other (``head(encoder(x))``), as one module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from torch import nn

from defib.adapters.torch.program import Leaf, Program


@final
class Composite(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Holds the user's modules (the same objects) and runs the recorded calls between rows and outputs."""

    def __init__(self, parts: Mapping[str, Any], program: Program) -> None:
        nn.Module.__init__(self)
        for name, part in parts.items():
            self.add_module(name, part)
        self.program = program

    def forward(self, *tensors: Any) -> tuple[Any, ...]:
        """All tensors that the loss takes from the modules."""

        def give(leaf: Leaf) -> Any:
            return tensors[int(leaf.key)] if leaf.kind == "input" else leaf.value

        n_rows = len(tensors[0]) if tensors else 1
        return self.program.run(give, n_rows=n_rows, module=self.get_submodule)

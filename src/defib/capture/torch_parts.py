"""Several modules that one step calls, as one: what goes in at its door, and how its parts are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from defib.adapters.torch.layout import moving_axis
from defib.adapters.torch.program import Leaf


class DoorLeaves:
    """Leaves of a composite: row tensors become its inputs, everything else a constant."""

    def __init__(self, n_rows: int, time_first: Any = None) -> None:
        """``time_first``: the tensor whose rows lie second, where time comes first."""
        self.n_rows = n_rows
        self.time_first = time_first
        self.rows: list[Any] = []

    def _is_row(self, value: Any) -> bool:
        if self.time_first is not None:
            return moving_axis(value, self.time_first, 1) is not None
        return bool(value.dim() and value.shape[0] == self.n_rows)

    def __call__(self, value: Any, slot: int) -> Leaf:
        """The leaf of a value that no call of the step gave."""
        if isinstance(value, torch.Tensor) and self._is_row(value):
            self.rows.append(value)
            return Leaf("input", slot, len(self.rows) - 1)
        kept = value.detach().clone() if isinstance(value, torch.Tensor) else value
        return Leaf("constant", slot, value=kept)


def part_names_of(modules: Sequence[Any]) -> tuple[str, ...]:
    """A name for each, told apart by number."""
    names: list[str] = []
    for module in modules:
        base = type(module).__name__.lower()
        names.append(f"{base}_{len(names)}" if base in names else base)
    return tuple(names)

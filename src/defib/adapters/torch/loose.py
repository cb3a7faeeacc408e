"""Weights that belong to no module, and the calls between them and the prediction, as one module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, final

import torch
from torch import nn

from defib.adapters.torch.door import resized
from defib.adapters.torch.program import Leaf, Program, Step

DROPPING: Final = frozenset(
    {"dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d"}
)

NAMED: Final = 4
"""Weights that a title names."""


@final
class Loose(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Holds the user's tensors themselves; its clones hold copies, as parameters.

    Leaves of its program: ``input`` (by position), ``parameter`` (by name), and constants.
    """

    def __init__(self, weights: Mapping[str, Any]) -> None:
        nn.Module.__init__(self)
        self._parameters.update(weights)  # a plain tensor is none of torch's parameters, and may not be made one
        self.program: Program | None = None
        self.recorded_rows = 0

    @property
    def title(self) -> str:
        """The weights by name, the first few of many."""
        names = list(self._parameters)
        return ", ".join(names) if len(names) <= NAMED else ", ".join((*names[: NAMED - 1], f"… {names[-1]}"))

    def __deepcopy__(self, memo: dict[int, Any]) -> Loose:
        copies = {name: nn.Parameter(one.detach().clone(), one.requires_grad) for name, one in self._parameters.items()}
        made = Loose(copies)
        made.program, made.recorded_rows, made.training = self.program, self.recorded_rows, self.training
        memo[id(self)] = made
        return made

    def forward(self, *tensors: Any) -> Any:
        """The tensor that stands before the loss, for some rows."""
        assert self.program is not None
        n_rows = len(tensors[0]) if tensors and tensors[0].dim() else 1
        program = self.program
        if not self.training:
            program = replace(program, steps=tuple(_resting(step) for step in program.steps))

        def give(leaf: Leaf) -> Any:
            if leaf.kind == "input":
                return tensors[int(leaf.key)]
            if leaf.kind == "parameter":
                return self._parameters[str(leaf.key)]
            if isinstance(leaf.value, torch.Tensor) and tensors:
                return resized(leaf.value, self.recorded_rows, n_rows).to(tensors[0].device)
            return leaf.value

        return program.run(give, n_rows=n_rows)[0]


def _resting(step: Step) -> Step:
    """Dropout that is told whether the network trains is off in evaluation; one that is told nothing is always on."""
    told = "training" in step.kwargs or len(step.args) > 2
    if step.name not in DROPPING or not told:
        return step
    if "training" in step.kwargs:
        return replace(step, kwargs={**step.kwargs, "training": False})
    return replace(step, args=(*step.args[:2], False, *step.args[3:]))

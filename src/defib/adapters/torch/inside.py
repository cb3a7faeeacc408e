"""Models that compute their loss themselves (``logits, loss = model(x, targets)``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import torch

from defib.adapters.torch.arrays import map_leaves
from defib.adapters.torch.door import Door, Here
from defib.adapters.torch.numeric import CANDIDATES, Candidate, value_of
from defib.adapters.torch.program import Leaf, Program, Slot, Step
from defib.adapters.torch.reading import Reading, link_of
from defib.recipe import LossFacts

SAME_VALUE: Final = 1e-4
"""Relative difference up to which a well-known loss on the model's other output is taken for its own."""


def without_label(door: Door, rows: Sequence[Any]) -> tuple[Door, list[Any], Any]:
    """The door of the same call with ``None`` for its last row tensor, which is the label; the rows; the label."""
    if len(rows) < 2:
        return door, list(rows), None
    last = len(rows) - 1

    def drop(leaf: Any) -> Any:
        return None if isinstance(leaf, Here) and leaf.index == last else leaf

    fewer = replace(
        door, args=map_leaves(door.args, drop), kwargs=map_leaves(door.kwargs, drop), parts=door.parts[:last]
    )
    return fewer, list(rows[:last]), rows[last]


def read_inside(
    outputs: Sequence[Any], loss: Any, label: Any, n_rows: int, *, name: str = "the model's own loss", cut: bool = False
) -> Reading | None:
    """The loss as one of the well-known ones, where its number is exactly theirs; else ``None``.

    ``cut``: no gradient went through it in the user's loop, and none does when it is run again as recorded.
    """
    others = [one for one in outputs if one is not loss]
    selected = next((i for i, one in enumerate(others) if one.dim() and one.shape[0] == n_rows), None)
    if selected is None or label is None:
        return None
    output = others[selected]
    for candidate in CANDIDATES:
        value = value_of(candidate[2], output.detach(), label.detach())
        if value is not None and abs(value - float(loss.detach())) <= SAME_VALUE * max(abs(value), 1e-12):
            return _reading(candidate, selected, output, label, name, cut)
    return None


def _reading(candidate: Candidate, selected: int, output: Any, label: Any, name: str, cut: bool) -> Reading:
    kind, takes, function = candidate
    leaves = (Leaf("output", 0, selected), Leaf("label", 1, 0))
    step = Step("own_loss", lambda z, y: function(z.double(), y), (Slot(0), Slot(1)), {}, (2,), not cut, None, True)
    facts = LossFacts(name, kind, takes, tuple(output.shape), tuple(label.shape))
    program = Program((step,), leaves, (2,), 3)
    return Reading(program, facts, selected, (), link_of(facts), label, False)


def is_own_loss(loss: Any, outputs: Sequence[Any]) -> bool:
    """Whether the loss is one of the model's outputs."""
    return isinstance(loss, torch.Tensor) and any(one is loss for one in outputs)

"""Models that compute their loss themselves (``logits, loss = model(x, targets)``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final

import torch

from defib.adapters.torch.arrays import Here, carried_by, map_leaves, tensors_in
from defib.adapters.torch.door import Door
from defib.adapters.torch.numeric import CANDIDATES, Candidate, value_of
from defib.adapters.torch.program import Leaf, Node, Program, Slot, Step
from defib.adapters.torch.reading import Reading, link_of
from defib.recipe import LossFacts

LABEL_NAMES: Final = frozenset({"labels", "label", "targets", "target", "y", "y_true", "next_sentence_label"})
OWN_LOSS: Final = "own_loss"
"""Stands in a program of a loss for the model's own, which is held against the well-known ones at every step."""
SAME_VALUE: Final = 1e-4
"""Relative difference up to which a well-known loss on the model's other output is taken for its own."""


Path = tuple[Any, ...]
"""Where an argument stands in ``(args, kwargs)``: ``(1, "labels")`` is the keyword argument ``labels``."""


def label_paths(door: Door) -> list[Path]:
    """Where labels may stand in a call of a model that computes its loss: by name first, then from the end."""
    found = list(_paths((door.args, door.kwargs), ()))
    if len(found) < 2:
        return []
    named = [path for path in found if str(path[-1]).lower() in LABEL_NAMES]
    return [*named, *(path for path in reversed(found) if path not in named)]


def _paths(value: Any, at: Path) -> Iterator[Path]:
    if isinstance(value, Here):
        yield at
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _paths(one, (*at, key))
    elif isinstance(value, tuple | list):
        for i, one in enumerate(value):
            yield from _paths(one, (*at, i))
    elif not isinstance(value, torch.Tensor):
        for key, one in (carried_by(value) or {}).items():
            yield from _paths(one, (*at, key))


def without_label(door: Door, rows: Sequence[Any], path: Path) -> tuple[Door, list[Any], Any]:
    """The door of the same call with ``None`` for its label; the rows; the label (``None`` where the call had none)."""
    index = _index_at((door.args, door.kwargs), path)
    if index is None:
        return door, list(rows), None

    def drop(leaf: Any) -> Any:
        if not isinstance(leaf, Here):
            return leaf
        return None if leaf.index == index else Here(leaf.index - (leaf.index > index))

    parts = (*door.parts[:index], *door.parts[index + 1 :])
    fewer = replace(door, args=map_leaves(door.args, drop), kwargs=map_leaves(door.kwargs, drop), parts=parts)
    return fewer, [one for i, one in enumerate(rows) if i != index], rows[index]


@final
@dataclass(frozen=True)
class Beside:
    """Where a call is handed what is no input: the label, and others that the network does not read."""

    label: Path = ()
    others: tuple[Path, ...] = ()

    def taken_off(self, door: Door, rows: Sequence[Any]) -> tuple[Door, list[Any], Any]:
        """The door of the same call with ``None`` for each of them; the rows; the label, ``None`` without one."""
        label = None
        for path in (*self.others, *([self.label] if self.label else [])):
            door, rows, label = without_label(door, rows, path)
        return door, list(rows), label if self.label else None


NOTHING_BESIDE: Final = Beside()


def tensor_at(door: Door, rows: Sequence[Any], path: Path) -> Any:
    """The tensor of rows that stands there; ``None`` where there is none."""
    index = _index_at((door.args, door.kwargs), path)
    return None if index is None else rows[index]


def _index_at(value: Any, path: Path) -> int | None:
    """Which row tensor stands there."""
    for key in path:
        try:
            value = value[key] if isinstance(value, Mapping | tuple | list) else (carried_by(value) or {})[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value.index if isinstance(value, Here) else None


def read_inside(
    outputs: Sequence[Any],
    loss: Any,
    label: Any,
    n_rows: int,
    *,
    name: str = "the model's own loss",
    cut: bool = False,
    factor: float = 1.0,
) -> Reading | None:
    """The loss as one of the well-known ones, where its number is exactly theirs; else ``None``.

    ``cut``: no gradient went through it in the user's loop, and none does when it is run again as recorded.
    ``factor``: what the loop multiplied it by before the backward pass.
    """
    others = [one for one in outputs if one is not loss]
    selected = next((i for i, one in enumerate(others) if one.dim() and one.shape[0] == n_rows), None)
    if selected is None or label is None:
        return None
    output = others[selected]
    for candidate in CANDIDATES:
        value = value_of(candidate[2], output.detach(), label.detach())
        if value is not None and abs(value - float(loss.detach())) <= SAME_VALUE * max(abs(value), 1e-12):
            return _reading(candidate, selected, output, label, name, cut, factor)
    return None


def _reading(
    candidate: Candidate, selected: int, output: Any, label: Any, name: str, cut: bool, factor: float
) -> Reading:
    kind, takes, function = candidate
    leaves = (Leaf("output", 0, selected), Leaf("label", 1, 0))
    step = Step(
        OWN_LOSS, lambda z, y: factor * function(z.double(), y), (Slot(0), Slot(1)), {}, (2,), not cut, None, True
    )
    fitted = getattr(function, "aligned", False) and label.numel() == output.numel()
    facts = LossFacts(name, kind, takes, tuple(output.shape), tuple((output if fitted else label).shape))
    program = Program((step,), leaves, (2,), 3)
    return Reading(program, facts, selected, (), link_of(facts), label, False)


def own_loss(loss: Any, outputs: Sequence[Any], after: Sequence[Node]) -> Any:
    """The model's output that is the loss, as it is or after a scaling (gradient accumulation); else ``None``.

    ``after``: what ran between the model's outputs and the loss.
    """
    if not isinstance(loss, torch.Tensor) or any(one is loss for one in outputs):
        return loss if isinstance(loss, torch.Tensor) else None
    ids = {id(one): one for one in outputs}
    used = {id(one): one for node in after for one in tensors_in((node.args, dict(node.kwargs)))}
    taken = [one for key, one in used.items() if key in ids]
    alone = len(taken) == 1 and taken[0].dim() == 0 and len(ids) > 1
    return taken[0] if alone and all(one.numel() == 1 for one in used.values()) else None

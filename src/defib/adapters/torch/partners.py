"""Which answers of the network a loss wants alike: found by what it costs, not by the names in the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np
import torch

from defib.adapters.torch.composite import Composite
from defib.adapters.torch.door import RowPart
from defib.adapters.torch.program import Leaf, Program, derived
from defib.adapters.torch.reading import Reading

SCALES: Final = (1.0, 10.0)
"""Sizes of made-up embeddings, in those of the first step's: as they were, then further apart than most margins."""
CHEAPER: Final = 1e-4
"""Relative difference of two costs that is no rounding."""
TRIES: Final = 4

Likeness = Literal["cosine", "distance", "product"]


@dataclass(frozen=True)
class Member:
    """One of the rows that a term of the loss joins."""

    parts: tuple[int, ...]
    """Which tensors at the door are its."""
    outputs: tuple[int, ...]
    """Which outputs of the network are answers for it alone."""


@dataclass(frozen=True)
class Partners:
    """What the loss wants of the members of one tuple."""

    together: tuple[int, int]
    """The members that it wants alike; where labels say whether, the pair that they are about."""
    apart: tuple[tuple[int, int], ...]
    same: float | None = None
    """The label of a pair that it wants alike; ``None`` where no label says so."""


@dataclass(frozen=True)
class Pairs:
    """What a loss joins, and how."""

    members: tuple[Member, ...]
    partners: Partners
    likeness: Likeness


def pairs_of(reading: Reading, module: Any, parts: Sequence[RowPart], outputs: Sequence[Any]) -> Pairs | None:
    """What the loss of this step joins; ``None`` where that cannot be told.

    ``module``: what was called, all calls as one; ``parts``: of its door; ``outputs``: live, what the loss takes.
    """
    members = members_of(module, parts, outputs)
    label = reading.label if reading.program.of("label") else None
    named = dict(module.named_parameters())
    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=cuda):  # the loss itself may draw
        partners = partners_of(reading.program, members, outputs, label, named)
    return None if partners is None else Pairs(members, partners, likeness_of(reading.program))


def members_of(module: Any, parts: Sequence[RowPart], outputs: Sequence[Any]) -> tuple[Member, ...]:
    """The members that the network answers for one by one; fewer than two where it answers for them together."""
    if not isinstance(module, Composite):
        alike = len(parts) == len(outputs) and len({part.shape for part in parts}) == 1
        return tuple(Member((i,), (i,)) for i in range(len(parts))) if alike else ()
    program = module.program
    reached = {leaf.key: derived(program.steps, [leaf.slot]) for leaf in program.of("input")}
    found: dict[tuple[int, ...], list[int]] = {}
    for i, slot in enumerate(program.results):
        key = tuple(sorted(int(part) for part, slots in reached.items() if slot in slots))
        found.setdefault(key, []).append(i)
    counted = [part for key in found for part in key]
    if () in found or len(set(counted)) < len(counted) or len(counted) != len(parts):
        return ()
    return tuple(Member(key, tuple(at)) for key, at in sorted(found.items()))


def likeness_of(program: Program) -> Likeness:
    """How the loss holds two embeddings against each other."""
    names = {step.name for step in program.steps}
    if any("cosine" in name or name == "normalize" for name in names):
        return "cosine"
    apart = {"cdist", "pairwise_distance", "triplet_margin_loss", "sub", "__sub__", "pdist", "mse_loss", "subtract"}
    products = {"matmul", "mm", "__matmul__", "einsum", "bmm"}
    return "product" if names & products and not names & apart else "distance"


def in_place(reading: Reading) -> Reading:
    """Labels that only count the rows of their batch (0, 1, 2 …) belong to the places, not to the rows."""
    label = reading.label
    if label is None or reading.others or label.is_floating_point() or label.dim() != 1 or len(label) < 2:
        return reading
    if not bool((label == torch.arange(len(label), device=label.device)).all()):
        return reading
    kept = label.detach().clone()
    leaves = tuple(
        replace(leaf, kind="constant", value=kept) if leaf.kind == "label" else leaf for leaf in reading.program.leaves
    )
    return replace(reading, program=replace(reading.program, leaves=leaves), label=None, order=())


def partners_of(
    program: Program, members: Sequence[Member], outputs: Sequence[Any], label: Any, parameters: Mapping[str, Any]
) -> Partners | None:
    """What the loss wants alike; ``None`` where it cannot be asked, or does not care."""
    if program.of("input") or len(members) < 2 or len({len(one.outputs) for one in members}) > 1:
        return None
    tries = (_wanted(_Asked(program, members, outputs, parameters, scale), members, label) for scale in SCALES)
    return next((one for one in tries if one is not None), None)


def _wanted(asked: _Asked, members: Sequence[Member], label: Any) -> Partners | None:
    if label is not None and len(members) == 2 and label.numel() == asked.n_rows:
        wishes = {value: asked.costs(0, 1, torch.full_like(label, value)).wanted for value in _two_kinds(label)}
        same = [value for value, wish in wishes.items() if wish is True]
        if len(same) == 1 and False in wishes.values():
            return Partners((0, 1), (), same[0])
    costs = {pair: asked.costs(*pair, label) for pair in combinations(range(len(members)), 2)}
    wanted = {pair: one.near for pair, one in costs.items() if one.wanted is True}
    if not wanted:
        return None
    # A positive as near as the negative still costs the margin: what is wanted alike costs least.
    together = min(wanted, key=wanted.__getitem__)
    return Partners(together, tuple(pair for pair, one in costs.items() if one.wanted is False))


def _two_kinds(label: Any) -> tuple[float, ...]:
    """The labels there are; of one kind alone, and what the other kind usually is."""
    values = tuple(float(one) for one in torch.unique(label)[:3].tolist())
    if len(values) == 1 and values[0] in (0.0, 1.0, -1.0):
        return (*values, 0.0, -1.0) if values[0] == 1.0 else (*values, 1.0)
    return values if len(values) == 2 else ()


@dataclass(frozen=True)
class _Costs:
    near: float
    far: float

    @property
    def wanted(self) -> bool | None:
        """Whether the loss wants the two alike; ``None`` where it does not care."""
        if not np.isfinite(self.near - self.far):
            return None
        if abs(self.near - self.far) <= CHEAPER * max(abs(self.near), abs(self.far)):
            return None
        return self.near < self.far


class _Asked:
    """The loss of made-up embeddings."""

    def __init__(
        self,
        program: Program,
        members: Sequence[Member],
        outputs: Sequence[Any],
        parameters: Mapping[str, Any],
        scale: float,
    ) -> None:
        self.program, self.members, self.outputs, self.parameters = program, members, outputs, parameters
        self.n_rows = int(outputs[0].shape[0])
        sizes = [float(one.detach().double().pow(2).mean().sqrt()) for one in outputs]
        self.scale = scale * (max(sizes) or 1.0)
        self.drawn = torch.Generator().manual_seed(0)

    def costs(self, i: int, j: int, label: Any) -> _Costs:
        """With these two members one, and with all of them strangers."""
        pairs = [(self._cost(i, j, label), self._cost(i, i, label)) for _ in range(TRIES)]
        near, far = (float(np.median(costs)) for costs in zip(*pairs, strict=True))
        return _Costs(near, far)

    def _cost(self, i: int, j: int, label: Any) -> float:
        like = [self.outputs[member.outputs[0]] for member in self.members]
        answers = [(self.scale * torch.randn(one.shape, generator=self.drawn)).to(one) for one in like]
        answers[j] = answers[i]
        given: dict[int, Any] = {}
        for member, answer in zip(self.members, answers, strict=True):
            given.update(dict.fromkeys(member.outputs, answer))

        def give(leaf: Leaf) -> Any:
            if leaf.kind == "output":
                return given[int(leaf.key)].clone()
            if leaf.kind == "label":
                return label.clone() if leaf.key == 0 else leaf.value
            return self.parameters[str(leaf.key)] if leaf.kind == "parameter" else leaf.value

        with torch.no_grad():
            (loss,) = self.program.run(give, n_rows=self.n_rows)
        return float(torch.as_tensor(loss).double().mean())

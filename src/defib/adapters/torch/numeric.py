"""Which well-known loss a hand-made one is: both are computed on random outputs, and a constant factor is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
import torch.nn.functional as F

from defib.adapters.torch.program import Leaf, Program
from defib.recipe import LossKind, LossTakes

DRAWS = 3
AGREEMENT = 1e-3
"""Largest relative difference of the ratio between draws; hand-made logarithms carry an epsilon of 1e-8 to 1e-4."""
SHARE = 0.1
"""Most that the ratio may differ between draws, of what the candidate does: two values that hardly move have a constant
ratio whatever they are."""

Candidate = tuple[LossKind, LossTakes, Callable[[Any, Any], Any]]


MAX_VALUES = 5_000_000
"""Values of an output beyond which no draws are made: of a vocabulary for every token, say."""
MAX_KNOWN = 256

_known: dict[Any, tuple[LossKind, LossTakes] | None] = {}


def kind_by_numbers(
    program: Program, scene: Any, selected: int, labels: Sequence[Any], label: Any
) -> tuple[LossKind, LossTakes] | None:
    """Kind and form of the first candidate whose ratio to the program is the same on all draws.

    Probabilities are drawn in (0.05, 0.95); logits and values in (-2.7, 2.7) as well. The same calls with the same
    constants are compared once.
    """
    if any(one.numel() > MAX_VALUES for one in scene.outputs):
        return None
    key = (_signature(program), selected, *(_look(one) for one in (*scene.outputs, *labels, label)))
    if key not in _known:
        if len(_known) >= MAX_KNOWN:
            _known.clear()
        _known[key] = _compare(program, scene, selected, labels, label)
    return _known[key]


def _signature(program: Program) -> tuple[Any, ...]:
    """Equal for the same calls with the same constants, whatever the rows."""
    steps = [(step.name, repr(step.args), repr(step.kwargs), step.outs, step.grad_enabled) for step in program.steps]
    leaves = [
        (leaf.kind, leaf.key, leaf.slot, leaf.kind == "constant" and _constant_of(leaf)) for leaf in program.leaves
    ]
    return (*steps, *leaves, program.results)


def _constant_of(leaf: Leaf) -> Any:
    value = leaf.value
    return (_look(value), float(value.double().sum())) if isinstance(value, torch.Tensor) else repr(value)


def _look(tensor: Any) -> tuple[Any, ...]:
    return (tuple(tensor.shape[1:]), tensor.dim(), tensor.dtype)


def _compare(
    program: Program, scene: Any, selected: int, labels: Sequence[Any], label: Any
) -> tuple[LossKind, LossTakes] | None:
    generator = torch.Generator().manual_seed(0)
    narrow = [_draw(scene.outputs, generator) for _ in range(DRAWS)]
    wide = [[6 * one - 3 if one.is_floating_point() else one for one in outputs] for outputs in narrow]
    known = {id(outputs): _value(program, scene, outputs, labels) for outputs in (*narrow, *wide)}
    for kind, takes, function in CANDIDATES:
        draws = narrow if takes == "probabilities" else [*narrow, *wide]
        pairs = [(known[id(one)], value_of(function, one[selected], label.detach())) for one in draws]
        both = [(value, expected) for value, expected in pairs if value is not None and expected]
        if len(both) == len(draws) and same_but_for_a_factor(both):
            return kind, takes
    return None


def same_but_for_a_factor(pairs: Sequence[tuple[float, float]]) -> bool:
    """Whether the first numbers are the second ones, none of them 0, times one positive number.

    >>> same_but_for_a_factor([(2.0, 1.0), (4.0, 2.0)]), same_but_for_a_factor([(1.0, 0.0801), (1.0, 0.08)])
    (True, False)
    """
    differ = _difference([value / expected for value, expected in pairs])
    moved = _difference([expected for _, expected in pairs])
    return differ is not None and differ <= min(AGREEMENT, SHARE * (moved or 0.0))


def _difference(numbers: Sequence[float]) -> float | None:
    """Largest relative difference from the one in the middle; ``None`` where that one is not above 0."""
    middle = sorted(numbers)[len(numbers) // 2]
    return max(abs(one / middle - 1) for one in numbers) if middle > 0 else None


def _draw(outputs: Sequence[Any], generator: torch.Generator) -> list[Any]:
    """Outputs like the recorded ones, in (0.05, 0.95) and summing to 1 over classes."""
    drawn = []
    for one in outputs:
        value = 0.05 + 0.9 * torch.rand(tuple(one.shape), generator=generator, dtype=torch.float64)
        if one.dim() > 1 and one.shape[-1] > 1:
            value = value / value.sum(dim=-1, keepdim=True)
        drawn.append(value.to(device=one.device, dtype=one.dtype if one.is_floating_point() else None))
    return drawn


def _value(program: Program, scene: Any, outputs: Sequence[Any], labels: Sequence[Any]) -> float | None:
    by_name = {name: key for key, name in scene.parameters.items()}

    def give(leaf: Leaf) -> Any:
        if leaf.kind == "output":
            return outputs[int(leaf.key)]
        if leaf.kind == "label":
            return labels[int(leaf.key)].detach()
        if leaf.kind == "input":
            return scene.inputs[int(leaf.key)].detach()
        if leaf.kind == "parameter":
            raise KeyError(by_name.get(str(leaf.key)))
        return leaf.value

    try:
        with torch.no_grad():
            (value,) = program.run(give, n_rows=scene.n_rows)
            return float(value) if math.isfinite(float(value)) else None
    except Exception:
        return None


def value_of(function: Callable[[Any, Any], Any], outputs: Any, label: Any) -> float | None:
    """A candidate's value, or ``None`` where it cannot be computed."""
    try:
        value = float(function(outputs.double(), label))
    except Exception:
        return None
    return value if math.isfinite(value) else None


def _aligned(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(z: Any, y: Any) -> Any:
        y = y.double()
        return function(z, y.reshape(z.shape) if y.numel() == z.numel() else _one_hot(z, y))

    run.aligned = True  # type: ignore[attr-defined]
    return run


def _one_hot(z: Any, y: Any) -> Any:
    return F.one_hot(y.long().reshape(-1), z.shape[-1]).double().reshape(z.shape)


def _broadcasting(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda z, y: function(z, y.double())


def _signed_hinge(z: Any, y: Any) -> Any:
    return (1 - z * y).clamp_min(0).mean()


def _sparse(z: Any, y: Any) -> Any:
    return F.cross_entropy(z.reshape(-1, z.shape[-1]), y.long().reshape(-1))


def _log_loss(p: Any, y: Any) -> Any:
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()


def _bce(z: Any, y: Any) -> Any:
    return F.binary_cross_entropy(z, y)


CANDIDATES: Final[tuple[Candidate, ...]] = (
    ("squared_error", "values", _aligned(lambda z, y: (z - y).square().mean())),
    ("squared_error", "values", _broadcasting(lambda z, y: (z - y).square().mean())),
    ("squared_error", "values", _aligned(lambda z, y: (z - y).square().mean().sqrt())),
    ("absolute_error", "values", _aligned(lambda z, y: (z - y).abs().mean())),
    ("absolute_error", "values", _broadcasting(lambda z, y: (z - y).abs().mean())),
    ("binary_cross_entropy", "probabilities", _aligned(_bce)),
    ("binary_cross_entropy", "probabilities", _broadcasting(_log_loss)),
    ("binary_cross_entropy", "logits", _aligned(F.binary_cross_entropy_with_logits)),
    ("sparse_categorical_cross_entropy", "logits", _sparse),
    ("categorical_cross_entropy", "logits", _aligned(lambda z, y: -(y * z.log_softmax(-1)).sum(-1).mean())),
    ("categorical_cross_entropy", "probabilities", _aligned(lambda z, y: -(y * z.log()).sum(-1).mean())),
    ("categorical_cross_entropy", "log_probabilities", _aligned(lambda z, y: -(y * z).sum(-1).mean())),
    ("hinge", "values", _aligned(_signed_hinge)),
    ("huber", "values", _aligned(F.smooth_l1_loss)),
)  # fmt: skip
"""Tried in this order; the exact forms before the broadcast ones."""

"""How hard the penalty on the weights pulls, against the data: the mechanism of a regularization that is too strong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.rows import root_mean_square
from defib.probes.gradients import kernel_places
from defib.probes.looking import labelled_rows
from defib.recipe import ParameterGroup
from defib.subject import FloatArray, Parameter, Subject

DECOUPLED = frozenset({"adamw", "nadamw", "lion"})
"""Optimizers whose decay does not pass through the gradient, whatever the framework."""
NORMALIZED = frozenset({"adam", "adamw", "nadam", "adamax", "rmsprop", "adagrad", "adadelta", "lion", "nadamw"})
"""Optimizers that divide a step by the gradient's own size: a first step is about 1 x the rate per weight."""


@dataclass(frozen=True)
class PenaltyFacts(Evidence):
    """Pull of the penalty over the pull of the data, at the initial weights."""

    least_ratio: float
    """L2 norms over one kernel, the smallest over the kernels that data and penalty pull on: even the one that feels
    the data most. 0 where there is no penalty. Where decay is decoupled from a normalized step: decay x rms of the
    weights."""
    layer: str
    """Layer of that kernel."""
    shrinking: bool
    """Every kernel ended smaller (root mean square) than it began."""
    group: int | None = None
    """Where the optimizer's parameter groups decay differently: the one that decays most, whose kernels alone are meant
    above; else ``None``."""
    in_loss: bool = False
    """The program adds it to its loss; the optimizer takes nothing off by itself."""


def _measure(subject: Subject, book: Book) -> PenaltyFacts:
    if not subject.has_initial_weights:
        raise Missing("PenaltyFacts", "the initial weights")
    X, y = labelled_rows(subject, "PenaltyFacts")
    places = kernel_places(subject, X)
    data = {one.name: one.values for one in subject.gradients(X, y, moment="initial") if one.name in places}
    pulls = {one.name: one.values for one in subject.penalties(moment="initial")}
    ratios: dict[str, float] = {}
    kernels = [one for one in subject.parameters() if one.name in places and one.initial is not None]
    group, held = most_decaying(subject)
    kernels = [one for one in kernels if held is None or one.name in held.names]
    if held is None and pulls and (pressed := [one for one in kernels if np.any(pulls.get(one.name))]):
        kernels = pressed  # a regularizer that some layers have: they cut the network as all of them would
    for kernel in kernels:
        assert kernel.initial is not None
        inside, gradient = pulls.get(kernel.name), data.get(kernel.name)
        if gradient is None:
            continue
        own = gradient if inside is None or not subject.penalties_in_loss else gradient - inside
        outside = _of_optimizer(subject, kernel.initial, own, held)
        total = outside + (0.0 if inside is None else _size(inside))
        if _size(own) > 0:
            ratios[kernel.name] = total / _size(own)
    if not ratios:
        raise Missing("PenaltyFacts", "a gradient of the data on some kernel")
    name = min(ratios, key=lambda one: ratios[one])
    return PenaltyFacts(
        least_ratio=float(ratios[name]),
        layer=places[name][0],
        shrinking=all(
            root_mean_square(one.end) < root_mean_square(one.initial) for one in kernels if one.initial is not None
        ),
        in_loss=bool(pulls) and not any(_of_optimizer(subject, one, one, held) for one in _starts(kernels)),
        group=group,
    )


def _starts(kernels: list[Parameter]) -> list[FloatArray]:
    return [one.initial for one in kernels if one.initial is not None]


def most_decaying(subject: Subject) -> tuple[int | None, ParameterGroup | None]:
    """The parameter group that decays most, where they differ in that, and its number."""
    groups = () if subject.recipe.optimizer is None else subject.recipe.optimizer.groups
    if len({one.weight_decay for one in groups}) < 2:
        return None, None
    number = max(range(len(groups)), key=lambda i: groups[i].weight_decay)
    return number, groups[number]


def _of_optimizer(subject: Subject, kernel: FloatArray, data: FloatArray, group: ParameterGroup | None) -> float:
    """Size of the optimizer's own decay of this kernel, in units of the data's gradient."""
    optimizer = subject.recipe.optimizer
    decay = 0.0 if optimizer is None else optimizer.settings.get("weight_decay", 0.0)
    decay = decay if group is None else group.weight_decay
    if optimizer is None or not decay:
        return 0.0
    if optimizer.name in NORMALIZED and (optimizer.name in DECOUPLED or subject.framework == "keras"):
        return decay * root_mean_square(kernel) * _size(data)
    return decay * _size(kernel)


def _size(values: FloatArray) -> float:
    return float(np.linalg.norm(np.asarray(values, dtype=np.float64).ravel()))


PROBE = Probe("penalty", PenaltyFacts, "backward", _measure)

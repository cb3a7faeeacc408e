"""Which parameters moved, how far, and why the others did not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.probes.gradients import GradientFacts
from defib.probes.looking import is_kernel
from defib.recipe import ParameterGroup
from defib.subject import FloatArray, Parameter, Subject

SHRUNK = 0.1
"""A kernel below this share of its initial size (L2) has shrunk."""

WhyUnmoved = Literal[
    "frozen",
    "not_in_optimizer",
    "zero_rate",
    "no_gradient",
    "zero_gradient",
    "cleared_gradient",
    "no_steps",
    "not_kept",
    "not_applied",
    "unknown",
]


@dataclass(frozen=True)
class ParameterMove:
    """One parameter from the initial weights to the end."""

    name: str
    layer: str
    size: int
    relative_change: float
    """|end − initial| / |initial| (L2); inf when the initial is 0 and the end is not."""
    first_update: float | None
    """Relative change of the first optimizer step."""
    why_unmoved: WhyUnmoved | None
    """``None`` when it moved."""
    initial_sd: float
    end_rms: float
    group: int | None = None
    """Number of the optimizer's parameter group that holds it, from 0, where there are several."""
    learning_rate: float | None = None
    """The largest that its group had; ``None`` where there is one group only."""
    weight_decay: float | None = None
    """That of its group, likewise."""
    registered: bool = True
    """As `Parameter.registered`."""


@dataclass(frozen=True)
class UpdateFacts(Evidence):
    """All parameters, and the shares."""

    parameters: tuple[ParameterMove, ...]
    moved_fraction: float
    """Share of the weights (by count) that moved at all, in [0, 1]."""
    frozen_fraction: float
    """Share of the weights flagged not trainable, in [0, 1]."""
    not_in_optimizer_fraction: float
    no_gradient_fraction: float
    """Share of the weights whose gradient was ``None`` in the user's loop."""
    median_relative_change: float
    largest_first_update: float | None
    shrunk: bool
    """Every kernel ended at less than a tenth of its initial size."""
    nan_parameters: int
    """Parameters holding NaN or inf at the end."""
    silent_functions: tuple[str, ...] = ()
    """As `TrainingTrace.silent_functions`."""
    own_step: str = ""
    """As `TrainingTrace.own_step`."""
    lost_epsilon: tuple[float, str] | None = None
    """What the optimizer adds to keep its division from 0/0, and the weights' type, where it is 0 in that type."""


def _measure(subject: Subject, book: Book) -> UpdateFacts:
    parameters = subject.parameters()
    if not parameters:
        raise Missing("UpdateFacts", "a model with weights")
    if any(one.initial is None for one in parameters):
        raise Missing("UpdateFacts", "the initial weights")
    first = dict(subject.trace.updates_to)
    moves = tuple(_move(one, first.get(one.name), subject, book) for one in parameters)
    optimizer = subject.recipe.optimizer
    sizes = np.array([move.size for move in moves], dtype=np.float64)
    kernels = [one for one in parameters if is_kernel(one)]
    changes = [m.relative_change for m, p in zip(moves, parameters, strict=True) if is_kernel(p) or not kernels]
    steps = [first[one.name] for one in kernels if one.name in first and np.isfinite(first[one.name])]
    return UpdateFacts(
        parameters=moves,
        moved_fraction=_share(sizes, [move.relative_change != 0 for move in moves]),
        frozen_fraction=_share(sizes, [not one.trainable for one in parameters]),
        not_in_optimizer_fraction=_share(sizes, [one.in_optimizer is False for one in parameters]),
        no_gradient_fraction=_share(sizes, [one.gradient_in_loop == "none" for one in parameters]),
        median_relative_change=float(np.median([change for change in changes if not np.isnan(change)] or [0.0])),
        largest_first_update=max(steps) if steps else None,
        shrunk=bool(kernels) and all(_shrank(one) for one in kernels),
        nan_parameters=sum(not bool(np.isfinite(one.end).all()) for one in parameters),
        silent_functions=subject.trace.silent_functions,
        own_step=subject.trace.own_step,
        lost_epsilon=None
        if optimizer is None
        else lost_epsilon(optimizer.settings, [one.end.dtype for one in parameters]),
    )


def lost_epsilon(settings: Mapping[str, float], types: Iterable[np.dtype[Any]]) -> tuple[float, str] | None:
    """See `UpdateFacts.lost_epsilon`.

    >>> half, single = np.dtype("float16"), np.dtype("float32")
    >>> lost_epsilon({"eps": 1e-8}, [single, half]), lost_epsilon({"eps": 1e-8}, [single])
    ((1e-08, 'float16'), None)
    >>> lost_epsilon({"epsilon": 1e-7}, [half]), lost_epsilon({}, [half])
    (None, None)
    """
    epsilon = settings.get("eps", settings.get("epsilon", 0.0))
    lost = next((one.name for one in types if one.kind == "f" and not one.type(epsilon)), None)
    return (epsilon, lost) if epsilon and lost else None


def _share(sizes: FloatArray, which: list[bool]) -> float:
    return float(sizes[np.array(which)].sum() / max(sizes.sum(), 1.0))


def _norm(values: FloatArray) -> float:
    return float(np.linalg.norm(np.asarray(values, dtype=np.float64).ravel()))


def _move(parameter: Parameter, first: float | None, subject: Subject, book: Book) -> ParameterMove:
    assert parameter.initial is not None
    initial, end = np.asarray(parameter.initial, dtype=np.float64), np.asarray(parameter.end, dtype=np.float64)
    change = relative_change(initial, end)
    number, group = group_of(parameter.name, subject)
    return ParameterMove(
        name=parameter.name,
        layer=parameter.layer,
        size=int(end.size),
        relative_change=change,
        first_update=first,
        why_unmoved=_why(parameter, subject, book) if change == 0 else None,
        initial_sd=float(initial.std()),
        end_rms=_norm(end) / max(float(np.sqrt(end.size)), 1.0),
        group=number,
        learning_rate=None if group is None else group.learning_rate,
        weight_decay=None if group is None else group.weight_decay,
        registered=parameter.registered,
    )


def group_of(name: str, subject: Subject) -> tuple[int | None, ParameterGroup | None]:
    """The optimizer's parameter group that holds this weight, and its number."""
    groups = () if subject.recipe.optimizer is None else subject.recipe.optimizer.groups
    return next(((i, one) for i, one in enumerate(groups) if name in one.names), (None, None))


def relative_change(initial: FloatArray, end: FloatArray) -> float:
    """``|end - initial| / |initial|`` (L2), 0 when bit-equal, inf when only the initial is 0, NaN when the end is NaN.

    >>> relative_change(np.array([3.0, 4.0]), np.array([3.0, 9.0])), relative_change(np.zeros(2), np.ones(2))
    (1.0, inf)
    """
    if np.array_equal(initial, end):
        return 0.0
    size = _norm(initial)
    with np.errstate(invalid="ignore", over="ignore"):
        return _norm(end - initial) / size if size > 0 else float("inf")


def _why(parameter: Parameter, subject: Subject, book: Book) -> WhyUnmoved:
    """The nearest reason: no steps, none that was kept, frozen, not in the optimizer or at a rate of 0, no gradient."""
    if subject.trace.n_updates == 0 and subject.recipe.n_updates == 0:
        return "no_steps"
    if subject.trace.kept_nothing:
        return "not_kept"
    if not parameter.trainable:
        return "frozen"
    if parameter.in_optimizer is False:
        return "not_in_optimizer"
    group = group_of(parameter.name, subject)[1]
    if group is not None and group.learning_rate == 0:
        return "zero_rate"
    if parameter.gradient_in_loop == "none":
        return "no_gradient"
    if parameter.gradient_in_loop == "cleared":
        return "cleared_gradient"
    if parameter.gradient_in_loop == "zero":
        return "zero_gradient"
    if parameter.gradient_in_loop == "nonzero" and parameter.in_optimizer and subject.trace.own_step:
        return "not_applied"
    return _why_by_gradient(parameter, book)


def _why_by_gradient(parameter: Parameter, book: Book) -> WhyUnmoved:
    """Where the loop was not watched, the gradients that the probe computed stand in."""
    if parameter.gradient_in_loop is not None or not book.has(GradientFacts):
        return "unknown"
    facts = book.get(GradientFacts)
    if parameter.name in facts.unreachable:
        return "no_gradient"
    layer = [one.initial_rms for one in facts.layers if one.layer == parameter.layer]
    return "zero_gradient" if facts.zero_initial or (is_kernel(parameter) and layer == [0.0]) else "unknown"


def _shrank(parameter: Parameter) -> bool:
    """A kernel that started as zeros did not shrink."""
    before = _norm(np.asarray(parameter.initial))
    return before > 0 and _norm(parameter.end) < SHRUNK * before


PROBE = Probe("updates", UpdateFacts, "free", _measure)

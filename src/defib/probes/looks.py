"""Gradient and update of every kernel over the training: what the report draws over time.

Weights and gradients of the user's own run are known at its start and its end only. Between them the recorded recipe is
replayed from the recorded initial weights, 1, 2, 4, 8 … updates long, as far as its seconds reach, and the clone is
looked into each time. Not a probe of the table: a replay trains, for a share of the seconds that the trials have.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing
from defib.measures.rows import root_mean_square
from defib.probes.looking import is_kernel, labelled_rows
from defib.recipe import Arm
from defib.subject import BudgetExceeded, FloatArray, Gradient, Inside, Subject

MOST_PARAMETERS = 256
"""Kernels that are looked at; of more, evenly spaced ones, the first and the last among them."""


@dataclass(frozen=True)
class LookFacts(Evidence):
    """Rows of the tables are looks, columns are kernels; ``None`` where there is nothing to tell."""

    updates: tuple[int, ...]
    """After how many updates each look was; 0 = at the initial weights; ascending."""
    parameters: tuple[str, ...]
    """Names of the kernels, from the input to the output."""
    gradient_rms: tuple[tuple[float | None, ...], ...]
    """Root mean square of the gradient of the user's loss on at most 256 training rows; ``None``: it does not reach."""
    relative_update: tuple[tuple[float | None, ...], ...]
    """``|w - w_before| / |w_before|`` (L2) since the look before; ``None`` at the first look, and where that is 0."""
    n_updates: int
    """Updates of the whole training."""


def find_looks(subject: Subject, book: Book, seconds: float) -> LookFacts:
    """Look at the initial weights and after ever longer replays. Raises `Missing` where nothing can be replayed."""
    X, y = labelled_rows(subject, "LookFacts")
    if not subject.has_initial_weights or subject.training is None or subject.can_train(Arm()) is not None:
        raise Missing("LookFacts", "a training that can be replayed")
    kernels = {one.name: one.initial for one in subject.parameters() if is_kernel(one) and one.initial is not None}
    names = _some(list(kernels))
    if not names:
        raise Missing("LookFacts", "a network with kernels")
    before = {name: np.asarray(kernels[name]) for name in names}
    updates, gradients = [0], [_rms(subject.gradients(X, y, moment="initial"), names)]
    moved: list[tuple[float | None, ...]] = [tuple(None for _ in names)]
    for length, inside in _replays(subject, seconds):
        known = {one.name: one.end for one in inside.parameters()}
        if not known.keys() >= set(names):
            raise Missing("LookFacts", "clones that call their weights as the network does")
        now = {name: np.asarray(known[name]) for name in names}
        updates.append(length)
        gradients.append(_rms(inside.gradients(X, y), names))
        moved.append(_moved(before, now, names))
        before = now
    if len(updates) < 2:
        raise Missing("LookFacts", "an adapter that looks into its clones, or more time")
    total = subject.trace.n_updates or subject.recipe.n_updates
    return LookFacts(tuple(updates), tuple(names), tuple(gradients), tuple(moved), total)


def _replays(subject: Subject, seconds: float) -> Iterator[tuple[int, Inside]]:
    """Clones after 1, 2, 4 … updates, one at a time, as far as the seconds reach.

    The first one may take as long as it needs: it builds what the others use again.
    """
    total = max(1, subject.trace.n_updates or subject.recipe.n_updates)
    rows = subject.training
    assert rows is not None
    length, deadline = 1, None
    while True:
        begun = time.monotonic()
        try:
            inside = subject.train(Arm(stop_after=length), rows, seed=0, deadline=deadline).inside()
        except BudgetExceeded:
            return
        if inside is None:
            return
        yield length, inside
        took = time.monotonic() - begun if deadline is not None else 0.0
        deadline = deadline or time.monotonic() + seconds
        if length >= total or time.monotonic() + 2 * took > deadline:
            return
        length = min(2 * length, total)


def _some(names: list[str]) -> list[str]:
    if len(names) <= MOST_PARAMETERS:
        return names
    return [names[int(at)] for at in np.linspace(0, len(names) - 1, MOST_PARAMETERS).round()]


def _rms(gradients: Sequence[Gradient], names: Sequence[str]) -> tuple[float | None, ...]:
    """Root mean square per kernel."""
    known = {one.name: one.values for one in gradients}
    return tuple(None if (values := known.get(name)) is None else root_mean_square(values) for name in names)


def _moved(
    before: dict[str, FloatArray], after: dict[str, FloatArray], names: Sequence[str]
) -> tuple[float | None, ...]:
    """How far each kernel went, over its size."""
    sizes = [float(np.linalg.norm(before[name].astype(np.float64))) for name in names]
    ways = [float(np.linalg.norm(after[name].astype(np.float64) - before[name])) for name in names]
    return tuple(way / size if size > 0 else None for way, size in zip(ways, sizes, strict=True))

"""When the network broke: the first update at which a layer is dead, saturated, or makes the rows equal.

Weights are known at the start and at the end only. What happened between is found by short replays of the recorded
recipe from the recorded initial weights, 1, 2, 4, 8 … updates long, then by bisection. It costs what it takes to reach
the moment a few times over, which is little where a step that is too large kills a layer at once. Not a probe of the
table: a replay trains, for a share of the seconds that the trials have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from defib.evidence import Book, Evidence, Missing
from defib.probes.activations import EQUAL_SPREAD, SATURATED, ActivationFacts, LayerState, states_of
from defib.probes.looking import any_rows
from defib.probes.updates import UpdateFacts
from defib.recipe import Arm
from defib.subject import BudgetExceeded, FloatArray, Rows, Subject

What = Literal["dead", "saturated", "equal", "nan"]
"""``dead``: every unit is 0 on every row; ``saturated``: nearly every cell is at an end of its range; ``equal``: all
rows are equal there; ``nan``: the outputs are not numbers."""


@dataclass(frozen=True)
class Turn:
    """One thing that was not so before the training and is so after it."""

    layer: str
    what: What
    earliest: int
    """It was not so after the update before this one."""
    latest: int
    """It was so after this update; equal to ``earliest`` where the update is known exactly."""


@dataclass(frozen=True)
class MomentFacts(Evidence):
    """What turned, in the order of time; layers that turned together in the order of the network."""

    turns: tuple[Turn, ...]
    n_updates: int
    """Updates of the whole training."""
    exact_batches: bool
    """The replay took the very batches of the user's first epoch; else it drew an order of its own."""

    def of(self, layer: str | None, what: What) -> Turn | None:
        """When this layer turned."""
        return next((one for one in self.turns if one.layer == layer and one.what == what), None)


Target = tuple[str, What]


def find_moments(subject: Subject, book: Book, seconds: float) -> MomentFacts:
    """Replay until everything has turned, or for so many seconds. Raises `Missing` where there is nothing to find."""
    targets = _targets(book)
    if not targets:
        raise Missing("MomentFacts", "a layer that the training changed for the worse")
    if subject.training is None or subject.training.y is None or subject.can_train(Arm()) is not None:
        raise Missing("MomentFacts", "a training that can be replayed")
    total = subject.trace.n_updates or subject.recipe.n_updates
    look = _Replay(subject, subject.training, any_rows(subject, "MomentFacts"), targets, seconds)
    turns = _search(look, targets, max(total, 1))
    if not turns:
        raise Missing("MomentFacts", "a replay that shows it again, or more time for it")
    order = {target: place for place, target in enumerate(targets)}
    turns.sort(key=lambda one: (one.latest, order[one.layer, one.what]))
    return MomentFacts(tuple(turns), total, look.in_order and turns[0].latest <= look.first_epoch)


def _targets(book: Book) -> tuple[Target, ...]:
    """What is so at the end and was not at the start, in the order of the network."""
    facts = book.get(ActivationFacts)
    before = {one.layer: one for one in facts.initial}
    found: list[Target] = []
    if not before or facts.input_constant:
        return ()
    for one in facts.end:
        start = before.get(one.layer)
        found += [(one.layer, what) for what in _turned(one) if start is not None and what not in _turned(start)]
    if facts.first_equal_end is not None and facts.first_equal_initial is None:
        found.append((facts.first_equal_end, "equal"))
    if book.has(UpdateFacts) and book.get(UpdateFacts).nan_parameters:
        found.append((facts.end[-1].layer, "nan"))
    return tuple(found)


def _turned(state: LayerState) -> tuple[What, ...]:
    dead: tuple[What, ...] = ("dead",) if state.dead_fraction == 1.0 else ()
    full: tuple[What, ...] = ("saturated",) if (state.saturated_fraction or 0.0) > SATURATED else ()
    return dead + full


class _Replay:
    """What has turned after so many updates; every length is trained once."""

    def __init__(
        self, subject: Subject, training: Rows, looked_at: Rows, targets: Sequence[Target], seconds: float
    ) -> None:
        self.subject, self.training, self.looked_at, self.targets = subject, training, looked_at, targets
        self.seconds = seconds
        self.deadline: float | None = None  # the first replay also builds what the trials use again
        self.in_order = training.in_order
        self.first_epoch = -(-len(training) // max(subject.recipe.batch_size or len(training), 1))
        self.known: dict[int, frozenset[Target]] = {0: frozenset()}

    def __call__(self, updates: int) -> frozenset[Target]:
        """Raises `BudgetExceeded`."""
        if updates not in self.known:
            shuffle = False if self.in_order and updates <= self.first_epoch else None
            arm = Arm(stop_after=updates, shuffle=shuffle)
            trained = self.subject.train(arm, self.training, seed=0, deadline=self.deadline)
            inside = trained.inside()
            if inside is None:
                raise Missing("MomentFacts", "an adapter that looks into its clones")
            forward = inside.forward(self.looked_at.X)
            states = {one.layer: one for one in states_of(forward, self.subject, len(self.looked_at))}
            self.deadline = self.deadline or time.monotonic() + self.seconds
            self.known[updates] = frozenset(t for t in self.targets if _holds(t, states, np.asarray(forward.outputs)))
        return self.known[updates]


def _holds(target: Target, states: dict[str, LayerState], outputs: FloatArray) -> bool:
    layer, what = target
    if what == "nan":
        return not bool(np.isfinite(outputs).any())
    state = states.get(layer)
    if state is None:
        return False
    return state.relative_spread < EQUAL_SPREAD if what == "equal" else what in _turned(state)


def _search(look: Callable[[int], frozenset[Target]], targets: Sequence[Target], total: int) -> list[Turn]:
    """Doubling lengths until all have turned, then bisection of each; what there was no time for stays a bracket."""
    brackets: dict[Target, tuple[int, int]] = {}
    try:
        before, length = 0, 1
        while len(brackets) < len(targets):
            for target in look(length):
                brackets.setdefault(target, (before, length))
            if length >= total:
                break
            before, length = length, min(2 * length, total)
        for target in sorted(brackets, key=lambda one: brackets[one][1]):
            while (ends := brackets[target])[1] - ends[0] > 1:
                middle = sum(ends) // 2
                brackets[target] = (ends[0], middle) if target in look(middle) else (middle, ends[1])
    except BudgetExceeded:
        pass
    return [Turn(layer, what, low + 1, high) for (layer, what), (low, high) in brackets.items()]

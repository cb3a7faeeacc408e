"""How far the training came towards regression targets, and how far it could come. Pure; a private module, no cause."""

from __future__ import annotations

from defib.causes._signs import maybe, untouched
from defib.evidence import Book
from defib.probes.activations import ActivationFacts, LayerState
from defib.probes.labels import LabelFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts

BOUNDED = frozenset({"adam", "adamw", "nadam", "adamax"})
"""Optimizers whose step moves a weight by about one learning rate at most, however large its gradient."""
ALIVE = 1e-3
"""Relative spread of a hidden layer whose rows are still told apart: what stands before the head erased nothing."""


def centre(book: Book) -> tuple[float, ...] | None:
    """Where predictions that vary lie, as one value."""
    centre = book.get(SymptomFacts).training_centre
    return None if centre is None else (centre,)


def share_of_the_way(book: Book, goal: float) -> float | None:
    """Share of the distance from the fresh network's constant to the targets' mean that the training covered."""
    facts = book.get(SymptomFacts)
    start = None if facts.initial_symptom is None else facts.initial_symptom.constant
    end = facts.symptom.constant
    if start is None or end is None:  # they vary, at the start or now: what counts is where all of them lie
        start = None if facts.initial_centre is None else (facts.initial_centre,)
        end = centre(book)
    if start is None or end is None or len(start) != len(end):
        return None
    before = max(abs(value - goal) for value in start)
    after = max(abs(value - goal) for value in end)
    return (before - after) / before if before > 0 else None


def steps_too_short(book: Book) -> float | None:
    """Largest spread that the outputs could reach by the steps that were made, where the targets spread further.

    The head's weights move by about one learning rate at most in each step of Adam (Kingma & Ba 2015, section 2.1), so
    that rows differ in the output by ``(first weights + sum of rates) * units * rms sd of the units before the head``
    at most. ``None`` where that is as far as the targets' sd, another optimizer stepped, or the rows are equal before
    the head already.
    """
    labels, training = book.get(LabelFacts), maybe(book, TrainingFacts)
    facts = maybe(book, ActivationFacts)
    if training is None or facts is None or training.optimizer not in BOUNDED or untouched(book):
        return None
    before, head = _around_the_head(facts.end)
    rate = training.largest_rate or training.learning_rate
    if before is None or before.units is None or before.relative_spread < ALIVE or rate is None:
        return None
    updates = training.n_updates if training.full_updates is None else training.full_updates
    reach = (rate * updates + _first_size(book, head)) * before.units * before.row_spread
    return reach if reach < labels.sd else None


def _around_the_head(states: tuple[LayerState, ...]) -> tuple[LayerState | None, str]:
    """What the last layer with weights reads, and that layer's name."""
    weighted = [i for i, one in enumerate(states) if one.kind in ("dense", "conv")]
    if not weighted or weighted[-1] == 0:
        return None, ""
    return states[weighted[-1] - 1], states[weighted[-1]].layer


def _first_size(book: Book, head: str) -> float:
    """Spread of the head's first weights, where they are known."""
    updates = maybe(book, UpdateFacts)
    sizes = [] if updates is None else [one.initial_sd for one in updates.parameters if one.layer == head]
    return max(sizes, default=0.0)

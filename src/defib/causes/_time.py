"""When a layer broke, in words. Pure; a private module, not a cause."""

from __future__ import annotations

from defib.causes._signs import count, maybe, num, place
from defib.evidence import Book
from defib.probes.moments import MomentFacts, Turn, What
from defib.probes.training import TrainingFacts

STATES: dict[What, str] = {
    "dead": "every unit of {layer} is dead",
    "saturated": "{layer} is saturated",
    "equal": "all rows are equal in {layer}",
    "nan": "the outputs are not numbers",
}


HALF_WAY = 0.75
"""Updates at the largest rate that all of them amount to, over their number: a linear warm-up up to the end leaves one
half."""


def still_rising(training: TrainingFacts) -> str:
    """A warm-up that the training did not outlast, as a clause; nothing where there was none."""
    largest, full = training.largest_rate, training.full_updates
    if largest is None or full is None or training.last_rate != largest or full > HALF_WAY * training.n_updates:
        return ""
    return f", and the schedule was still raising the learning rate, to {num(largest)}, when the training ended"


def turn_of(book: Book, layer: str | None, what: What) -> Turn | None:
    """When this layer turned; ``None`` where no replay showed it."""
    facts = maybe(book, MomentFacts)
    return None if facts is None else facts.of(layer, what)


def since_of(book: Book, layer: str | None, what: What) -> int | None:
    """Updates after which it was seen to be so."""
    turn = turn_of(book, layer, what)
    return None if turn is None else turn.latest


def when(turn: Turn) -> str:
    """The moment as an adverbial.

    >>> when(Turn("a", "dead", 1, 1)), when(Turn("a", "dead", 3, 3)), when(Turn("a", "dead", 33, 64))
    ('after the first update', 'after update 3', 'between update 32 and update 64')
    """
    if turn.earliest < turn.latest:
        return f"between update {turn.earliest - 1:,} and update {turn.latest:,}"
    return "after the first update" if turn.latest == 1 else f"after update {turn.latest:,}"


def moment_clause(book: Book, layer: str | None, what: What, *, otherwise: str) -> str:
    """What became of a layer and when: ``after update 3 every unit of dense_1 is dead``."""
    turn = turn_of(book, layer, what)
    return otherwise if turn is None else f"{when(turn)} {STATES[what].format(layer=place(layer))}"


def course(book: Book) -> tuple[str, ...]:
    """What turned, in the order of time, one clause for each moment; empty without a replay."""
    facts = maybe(book, MomentFacts)
    if facts is None:
        return ()
    moments: dict[str, list[Turn]] = {}
    for turn in facts.turns:
        moments.setdefault(when(turn), []).append(turn)
    return tuple(f"{moment} {_together(turns)}" for moment, turns in moments.items())


def _together(turns: list[Turn]) -> str:
    """Layers that turned together: the first one, and how many more."""
    first = STATES[turns[0].what].format(layer=place(turns[0].layer))
    others = [turn for turn in turns[1:] if turn.what != "equal"]  # that rows are equal follows from the first
    if not others:
        return first
    named = [STATES[turn.what].format(layer=place(turn.layer)) for turn in others[:2]]
    more = f" and {count(len(others) - 2, 'more layer')}" if len(others) > 2 else ""
    return f"{', '.join([first, *named])}{more}"

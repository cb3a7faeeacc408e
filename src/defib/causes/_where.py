"""Which class and which weights a fault sits in, as causes name them. Pure; a private module, not a cause."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from defib.causes._signs import maybe, seen
from defib.diagnosis import Spot
from defib.evidence import Book
from defib.probes.labels import LabelFacts
from defib.probes.updates import ParameterMove
from defib.probes.weighting import WeightingFacts
from defib.wording import percent

MOVED = 0.01
"""Share of the rows that must change their label once the weights are divided out."""
NAMED = 3
"""Weights that a sentence names; the rest are counted."""


def class_name(value: float) -> str:
    """A class as the labels have it.

    >>> class_name(2.0), class_name(0.5)
    ('2', '0.5')
    """
    return f"{value:.0f}" if value == round(value) else f"{value:.4g}"


def answered(book: Book) -> Spot | None:
    """The class that (nearly) every row is answered with; ``None`` where outputs do not count the classes."""
    labels, symptom = maybe(book, LabelFacts), seen(book)
    if labels is None or labels.task == "multilabel" or symptom.hard_label is None:
        return None
    columns = 2 if symptom.n_outputs == 1 else symptom.n_outputs
    if len(labels.classes) != columns or symptom.hard_label >= columns:
        return None
    return Spot("class", class_name(labels.classes[symptom.hard_label]))


def drowned(book: Book) -> tuple[Spot, ...]:
    """Classes that are never answered although rows have them, the rarest first."""
    labels, given = maybe(book, LabelFacts), answered(book)
    if labels is None or given is None or len(labels.class_prior) != len(labels.classes):
        return ()
    order = np.argsort(labels.class_prior, kind="stable")
    named = [class_name(labels.classes[i]) for i in order if labels.class_prior[i] > 0]
    return tuple(Spot("class", name) for name in named if name != given.name)


def is_rarer(book: Book) -> bool:
    """Whether every row is answered with a class that is not the largest."""
    labels, given = maybe(book, LabelFacts), answered(book)
    if labels is None or given is None or len(labels.class_prior) != len(labels.classes):
        return False
    shares = dict(zip(map(class_name, labels.classes), labels.class_prior, strict=True))
    return shares[given.name] < max(labels.class_prior)


def weighed_clause(book: Book) -> str:
    """That weights of the classes drown the others, with their values; empty where the labels do not hang on them."""
    facts, given = maybe(book, WeightingFacts), answered(book)
    if facts is None or given is None:
        return ""
    other = None if facts.frequent_without is None else class_name(facts.frequent_without)
    turned = other not in (None, given.name)  # every row another label, and again one label for all
    if not turned and facts.hard_label_share_without > facts.hard_label_share - MOVED:
        return ""
    weights = dict(zip(map(class_name, facts.classes), facts.weights, strict=True))
    others = {name: weight for name, weight in weights.items() if name != given.name}
    name = min(others, key=others.__getitem__)
    times = weights[given.name] / others[name]
    if times <= 1:
        return ""
    share = dict(zip(map(class_name, facts.classes), facts.shares, strict=True))[given.name]
    return (
        f", because {facts.how} counts a row of class {given.name} {times:.3g} times as much as one of class {name} "
        f"({weights[given.name]:.4g} against {others[name]:.4g}): that makes it {percent(share)} of the loss. With the "
        f"weights divided out, {percent(facts.hard_label_share_without)} of the rows would get "
        f"{f'class {other}' if turned else 'the most frequent label'}"
    )


def share_of(book: Book, spot: Spot) -> str:
    """How many rows are of this class, in a sentence."""
    labels = maybe(book, LabelFacts)
    shares = {} if labels is None else dict(zip(map(class_name, labels.classes), labels.class_prior, strict=False))
    return f"class {spot.name} ({percent(shares[spot.name])} of the rows)" if spot.name in shares else spot.name


def classes_clause(book: Book) -> str:
    """What every row is answered with and what never is; empty where it cannot be told.

    A handful of classes is named one by one.
    """
    given, never = answered(book), drowned(book)
    if given is None:
        return ""
    rest = " and ".join(share_of(book, one) for one in never) if len(never) <= NAMED else ""
    return f": every row is answered with class {given.name}" + (f", none with {rest}" if rest else "")


def weights_of(moves: Sequence[ParameterMove]) -> tuple[Spot, ...]:
    """The weights of these moves, by the optimizer's group; all those that it does not hold are one spot."""
    groups: dict[int | None, list[str]] = {}
    for move in moves:
        groups.setdefault(move.group, []).append(move.name)
    return tuple(Spot("weights", names_text(names), group) for group, names in groups.items())


def names_text(names: Sequence[str]) -> str:
    """Names of weights, the first few.

    >>> names_text(["a", "b"]), names_text(["a", "b", "c", "d", "e"])
    ('a, b', 'a, b, c and 2 others')
    """
    more = len(names) - NAMED
    if more <= 0:
        return ", ".join(names)
    return f"{', '.join(names[:NAMED])} and {more} other{'s' if more > 1 else ''}"

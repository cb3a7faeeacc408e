"""From the network's answers to what the program shows of them: rounded, cut, reused, cached, or of other weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.outputs import as_columns, finite_rows, to_probabilities, unique_rows
from defib.measures.rows import spaced_indices
from defib.probes.looking import head_name, link_of
from defib.probes.outputs import SymptomFacts
from defib.probes.updates import UpdateFacts
from defib.subject import FloatArray, Handling, Rows, Subject

SAME = 1e-4
"""Outputs closer than this, relative to their size, are the same network's in float32."""
ROUNDING = 1e-7
"""Relative differences that are the last digit of float32."""
APART = 1e-6
"""Spread of the answers from which on the network tells rows apart."""
MOST_ROWS = 256
TRIVIAL = frozenset({"exactly_one", "zero", "low_end", "high_end", "logit_zero", "one_half", "uniform"})
"""Constants that a head gives by itself, whatever the weights are."""


@dataclass(frozen=True)
class Shown:
    """A step of the program after which the outputs, which differ, are all the same."""

    handling: Handling
    value: float
    """What every one of them becomes."""


@dataclass(frozen=True)
class ShownFacts(Evidence):
    """The recorded outputs of the rows served, and what the program was read to do with them."""

    n_rows: int
    followed: bool
    """Whether the program's source could be read from the call that predicts."""
    displays: tuple[Shown, ...]
    """Cutting and rounding that leaves one value of outputs that differ."""
    alias: Handling | None
    """A buffer of the program that every turn of a loop fills and keeps."""
    cache: Handling | None
    """A cache, or entries of the program's, for which the network was asked once, and not for all the rest."""
    overwritten: int
    """Outputs that the program kept while the network wrote the next ones into the same memory."""
    in_training_mode: bool
    """The program predicted in training mode: asked in evaluation mode, the network may rightly answer otherwise."""
    recorded_equal: bool | None
    """The recorded outputs of two different rows or more are bit-equal; ``None`` when none were recorded."""
    again_spread: float | None
    """Standard deviation over the same rows of what the network answers when it is asked again (largest column)."""
    equals: Literal["first", "last"] | None
    """Whether the one recorded answer is the network's for the first or for the last of the rows."""
    of_initial_weights: bool
    """The recorded outputs are those of the weights before the training, and not those of the weights after it."""
    survives_training: bool
    """Asked at the initial weights and at the end the network gives bit-equal outputs, although its weights moved."""
    by_another: bool = False
    """The rows were answered by another instance than the trained one: what that one answers says nothing of it."""


def _measure(subject: Subject, book: Book) -> ShownFacts:
    rows, recorded = subject.prediction, subject.prediction_outputs
    if rows is None or not len(rows):
        raise Missing("ShownFacts", "rows that were predicted after the training")
    index = spaced_indices(len(rows), MOST_ROWS)
    looked = Rows(np.asanyarray(rows.X)[index])
    again = as_columns(np.asarray(subject.forward(looked.X).outputs))
    seen = as_columns(np.asarray(recorded)[index]) if recorded is not None and len(recorded) == len(rows) else None
    seen = seen if seen is not None and seen.shape == again.shape else None
    first, calls = _at_first(subject, looked), subject.serving_calls
    return ShownFacts(
        n_rows=len(rows),
        followed=calls is not None and bool(calls.place),
        displays=_displays(subject, book, looked, recorded if recorded is not None else again),
        alias=next((one for one in subject.handling if one.kind == "alias" and len(rows) > 1), None),
        cache=_cache(subject),
        overwritten=0 if calls is None else calls.overwritten,
        in_training_mode=calls is not None and calls.in_training_mode,
        recorded_equal=None if seen is None else _all_equal(seen) and unique_rows(looked.X) > 1,
        again_spread=_spread(again) if len(again) > 1 else None,
        equals=None if seen is None or not _all_equal(seen) else _whose(seen, again),
        of_initial_weights=not _by_another(subject)
        and first is not None
        and seen is not None
        and _same(seen, first)
        and not _same(seen, again),
        by_another=_by_another(subject),
        survives_training=_survives(book, first, again),
    )


def _cache(subject: Subject) -> Handling | None:
    """Entries count where the network tells the rows apart that it was trained on: else it is the network."""
    for one in subject.handling:
        if one.kind == "cache" and one.misses == 1 and one.hits:
            return one
        if one.kind == "entries" and subject.training is not None:
            rows = subject.training.X[spaced_indices(len(subject.training), MOST_ROWS)]
            if _spread(as_columns(np.asarray(subject.forward(rows).outputs))) > APART:
                return one
    return None


def _spread(values: FloatArray) -> float:
    """Largest standard deviation of a column ``(n, k)``; 0 where it is no more than rounding: 1e45 has no unit digit.

    >>> _spread(np.full((300, 1), -1.0424710212345679e45)), _spread(np.array([[0.0], [1.0]]))
    (0.0, 0.5)
    """
    told = np.ptp(values, axis=0) > ROUNDING * np.abs(values).max(axis=0)
    return float(values[:, told].std(axis=0).max(initial=0.0))


def _by_another(subject: Subject) -> bool:
    return subject.weights_origin is not None and subject.weights_origin.another_instance


def _at_first(subject: Subject, rows: Rows) -> FloatArray | None:
    if not subject.has_initial_weights:
        return None
    return as_columns(np.asarray(subject.forward(rows.X, moment="initial").outputs))


def _all_equal(values: FloatArray) -> bool:
    return len(values) > 1 and unique_rows(values) == 1 and bool(np.isfinite(values).all())


def _same(a: FloatArray, b: FloatArray) -> bool:
    if a.shape != b.shape or not np.isfinite(b).all():
        return False
    return bool(np.allclose(a, b, rtol=SAME, atol=SAME * float(np.abs(b).max(initial=1e-12))))


def _whose(seen: FloatArray, again: FloatArray) -> Literal["first", "last"] | None:
    if _same(again[:1], again[-1:]):
        return None
    if _same(seen[:1], again[:1]):
        return "first"
    return "last" if _same(seen[-1:], again[-1:]) else None


def _survives(book: Book, first: FloatArray | None, again: FloatArray) -> bool:
    """Not where the head gives this constant by itself, or no weight moved."""
    moved = book.has(UpdateFacts) and book.get(UpdateFacts).moved_fraction > 0
    if first is None or not moved or not _all_equal(again) or not np.array_equal(first, again):
        return False
    return not (book.has(SymptomFacts) and book.get(SymptomFacts).symptom.equals in TRIVIAL)


def _displays(subject: Subject, book: Book, rows: Rows, outputs: FloatArray) -> tuple[Shown, ...]:
    if len(outputs) < 2 or (book.has(SymptomFacts) and book.get(SymptomFacts).symptom.is_flat):
        return ()
    values = np.asarray(outputs, dtype=np.float64)
    values = values[finite_rows(as_columns(values))]
    link = link_of(subject.recipe, head_name(subject.forward(rows.X[:2])))
    calls = subject.serving_calls
    alone = calls is not None and set(calls.sizes) == {1}
    found = [(one, shown_as(one, values, link, alone=alone)) for one in subject.handling]
    return tuple(Shown(one, value) for one, value in found if value is not None)


def shown_as(one: Handling, outputs: FloatArray, link: str = "identity", *, alone: bool = False) -> float | None:
    """The one value that a step of the program makes of all outputs ``(n, ...)``; ``None`` where they still differ.

    ``alone``: the program asked about one row at a time. Then the largest along the rows is the only one.
    Rounding a probability to a whole number is a threshold, which is judged elsewhere.

    >>> shown_as(Handling("argmax", "", "", axis=1), np.array([[0.2], [0.9]]))
    0.0
    >>> shown_as(Handling("round", "", "", decimals=2), np.array([[0.011], [0.012]]))
    0.01
    """
    if len(outputs) < 2 or unique_rows(outputs) == 1:
        return None
    if one.kind == "argmax":
        single = outputs.ndim == 2 and outputs.shape[1] == 1 and one.axis in (None, 1, -1)
        return 0.0 if single or (alone and outputs.ndim == 2 and one.axis == 0) else None
    if one.kind not in ("integer", "round"):
        return None
    values = to_probabilities(outputs, link) if one.squashed else outputs
    within = values.min() >= 0 and values.max() <= 1
    if one.kind == "round" and one.decimals <= 0 and within:
        return None
    cut = np.trunc(values) if one.kind == "integer" else np.round(values, one.decimals)
    return float(cut.flat[0]) if unique_rows(as_columns(cut)) == 1 else None


PROBE = Probe("shown", ShownFacts, "forward", _measure)

"""Faults of a network that learns all the same, but less than another model does.

A network with skill is not at fault for a constant, and no cause is held against it. Some faults are facts of the
program whatever the predictions do: a loss that broadcasts, hidden units that stayed copies of one another. Where
there is more to learn, they are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from defib.causes import Cause
from defib.diagnosis import Assessment
from defib.evidence import Book
from defib.probes.initialization import InitializationFacts, as_matrix
from defib.probes.outputs import SymptomFacts
from defib.subject import FloatArray, Subject

ALIKE = 1e-4
"""Relative difference of hidden units up to which they are copies but for rounding."""
SYMMETRY = "DF601"


def held_back(subject: Subject, book: Book, causes: Sequence[Cause]) -> tuple[Cause, Assessment] | None:
    """The fault that shows in the program itself, strongest first; ``None`` where none does, or it cannot be asked."""
    lifted = _without_skill(book)
    found = []
    for cause in causes:
        if not cause.in_itself or (cause.code == SYMMETRY and not stayed_alike(subject, book)):
            continue
        try:
            assessment = cause.assess(lifted)
        except Exception:  # evidence is missing, or the cause broke inside: a remark less, no diagnosis less
            continue
        if assessment.verdict == "supported":
            found.append((cause, assessment))
    return max(found, key=lambda one: one[1].weight, default=None)


def _without_skill(book: Book) -> Book:
    """The same evidence, of a network about whose skill nothing is known: skill is what excuses it."""
    facts = book.get(SymptomFacts)
    training = facts.training_symptom
    unknown = replace(
        facts,
        symptom=replace(facts.symptom, skill=None),
        training_symptom=None if training is None else replace(training, skill=None),
    )
    return replace(book, found={**book.found, SymptomFacts: unknown})


def stayed_alike(subject: Subject, book: Book) -> bool:
    """Whether all units of a hidden layer are copies of one another after the training, too."""
    if not book.has(InitializationFacts):
        return False
    facts = book.get(InitializationFacts)
    hidden = {*facts.zero_layers, *facts.symmetric_layers} - {facts.layers[-1].layer}
    kernels = [one.end for one in subject.parameters() if one.layer in hidden and one.end.ndim > 1]
    return any(_alike(as_matrix(np.asarray(one, dtype=np.float64), subject.framework, None)) for one in kernels)


def _alike(matrix: FloatArray) -> bool:
    size = float(np.abs(matrix).max(initial=0.0))
    return matrix.shape[1] > 1 and float(np.ptp(matrix, axis=1).max()) <= ALIKE * size

"""The reference learner's score in the unit of `defib.symptom.Skill`."""

from __future__ import annotations

from defib.evidence import Book, Missing
from defib.probes.reference import SignalFacts


def reference_score(book: Book) -> float | None:
    """Skill of the reference learner in the unit of `Skill` (gini or r2), ``None`` when not measured."""
    try:
        signal = book.get(SignalFacts)
    except Missing:
        return None
    return 2 * signal.best - 1 if signal.metric == "auc" else signal.best

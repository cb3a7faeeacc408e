"""Rows as the program held them before a step that took their signal: what "repair that step" is tried with.

How the user will repair the step is not known; whether the network learns from what the step was given is. It is
trained on those rows, each column standardized, and the control on the rows as recorded. What the reference learner
reads from the earlier rows is the yardstick of both.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from defib.causes import Cause
from defib.evidence import Book, Missing
from defib.interventions import Intervention
from defib.interventions.table import all_interventions
from defib.probes.before import BeforeFacts, earlier_rows
from defib.probes.inputs import InputFacts
from defib.probes.reference import SignalFacts
from defib.subject import AnyArray, Rows, Subject
from defib.trials.asked import NEVER_TRAINED
from defib.trials.engine import Split, parted

LABELS = ("labels", "relabelled")
"""How the rows are themselves, and only their labels other ones."""
ASKING = frozenset({"same-pipeline", "vary-rows", *NEVER_TRAINED})
"""Changes to how the network is asked: with the rows before the step, nothing of that is tried."""


def with_signal_before(book: Book) -> Book:
    """The Book with the signal of the earlier rows, where these can be trained on; as it is elsewhere."""
    signal = book.get(BeforeFacts).signal if can_be_tried(book) else None
    return book if signal is None else replace(book, found={**book.found, SignalFacts: signal})


def can_be_tried(book: Book) -> bool:
    """An array with as many cells tells the labels, and the network takes numbers (token ids have no scale)."""
    facts = book.get(BeforeFacts) if book.has(BeforeFacts) else None
    tokens = book.has(InputFacts) and book.get(InputFacts).kind == "tokens"
    if facts is None:
        return False
    return facts.how in LABELS or (facts.how in ("step", "order", "gone") and not tokens)


def splits(subject: Subject, book: Book, seed: int) -> tuple[Split, Split] | None:
    """The same rows in the same parts, as recorded and as they were before; ``None`` where they cannot be tried."""
    rows = subject.training
    if rows is None or rows.y is None or not can_be_tried(book):
        return None
    try:
        earlier = earlier_rows(subject, book)
    except Missing:
        return None
    at = earlier.at
    y = rows.y[at] if earlier.labels is None else earlier.labels
    parts = parted(y, seed)
    if parts is None:
        return None
    if book.get(BeforeFacts).how in LABELS:  # both are asked for the labels that the program holds
        mended = _split(rows.X[at], y, parts)
        return replace(mended, fit=_split(rows.X[at], rows.y[at], parts).fit), mended
    image = book.has(InputFacts) and book.get(InputFacts).kind == "image"
    before = standardized(earlier.X, earlier.X[parts[0]], together=image)
    return _split(rows.X[at], y, parts), _split(before, y, parts)


def _split(X: AnyArray, y: AnyArray, parts: tuple[AnyArray, AnyArray]) -> Split:
    fit, held = parts
    return Split(Rows(X[fit], y[fit]), Rows(X[held], y[held]))


def standardized(X: AnyArray, fit: AnyArray, *, together: bool) -> AnyArray:
    """Rows moved and scaled by mean and standard deviation of ``fit``: per column, or of all cells together.

    >>> standardized(np.array([[1.0, 5.0]]), np.array([[0.0, 5.0], [2.0, 5.0]]), together=False).tolist()
    [[0.0, 0.0]]
    """
    axis = None if together else 0
    values = np.asarray(fit, dtype=np.float64)
    mean, sd = np.nanmean(values, axis=axis), np.nanstd(values, axis=axis)
    moved = (np.asarray(X, dtype=np.float64) - mean) / np.where(sd > 0, sd, 1.0)
    return np.asarray(np.nan_to_num(moved), dtype=np.float32)


def offered_before(ranked: tuple[Cause, ...], book: Book) -> tuple[Intervention, ...]:
    """The causes' own fixes: what else is tried on rows without signal is tried in vain."""
    table = all_interventions()
    names = dict.fromkeys(name for cause in ranked[:4] for name in cause.fixes if name not in ASKING)
    return tuple(table[name] for name in names if table[name].kind == "train" and table[name].fits(book))

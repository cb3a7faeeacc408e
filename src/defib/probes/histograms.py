"""How the outputs are distributed, on the rows predicted and on the rows trained on: what the report draws.

Counts on shared edges, so that the predict path and the training path can be laid over one another. Nothing is decided
by them: the symptom is read from the outputs themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.outputs import to_probabilities
from defib.probes.outputs import SymptomFacts, link_for, rows_and_outputs, squashed_again, thin
from defib.subject import FloatArray, Rows, Subject

BINS = 40
MOST_COLUMNS = 12
"""Output columns that are counted; the report draws no more."""
SHARES = frozenset({"probability", "classes", "multilabel"})
"""Kinds of outputs that lie in [0, 1]."""


@dataclass(frozen=True)
class OutputColumn:
    """One output column on shared edges."""

    predicted: tuple[int, ...]
    """Rows per bin, of those predicted, as the user saw them."""
    predicted_mean: float
    trained: tuple[int, ...] = ()
    """The same of the training rows through the final weights in evaluation mode; empty when the rows predicted are
    those."""
    trained_mean: float | None = None


@dataclass(frozen=True)
class OutputHistograms(Evidence):
    """The distribution of every output column (at most 12), in the unit of `Symptom.constant`."""

    edges: tuple[float, ...]
    """``n_bins + 1`` ascending ends of the bins; values lie in ``[edge, next edge)``, the last bin holds its end."""
    columns: tuple[OutputColumn, ...]
    n_predicted: int
    """Finite rows that were counted, at most 4,096 evenly spaced ones."""
    n_trained: int


def _measure(subject: Subject, book: Book) -> OutputHistograms:
    if not book.has(SymptomFacts):
        raise Missing("OutputHistograms", "outputs that can be read")
    kind = book.get(SymptomFacts).symptom.output_kind
    rows, outputs = rows_and_outputs(subject)
    predicted = _values(subject, rows, outputs)
    own = subject.training is not None and rows is not subject.training and len(subject.training) > 0
    trained = _values(subject, subject.training, None) if own and subject.training is not None else None
    if not len(predicted):
        raise Missing("OutputHistograms", "outputs that are numbers")
    if trained is not None and trained.shape[1] != predicted.shape[1]:
        trained = None
    low, high = (0.0, 1.0) if kind in SHARES else _ends(predicted, trained, subject.training)
    edges: FloatArray = np.linspace(low, high, BINS + 1)
    return OutputHistograms(
        edges=tuple(float(edge) for edge in edges),
        columns=tuple(_column(predicted, trained, edges, at) for at in range(min(predicted.shape[1], MOST_COLUMNS))),
        n_predicted=len(predicted),
        n_trained=0 if trained is None else len(trained),
    )


def _values(subject: Subject, rows: Rows, outputs: FloatArray | None) -> FloatArray:
    """``(n, n_outputs)`` probabilities or values of the finite rows; steps of a sequence are rows here."""
    index = thin(len(rows))
    whole = outputs is not None and len(outputs) == len(rows)
    raw = np.asarray(outputs)[index] if whole else subject.forward(rows.X[index]).outputs
    values: FloatArray = np.asarray(raw, dtype=np.float64)
    for _ in range(squashed_again(subject) if whole else 0):
        values = to_probabilities(values, "sigmoid")
    tall = to_probabilities(values, link_for(subject, rows)).reshape(-1, 1 if values.ndim == 1 else values.shape[-1])
    finite: FloatArray = tall[np.isfinite(tall).all(axis=1)]
    return finite


def _ends(predicted: FloatArray, trained: FloatArray | None, rows: Rows | None) -> tuple[float, float]:
    """From the smallest to the largest of the outputs and the targets: a constant is small only against those."""
    parts = [predicted.ravel(), *([] if trained is None else [trained.ravel()])]
    if rows is not None and rows.y is not None and np.asarray(rows.y).dtype.kind in "biuf":
        parts.append(np.asarray(rows.y, dtype=np.float64).ravel())
    everything = np.concatenate([part[np.isfinite(part)] for part in parts])
    low, high = float(everything.min()), float(everything.max())
    half = max(abs(low) * 0.5, 0.5) if high - low <= 1e-9 * max(abs(low), abs(high), 1e-300) else 0.0
    return low - half, high + half


def _column(predicted: FloatArray, trained: FloatArray | None, edges: FloatArray, at: int) -> OutputColumn:
    return OutputColumn(
        predicted=_counts(predicted[:, at], edges),
        predicted_mean=float(predicted[:, at].mean()),
        trained=() if trained is None else _counts(trained[:, at], edges),
        trained_mean=None if trained is None else float(trained[:, at].mean()),
    )


def _counts(values: FloatArray, edges: FloatArray) -> tuple[int, ...]:
    """Rows per bin; what lies outside by rounding stands in the last bin of its side."""
    return tuple(int(count) for count in np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)[0])


PROBE = Probe("histograms", OutputHistograms, "forward", _measure)

"""How far apart a network that compares its own answers for pairs or triplets of rows keeps them, at start and end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures import relative_spread
from defib.probes.looking import any_rows, some_rows
from defib.subject import AnyArray, Subject

ROWS = 512
TOGETHER = 0.03
"""Relative spread below which embeddings are one point: each lies within 3 % of its length of their mean."""
FELL = 3.0
"""Times that it fell: an untrained network may keep rows as close together, and then the loss did not do it."""


@dataclass(frozen=True)
class EmbeddingFacts(Evidence):
    """On the same rows, those trained on where they are known, in evaluation mode: `apart` of their embeddings."""

    spread_end: float
    """In [0, 1]: 0 = all rows have one embedding."""
    spread_initial: float | None
    """``None`` where the initial weights are not known."""
    rows: int

    @property
    def together(self) -> bool:
        """The training brought all rows to one point."""
        return self.spread_end < TOGETHER and (self.spread_initial or 0.0) > FELL * self.spread_end


def _measure(subject: Subject, book: Book) -> EmbeddingFacts:
    if not subject.compares_rows:
        raise Missing("EmbeddingFacts", "a loss that compares the network's answers for several rows")
    rows = some_rows(any_rows(subject, "EmbeddingFacts"), ROWS)
    end = np.asarray(subject.forward(rows.X).outputs)
    if len(rows) < 4 or end.ndim != 2 or end.shape[1] < 2 or not np.isfinite(end).all():
        raise Missing("EmbeddingFacts", "several rows with an answer of several numbers each")
    start = subject.forward(rows.X, moment="initial").outputs if subject.has_initial_weights else None
    return EmbeddingFacts(apart(end), None if start is None else apart(start), len(rows))


def apart(embeddings: AnyArray) -> float:
    """`relative_spread` of ``(n, k)`` or of their directions, whichever is less: a loss of cosines knows no lengths.

    >>> apart(np.array([[1.0, 0.0], [3.0, 0.0]])), round(apart(np.eye(2)), 2)
    (0.0, 0.71)
    """
    values = np.asarray(embeddings, dtype=np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return min(relative_spread(values), relative_spread(values / np.where(lengths > 0, lengths, 1.0)))


PROBE = Probe("embeddings", EmbeddingFacts, "forward", _measure)

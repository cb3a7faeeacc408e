"""Held-out rows as the program would have served them: what a trial scores where rows served are prepared otherwise.

Only where a map between the rows trained on and the rows served was found: columns in another order, or on another
scale. Each column is then moved to the mean and the standard deviation that it has among the rows served.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from defib.evidence import Book
from defib.probes.columns_match import permutation
from defib.probes.inputs import ServingFacts, column_moments
from defib.subject import AnyArray, Subject

Serving = Callable[[AnyArray], AnyArray]

FEWEST = 5
"""Rows served that show a scale; fewer would make the rows equal instead."""


def as_served(subject: Subject, book: Book) -> Serving | None:
    """What turns rows ``(n, ...)`` as trained on into rows as served; ``None`` where no map is known."""
    if not book.has(ServingFacts) or subject.training is None or subject.prediction is None:
        return None
    facts, T, P = book.get(ServingFacts), np.asarray(subject.training.X), np.asarray(subject.prediction.X)
    if len(P) < FEWEST or T.shape[1:] != P.shape[1:]:
        return None
    if facts.permuted_columns:
        order = permutation(T.astype(float), P.astype(float))
        return None if order is None else lambda X: np.asarray(X)[:, order]
    return _moved(T, P) if facts.affine is not None else None


def _moved(T: AnyArray, P: AnyArray) -> Serving:
    before, now = (column_moments(rows.reshape(len(rows), -1).astype(float)) for rows in (T, P))
    sd = np.where(before.sd > 0, before.sd, 1.0)

    def serve(X: AnyArray) -> AnyArray:
        flat = np.asarray(X).reshape(len(X), -1).astype(float)
        moved: AnyArray = ((flat - before.mean) / sd * now.sd + now.mean).astype(np.float32)
        return moved.reshape(np.shape(X))

    return serve

"""Held-out rows as the program would have served them: what a trial scores where rows served are prepared otherwise.

Columns in another order are put in that order. Else each column is moved to the mean and the standard deviation that it
has among the rows served: one row served again and again makes every row that one. Tokens are no quantities: where the
rows served hold none that is known, each known one becomes the commonest of the unknown. Whether this is what flattens
the network is not taken for granted: the control shows it, or learns, and then nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from defib.evidence import Book
from defib.probes.columns_match import permutation
from defib.probes.inputs import InputFacts, ServingFacts, column_moments
from defib.probes.token_features import telling_tokens
from defib.subject import AnyArray, Subject

Serving = Callable[[AnyArray], AnyArray]

FEWEST = 5
"""Rows served that show a scale; fewer would make the rows equal instead."""
MOST = 0.5
"""Share of the columns, or of rows of tokens, that are served otherwise than trained on."""


def as_served(subject: Subject, book: Book) -> Serving | None:
    """What turns rows ``(n, ...)`` as trained on into rows as served; ``None`` where that is not known."""
    if not book.has(ServingFacts) or subject.training is None or subject.prediction is None:
        return None
    facts, T, P = book.get(ServingFacts), np.asarray(subject.training.X), np.asarray(subject.prediction.X)
    if len(P) < FEWEST or T.shape[1:] != P.shape[1:]:
        return None
    if facts.identical_rows:
        return lambda X: np.repeat(P[:1], len(X), axis=0)
    if book.has(InputFacts) and book.get(InputFacts).kind == "tokens":
        return _renamed(T, P) if facts.unknown_token_rows > MOST else None
    if facts.permuted_columns:
        order = permutation(T.astype(float), P.astype(float))
        return None if order is None else lambda X: np.asarray(X)[:, order]
    moved = max(facts.shifted_fraction, facts.constant_fraction) >= MOST
    return _moved(T, P) if facts.affine is not None or moved else None


def _renamed(T: AnyArray, P: AnyArray) -> Serving | None:
    """Every token that tells training rows apart becomes the commonest that no training row holds."""
    unknown, counts = np.unique(P[~np.isin(P, T)], return_counts=True)
    if not len(unknown):
        return None
    telling, strange = telling_tokens(T.reshape(len(T), -1)), unknown[np.argmax(counts)]
    return lambda X: np.where(np.isin(X, telling), strange, X)


def _moved(T: AnyArray, P: AnyArray) -> Serving:
    before, now = (column_moments(rows.reshape(len(rows), -1).astype(float)) for rows in (T, P))
    sd = np.where(before.sd > 0, before.sd, 1.0)

    def serve(X: AnyArray) -> AnyArray:
        flat = np.asarray(X).reshape(len(X), -1).astype(float)
        moved: AnyArray = ((flat - before.mean) / sd * now.sd + now.mean).astype(np.float32)
        return moved.reshape(np.shape(X))

    return serve

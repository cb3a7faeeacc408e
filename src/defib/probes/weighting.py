"""How much more the training counted the rows of one class than those of another, and the labels without that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.outputs import to_probabilities
from defib.probes.labels import LabelFacts
from defib.probes.looking import link_of
from defib.probes.outputs import rows_and_outputs, thin
from defib.subject import AnyArray, FloatArray, Subject

TINY = 1e-12
"""Probabilities are held this far from 0 and 1 before their logarithm is taken."""


@dataclass(frozen=True)
class WeightingFacts(Evidence):
    """Weights of the classes in the loss, and what they did to the hard labels."""

    how: str = ""
    """``class_weight`` or ``sample_weight``; empty, as all below, where every row counts the same."""
    classes: tuple[float, ...] = ()
    """As the labels have them, in order."""
    weights: tuple[float, ...] = ()
    """Mean weight of a row of each class, same order."""
    shares: tuple[float, ...] = ()
    """Share of each class in the weighted loss, in [0, 1]: prior times weight, over their sum."""
    hard_label_share: float = 0.0
    """Share of the rows served that get the most frequent label, in [0, 1]."""
    hard_label_share_without: float = 0.0
    """The same once each class's probability is divided by its weight: what a network that has learnt the weighted odds
    would say of unweighted ones (Elkan 2001, theorem 2)."""
    frequent_without: float | None = None
    """That most frequent label, as the labels have it."""


def _measure(subject: Subject, book: Book) -> WeightingFacts:
    given = subject.recipe.class_weights
    if not given:
        return WeightingFacts()
    labels = book.get(LabelFacts)
    if len(labels.classes) < 2 or len(labels.class_prior) != len(labels.classes):
        raise Missing("WeightingFacts", "labels that are classes")
    known = dict(given)
    weights = np.array([known.get(one, 1.0) for one in labels.classes])
    if not (weights > 0).all():
        raise Missing("WeightingFacts", "weights above 0")
    p = _probabilities(subject, len(labels.classes))
    shares = weights * np.asarray(labels.class_prior)
    return WeightingFacts(
        how=subject.recipe.weighted_by,
        classes=labels.classes,
        weights=tuple(float(w) for w in weights),
        shares=tuple(float(s) for s in shares / shares.sum()),
        hard_label_share=most_frequent(p),
        hard_label_share_without=most_frequent(p / weights),
        frequent_without=labels.classes[int(np.bincount((p / weights).argmax(axis=1)).argmax())],
    )


def _probabilities(subject: Subject, n_classes: int) -> FloatArray:
    """Of each class for each row served, ``(n_rows, n_classes)``."""
    rows, outputs = rows_and_outputs(subject)
    index = thin(len(rows))
    whole = outputs is not None and len(outputs) == len(rows)
    values = np.asarray(outputs)[index] if whole else subject.forward(rows.X[index]).outputs
    p = to_probabilities(values, link_of(subject.recipe, ""))
    p = p.reshape(len(p), -1)
    if p.shape[1] == 1:
        p = np.concatenate([1 - p, p], axis=1)
    if p.shape[1] != n_classes or not np.isfinite(p).all():
        raise Missing("WeightingFacts", "one output per class")
    return np.clip(p, TINY, 1.0)


def most_frequent(p: AnyArray) -> float:
    """Share of rows whose largest column is the most frequent one.

    >>> most_frequent(np.array([[0.4, 0.6], [0.3, 0.7], [0.9, 0.1], [0.1, 0.9]]))
    0.75
    """
    return float(np.bincount(p.argmax(axis=1)).max() / len(p))


PROBE = Probe("weighting", WeightingFacts, "forward", _measure)

"""Labels as the program cuts them, and as they should be: two readings of the same trained clones.

At one half, or where each class stands above its own mean; of probabilities that went through one more sigmoid, or not.
The mean prediction over the rows trained on is the base rate, as the network has it: calibrated probabilities it cuts
where sensitivity and specificity together are largest, and it follows weights of the classes and a shifted bias, which
a fixed base rate does not. It needs no labels: nothing is chosen by the rows that judge.
"""

from __future__ import annotations

import numpy as np

from defib.evidence import Book
from defib.measures.outputs import as_columns, to_probabilities
from defib.measures.rows import spaced_indices
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.probes.outputs import SymptomFacts
from defib.recipe import Arm
from defib.subject import AnyArray, FloatArray, NotAvailable, Subject, Trained
from defib.trials.asking import Asked

CERTAIN = {"identity": (0.0, 1.0), "sigmoid": (-8.0, 8.0), "softmax": (-8.0, 8.0), "exp": (-8.0, 0.0)}
"""Link → what the network gives a class that it is as good as certain not, and certain, to see."""
TINY = 1e-12
MOST_ROWS = 5000
"""Rows trained on over which predictions are averaged."""


def cut_at_half(book: Book) -> Asked | None:
    """Labels at one half, or the class that is largest; ``None`` where there are no classes to cut."""
    if not (book.has(SymptomFacts) and book.has(LabelFacts)) or book.get(LabelFacts).task == "regression":
        return None
    symptom = book.get(SymptomFacts).symptom
    if symptom.output_kind == "value":
        return None
    one_each = book.get(LabelFacts).task != "multilabel"
    scores = symptom.output_kind == "logit"

    def answer(subject: Subject, trained: Trained, arm: Arm, X: AnyArray) -> FloatArray:
        half = 0.0 if scores and trained.link == "identity" else 0.5
        return _labels(trained, _chances(trained, X) - half, one_each)

    def above_the_mean(subject: Subject, trained: Trained, arm: Arm, X: AnyArray, company: AnyArray) -> FloatArray:
        mean = _chances(trained, company[spaced_indices(len(company), MOST_ROWS)]).mean(axis=0)
        chances = _chances(trained, X)
        several = one_each and chances.shape[1] > 1 and not (scores and trained.link == "identity")
        return _labels(trained, chances / np.maximum(mean, TINY) if several else chances - mean, one_each)

    says = (
        "every network is judged by its labels: the control's are cut at one half, lower-threshold's at the mean "
        "prediction for the rows trained on"
    )
    if symptom.n_outputs > 1 and one_each:
        says = (
            "every network is judged by its labels: the control's are the class with the largest probability, "
            "lower-threshold's the one that is largest over its mean for the rows trained on"
        )
    return Asked("lower-threshold", says, answer, by_labels=True, rightly=above_the_mean)


def squashed_again(book: Book) -> Asked | None:
    """Probabilities behind another sigmoid, or several; ``None`` where the program puts none there."""
    head = book.get(HeadFacts) if book.has(HeadFacts) else None
    if head is None or not head.squashed_again_at_prediction:
        return None
    times, only = head.squashed_again_at_prediction, head.activations_before_loss < 2

    def answer(subject: Subject, trained: Trained, arm: Arm, X: AnyArray) -> FloatArray:
        chances = _chances(trained, X)
        for _ in range(times):
            chances = to_probabilities(chances, "sigmoid")
        return _labels(trained, chances - 0.5, one_each=False)

    def once(subject: Subject, trained: Trained, arm: Arm, X: AnyArray, company: AnyArray) -> FloatArray:
        return _labels(trained, _chances(trained, X) - 0.5, one_each=False)

    says = (
        "every network is judged by its labels at one half: the control's probabilities go through another sigmoid "
        "first, as in the program"
    )
    return Asked("activate-once", says, answer, only=only, by_labels=True, rightly=once)


def _chances(trained: Trained, X: AnyArray) -> FloatArray:
    """Probabilities (or scores) ``(n, columns)``."""
    outputs = np.asarray(trained.predict(X), dtype=np.float64)
    if outputs.ndim > 2:
        raise NotAvailable("one answer for each row")
    return as_columns(to_probabilities(outputs, trained.link))


def _labels(trained: Trained, above: FloatArray, one_each: bool) -> FloatArray:
    """Of what lies above its cut, or above it most, ``(n, columns)``: labels, as outputs of the network's own kind."""
    several = one_each and above.shape[1] > 1
    positive = np.arange(above.shape[1]) == np.argmax(above, axis=1)[:, None] if several else above > 0
    no, yes = CERTAIN[trained.link]
    return np.where(positive, yes, no)

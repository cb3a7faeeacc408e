"""Labels cut at one half and at the mean prediction: the same clones, and only the cut differs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from defib.catalogue import load
from defib.evidence import Book
from defib.interventions.table import all_interventions
from defib.probes.labels import LabelFacts
from defib.probes.outputs import SymptomFacts
from defib.recipe import Arm
from defib.skill_against_reference import told_by_labels
from defib.subject import AnyArray, Rows
from defib.trials.asked import as_asked
from defib.trials.engine import SerialEngine, Split
from tests.causes.books import HEALTHY, LABELS, REGRESSION, symptoms

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4000, 3)) * 1.2
LOGIT = np.minimum(2 * X[:, :1] - 6, -0.1)  # 4 % on the average, never above one half
RARE = (RNG.random((4000, 1)) < 1 / (1 + np.exp(-LOGIT))).astype(float)
EVEN = (RNG.random((4000, 1)) < 1 / (1 + np.exp(-3 * X[:, :1]))).astype(float)
MULTICLASS = replace(LABELS, task="multiclass", n_distinct=3, classes=(0.0, 1.0, 2.0), class_prior=(0.05, 0.9, 0.05))
KINDS = np.where(np.abs(X) > 2, np.sign(X), 0)[:, 0].astype(int)  # 0: nine rows in ten


def logit(rows: AnyArray) -> AnyArray:
    logits: AnyArray = np.minimum(2 * rows[:, :1] - 6, -0.1)
    return logits


def chance(rows: AnyArray) -> AnyArray:
    chances: AnyArray = 1 / (1 + np.exp(-logit(rows)))
    return chances


def weighted(rows: AnyArray) -> AnyArray:
    """Classes of one size, and positives counted so much that every row lies above one half."""
    logits: AnyArray = rows[:, :1] + 5
    return logits


def three(rows: AnyArray) -> AnyArray:
    """Classes -1, 0, 1 in this order; the middle one is always the largest."""
    side = np.tanh(rows[:, 0])
    return np.stack(
        [0.02 - 0.1 * np.minimum(side, 0), np.full(len(rows), 0.8), 0.02 + 0.1 * np.maximum(side, 0)], axis=1
    )


def facts(labels: LabelFacts, **symptom: Any) -> Book:
    found: Any = {LabelFacts: labels, SymptomFacts: symptoms(replace(HEALTHY, **symptom))}
    return Book(found)


@pytest.mark.parametrize(
    ("network", "link", "y", "book"),
    [
        (logit, "sigmoid", RARE, facts(LABELS)),
        (chance, "identity", RARE, facts(LABELS)),
        (weighted, "sigmoid", EVEN, facts(LABELS)),
        (logit, "identity", 2 * RARE - 1, facts(LABELS, output_kind="logit")),
        (three, "identity", KINDS[:, None] + 1, facts(MULTICLASS, n_outputs=3, output_kind="classes")),
        (lambda rows: np.log(three(rows)), "exp", KINDS[:, None] + 1, facts(MULTICLASS, n_outputs=3)),
    ],
    ids=["logits", "probabilities", "weighted", "scores", "several", "log-probabilities"],
)
def test_cut_at_the_mean_the_labels_come_back(network: Any, link: str, y: AnyArray, book: Book) -> None:
    asked = as_asked(load("DF105"), book)
    assert asked is not None
    subject: Any = SimpleNamespace(train=lambda *_, **__: SimpleNamespace(predict=network, link=link, loss=np.ones(3)))
    split = Split(Rows(X[:2000], y[:2000]), Rows(X[2000:], y[2000:]))
    task = book.get(LabelFacts).task
    engine = SerialEngine(subject, split, task=task, reference_score=told_by_labels(0.8), asked=asked)
    mended = all_interventions()["lower-threshold"].arm(book)
    control, treated = engine.run(Arm(), 0, 1e12), engine.run(mended, 0, 1e12)
    assert (control.recovered, treated.recovered) == (False, True)


def test_values_are_not_cut() -> None:
    assert as_asked(load("DF902"), facts(REGRESSION, output_kind="value")) is None


def test_the_labels_of_a_ranking_tell_less_than_the_ranking() -> None:
    """Against a simulation: two normal distributions, cut where the most is told."""
    negative, positive = RNG.normal(size=200_000), RNG.normal(size=200_000) + 1.5
    gini = 2 * float((positive > negative).mean()) - 1
    cuts = np.linspace(-2, 4, 61)
    best = max(float((positive > cut).mean() - (negative > cut).mean()) for cut in cuts)
    assert told_by_labels(gini) == pytest.approx(best, abs=0.01)
    assert np.isnan(told_by_labels(float("nan")))

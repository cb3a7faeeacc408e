"""Weights of classes, divided out of probabilities that are written out."""

from __future__ import annotations

import numpy as np
import pytest

from defib.evidence import Book, Missing
from defib.probes import labels
from defib.probes.labels import LabelFacts
from defib.probes.weighting import PROBE, WeightingFacts
from defib.recipe import LossFacts, TrainingRecipe
from defib.subject import Rows

from .fakes import FakeSubject, dense

X = np.linspace(0.5, 0.99, 50, dtype=np.float32)[:, None]
Y = (np.arange(50) % 10 == 0).astype(np.float32)
BCE = LossFacts("binary_crossentropy", "binary_cross_entropy", "probabilities")


def facts(*weights: tuple[float, float]) -> WeightingFacts:
    recipe = TrainingRecipe(BCE, class_weights=weights, weighted_by="class_weight")
    subject = FakeSubject([dense("head", np.ones((1, 1), np.float32))], X, Y, recipe=recipe, prediction=Rows(X))
    book = Book(found={LabelFacts: labels.PROBE.measure(subject, Book())})
    found = PROBE.measure(subject, book)
    assert isinstance(found, WeightingFacts)
    return found


def test_the_weights_are_divided_out() -> None:
    one = facts((1.0, 9.0))
    assert one.weights == (1.0, 9.0)
    assert one.shares == pytest.approx((0.5, 0.5))
    assert one.hard_label_share >= 0.98
    assert one.frequent_without == 0.0
    # p / 9 < 1 - p exactly where p < 0.9
    assert one.hard_label_share_without == pytest.approx(np.mean(X < 0.9), abs=0.021)


def test_nothing_is_said_without_weights() -> None:
    assert facts() == WeightingFacts()


def test_a_weight_of_zero_cannot_be_divided_out() -> None:
    with pytest.raises(Missing, match="above 0"):
        facts((0.0, 0.0), (1.0, 1.0))

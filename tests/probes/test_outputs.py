"""Where values lie at both moments, against a median of the network's own outputs."""

from __future__ import annotations

import numpy as np
import pytest

from defib.adapters.numpy import draw, trained_subject
from defib.examine import measure_all
from defib.probes.outputs import SymptomFacts

X = np.random.default_rng(0).normal(size=(50, 3))


def test_the_centre_of_values_at_both_moments() -> None:
    subject = trained_subject(draw((3, 5, 1), ("tanh", "linear"), 1), X, 40 + X[:, 0], loss="mse", n_updates=60)
    facts = measure_all(subject, skip=("reference",)).get(SymptomFacts)
    for found, moment in ((facts.training_centre, "end"), (facts.initial_centre, "initial")):
        values = sorted(subject.forward(X, moment=moment).outputs.ravel().tolist())  # type: ignore[arg-type]
        assert found == pytest.approx((values[24] + values[25]) / 2)
    assert facts.initial_centre != facts.training_centre


def test_classes_have_no_centre() -> None:
    subject = trained_subject(draw((3, 5, 1), ("tanh", "sigmoid"), 1), X, X[:, 0] > 0, n_updates=5)
    facts = measure_all(subject, skip=("reference",)).get(SymptomFacts)
    assert (facts.training_centre, facts.initial_centre) == (None, None)

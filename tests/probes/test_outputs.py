"""Where values lie at both moments, against a median of the network's own outputs."""

from __future__ import annotations

import numpy as np
import pytest

from defib.adapters.numpy import draw, trained_subject
from defib.examine import measure_all
from defib.probes.outputs import SymptomFacts
from defib.recipe import OptimizerFacts
from defib.subject import Rows

X = np.random.default_rng(0).normal(size=(50, 3))


def test_the_centre_of_values_at_both_moments() -> None:
    subject = trained_subject(draw((3, 5, 1), ("tanh", "linear"), 1), X, 40 + X[:, 0], loss="mse", n_updates=60)
    facts = measure_all(subject, skip=("reference",)).get(SymptomFacts)
    for found, moment in ((facts.training_centre, "end"), (facts.initial_centre, "initial")):
        values = sorted(subject.forward(X, moment=moment).outputs.ravel().tolist())  # type: ignore[arg-type]
        assert found == pytest.approx((values[24] + values[25]) / 2)
    assert facts.initial_centre != facts.training_centre


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_rows_it_was_trained_on_are_no_test(share: float) -> None:
    """The network memorizes labels that mean nothing: on other rows it knows nothing."""
    rng = np.random.default_rng(1)
    X, other = rng.normal(size=(60, 8)), rng.normal(size=(200, 8))
    y, other_y = rng.integers(0, 2, 60), rng.integers(0, 2, 200)
    subject = trained_subject(
        draw((8, 40, 1), ("tanh", "sigmoid"), 1), X, y, n_updates=3000, optimizer=OptimizerFacts("sgd", 1.0)
    )
    n_old = round(60 * share)
    served = np.concatenate([X[:n_old], other[: 60 - n_old]]).astype(np.float32)
    labels = np.concatenate([y[:n_old], other_y[: 60 - n_old]])
    subject.prediction = Rows(served, labels)
    skill = measure_all(subject, skip=("reference",)).get(SymptomFacts).symptom.skill
    assert skill is not None
    assert skill.rows == ("training" if share == 1 else "held_out")
    assert skill.n_rows == {0.0: 60, 0.05: 60, 0.5: 30, 1.0: 60}[share]
    assert (skill.value > 0.9) == (share == 1)


def test_classes_have_no_centre() -> None:
    subject = trained_subject(draw((3, 5, 1), ("tanh", "sigmoid"), 1), X, X[:, 0] > 0, n_updates=5)
    facts = measure_all(subject, skip=("reference",)).get(SymptomFacts)
    assert (facts.training_centre, facts.initial_centre) == (None, None)

"""Gradients and movements after replays, against a training that is stepped by hand."""

from __future__ import annotations

import numpy as np
import pytest

from defib.adapters.numpy import draw, trained_subject
from defib.diagnose import diagnose_subject
from defib.evidence import Missing
from defib.examine import measure_all
from defib.probes.looks import find_looks
from defib.recipe import Arm
from defib.subject import Layer
from tests.probes.fakes import FakeSubject

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(float)


def test_ever_longer_replays_up_to_the_whole_training() -> None:
    subject = trained_subject(draw((3, 5, 1), ("tanh", "sigmoid"), 1), X, Y, n_updates=11)
    book = measure_all(subject, skip=("reference",))
    facts = find_looks(subject, book, seconds=60.0)
    assert facts.updates == (0, 1, 2, 4, 8, 11)
    kernels = [one for one in subject.parameters() if one.end.ndim == 2]
    assert facts.parameters == tuple(one.name for one in kernels)
    assert facts.relative_update[0] == (None, None)
    after = subject.train(Arm(stop_after=2), subject.training, seed=0).inside()  # type: ignore[arg-type]
    before = subject.train(Arm(stop_after=1), subject.training, seed=0).inside()  # type: ignore[arg-type]
    assert after is not None
    assert before is not None
    a, b = ({one.name: one.end for one in inside.parameters()} for inside in (after, before))
    gradients = {one.name: one.values for one in after.gradients(X, Y)}
    for column, one in enumerate(kernels):
        way = sum(float(x) ** 2 for x in (a[one.name] - b[one.name]).ravel()) ** 0.5
        size = sum(float(x) ** 2 for x in b[one.name].ravel()) ** 0.5
        assert facts.relative_update[2][column] == pytest.approx(way / size)
        values = np.asarray(gradients[one.name]).ravel()
        assert facts.gradient_rms[2][column] == pytest.approx((sum(float(v) ** 2 for v in values) / len(values)) ** 0.5)
    assert len(facts.gradient_rms) == len(facts.relative_update) == len(facts.updates)


def test_no_time_still_shows_the_first_step() -> None:
    subject = trained_subject(draw((3, 5, 1), ("tanh", "sigmoid"), 1), X, Y, n_updates=1000)
    facts = find_looks(subject, measure_all(subject, skip=("reference",)), seconds=0.0)
    assert facts.updates[:2] == (0, 1)
    assert facts.updates[-1] < 1000
    assert facts.n_updates == 1000


def test_what_cannot_be_replayed_is_missing() -> None:
    fake = FakeSubject([(Layer("out", "dense"), lambda values: values[:, :1])], X, Y, initial=False)
    with pytest.raises(Missing, match="replayed"):
        find_looks(fake, measure_all(fake, skip=("reference",)), seconds=1.0)


def test_a_diagnosis_holds_them_where_trials_are_allowed() -> None:
    """A step that is far too small: flat, and nothing moves."""
    subject = trained_subject(draw((3, 5, 1), ("sigmoid", "sigmoid"), 1), 1e-6 * X, Y, n_updates=8)
    found = diagnose_subject(subject, budget=1.0).measured.evidence["LookFacts"]
    assert found.updates == (0, 1, 2, 4, 8)
    assert "LookFacts" not in diagnose_subject(subject, trials=False).measured.evidence

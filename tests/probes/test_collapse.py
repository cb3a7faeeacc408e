"""Whether what was learnt was lost, on loss curves written out by hand and drawn at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from defib.causes.collapse_after_learning import CAUSE
from defib.diagnosis import Assessment
from defib.evidence import Book, Missing
from defib.probes.collapse import PROBE, CollapseFacts, running_median
from defib.recipe import OptimizerFacts, TrainingRecipe
from defib.subject import FloatArray, TrainingTrace
from tests.causes.books import KEPT, NAN, STUCK, TRAINING, book, collapsed

from .fakes import FakeSubject

RNG = np.random.default_rng(3)


def noisy(*parts: tuple[float, int]) -> FloatArray:
    """Losses around each level for so many updates, batch noise a tenth of the level."""
    return np.concatenate([level * (1 + 0.1 * RNG.normal(size=n)) for level, n in parts])


def facts(
    losses: FloatArray, *, rates: tuple[tuple[float, float], ...] = (), X: FloatArray | None = None
) -> CollapseFacts:
    trace = TrainingTrace(loss_per_update=losses, n_updates=10 * len(losses), rates=rates)
    recipe = TrainingRecipe(optimizer=OptimizerFacts("adam", 1e-3), n_updates=10 * len(losses))
    subject = FakeSubject([], X if X is not None else RNG.normal(size=(50, 4)), trace=trace, recipe=recipe)
    found = PROBE.measure(subject, Book())
    assert isinstance(found, CollapseFacts)
    return found


def test_lost_where_the_curve_was_broken() -> None:
    one = facts(noisy((0.7, 20), (0.2, 180), (0.7, 100)), rates=((0.0, 1e-3), (0.66, 1e-1)))
    assert one.lost_at == pytest.approx(2000, abs=30)
    assert one.lost_within <= 60
    assert (one.rate_learnt, one.rate_before, one.rate_lost) == (1e-3, 1e-3, 1e-1)


@pytest.mark.parametrize(
    "losses",
    [
        noisy((0.7, 100), (0.2, 200)),  # learnt
        noisy((0.7, 300)),  # never learnt
        noisy((0.7, 100), (0.2, 100), (3.0, 5), (0.2, 100)),  # a spike that it got over
        np.concatenate([np.linspace(0.7, 0.05, 30)] * 10),  # sorted classes: up at each block, down again
        noisy((400.0, 3), (0.7, 300)),  # targets far away, then a constant
    ],
)
def test_not_lost(losses: FloatArray) -> None:
    assert facts(losses).lost_at is None


def test_a_slow_drift_is_slow() -> None:
    one = facts(np.concatenate([noisy((0.7, 20), (0.1, 100)), np.linspace(0.1, 0.7, 150), noisy((0.7, 30))]))
    assert one.lost_at is not None
    assert one.lost_within > 0.1 * one.n_updates


def test_to_nan() -> None:
    one = facts(np.concatenate([noisy((0.7, 20), (0.1, 100)), np.full(50, np.nan)]))
    assert one.lost_at == pytest.approx(1200, abs=30)
    assert np.isnan(one.end_loss)


def test_a_row_from_another_world() -> None:
    X = RNG.normal(size=(50, 4))
    X[7, 2] = 1e5
    assert facts(noisy((0.7, 50)), X=X).far_rows == 1
    assert facts(noisy((0.7, 50))).far_rows == 0


def test_a_short_training_says_nothing() -> None:
    with pytest.raises(Missing):
        facts(noisy((0.7, 3)))


@pytest.mark.parametrize("width", [1, 3, 7])
def test_running_median_against_a_slow_one(width: int) -> None:
    values, half = RNG.normal(size=40), width // 2
    slow = [sorted(values[max(0, i - half) : i + half + 1]) for i in range(40)]
    assert running_median(values, width).tolist() == pytest.approx([float(np.median(part)) for part in slow])


LOST = replace(KEPT, end_loss=0.66, lost_at=300, lost_within=3)


def assess(one: CollapseFacts, training: object = STUCK) -> Assessment:
    assert isinstance(training, type(TRAINING))
    return CAUSE.assess(book(collapsed(), training, one))


def test_the_reason_is_told_and_weighed() -> None:
    risen = assess(replace(LOST, rate_lost=0.1))
    assert risen.verdict == "supported"
    assert "had risen from 0.001 to 0.1" in risen.because
    outlier = assess(replace(LOST, far_rows=2, farthest_row=4e4))
    assert outlier.verdict == "supported"
    assert outlier.weight < risen.weight
    assert "neither the learning rate nor the recorded rows" in assess(LOST).because


def test_a_restart_and_a_warm_up_both_rose() -> None:
    assert "from 1e-05 to 0.01" in assess(replace(LOST, rate_learnt=0.01, rate_before=1e-5, rate_lost=0.01)).because
    assert "from 0.001 to 0.01" in assess(replace(LOST, rate_learnt=1e-3, rate_before=8e-3, rate_lost=0.01)).because


def test_to_nan_by_an_explosion_or_at_once() -> None:
    for highest, verdict in ((40.0, "supported"), (0.1, "inconclusive")):
        lost = replace(LOST, highest_loss=highest, rate_lost=0.1)
        assert CAUSE.assess(book(collapsed(NAN), STUCK, lost)).verdict == verdict


def test_what_it_is_not() -> None:
    assert assess(replace(LOST, lost_within=200)).verdict == "inconclusive"
    assert assess(LOST, replace(STUCK, learning_rate=0.1)).verdict == "inconclusive"
    assert assess(KEPT).verdict == "ruled_out"
    assert CAUSE.assess(book(LOST)).verdict == "ruled_out"

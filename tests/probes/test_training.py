from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from defib.evidence import Book, Missing
from defib.probes.labels import PROBE as LABELS
from defib.probes.labels import LabelFacts
from defib.probes.training import PROBE, TrainingFacts, still_falling
from defib.recipe import LossFacts, OptimizerFacts, TrainingRecipe
from defib.subject import TrainingTrace

from .fakes import EMPTY, FakeSubject, dense

RNG = np.random.default_rng(0)


def facts(y: Any = None, **trace: Any) -> TrainingFacts:
    loss = LossFacts("bce", "binary_cross_entropy", "probabilities")
    recipe = TrainingRecipe(loss, OptimizerFacts("adam", 0.1), shuffled=True)
    labels = np.tile([0, 1], 20) if y is None else y
    subject = FakeSubject(
        [dense("d", np.ones((2, 1)))], np.ones((40, 2)), labels, recipe=recipe, trace=TrainingTrace(**trace)
    )
    found_labels = LABELS.measure(subject, EMPTY)
    assert isinstance(found_labels, LabelFacts)
    found = PROBE.measure(subject, Book({LabelFacts: found_labels}))
    assert isinstance(found, TrainingFacts)
    return found


def test_the_loss_of_a_restored_epoch() -> None:
    losses = np.array([0.9, 0.8, 0.7])
    assert facts(loss_per_epoch=losses, n_epochs=3, restored_epoch=2).restored_loss == 0.8
    assert facts(loss_per_epoch=losses, n_epochs=3).restored_loss is None


def test_a_run_that_ends_at_the_prior_loss() -> None:
    losses = np.log(2) + 0.3 * np.exp(-np.arange(400) / 20)
    one = facts(loss_per_update=losses, n_updates=400, n_epochs=10, planned_epochs=50)
    assert one.prior_loss == pytest.approx(np.log(2))
    assert one.at_prior_loss
    assert one.stopped_early
    assert one.first_loss == pytest.approx(losses[0])
    assert one.last_loss == pytest.approx(losses[-20:].mean())
    assert one.spike == pytest.approx(1.0)
    assert one.usual_learning_rate == 1e-3
    assert one.learning_rate == 0.1


def test_falling_frozen_and_noise() -> None:
    noise = 0.05 * RNG.normal(size=400)
    assert still_falling(np.linspace(1, 0.5, 400) + noise)
    assert not still_falling(0.7 + noise)
    assert not still_falling(np.linspace(0.5, 1.0, 400) + noise)
    assert still_falling(np.ones(5)) is None
    assert facts(loss_per_update=np.full(100, 7.9), n_updates=100).frozen_loss
    assert not facts(loss_per_update=0.7 + noise, n_updates=400).frozen_loss


def test_false_alarms_of_the_trend_on_flat_noise() -> None:
    """One-sided at 3 standard errors: about 1 in 700."""
    alarms = sum(bool(still_falling(0.7 + np.random.default_rng(seed).normal(size=200))) for seed in range(400))
    assert alarms <= 4


def test_spike_and_nan() -> None:
    losses = np.concatenate([[0.7, 50.0], np.full(48, 0.69), np.full(50, np.nan)])
    one = facts(loss_per_update=losses, n_updates=1000)
    assert one.spike == pytest.approx(50 / 0.7)
    assert one.nan_at == 500
    assert one.last_loss is None
    assert one.at_prior_loss is None
    assert one.still_falling is None


def test_epochs_come_before_batches() -> None:
    epochs = np.linspace(1, 0.4, 20)
    one = facts(loss_per_update=RNG.normal(size=200), loss_per_epoch=epochs, n_updates=200)
    assert one.last_loss == pytest.approx(0.4)
    assert one.best_loss == pytest.approx(0.4)
    assert one.still_falling


def test_nothing_watched() -> None:
    subject = FakeSubject([], None, trace=TrainingTrace(), recipe=TrainingRecipe())
    with pytest.raises(Missing, match="a training that was watched"):
        PROBE.measure(subject, EMPTY)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from defib.evidence import Book, Missing
from defib.probes.gradients import PROBE as GRADIENTS
from defib.probes.gradients import GradientFacts
from defib.probes.updates import PROBE, UpdateFacts
from defib.subject import Parameter, TrainingTrace

from .fakes import EMPTY, FakeSubject, small

W = np.arange(1.0, 7.0).reshape(2, 3)


def parameter(name: str = "w", **settings: Any) -> Parameter:
    defaults: dict[str, Any] = {"initial": W, "end": W, "trainable": True, "in_optimizer": True}
    return Parameter(name, "layer", **{**defaults, **settings})


def facts(*parameters: Parameter, trace: TrainingTrace | None = None, book: Book = EMPTY) -> UpdateFacts:
    subject = FakeSubject([], np.ones((2, 2)), parameters=parameters, trace=trace)
    found = PROBE.measure(subject, book)
    assert isinstance(found, UpdateFacts)
    return found


REASONS = [
    ({"trainable": False}, "frozen"),
    ({"in_optimizer": False}, "not_in_optimizer"),
    ({"gradient_in_loop": "none"}, "no_gradient"),
    ({"gradient_in_loop": "zero"}, "zero_gradient"),
    ({"gradient_in_loop": "nonzero"}, "unknown"),
    ({"end": W + 1}, None),
    ({"trainable": False, "end": W + 1}, None),
]


@pytest.mark.parametrize(("settings", "why"), REASONS)
def test_why_unmoved(settings: dict[str, Any], why: str | None) -> None:
    assert facts(parameter(**settings)).parameters[0].why_unmoved == why


def test_a_step_of_the_programs_own_that_writes_nothing() -> None:
    trace = TrainingTrace(n_updates=3, own_step="Mine.step (x.py:3)")
    still = parameter(gradient_in_loop="nonzero")
    assert facts(still, trace=trace).parameters[0].why_unmoved == "not_applied"
    assert facts(parameter(gradient_in_loop="zero"), trace=trace).parameters[0].why_unmoved == "zero_gradient"


def test_a_group_without_a_step_is_why() -> None:
    from defib.recipe import OptimizerFacts, ParameterGroup, TrainingRecipe

    groups = (ParameterGroup(("v",), 0.1, 0.5), ParameterGroup(("w",), 0.0))
    recipe = TrainingRecipe(optimizer=OptimizerFacts("sgd", 0.1, groups=groups), n_updates=3)
    stuck = parameter(gradient_in_loop="nonzero")
    subject = FakeSubject([], np.ones((2, 2)), parameters=(stuck, parameter("v", end=2 * W)), recipe=recipe)
    found = PROBE.measure(subject, EMPTY)
    assert isinstance(found, UpdateFacts)
    one, other = found.parameters
    assert (one.why_unmoved, one.group, one.learning_rate) == ("zero_rate", 1, 0.0)
    assert (other.why_unmoved, other.group, other.weight_decay) == (None, 0, 0.5)


def test_no_steps() -> None:
    from defib.recipe import TrainingRecipe

    subject = FakeSubject([], None, parameters=(parameter(),), trace=TrainingTrace(), recipe=TrainingRecipe())
    found = PROBE.measure(subject, EMPTY)
    assert isinstance(found, UpdateFacts)
    assert found.parameters[0].why_unmoved == "no_steps"


def test_shares_and_sizes_by_hand() -> None:
    small_one = parameter("b", initial=np.zeros(2), end=np.ones(2))
    one = facts(parameter(end=2 * W), small_one, parameter("f", trainable=False, in_optimizer=False))
    moved = one.parameters[0]
    assert moved.relative_change == pytest.approx(1.0)
    assert moved.end_rms == pytest.approx(np.sqrt(np.mean((2 * W) ** 2)))
    assert moved.initial_sd == pytest.approx(W.std())
    assert one.parameters[1].relative_change == float("inf")
    assert one.moved_fraction == pytest.approx(8 / 14)
    assert one.frozen_fraction == pytest.approx(6 / 14)
    assert one.not_in_optimizer_fraction == pytest.approx(6 / 14)
    assert one.median_relative_change == pytest.approx(0.5)
    assert not one.shrunk


def test_shrunk_and_nan_and_first_update() -> None:
    trace = TrainingTrace(n_updates=5, updates_to=(("w", 0.3), ("v", 2.0), ("b", float("inf"))))
    tiny = parameter(end=W / 100)
    one = facts(tiny, parameter("v", end=W / 20), trace=trace)
    assert one.shrunk
    assert one.largest_first_update == 2.0
    assert one.parameters[0].first_update == 0.3
    broken = facts(parameter(end=np.full((2, 3), np.nan)))
    assert broken.nan_parameters == 1
    assert np.isnan(broken.parameters[0].relative_change)
    assert broken.median_relative_change == 0.0


def test_gradients_of_the_probe_stand_in_for_an_unwatched_loop() -> None:
    subject = small("relu", "softmax", loss="ce", y=np.ones(120))
    gradients = GRADIENTS.measure(subject, EMPTY)
    assert isinstance(gradients, GradientFacts)
    found = PROBE.measure(subject, Book({GradientFacts: gradients}))
    assert isinstance(found, UpdateFacts)
    assert found.moved_fraction == 0.0
    assert {one.why_unmoved for one in found.parameters} == {"zero_gradient"}


def test_initial_weights_are_needed() -> None:
    with pytest.raises(Missing, match="the initial weights"):
        facts(parameter(initial=None))

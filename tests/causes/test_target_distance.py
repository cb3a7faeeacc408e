"""DF106 by the way travelled: how much of the distance to the targets the training covered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.causes.target_scale import CAUSE
from defib.probes.outputs import SymptomFacts
from tests.causes.books import FLAT, LABELS, STUCK, UNSKILLED, activations, book, stack

FAR_OFF = replace(LABELS, task="regression", mean=150_000.0, sd=80_000.0, minimum=2e4, maximum=4e5)


@pytest.mark.parametrize(
    ("start", "end", "rate", "verdict", "weight"),
    [
        (0.1, 1.1, 1e-3, "supported", 0.9),
        (0.1, 1.1, 1e-5, "supported", 0.7),
        (0.1, 30_000.0, 1e-3, "inconclusive", 0.35),
        (1.1, 0.1, 1e-3, "inconclusive", 0.35),
    ],
)
def test_the_way_to_the_targets(start: float, end: float, rate: float, verdict: str, weight: float) -> None:
    symptoms = [replace(FLAT, constant=(one,), output_kind="value") for one in (end, end, start)]
    facts = SymptomFacts(symptoms[0], symptoms[1], symptoms[2], True)
    training = replace(STUCK, learning_rate=rate, still_falling=False)
    found = CAUSE.assess(book(facts, FAR_OFF, training))
    assert (found.verdict, found.weight) == (verdict, weight)


@pytest.mark.parametrize(("end", "verdict"), [(3_000.0, "supported"), (150_000.0, "ruled_out")])
def test_predictions_that_vary_count_by_their_median(end: float, verdict: str) -> None:
    varied = replace(UNSKILLED, output_kind="value")
    facts = SymptomFacts(varied, varied, varied, True, training_centre=end, initial_centre=0.2)
    training = replace(STUCK, learning_rate=1e-3, still_falling=True)
    assert CAUSE.assess(book(facts, FAR_OFF, training)).verdict == verdict


@pytest.mark.parametrize(("end", "verdict"), [(1e15, "inconclusive"), (-10_000.0, "supported")])
def test_predictions_that_were_thrown_are_not_on_their_way(end: float, verdict: str) -> None:
    symptoms = [replace(FLAT, constant=(one,), output_kind="value") for one in (end, end, 0.1)]
    facts = SymptomFacts(symptoms[0], symptoms[1], symptoms[2], True)
    training = replace(STUCK, learning_rate=1e-3, still_falling=True)  # from 1e30 it falls for ever
    found = CAUSE.assess(book(facts, FAR_OFF, training))
    assert found.verdict == verdict
    assert ("threw" in found.because) is (verdict == "inconclusive")


@pytest.mark.parametrize(
    ("optimizer", "sd", "relative_spread", "verdict"),
    [
        ("adam", 2e6, 0.7, "supported"),
        ("sgd", 2e6, 0.7, "ruled_out"),  # its step grows with the distance
        ("adam", 50.0, 0.7, "ruled_out"),  # 10,000 steps of 1e-3 on 32 units reach 256
        ("adam", 2e6, 0.0, "ruled_out"),  # the rows are equal before the head: something else erased them
    ],
)
def test_steps_that_cannot_spread_the_outputs(optimizer: str, sd: float, relative_spread: float, verdict: str) -> None:
    flat = replace(FLAT, constant=(0.2,), output_kind="value", prediction_spread=1e-5)
    facts = SymptomFacts(flat, flat, flat, True)
    labels = replace(LABELS, task="regression", mean=0.1 * sd, sd=sd, minimum=-3 * sd, maximum=3 * sd)
    training = replace(STUCK, optimizer=optimizer, learning_rate=1e-3, n_updates=10_000)
    layers = activations(stack(units=32, row_spread=0.8, relative_spread=relative_spread))
    found = CAUSE.assess(book(facts, labels, training, layers))
    assert found.verdict == verdict
    if verdict == "supported":  # 10 of steps and the first weights, over 32 units that vary by .8
        assert 10 * 32 * 0.8 <= dict(found.numbers)["reachable_spread"] < 12 * 32 * 0.8

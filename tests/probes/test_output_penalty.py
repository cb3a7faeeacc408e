"""Penalties on what layers give out, against Keras's own loss with and without them."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from defib.capture.script import watch
from defib.causes.regularization_too_strong import CAUSE
from defib.evidence import Book
from defib.interventions.weaker_regularization import divisor
from defib.probes.output_penalty import PROBE, OutputPenaltyFacts
from tests.causes.books import book, collapsed

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def network(strength: float) -> keras.Model:
    keras.utils.set_random_seed(1)
    sparse = keras.layers.Dense(6, activation="relu", activity_regularizer=keras.regularizers.L1(strength))
    model = keras.Sequential([keras.Input((4,)), sparse, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.SGD(0.0), "binary_crossentropy")
    return model


def measured(strength: float) -> OutputPenaltyFacts:
    """After a training that leaves the weights where they were."""
    model = network(strength)
    with watch() as watched:
        model.fit(X, Y, batch_size=64, verbose=0)
        found = PROBE.measure(watched.subjects()[-1], Book())
    assert isinstance(found, OutputPenaltyFacts)
    return found


def test_the_penalty_is_what_keras_adds_to_the_loss() -> None:
    with_it, without = (network(one).evaluate(X, Y, batch_size=64, verbose=0) for one in (2.0, 0.0))
    facts = measured(2.0)
    assert facts.over_data == pytest.approx((with_it - without) / without, rel=1e-3)
    assert str(facts.layer).endswith(":relu")
    assert facts.size_left == pytest.approx(1.0)
    assert measured(0.0) == OutputPenaltyFacts(None)


@pytest.mark.parametrize(("over_data", "left", "verdict"), [(160.0, 0.0, "supported"), (160.0, 0.9, "ruled_out")])
def test_a_penalty_whose_outputs_are_gone_is_the_cause(over_data: float, left: float, verdict: str) -> None:
    evidence = book(collapsed(), OutputPenaltyFacts("code:relu", over_data, left))
    assert CAUSE.assess(evidence).verdict == verdict
    assert divisor(evidence) == 10_000

"""DF304 where a cross-entropy that takes probabilities stands behind a head with no activation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from defib.causes.loss_head_mismatch import CAUSE
from defib.interventions.fitting_head import INTERVENTION
from defib.recipe import Arm
from defib.skill_against_reference import is_weak
from tests.causes.books import HEAD, UNSKILLED, WANTS, book, symptoms

BARE = replace(
    HEAD,
    activation="linear",
    activations_before_loss=0,
    output_low=-np.inf,
    output_high=np.inf,
    outside_probability=0.6,
)


@pytest.mark.parametrize(
    ("outside", "squashed", "verdict"), [(0.6, 0, "supported"), (0.0, 0, "ruled_out"), (0.6, 1, "ruled_out")]
)
def test_outputs_that_are_no_probabilities(outside: float, squashed: int, verdict: str) -> None:
    head = replace(BARE, outside_probability=outside, activations_before_loss=squashed)
    found = CAUSE.assess(book(symptoms(UNSKILLED, UNSKILLED), head))
    assert found.verdict == verdict
    assert ("60 % of its outputs" in found.because) is (verdict == "supported")


def test_logarithms_of_logarithms() -> None:
    """A network of skorch's that ends in log_softmax: its loss takes the logarithm itself."""
    head = replace(BARE, activation="log_softmax", activations_before_loss=1, outside_probability=1.0)
    facts = book(symptoms(UNSKILLED, UNSKILLED), head)
    found = CAUSE.assess(facts)
    assert found.verdict == "supported"
    assert "gives logarithms already: 100 % of its outputs lie below 0" in found.because
    assert INTERVENTION.applies(facts) is None
    assert INTERVENTION.arm(facts) == Arm().with_edit("head", "softmax")
    assert INTERVENTION.code(facts, "torch").startswith("outputs = torch.softmax(scores, dim=-1)")
    fitting = replace(head, loss_kind="sparse_categorical_cross_entropy", units=2, outside_probability=None)
    assert CAUSE.assess(book(symptoms(UNSKILLED, UNSKILLED), fitting, WANTS)).verdict == "ruled_out"


def test_half_of_what_another_model_learns_is_little_where_the_loss_misreads_the_outputs() -> None:
    assert UNSKILLED.skill is not None
    some = replace(UNSKILLED.skill, value=0.38, interval=(0.33, 0.42))
    assert is_weak(some, book(BARE))
    assert not is_weak(some, book(HEAD))

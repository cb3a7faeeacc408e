"""A cross-entropy behind a head with no activation: one that takes probabilities (DF304), or one of classes (DF301)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from defib.causes.detached_graph import CAUSE as DETACHED
from defib.causes.loss_head_mismatch import CAUSE
from defib.causes.single_unit_softmax import CAUSE as LONELY
from defib.interventions.fitting_head import INTERVENTION
from defib.recipe import Arm
from defib.skill_against_reference import is_weak
from tests.causes.books import HEAD, UNSKILLED, WANTS, activations, book, stack, symptoms, unmoved

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


def test_a_categorical_loss_over_one_linear_column_is_constant_however_the_outputs_vary() -> None:
    """`Dense(1)` under "categorical_crossentropy": what chance made the outputs stays, and they differ."""
    head = replace(HEAD, activation="linear", units=1, loss_kind="categorical_cross_entropy")
    still = book(
        symptoms(UNSKILLED, UNSKILLED),
        replace(head, gradient_zero_at_start=True),
        unmoved("zero_gradient"),
        activations(stack()),
    )
    found = LONELY.assess(still)
    assert found.verdict == "supported"
    assert "normalizes a single column to exactly 1" in found.because
    assert DETACHED.assess(still).verdict == "ruled_out"
    moving = book(symptoms(UNSKILLED, UNSKILLED), replace(head, gradient_zero_at_start=False))
    assert LONELY.assess(moving).verdict == "ruled_out"

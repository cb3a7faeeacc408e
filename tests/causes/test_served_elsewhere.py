"""Rows served that lie nowhere near the training rows, while other rows were evaluated with labels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.catalogue import load
from defib.gate import read_gate
from tests.causes.books import HEALTHY, LABELS, SERVING, SIGNAL, book, move, symptoms, updates

ELSEWHERE = replace(
    SERVING, shifted_fraction=1.0, median_shift_sd=750.0, median_spread_ratio=69.0, others_labelled=True
)


@pytest.mark.parametrize(
    ("facts", "problem", "verdict"),
    [
        (ELSEWHERE, "skewed", "supported"),
        (replace(ELSEWHERE, others_labelled=False), "none", "ruled_out"),
        (replace(ELSEWHERE, median_shift_sd=3.0, median_spread_ratio=1.0), "none", "ruled_out"),
    ],
    ids=["other rows were evaluated", "these rows were evaluated", "a drift"],
)
def test_skill_on_other_rows_says_nothing_of_these(facts: object, problem: str, verdict: str) -> None:
    found = book(symptoms(HEALTHY, HEALTHY), facts)  # type: ignore[arg-type]
    assert read_gate(found).problem == problem
    assert load("DF802").assess(found).verdict == verdict


def test_what_a_decay_alone_moved_got_no_gradient() -> None:
    moves = (move("l1/bias", 0.0, "no_gradient"), move("l1/kernel"), move("l2/kernel"), move("l3/kernel"))
    part = updates(*moves)
    flat = symptoms(replace(HEALTHY, skill=None), replace(HEALTHY, skill=None))
    found = load("DF704").assess(book(flat, replace(part, no_gradient_fraction=1.0)))
    assert found.verdict == "supported"
    assert "a decay of the weights" in found.because
    assert load("DF704").assess(book(flat, part)).verdict == "inconclusive"


@pytest.mark.parametrize(("usable", "problem"), [(0.45, "skewed"), (0.85, "none")])
def test_a_ranking_that_holds_says_nothing_of_outputs_as_they_stand(usable: float, problem: str) -> None:
    """Pixels of 0 to 1 served to a network of 0 to 255: AUC .99, and half of the labels wrong."""
    assert HEALTHY.skill is not None
    ranked = replace(
        HEALTHY, skill=replace(HEALTHY.skill, usable=usable, usable_interval=(usable - 0.05, usable + 0.05))
    )
    facts = replace(SERVING, shifted_fraction=0.9, rescaled_fraction=0.9)
    found = book(symptoms(ranked, ranked), facts, replace(SIGNAL, usable=0.9), LABELS)
    assert read_gate(found).problem == problem
    assert (load("DF802").assess(found).verdict == "supported") == (problem == "skewed")

"""DF502 by a schedule: how much of the training was made at a usable rate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.causes.learning_rate_too_low import CAUSE
from defib.interventions.constant_learning_rate import INTERVENTION
from tests.causes.books import STUCK, book, collapsed, updates

DECAYED = replace(STUCK, largest_rate=0.01, last_rate=1e-20, tiny_rate_share=0.98, full_updates=2.2)


def test_a_rate_that_fell_to_nothing() -> None:
    found = CAUSE.assess(book(DECAYED, collapsed(), updates(median_relative_change=0.3)))
    assert found.verdict == "supported"
    assert "from 0.01 to 1e-20" in found.because
    assert found.numbers["updates_at_full_rate"] == 2.2


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"full_updates": 400.0}, "inconclusive"),
        ({"tiny_rate_share": 0.06}, "ruled_out"),
        ({"largest_rate": None, "full_updates": None, "tiny_rate_share": 0.0}, "ruled_out"),
    ],
)
def test_schedules_that_left_enough(change: dict[str, float | None], verdict: str) -> None:
    training = replace(DECAYED, **change)  # type: ignore[arg-type]
    assert CAUSE.assess(book(training, collapsed(), updates(median_relative_change=0.3))).verdict == verdict


def test_a_network_that_learned_is_left_alone() -> None:
    assert CAUSE.assess(book(DECAYED, updates(median_relative_change=0.3))).verdict == "ruled_out"


def test_the_fix_is_for_rates_that_changed() -> None:
    assert INTERVENTION.applies(book(DECAYED)) is None
    assert INTERVENTION.applies(book(STUCK)) == "the learning rate never changed"
    assert "lr=0.01" in INTERVENTION.code(book(DECAYED), "torch")


def test_a_warm_up_that_never_ended() -> None:
    training = replace(DECAYED, last_rate=0.01, full_updates=12.0)
    found = CAUSE.assess(book(training, collapsed(), updates(median_relative_change=0.3)))
    assert found.verdict == "supported"
    assert "was 0.01 only at the end" in found.because

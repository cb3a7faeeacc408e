"""A code that is empty: taken away, kept away, not yet gained, or rightly so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.catalogue import load
from defib.evidence import Evidence
from defib.probes.code import NO_CODE, CodeFacts
from tests.causes.books import INPUTS, NEAR_FLAT, NO_SIGNAL, STUCK, activations, book, collapsed, updates

LOST = CodeFacts("z", 4, 0.01, 0.5)
NEVER = CodeFacts("z", 4, 0.01, 0.02)
FAR, NEAR = (updates(median_relative_change=change) for change in (0.4, 0.01))


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        ((LOST,), "supported"),
        ((NEVER, FAR), "supported"),
        ((NEVER, NEAR), "inconclusive"),
        ((NEVER, FAR, replace(STUCK, n_updates=20)), "inconclusive"),
        ((replace(NEVER, nats_end=0.09), FAR), "inconclusive"),
        ((replace(LOST, nats_initial=None), FAR), "inconclusive"),
        ((replace(LOST, nats_end=1.2),), "ruled_out"),
        ((LOST, NO_SIGNAL), "inconclusive"),
        ((LOST, activations(input_constant=True), replace(INPUTS, constant_fraction=1.0)), "ruled_out"),
        ((NO_CODE,), "not_applicable"),
    ],
)
def test_verdict(evidence: tuple[Evidence, ...], verdict: str) -> None:
    given = load("DF306").assess(book(collapsed(NEAR_FLAT), STUCK, *evidence))
    assert given.verdict == verdict, given.because


def test_a_network_that_is_fine_is_left_alone() -> None:
    assert load("DF306").assess(book(LOST)).verdict == "ruled_out"

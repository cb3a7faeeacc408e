"""Rows that a reference learner reads the wrong way round: nothing is said of their pairing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.catalogue import load
from tests.causes.books import NO_SIGNAL, UNSKILLED, book, symptoms


@pytest.mark.parametrize(("best", "verdict"), [(0.0, "inconclusive"), (0.45, "supported")])
def test_far_below_chance_is_not_chance(best: float, verdict: str) -> None:
    """Parity of 1 to 9, each many times: neighbours are unlike, and a shift makes some of them alike."""
    turned = replace(
        NO_SIGNAL, best=best, detectable=0.7, repaired_pairing="labels shifted by -3 rows", repaired_score=0.75
    )
    found = load("DF202").assess(book(symptoms(UNSKILLED, UNSKILLED), turned))
    assert found.verdict == verdict
    assert ("wrong nearly everywhere (AUC 0)" in found.because) == (verdict == "inconclusive")

"""A softmax over the rows of a batch: named, whether the rows came together or one by one; its fix is another head."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.catalogue import load
from defib.interventions.table import load as load_intervention
from defib.probes.alone import AloneFacts
from tests.causes.books import ALONE, FLAT, HEAD, LABELS, book, symptoms

OVER_ROWS = replace(
    ALONE, difference=0.9, spread_alone=0.0, spread_together=1e-5, served_alone=False, softmax_over_rows=True
)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [(OVER_ROWS, "supported"), (replace(OVER_ROWS, softmax_over_rows=False), "inconclusive")],
    ids=["over rows", "other"],
)
def test_shares_of_a_batch_are_no_probabilities_however_many_rows_share(facts: AloneFacts, verdict: str) -> None:
    found = load("DF804").assess(book(symptoms(FLAT, FLAT), facts))
    assert found.verdict == verdict
    assert ("a softmax over the rows (dim=0)" in found.because) == (verdict == "supported")


def test_a_head_that_fits_but_for_its_axis_is_one_to_replace() -> None:
    fitting, facts = load_intervention("fitting-head"), book(HEAD, LABELS)
    assert not fitting.fits(facts)
    assert fitting.fits(book(HEAD, LABELS, OVER_ROWS))

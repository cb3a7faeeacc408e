"""How many rows it takes, and that too few of them make "it has not learnt" no evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from defib.assess import hold_to_signal
from defib.catalogue import load
from defib.causes._power import rows_for, rows_needed, too_few_rows
from defib.diagnosis import Assessment, inconclusive, supported
from defib.probes.reference import SignalFacts, find_signal
from defib.ranking import Assessed
from tests.causes.books import SIGNAL, book, move, updates

NOTHING = replace(SIGNAL, has_signal=False, repaired_pairing=None, repaired_score=None)
SIXTY = replace(NOTHING, metric="auc", n_rows=60, best=0.55, permuted_mean=0.5, detectable=0.9)


def signal(n: int, seed: int = 0) -> SignalFacts:
    rng = np.random.default_rng(seed)
    return find_signal(rng.normal(size=(n, 6)), rng.integers(0, 2, (n, 1)).astype(float), "auc", "tabular")


def test_four_times_the_rows_show_half_the_effect() -> None:
    # Told from few rows or many, it is about the same number (the null is known from few permutations).
    told = [rows_needed(signal(n)) for n in (150, 300, 600)]
    assert max(told) < 2 * min(told)
    assert 400 < min(told) < max(told) < 2500


def test_a_squared_effect_takes_rows_in_proportion() -> None:
    r2 = replace(SIXTY, metric="r2", permuted_mean=0.0, detectable=0.4)
    assert rows_needed(r2) == 240
    assert rows_for(r2) == "an R² of 0.1 would take about 240 rows"
    assert rows_for(SIXTY) == "an AUC of 0.6 would take about 960 rows"


def test_only_rows_that_would_have_shown_nothing_are_too_few() -> None:
    assert too_few_rows(book(SIXTY))
    assert not too_few_rows(book(replace(SIXTY, has_signal=True)))
    assert not too_few_rows(book(replace(SIXTY, detectable=0.7)))
    assert not too_few_rows(book(replace(SIXTY, repaired_pairing="labels shifted by 1 row", repaired_score=0.9)))
    assert not too_few_rows(book(without=(SignalFacts,)))


def verdicts(problem: str, *evidence: object, undertrained: Assessment) -> list[str]:
    seen = [Assessed(load("DF901"), inconclusive("few", weight=0.45)), Assessed(load("DF506"), undertrained)]
    held = hold_to_signal(seen, book(*evidence), problem)  # type: ignore[arg-type]
    return [one.assessment.verdict for one in held]


@pytest.mark.parametrize(
    ("problem", "signal", "change", "expected"),
    [
        ("unskilled", SIXTY, 0.5, "inconclusive"),  # it may have learnt all there is
        ("unskilled", SIXTY, 1e-4, "supported"),  # it has not left its start: the steps are the fault
        ("unskilled", SIGNAL, 0.5, "supported"),  # there is something to learn
        ("flat", SIXTY, 0.5, "supported"),  # the outputs are equal, whatever the rows hold
    ],
)
def test_it_has_not_learnt_is_no_evidence_where_nothing_may_be_there(
    problem: str, signal: SignalFacts, change: float, expected: str
) -> None:
    moved = updates(move("dense.kernel", change), median_relative_change=change)
    assert verdicts(problem, signal, moved, undertrained=supported("16 updates", weight=0.75))[1] == expected

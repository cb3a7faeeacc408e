"""Two faults at once: what is seen of the second although the first one hides the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from defib.causes.learning_rate_too_low import CAUSE as LOW
from defib.causes.undertrained import CAUSE as UNDERTRAINED
from defib.causes.unscaled_inputs import CAUSE as UNSCALED
from defib.diagnosis import Assessment
from defib.interventions.table import load
from tests.causes.books import FLAT, INPUTS, RAW, STUCK, book, collapsed, unmoved, updates

NAN = replace(FLAT, pattern="nan", nan_fraction=1.0)


@pytest.mark.parametrize(("first", "verdict"), [(6.2, "supported"), (0.01, "inconclusive"), (None, "inconclusive")])
def test_raw_columns_behind_nan(first: float | None, verdict: str) -> None:
    broken = updates(nan_parameters=6, largest_first_update=first)
    found = UNSCALED.assess(book(replace(RAW, nan_cells=3, nan_rows=3), collapsed(NAN), broken))
    assert found.verdict == verdict
    assert found.own == (verdict == "supported")


def test_a_schedule_is_seen_where_no_weight_could_move() -> None:
    training = replace(STUCK, largest_rate=0.05, last_rate=1e-30, tiny_rate_share=0.98, full_updates=2.0)
    found = LOW.assess(book(training, collapsed(), unmoved("zero_gradient")))
    assert (found.verdict, found.own) == ("supported", True)
    assert LOW.assess(book(collapsed(), unmoved("zero_gradient"))).verdict == "ruled_out"


@pytest.mark.parametrize("name", ["standardize-inputs", "min-max-inputs"])
def test_scaling_fills_missing_cells_first(name: str) -> None:
    holed = book(replace(RAW, nan_cells=3))
    transform = load(name).arm(holed).inputs
    assert transform is not None
    assert np.isfinite(transform(np.full((2, 30), np.nan))).all()
    assert "isfinite" in load(name).code(holed, "torch")
    assert "isfinite" not in load(name).code(book(INPUTS), "torch")
    plain = load(name).arm(book(RAW)).inputs
    assert plain is not None
    assert plain.fill is None


def test_a_handful_of_updates_is_a_fault_of_its_own() -> None:
    def assess(n_updates: int, optimizer: str = "adam") -> Assessment:
        training = replace(STUCK, n_updates=n_updates, optimizer=optimizer, still_falling=True)
        return UNDERTRAINED.assess(book(training, collapsed(), updates(median_relative_change=0.01)))

    assert [(one.verdict, one.own) for one in map(assess, (12, 60))] == [("supported", True), ("supported", False)]
    assert assess(12, "lbfgs").own is False
    assert assess(30, "lbfgs").verdict == "inconclusive"

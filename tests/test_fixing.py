"""What is offered, in words and code."""

from __future__ import annotations

from dataclasses import replace

from defib.catalogue import load
from defib.diagnosis import Hypothesis, supported
from defib.fixing import choose_fix
from defib.interventions.table import all_interventions
from tests.causes.books import INPUTS, RAW, book


def test_a_scale_that_fills_missing_cells_first_says_so() -> None:
    named = (Hypothesis("DF101", "unscaled-inputs", supported("far", weight=0.9)),)
    for cells, opening in ((0, "standardize"), (3, "fill the missing cells and standardize")):
        seen = book(RAW, replace(INPUTS, nan_cells=cells))
        fix = choose_fix(named, {"DF101": load("DF101")}, all_interventions(), (), seen, "keras")
        assert fix is not None
        assert fix.says.startswith(opening)

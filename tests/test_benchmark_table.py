"""How the benchmark counts: what is right, and which fixes count as verified of how many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from benchmarks.accuracy import Case, held_against, judged, totals

CASE = Case("x", "torch", "binary", "broken", ("DF101",), (), ("standardize-inputs",), "dev")
FIXED = {"interventions": ["standardize-inputs"], "verified": True}


def _said(code: str, fix: dict[str, Any] | None) -> list[dict[str, Any]]:
    causes = [{"code": code, "because": "it is so"}]
    return [{"outcome": "cause_found", "causes": causes, "fix": fix, "symptom": {"pattern": "identical"}}]


@pytest.mark.parametrize(
    ("kind", "outcome", "top", "verdict"),
    [
        ("broken", "cause_found", "DF101", "right"),
        ("broken", "cause_found", "DF501", "wrong"),
        ("broken", "healthy", "", "missed"),
        ("broken", "undecided", "", "undecided"),
        ("healthy", "healthy", "", "right"),
        ("healthy", "nothing_wrong", "DF105", "right"),
        ("healthy", "nothing_wrong", "DF901", "false alarm"),
        ("healthy", "cause_found", "DF101", "false alarm"),
    ],
)
def test_a_verdict_follows_from_the_truth(kind: str, outcome: str, top: str, verdict: str) -> None:
    case = Case("x", "torch", "binary", kind, ("DF101",) if kind == "broken" else (), (), (), "dev")
    assert judged(case, outcome, top) == verdict


def test_a_fix_counts_where_it_is_the_truths_and_proven() -> None:
    """Of four faulty programs one counts; of those that a trial can repair, one of three."""
    outside = replace(CASE, outside=True)
    rows = [
        held_against(CASE, 0, _said("DF101", FIXED), 1.0),
        held_against(CASE, 0, _said("DF101", {**FIXED, "verified": False}), 1.0),
        held_against(CASE, 0, _said("DF101", {**FIXED, "interventions": ["relu-he"]}), 1.0),
        held_against(outside, 0, _said("DF101", None), 1.0),
    ]
    last = totals(rows).splitlines()[-1]
    assert [cell.strip() for cell in last.split("|")][-4:-2] == ["1/4", "1/3"]

"""DF404 in time: rows that a recurrent layer forgets before the first step."""

from __future__ import annotations

import pytest

from defib.causes._recurrence import forgotten
from defib.causes.forward_correlation_collapse import CAUSE
from defib.interventions.table import load
from tests.causes.books import activations, book, collapsed, stack, state


@pytest.mark.parametrize(
    ("sequence", "read", "place"),
    [
        ((0.5, 1e-8), True, "rnn:getitem"),
        ((1e-8, 1e-8), True, "rnn"),
        ((0.5, 0.4), True, None),
        ((0.01, 1e-8), True, None),
    ],
)
def test_what_the_head_reads(sequence: tuple[float, float], read: bool, place: str | None) -> None:
    states = (
        state("emb", "embedding"),
        state("rnn", "recurrent", relative_spread=sequence[0]),
        state("rnn:getitem", "other", relative_spread=sequence[1]),
        state("head", "dense", relative_spread=1e-8),
    )
    found = forgotten(states, 1.0)
    assert (None if found is None else found[0].layer) == place
    verdict = CAUSE.assess(book(activations(states), collapsed())).verdict
    assert (verdict == "supported") == (place is not None)
    assert load("last-real-step").applies(book(activations(states))) is None


def test_other_networks_are_not_asked() -> None:
    assert forgotten(stack(depth=4, relative_spread=1e-9), 1.0) is None
    assert load("last-real-step").applies(book()) == "no layer is recurrent"

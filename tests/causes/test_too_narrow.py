"""A narrow layer that lives: too few numbers for the classes, or enough of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.causes.too_narrow import CAUSE
from defib.probes.activations import LayerState
from defib.probes.labels import LabelFacts
from tests.causes.books import LABELS, SIGNAL, UNSKILLED, activations, book, collapsed, stack, symptoms

SLIM = tuple(replace(one, units=1 if one.layer == "dense_2" else 16) for one in stack())
TEN = replace(LABELS, task="multiclass", n_distinct=10)


@pytest.mark.parametrize(
    ("states", "labels", "verdict"),
    [(SLIM, TEN, "inconclusive"), (SLIM, LABELS, "ruled_out"), (stack(), TEN, "ruled_out")],
)
def test_too_few_numbers_for_the_classes(states: tuple[LayerState, ...], labels: LabelFacts, verdict: str) -> None:
    given = CAUSE.assess(book(symptoms(UNSKILLED, UNSKILLED), activations(states, states), labels))
    assert given.verdict == verdict, given.because


@pytest.mark.parametrize(
    ("first", "linear", "verdict"),
    [(1, 0.53, "inconclusive"), (1, 0.9, "ruled_out"), (16, 0.53, "ruled_out")],
)
def test_one_weighted_sum_of_rows_that_no_straight_line_tells(first: int, linear: float, verdict: str) -> None:
    layers = tuple(replace(one, units=first if one.layer == "dense_1" else 16) for one in stack())
    signal = replace(SIGNAL, linear=linear, best=0.99)
    given = CAUSE.assess(book(symptoms(UNSKILLED, UNSKILLED), activations(layers, layers), LABELS, signal))
    assert given.verdict == verdict, given.because


def test_a_network_that_is_fine_is_left_alone() -> None:
    assert CAUSE.assess(book(activations(SLIM, SLIM), TEN)).verdict == "ruled_out"


def test_alive_and_flat_is_open() -> None:
    given = CAUSE.assess(book(collapsed(), activations(SLIM, SLIM)))
    assert given.verdict == "inconclusive"
    assert "has only 1 unit" in given.because

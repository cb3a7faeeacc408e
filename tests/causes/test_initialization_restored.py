"""DF602: a kernel that starts small is no fault where what follows brings the size back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from defib.causes.initialization_scale import CAUSE
from defib.probes.activations import LayerState
from tests.causes.books import activations, book, collapsed, initialization, state

SMALL: dict[str, Any] = {"row_spread": 0.01}


def layers(*behind: LayerState) -> tuple[LayerState, ...]:
    return (state("dense_1", "dense"), state("dense_2", "dense", **SMALL), *behind, state("head", "dense", **SMALL))


@pytest.mark.parametrize(
    ("behind", "verdict"),
    [
        ((), "supported"),
        ((state("dense_2:relu", "activation", "relu", **SMALL),), "supported"),
        ((state("norm", "norm"),), "ruled_out"),
        ((state("dense_2:add", "merge"),), "ruled_out"),
    ],
    ids=["nothing behind", "ReLU", "normalized", "added to what went past"],
)
def test_what_follows_a_small_kernel(behind: tuple[LayerState, ...], verdict: str) -> None:
    found = CAUSE.assess(book(collapsed(), initialization(1.0, 0.02, 1.0), activations(layers(*behind))))
    assert found.verdict == verdict
    assert ("restored behind" in found.because) is (verdict == "ruled_out")


def test_a_small_head_and_a_table_that_no_row_passes_are_no_hidden_kernels() -> None:
    """In the order of a module's parameters the head may stand before a table of positions."""
    facts = initialization(1.0, 1.0, 0.05)
    shuffled = type(facts)((*facts.layers[2:], *facts.layers[:2]), (), (), False, 0.05, 1.0)
    assert CAUSE.assess(book(collapsed(), shuffled, activations(layers()))).verdict == "ruled_out"
    with_table = initialization(1.0, 1.0, 0.05, 1.0)  # dense_3 ran nowhere
    assert CAUSE.assess(book(collapsed(), with_table, activations(layers()))).verdict == "ruled_out"


def test_one_kernel_that_starts_a_little_small_is_no_cause_by_itself() -> None:
    found = CAUSE.assess(book(collapsed(), initialization(1.0, 0.08, 1.0), activations(layers())))
    assert found.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("offset", "saturated", "verdict"),
    [(32.0, 1.0, "supported"), (32.0, 0.0, "inconclusive"), (1.0, 1.0, "ruled_out")],
    ids=["saturates", "bears it", "around 0"],
)
def test_weights_around_another_number_than_zero(offset: float, saturated: float, verdict: str) -> None:
    facts = initialization(1.0, 1.0, 1.0)
    shifted = replace(facts, layers=(replace(facts.layers[0], mean=0.5, offset=offset), *facts.layers[1:]))
    full = state("dense_1:sigmoid", "activation", "sigmoid", saturated_fraction=saturated)
    inner = (state("dense_1", "dense"), full, state("dense_2", "dense"), state("head", "dense"))
    found = CAUSE.assess(book(collapsed(), shifted, activations(inner)))
    assert found.verdict == verdict
    assert ("start around 0.5 and not around 0" in found.because) is (verdict != "ruled_out")

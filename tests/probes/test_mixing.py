"""How much mixing takes, held against the matrix itself: powers of an adjacency, the Dirichlet energy pair by pair."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from defib.causes.over_smoothing import CAUSE
from defib.diagnosis import Assessment
from defib.probes.mixing import PROBE, Mixing, MixingFacts
from defib.subject import AnyArray, FloatArray, ForwardPass, Layer, LayerOutput, Moment, Rows, Subject
from tests.causes.books import NAN, NEAR_FLAT, STUCK, book, collapsed

N, UNITS = 24, 5


@dataclass
class Averages(Subject):
    """Nodes that are averaged with their neighbours, ``rounds`` times, with a shrinking layer in between or none."""

    adjacency: FloatArray
    rounds: int
    shrink: float = 1.0
    along: int = 0
    has_initial_weights = True

    def __post_init__(self) -> None:
        self.rows_together = self.along == 0

    def forward(self, X: AnyArray, *, moment: Moment = "end", training: bool = False) -> ForwardPass:
        """A dense layer first and last; an affine layer keeps the mean and shrinks what differs, row by row."""
        rng = np.random.default_rng(0)
        x = X @ rng.uniform(0.1, 1.0, (UNITS, UNITS))
        found = [LayerOutput(Layer("enter", "dense", parameters=("a",)), x)]
        for i in range(self.rounds):
            x = self.shrink * x + (1 - self.shrink) * 3.0
            found.append(LayerOutput(Layer(f"scale{i}", "norm", parameters=(f"s{i}",)), x))
            x = np.einsum("ij,...jk->...ik", self.adjacency, x)
            found.append(LayerOutput(Layer(f"mix{i}", "merge"), x))
        x = x @ np.ones((UNITS, 1))
        found.append(LayerOutput(Layer("head", "dense", parameters=("h",)), x))
        return ForwardPass(x, tuple(found))


def adjacency() -> FloatArray:
    """Everybody hears three others; lines sum to 1."""
    rng = np.random.default_rng(1)
    links = np.eye(N) + sum(np.eye(N)[rng.permutation(N)] for _ in range(3))
    return np.asarray(links / links.sum(1, keepdims=True))


def measured(rounds: int, shrink: float = 1.0) -> tuple[MixingFacts, FloatArray]:
    subject = Averages(adjacency(), rounds, shrink)
    X = np.random.default_rng(2).normal(1.0, 1.0, (N, UNITS))
    subject.training = Rows(X)
    facts = PROBE.measure(subject, book())
    assert isinstance(facts, MixingFacts)
    return facts, X @ np.random.default_rng(0).uniform(0.1, 1.0, (UNITS, UNITS))


def energy(x: FloatArray) -> float:
    """Dirichlet energy over all pairs, over the size: the slow way."""
    pairs = sum(float(((x[i] - x[j]) ** 2).sum()) for i in range(N) for j in range(N))
    return pairs / (2 * N**2) / float((x**2).sum() / N)


@pytest.mark.parametrize("rounds", [1, 4, 12])
def test_what_mixing_leaves_is_what_the_power_of_the_matrix_leaves(rounds: int) -> None:
    facts, entered = measured(rounds)
    mixed = np.linalg.matrix_power(adjacency(), rounds) @ entered
    assert facts.initial is not None
    assert facts.initial.left_by_mixing == pytest.approx((energy(mixed) / energy(entered)) ** 0.5, rel=1e-6)
    assert facts.initial.last == pytest.approx(energy(mixed) ** 0.5, rel=1e-6)
    assert facts.initial.rounds == rounds
    assert facts.end == facts.initial


def test_what_other_layers_take_is_not_put_down_to_mixing() -> None:
    alone, _ = measured(6)
    shrinking, _ = measured(6, shrink=0.3)
    assert alone.end is not None
    assert shrinking.end is not None
    assert alone.end.left_by_others == pytest.approx(1.0, rel=0.6)
    assert shrinking.end.left_by_others < 0.01
    assert shrinking.end.left_by_mixing > alone.end.left_by_mixing / 20


def test_positions_of_a_row_meet_each_other_too() -> None:
    subject = Averages(adjacency(), 8, along=1)
    subject.training = Rows(np.random.default_rng(2).normal(1.0, 1.0, (7, N, UNITS)))
    facts = PROBE.measure(subject, book())
    assert isinstance(facts, MixingFacts)
    assert facts.what == "positions"
    assert facts.end is not None
    assert facts.end.left_by_mixing < 0.1


def test_rows_that_do_not_meet_have_no_rounds() -> None:
    subject = Averages(adjacency(), 3)
    subject.rows_together = False
    subject.training = Rows(np.ones((N, UNITS)))
    facts = PROBE.measure(subject, book())
    assert facts == MixingFacts("", None, None, 0.0)
    assert CAUSE.assess(book(facts)).verdict == "not_applicable"


SMOOTHED = Mixing(40, 1e-4, 0.8, 1e-4, "mix39")
CASES = {
    "mixing takes it": (SMOOTHED, 0.9, "supported"),
    "both take it": (replace(SMOOTHED, left_by_others=1e-3), 0.9, "supported"),
    "layers take it": (replace(SMOOTHED, left_by_mixing=0.5, left_by_others=1e-4), 0.9, "ruled_out"),
    "a residual keeps it": (replace(SMOOTHED, last=0.4), 0.9, "ruled_out"),
    "equal at the door": (SMOOTHED, 0.001, "ruled_out"),
    "two rounds": (replace(SMOOTHED, rounds=2, left_by_mixing=0.01), 0.9, "not_applicable"),
}


@pytest.mark.parametrize(("initial", "door", "verdict"), CASES.values(), ids=CASES)
def test_the_cause(initial: Mixing, door: float, verdict: str) -> None:
    given = CAUSE.assess(book(collapsed(NEAR_FLAT), STUCK, MixingFacts("rows", initial, initial, door)))
    assert given.verdict == verdict, given


def test_what_is_no_number_was_not_made_so_by_mixing() -> None:
    given = CAUSE.assess(book(collapsed(NAN), STUCK, MixingFacts("rows", SMOOTHED, SMOOTHED, 0.9)))
    assert given.verdict == "ruled_out"


def test_without_initial_weights_it_stays_open_and_learning_settles_it() -> None:
    at_the_end: Assessment = CAUSE.assess(book(collapsed(NEAR_FLAT), STUCK, MixingFacts("rows", None, SMOOTHED, 0.9)))
    assert at_the_end.verdict == "inconclusive"
    assert CAUSE.assess(book(MixingFacts("rows", SMOOTHED, SMOOTHED, 0.9))).verdict == "ruled_out"


@pytest.mark.parametrize(("full", "verdict"), [(True, "supported"), (False, "not_applicable")])
def test_one_round_over_everybody_is_enough(full: bool, verdict: str) -> None:
    subject = Averages(np.full((N, N), 1 / N) if full else adjacency(), 1)
    subject.training = Rows(np.random.default_rng(2).normal(1.0, 1.0, (N, UNITS)))
    found = CAUSE.assess(book(PROBE.measure(subject, book()), collapsed(NEAR_FLAT), STUCK))
    assert found.verdict == verdict
    assert ("over everybody" in found.because) is full

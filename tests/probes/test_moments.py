"""When layers broke: replays against a slow oracle that looks after every single update."""

from __future__ import annotations

import numpy as np
import pytest

from defib.adapters.numpy import NumpySubject, draw, trained_subject
from defib.causes._time import course, when
from defib.evidence import Book, Missing
from defib.examine import measure_all
from defib.probes.activations import ActivationFacts, states_of
from defib.probes.moments import MomentFacts, Turn, _search, find_moments
from defib.recipe import Arm, OptimizerFacts

SKIP = frozenset({"reference", "serving", "modes", "columns"})


def killed(step: float = 0.01) -> NumpySubject:
    rng = np.random.default_rng(0)
    X = np.abs(rng.normal(size=(96, 6))) * 30
    y = (X[:, 0] + X[:, 1]) / 30 - 4
    network = draw((6, 12, 8, 1), ("relu", "relu", "linear"), 1)
    given = OptimizerFacts("sgd", step)
    return trained_subject(
        network, X, y[:, None], loss="mse", optimizer=given, n_updates=60, batch_size=16, shuffle=False
    )


def dead_after(subject: NumpySubject, layer: str) -> int:
    """The oracle: every length in turn."""
    assert subject.training is not None
    for updates in range(1, 61):
        inside = subject.train(Arm(stop_after=updates), subject.training, seed=0).inside()
        assert inside is not None
        X = subject.training.X
        states = {one.layer: one for one in states_of(inside.forward(X), subject, len(X))}
        if states[layer].dead_fraction == 1.0:
            return updates
    raise AssertionError(f"{layer} does not die")


def test_the_moment_is_the_first_update_after_which_the_layer_is_dead() -> None:
    subject = killed()
    book = measure_all(subject, skip=SKIP)
    dead = book.get(ActivationFacts).first_dead_end
    assert dead is not None, "the program of this test must kill a layer"
    facts = find_moments(subject, book, seconds=30)
    turn = facts.of(dead, "dead")
    assert turn is not None
    assert turn.earliest == turn.latest == dead_after(subject, dead) == 3
    behind = facts.of("dense_1:relu", "dead")
    assert behind is not None
    assert behind.latest == dead_after(subject, "dense_1:relu") == 4
    assert course(Book({MomentFacts: facts})) == (
        "after update 3 every unit of dense_0:relu is dead",
        "after update 4 every unit of dense_1:relu is dead",
    )


def test_what_was_so_from_the_start_has_no_moment() -> None:
    subject = killed(step=1e-9)
    with pytest.raises(Missing, match="changed for the worse"):
        find_moments(subject, measure_all(subject, skip=SKIP), seconds=5)


def test_without_time_the_moment_stays_a_bracket() -> None:
    def look(updates: int) -> frozenset[tuple[str, str]]:
        from defib.subject import BudgetExceeded

        if updates not in (1, 2, 4, 8, 16):
            raise BudgetExceeded
        return frozenset({("a", "dead")}) if updates >= 11 else frozenset()

    assert _search(look, [("a", "dead")], 60) == [Turn("a", "dead", 9, 16)]  # type: ignore[arg-type]
    assert when(Turn("a", "dead", 9, 16)) == "between update 8 and update 16"


@pytest.mark.parametrize("moment", [1, 2, 3, 7, 33, 60])
def test_doubling_and_bisection_find_any_moment(moment: int) -> None:
    lengths: list[int] = []

    def look(updates: int) -> frozenset[tuple[str, str]]:
        lengths.append(updates)
        return frozenset({("a", "dead")}) if updates >= moment else frozenset()

    assert _search(look, [("a", "dead")], 60) == [Turn("a", "dead", moment, moment)]  # type: ignore[arg-type]
    assert sum(lengths) <= moment * (4 + 2 * np.log2(moment + 1))


def test_the_course_names_layers_that_turned_together_once() -> None:
    facts = MomentFacts(
        (Turn("d1", "dead", 3, 3), Turn("d2", "dead", 3, 3), Turn("out", "equal", 5, 5)),
        n_updates=9,
        exact_batches=True,
    )
    assert course(Book({MomentFacts: facts})) == (
        "after update 3 every unit of d1 is dead, every unit of d2 is dead",
        "after update 5 all rows are equal in out",
    )
    assert course(Book()) == ()

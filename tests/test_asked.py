"""Clones asked as the program asked: what a fix that trains nothing is held against."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from defib.catalogue import load
from defib.evidence import Book, Evidence
from defib.interventions.table import all_interventions
from defib.probes.alone import AloneFacts
from defib.probes.loading import LoadingFacts
from defib.probes.modes import ModeFacts
from defib.probes.shown import Shown, ShownFacts
from defib.recipe import Arm
from defib.subject import AnyArray, Handling, Rows
from defib.trials.asked import FINDERS, as_asked
from defib.trials.engine import SerialEngine, Split
from defib.trials.run import asking, offered
from tests.causes.books import HEAD, TRAINING, move, unmoved, updates

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3))
Y = (X[:, 0] > 0).astype(float)[:, None]
SPLIT = Split(Rows(X[:200], Y[:200]), Rows(X[200:], Y[200:]))
MODES = ModeFacts(True, False, 0.4, 0.4, None, None, None, None, None, None, served_in_training=True, rows_per_call=1)
LOADING = LoadingFacts(True, 0.01, 0.02, True, 100, None)
SHOWN = ShownFacts(50, True, (), None, None, 0, False, False, 0.4, None, False, False)
ALIAS = Handling("alias", "x.py:3", "kept.append(buffer)")
CACHE = Handling("cache", "x.py:3", "ask", hits=49, misses=1)
ARGMAX = Shown(Handling("argmax", "x.py:3", "scores.argmax(1)", axis=1), 0.0)


class Network:
    """Its clones know the sign of column 0 once they are trained; in training mode they normalize batches."""

    prediction = None

    def __init__(self) -> None:
        self.trained: list[tuple[Arm, int]] = []

    def at_the_door(self, arm: Arm, X: AnyArray) -> AnyArray:
        return X

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Any:
        self.trained.append((arm, seed))
        untrained = arm.stop_after is not None  # a few updates are as good as none

        def predict(rows: AnyArray) -> AnyArray:
            known = np.zeros(len(rows)) if untrained else rows[:, 0]
            chances: AnyArray = 1 / (1 + np.exp(-3 * known[:, None]))
            return chances

        def forward(rows: AnyArray, *, training: bool) -> Any:
            return SimpleNamespace(outputs=predict(rows - rows.mean(axis=0) if training else rows))

        inside = SimpleNamespace(forward=forward)
        return SimpleNamespace(predict=predict, link="identity", inside=lambda: inside, loss=np.ones(3))


def book(*facts: Evidence) -> Book:
    return Book({type(one): one for one in facts})


NOT_KEPT = updates(move("dense_1/kernel", 0.0, "not_kept"), move("head/kernel", 0.0, "not_kept"))
CASES = [
    ("DF705", book(NOT_KEPT)),
    ("DF702", book(MODES)),
    ("DF603", book(LOADING)),
    ("DF603", book(replace(LOADING, likeness_to_initial=1.0))),
    ("DF603", book(replace(LOADING, likeness_to_trained=0.8, way=0.01, filled_fraction=1.0), TRAINING)),
    ("DF803", book(replace(SHOWN, alias=ALIAS))),
    ("DF803", book(replace(SHOWN, cache=CACHE))),
    ("DF803", book(replace(SHOWN, of_initial_weights=True))),
    ("DF803", book(replace(SHOWN, recorded_equal=True, equals="last"))),
    ("DF904", book(replace(SHOWN, displays=(ARGMAX,)))),
    ("DF302", book(replace(HEAD, squashed_again_at_prediction=1))),
]


@pytest.mark.parametrize(("code", "facts"), CASES)
def test_only_the_arm_that_asks_rightly_recovers(code: str, facts: Book) -> None:
    asked = as_asked(load(code), facts)
    assert asked is not None
    assert asked.mended_by in load(code).fixes
    network: Any = Network()
    engine = SerialEngine(network, SPLIT, task="binary", reference_score=1.0, asked=asked)
    mended = all_interventions()[asked.mended_by].arm(facts)
    for seed in (0, 1, 2):
        control, treated = engine.run(Arm(), seed, 1e12), engine.run(mended, seed, 1e12)
        assert (control.flat, control.recovered, treated.recovered) == (True, False, True)
    assert len([one for one, _ in network.trained if one.stop_after is None]) == 3  # the same clones for both arms


ALONE = AloneFacts(12, 0.4, 0.0, 0.5, served_alone=True)


class Meeting(Network):
    """In every mode it moves each batch to mean 0: a row alone is nothing but zeros."""

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Any:
        trained = super().train(arm, rows, seed=seed)
        plain, sizes = trained.inside().forward, self.sizes

        def forward(rows: AnyArray, *, training: bool = False) -> Any:
            sizes.append(len(rows))
            return plain(rows - rows.mean(axis=0), training=False)

        trained.inside = lambda: SimpleNamespace(forward=forward)
        return trained

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []


def test_rows_that_meet_in_the_network_are_sent_alone_and_among_those_trained_on() -> None:
    network: Any = Meeting()
    asked = as_asked(load("DF804"), book(ALONE))
    engine = SerialEngine(network, SPLIT, task="binary", reference_score=1.0, asked=asked)
    mended = all_interventions()["keep-statistics"].arm(Book())
    control = engine.run(Arm(), 0, 1e12)
    assert (control.flat, set(network.sizes), len(network.sizes)) == (True, {1}, 100)
    network.sizes.clear()
    treated = engine.run(mended, 0, 1e12)
    assert (treated.recovered, max(network.sizes)) == (True, 220)  # 200 rows of the training, 20 held out
    assert [arm for arm, _ in network.trained] == [Arm()]  # the same clone


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("DF804", book(replace(ALONE, served_alone=False))),
        ("DF804", book(replace(ALONE, softmax_over_rows=True))),  # company changes nothing of that
        ("DF705", book(unmoved("no_steps"))),
        ("DF702", book(replace(MODES, served_in_training=False))),
        ("DF603", book(replace(LOADING, filled_fraction=0.3))),  # which part was filled is not known of a clone
        ("DF603", book(replace(LOADING, another_instance=False))),
        ("DF803", book(replace(SHOWN, recorded_equal=True))),  # whose answer it is, is not known
        ("DF803", book(replace(SHOWN, survives_training=True, alias=ALIAS))),
        ("DF904", book(SHOWN)),
        ("DF101", book(MODES, LOADING)),  # another cause leads
    ],
)
def test_what_cannot_be_done_again_is_not(code: str, facts: Book) -> None:
    assert as_asked(load(code), facts) is None


@pytest.mark.parametrize(("served", "recovered"), [(np.repeat(X[:20], 2, axis=0), False), (X[:40], True)])
def test_a_row_that_was_sent_twice_is_sent_twice(served: AnyArray, recovered: bool) -> None:
    """Normalized over one row and its copy, nothing is left of it; over two rows, some of it is."""
    network: Any = Network()
    network.prediction = Rows(served)
    asked = as_asked(load("DF702"), book(replace(MODES, rows_per_call=2)))
    engine = SerialEngine(network, SPLIT, task="binary", reference_score=0.5, asked=asked)
    assert engine.run(Arm(), 0, 1e12).recovered == recovered


def test_another_instance_has_weights_of_its_own() -> None:
    """Drawn anew for every seed, and never those that the clone starts from."""
    network: Any = Network()
    engine = SerialEngine(
        network, SPLIT, task="binary", reference_score=1.0, asked=as_asked(load("DF603"), book(LOADING))
    )
    for seed in (0, 1):
        engine.run(Arm(), seed, 1e12)
    drawn = [seed for arm, seed in network.trained if arm.stop_after == 0]
    assert not set(drawn) & {0, 1}
    assert len(set(drawn)) == 2


def test_nothing_is_asked_otherwise_while_the_cause_is_in_doubt() -> None:
    causes = (load("DF702"),)
    assert asking(causes, {"DF702": 0.97}, book(MODES)) is not None
    assert asking(causes, {"DF702": 0.5}, book(MODES)) is None
    assert asking((), {}, book(MODES)) is None


def test_what_asks_rightly_is_offered_only_against_its_fault() -> None:
    facts = book(MODES, replace(SHOWN, alias=ALIAS))
    kept = as_asked(load("DF803"), facts)
    assert [one.name for one in offered((load("DF803"),), facts, asked=kept)] == ["copy-outputs"]
    names = {one.name for one in offered((load("DF702"), load("DF803")), facts, asked=as_asked(load("DF702"), facts))}
    assert "evaluation-mode" in names
    assert not names & {"copy-outputs", "load-weights", "full-precision", "same-pipeline"}
    without = {one.name for one in offered((load("DF702"), load("DF803")), facts)}
    assert not without & {*FINDERS, "same-pipeline"}

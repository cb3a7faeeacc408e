"""A second fault in the rows served: what mends both is told as the user's program serves its rows."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from defib.catalogue import all_causes
from defib.diagnosis import Hypothesis, supported
from defib.evidence import Book
from defib.fixing import choose_fix
from defib.interventions.table import all_interventions
from defib.recipe import Arm
from defib.subject import AnyArray, Rows
from defib.trials.both import told_as_served
from defib.trials.engine import SerialEngine, Split
from defib.trials.judge import Run
from defib.trials.outcome import Campaign
from defib.trials.told import told

TOO_HIGH = Hypothesis("DF501", "learning-rate-too-high", supported("it is", weight=0.95))
SKEW = Hypothesis("DF802", "preprocessing-skew", supported("it is", weight=0.9))


def runs(as_trained: float, as_served: float | None) -> tuple[Run, ...]:
    def one(seed: int, value: float) -> Run:
        return Run(seed, value + 0.01 * seed, value, 0.2, value == 0.0, 0.1)

    made = [one(seed, as_trained) for seed in range(3)]
    beside = [None if as_served is None else one(seed, as_served) for seed in range(3)]
    return tuple(replace(a, as_served=b) for a, b in zip(made, beside, strict=True))


def campaign(**arms: tuple[Run, ...]) -> Campaign:
    named = {name.replace("_", "-"): done for name, done in arms.items()}
    trials = tuple(told(name, f"do {name}", done, named["control"]) for name, done in named.items())
    return Campaign(trials, {"step-divided-by-10": True}, False, named["control"], named)


DEAD = runs(0.0, 0.0)


def test_both_changes_are_enough_and_neither_alone() -> None:
    found = campaign(control=DEAD, step_divided_by_10=runs(0.9, 0.0), relu_he=DEAD)
    told_anew = told_as_served(found, (TOO_HIGH, SKEW))
    enough = {trial.intervention: trial.sufficient for trial in told_anew.trials}
    assert enough == {
        "control": False,
        "same-pipeline": False,
        "step-divided-by-10": False,
        "relu-he": False,
        "step-divided-by-10 + same-pipeline": True,
    }
    assert told_anew.outcomes == found.outcomes
    causes = {cause.code: cause for cause in all_causes()}
    fix = choose_fix([TOO_HIGH, SKEW], causes, all_interventions(), told_anew.trials, Book({}), "torch")
    assert fix is not None
    assert (fix.interventions, fix.verified) == (("step-divided-by-10", "same-pipeline"), True)
    turned = [replace(one, intervention=" + ".join(reversed(one.changes))) for one in told_anew.trials]
    turned_fix = choose_fix([SKEW, TOO_HIGH], causes, all_interventions(), turned, Book({}), "torch")
    assert turned_fix is not None
    assert turned_fix.says == fix.says  # the training first, whichever is named first


@pytest.mark.parametrize(
    ("found", "causes"),
    [
        (campaign(control=DEAD, step_divided_by_10=runs(0.9, 0.9)), (TOO_HIGH, SKEW)),
        (campaign(control=DEAD, step_divided_by_10=runs(0.9, 0.0)), (TOO_HIGH,)),
        (campaign(control=DEAD, step_divided_by_10=DEAD), (TOO_HIGH, SKEW)),
        (campaign(control=runs(0.0, None), step_divided_by_10=runs(0.9, None)), (TOO_HIGH, SKEW)),
    ],
    ids=["enough as served", "no second fault", "neither is enough", "no rows as served"],
)
def test_elsewhere_the_trials_are_told_as_they_were(found: Campaign, causes: tuple[Hypothesis, ...]) -> None:
    assert told_as_served(found, causes) is found


def test_a_clone_is_scored_on_the_rows_as_served_too_and_trained_once() -> None:
    X = np.random.default_rng(0).normal(size=(300, 3))
    y = (X[:, :1] > 0).astype(float)
    trainings: list[int] = []

    def predict(rows: AnyArray) -> AnyArray:
        chances: AnyArray = 1 / (1 + np.exp(-np.clip(rows[:, :1], -3, 3)))
        return chances

    def train(*_: object, seed: int, deadline: float) -> Any:
        trainings.append(seed)
        return SimpleNamespace(predict=predict, link="identity", loss=np.ones(3))

    subject: Any = SimpleNamespace(train=train)
    split = Split(Rows(X[:200], y[:200]), Rows(X[200:], y[200:]))
    engine = SerialEngine(subject, split, task="binary", reference_score=1.0, beside=lambda rows: rows + 100)
    run = engine.run(Arm(), 0, 1e12)
    assert run.as_served is not None
    assert (run.recovered, run.as_served.recovered, run.as_served.flat) == (True, False, True)
    assert trainings == [0]

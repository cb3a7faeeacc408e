"""After a repair, look again: the treated model as a Subject, what is found there, and when it counts."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from defib.adapters.numpy import NumpySubject, draw, trained_subject
from defib.adapters.numpy_network import weights_of, with_weights
from defib.capture.script import watch
from defib.catalogue import load
from defib.diagnosis import Hypothesis, inconclusive, supported
from defib.evidence import Book
from defib.examine import measure_all
from defib.interventions.table import all_interventions
from defib.probes.head import broadcasts
from defib.probes.initialization import InitializationFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts
from defib.ranking import Assessed
from defib.recipe import Arm, InputTransform, LossFacts, OptimizerFacts, TrainingRecipe
from defib.second_look import look_again, second_faults
from defib.subject import Rows
from defib.trials import Silent
from defib.trials.campaign import Conductor
from defib.trials.engine import split_rows
from defib.trials.judge import Run
from defib.trials.outcome import Campaign, Second
from defib.trials.treated import TreatedSubject, behind, recipe_of
from tests.causes.books import TRAINING, move, updates
from tests.test_trials import Clock, cause

REINITIALIZE = Arm().with_edit("reinitialize", "default")


def zeros(step: float, served: float = 1.0) -> NumpySubject:
    """A network that starts as zeros; and its step may be far too small, which shows only once it does not."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 5))
    network = draw((5, 12, 1), ("relu", "sigmoid"), 0)
    network = with_weights(network, [np.zeros_like(one) for one in weights_of(network)])
    y = X[:, 0] + X[:, 1] > 0
    given = OptimizerFacts("sgd", step)
    rows = None if served == 1.0 else rng.normal(size=(80, 5)) * served + served
    return trained_subject(network, X, y, optimizer=given, n_updates=160, batch_size=32, X_predict=rows)


def treated(subject: NumpySubject, arm: Arm) -> TreatedSubject:
    assert subject.training is not None
    split = split_rows(subject.training, 0)
    assert split is not None
    return TreatedSubject(subject, arm, split.fit, split.held_out, seed=0, deadline=None)


def test_the_treated_model_is_looked_at_by_the_same_probes() -> None:
    subject = zeros(0.5)
    assert measure_all(subject, skip={"reference"}).get(InitializationFacts).hidden_symmetric
    found = measure_all(treated(subject, REINITIALIZE), skip={"reference"})
    assert not found.get(InitializationFacts).hidden_symmetric
    assert not found.failed


def test_its_recipe_and_rows_hold_the_change() -> None:
    subject = zeros(0.5)
    transform = InputTransform(np.full(5, 1.0), np.full(5, 2.0))
    one = treated(subject, Arm(learning_rate_factor=0.1, updates_factor=2.0, inputs=transform))
    assert one.recipe.optimizer is not None
    assert one.recipe.optimizer.learning_rate == pytest.approx(0.05)
    assert one.trace.n_updates == 2 * subject.trace.n_updates
    assert one.training is not None
    assert one.training.y is not None
    assert subject.training is not None
    assert one.training.X.mean() == pytest.approx((np.mean(subject.training.X) - 1) / 2, abs=0.05)
    assert one.can_train(Arm()) is not None
    with pytest.raises(Exception, match="second change"):
        one.train(Arm(), one.training, seed=0)


def test_targets_are_moved_too() -> None:
    rows = Rows(np.zeros((3, 1)), np.array([[1.0], [2.0], [3.0]]))
    moved = behind(zeros(0.5), Arm(targets=InputTransform(np.array([2.0]), np.array([1.0]))), rows)
    assert moved.y is not None
    assert moved.y.ravel().tolist() == [-1.0, 0.0, 1.0]


def test_rows_come_in_as_the_adapter_sends_them() -> None:
    """An adapter may spare columns that are looked up: looked at again, they would be nonsense."""
    subject = zeros(0.5)
    subject.at_the_door = lambda arm, X: X  # type: ignore[method-assign]
    one = treated(subject, Arm(inputs=InputTransform(np.full(5, 1.0), np.full(5, 2.0))))
    assert one.training is not None
    assert subject.training is not None
    assert np.mean(one.training.X) == pytest.approx(np.mean(subject.training.X), abs=0.05)


@pytest.mark.parametrize(
    ("step", "served", "expected"),
    [
        (1e-6, 1.0, "DF502"),
        (0.5, 1000.0, "DF802"),  # it learns, on rows as trained; those that the program serves are in another unit
        (0.5, 1.0, None),
    ],
)
def test_a_fault_behind_the_first_shows_once_that_is_repaired(step: float, served: float, expected: str | None) -> None:
    subject = zeros(step, served)
    assert subject.training is not None
    split = split_rows(subject.training, 0)
    assert split is not None
    book = measure_all(subject, skip={"modes"})
    look = look_again(subject, book, split, "reinitialize", REINITIALIZE, deadline=1e12)
    assert look.healthy is (expected is None)
    assert [one.cause.code for one in look.causes][:1] == ([expected] if expected else [])


def test_a_repair_that_the_trials_call_not_enough_is_no_healthy_model() -> None:
    subject = zeros(0.5)
    assert subject.training is not None
    split = split_rows(subject.training, 0)
    assert split is not None
    book = measure_all(subject, skip={"modes"})
    look = look_again(subject, book, split, "reinitialize", REINITIALIZE, deadline=1e12, enough=False)
    assert not look.healthy
    assert look.only_by_trials


@pytest.mark.parametrize("pair", [True, False], ids=["pair", "no pair"])
@pytest.mark.parametrize("verdict", [inconclusive, supported], ids=["in part", "doubted"])
def test_what_is_seen_in_part_or_doubted_counts_when_both_changes_are_enough(pair: bool, verdict: Any) -> None:
    held = Assessed(load("DF503"), verdict("the penalty pulls, but no harder than the data", weight=0.35))
    look = Second("match-shapes", healthy=False, only_by_trials=verdict is supported, causes=(held,))
    outcomes = {"match-shapes + weaker-regularization": True} if pair else {}
    found = second_faults(Campaign(outcomes=outcomes, looks=(look,)), (hypothesis("DF305", 0.97),))
    assert [(one.code, one.assessment.verdict) for one in found] == ([("DF503", "supported")] if pair else [])


def test_shapes_that_a_change_matched_are_matched_when_looked_at_again() -> None:
    loss = LossFacts("MSELoss", "squared_error", "values", (32, 1), (32,), (32, 32))
    assert broadcasts(loss)
    matched = recipe_of(TrainingRecipe(loss=loss), Arm().with_edit("match_shapes")).loss
    assert matched is not None
    assert not broadcasts(matched)
    assert recipe_of(TrainingRecipe(loss=loss), Arm()).loss == loss


def hypothesis(code: str, weight: float) -> Hypothesis:
    return Hypothesis(code, load(code).name, supported("seen", weight=weight))


@pytest.mark.parametrize(
    ("outcomes", "weight", "counts"),
    [
        ({"reinitialize": True}, 0.7, True),  # the repair was enough: what is wrong beside it is another fault
        ({"reinitialize": False}, 0.95, True),  # the first fault was seen beyond doubt
        ({"reinitialize + step-times-100": True}, 0.7, True),  # both were needed
        ({"reinitialize": False}, 0.7, False),  # the first may be the wrong name: its leftovers say nothing
    ],
)
def test_a_second_fault_counts_only_behind_a_first_that_is_right(
    outcomes: dict[str, bool], weight: float, counts: bool
) -> None:
    slow = Assessed(load("DF502"), supported("the kernels hardly moved", weight=0.7))
    campaign = Campaign(outcomes=outcomes, looks=(Second("reinitialize", healthy=False, causes=(slow,)),))
    found = second_faults(campaign, (hypothesis("DF601", weight),))
    assert [one.code for one in found] == (["DF502"] if counts else [])
    if counts:
        assert found[0].assessment.because == "with reinitialize, the kernels hardly moved"
        assert found[0].assessment.own
    assert second_faults(campaign, (hypothesis("DF502", weight),)) == ()  # known already
    assert second_faults(campaign, (hypothesis("DF601", weight),), {"DF502"}) == ()  # the change brought it along


def test_what_is_seen_after_a_failed_fix_is_mended_together_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Engine(Clock):
        def run(self, arm: Arm, seed: int, deadline: float) -> Run:
            done = super().run(arm, seed, deadline)
            both = any(edit.op == "reinitialize" for edit in arm.edits) and arm.learning_rate_factor == 100
            return replace(done, recovery=0.9 + 0.01 * seed, flat=False) if both else done

    looked: list[str] = []

    def look(name: str, arm: Arm, deadline: float, enough: bool) -> Second:
        assert not enough
        looked.append(name)
        return Second(name, healthy=False, causes=(Assessed(load("DF502"), supported("slow", weight=0.7)),))

    clock = Engine(set(), set())
    clock.subject = SimpleNamespace(can_train=lambda arm: None)  # type: ignore[attr-defined]
    monkeypatch.setattr("defib.trials.campaign.time", clock)
    table = all_interventions()
    conductor = Conductor(clock, Book(), seconds=90, seed=0, progress=Silent(), look=look)  # type: ignore[arg-type]
    first = cause("DF601", {}, fixes=("reinitialize",))
    campaign = conductor.conduct((first,), {"DF601": 0.9}, [table["reinitialize"]])
    assert looked == ["reinitialize"]
    proven = [trial for trial in campaign.trials if trial.sufficient]
    assert [trial.changes for trial in proven] == [("reinitialize", "step-times-100")]
    # The second fix alone was tried as well: both are needed.
    assert not next(trial for trial in campaign.trials if trial.intervention == "step-times-100").sufficient
    assert [one.code for one in second_faults(campaign, (hypothesis("DF601", 0.7),))] == ["DF502"]


@pytest.mark.parametrize(("frozen", "tried"), [(True, True), (False, False)])
def test_a_change_that_only_the_look_gives_a_reason_for_is_tried(
    monkeypatch: pytest.MonkeyPatch, frozen: bool, tried: bool
) -> None:
    """Weights that moved in an earlier training, and are frozen in the one that is repeated."""
    kernel = replace(move("dense"), why_unmoved="frozen" if frozen else None)
    seen = Book({UpdateFacts: updates(kernel)})

    def look(name: str, arm: Arm, deadline: float, enough: bool) -> Second:
        found = (Assessed(load("DF701"), supported("frozen", weight=0.93)),)
        return Second(name, healthy=False, causes=found, book=seen)

    clock = Clock(set(), set())
    clock.subject = SimpleNamespace(can_train=lambda arm: None)  # type: ignore[attr-defined]
    monkeypatch.setattr("defib.trials.campaign.time", clock)
    book, table = Book({UpdateFacts: updates(move("dense"))}), all_interventions()
    conductor = Conductor(clock, book, seconds=90, seed=0, progress=Silent(), look=look)  # type: ignore[arg-type]
    campaign = conductor.conduct(
        (cause("DF601", {}, fixes=("reinitialize",)),), {"DF601": 0.9}, [table["reinitialize"]]
    )
    assert any(trial.changes == ("reinitialize", "unfreeze") for trial in campaign.trials) is tried


def test_a_pair_that_fails_on_a_later_seed_makes_room_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    class Engine(Clock):
        def run(self, arm: Arm, seed: int, deadline: float) -> Run:
            done = super().run(arm, seed, deadline)
            both = any(edit.op == "reinitialize" for edit in arm.edits)
            right = both and (arm.learning_rate_factor == 100 or (arm.learning_rate_factor == 10 and seed == 0))
            return replace(done, recovery=0.9 + 0.01 * seed, flat=False) if right else done

    def look(name: str, arm: Arm, deadline: float, enough: bool) -> Second:
        return Second(name, healthy=False, causes=(Assessed(slow, inconclusive("slow", weight=0.4)),))

    slow = cause("DF502", {}, fixes=("step-times-10", "step-times-100"))
    clock = Engine(set(), set())
    clock.subject = SimpleNamespace(can_train=lambda arm: None)  # type: ignore[attr-defined]
    monkeypatch.setattr("defib.trials.campaign.time", clock)
    table = all_interventions()
    conductor = Conductor(clock, Book(), seconds=90, seed=0, progress=Silent(), look=look)  # type: ignore[arg-type]
    campaign = conductor.conduct(
        (cause("DF601", {}, fixes=("reinitialize",)),), {"DF601": 0.9}, [table["reinitialize"]]
    )
    enough = [trial.intervention for trial in campaign.trials if trial.sufficient]
    assert enough == ["reinitialize + step-times-100"]


@pytest.mark.parametrize(("part", "longer"), [(0.3, True), (0.0, False)])
def test_what_learns_in_part_and_shows_nothing_else_is_trained_longer(
    monkeypatch: pytest.MonkeyPatch, part: float, longer: bool
) -> None:
    class Engine(Clock):
        def run(self, arm: Arm, seed: int, deadline: float) -> Run:
            done = super().run(arm, seed, deadline)
            if not any(edit.op == "reinitialize" for edit in arm.edits):
                return done
            recovery = 0.9 + 0.01 * seed if arm.updates_factor > 1 else part
            return replace(done, recovery=recovery, flat=False)

    clock = Engine(set(), set())
    clock.subject = SimpleNamespace(can_train=lambda arm: None)  # type: ignore[attr-defined]
    monkeypatch.setattr("defib.trials.campaign.time", clock)
    known = Book({TrainingFacts: TRAINING})
    conductor = Conductor(
        clock,  # type: ignore[arg-type]
        known,
        seconds=90,
        seed=0,
        progress=Silent(),
        look=lambda name, arm, deadline, enough: Second(name, healthy=True),
    )
    first = cause("DF601", {}, fixes=("reinitialize",))
    campaign = conductor.conduct((first,), {"DF601": 0.9}, [all_interventions()["reinitialize"]])
    enough = [trial.intervention for trial in campaign.trials if trial.sufficient]
    assert enough == (["reinitialize + more-epochs"] if longer else [])


def test_updates_of_a_treated_loop_are_those_that_it_took() -> None:
    """A loop that never stepped, stepped as usual: not the one update that is the least a recipe can have."""
    torch.manual_seed(0)
    X, model = torch.randn(96, 3), torch.nn.Linear(3, 1)
    y = (X[:, :1] > 0).float()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            for start in range(0, 96, 16):
                torch.nn.functional.binary_cross_entropy_with_logits(
                    model(X[start : start + 16]), y[start : start + 16]
                ).backward()
    (subject,) = watched.subjects()
    assert subject.trace.n_updates == 0
    assert len(optimizer.param_groups) == 1  # kept: an optimizer that the program let go of is not known
    assert subject.training is not None
    split = split_rows(subject.training, 0)
    assert split is not None
    found = TreatedSubject(subject, Arm(loop="canonical"), split.fit, split.held_out, seed=0, deadline=None)
    per_epoch = -(-len(split.fit) // 16)
    assert found.trace.n_updates == 3 * per_epoch

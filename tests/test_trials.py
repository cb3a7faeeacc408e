"""Planner, judge and splitting of rows, each against an independent computation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from defib.causes import Cause
from defib.diagnosis import Assessment, Hypothesis, Trial, ruled_out, supported
from defib.evidence import Book
from defib.fixing import choose_fix
from defib.interventions.table import all_interventions
from defib.ranking import Assessed, rank
from defib.recipe import Arm, InputTransform
from defib.subject import Rows
from defib.trials import Silent, plan, sets
from defib.trials.campaign import Conductor
from defib.trials.engine import split_rows
from defib.trials.judge import Run, judge, recovery, t_interval
from defib.trials.outcome import Campaign

TABLE = all_interventions()


def run(seed: int, value: float, *, flat: bool = False) -> Run:
    return Run(seed, value, value, 0.0 if flat else 0.2, flat, 0.1)


def test_the_interval_is_scipys() -> None:
    differences = [0.8, 0.95, 1.1, 0.7]
    expected = stats.t.interval(0.95, 3, np.mean(differences), stats.sem(differences))
    assert t_interval(differences) == pytest.approx(expected)


def test_three_clear_seeds_are_sufficient_and_two_are_not() -> None:
    control = [run(s, 0.0, flat=True) for s in range(3)]
    treated = [run(0, 0.9), run(1, 0.95), run(2, 1.0)]
    assert judge(control, treated).sufficient
    assert not judge(control[:2], treated[:2]).sufficient


def test_one_flat_seed_is_not_sufficient() -> None:
    control = [run(s, 0.0, flat=True) for s in range(3)]
    treated = [run(0, 0.9), run(1, 0.9, flat=True), run(2, 0.9)]
    assert not judge(control, treated).sufficient


def test_a_treated_arm_that_is_as_good_as_the_control_is_no_fix() -> None:
    arms = [run(0, 0.9), run(1, 0.8), run(2, 0.95)]
    assert not judge(arms, arms).sufficient


def test_recovery_of_nan_is_none_at_all() -> None:
    assert recovery(float("nan"), 0.5) == 0.0


def test_where_the_reference_has_no_skill_nothing_is_recovered_and_nothing_sufficient() -> None:
    control = [run(s, float("nan")) for s in range(3)]
    assert np.isnan(recovery(0.4, float("nan")))
    assert not control[0].recovered
    judged = judge(control, [run(s, float("nan")) for s in range(3)])
    assert (judged.effect, judged.interval, judged.sufficient) == (None, None, False)


class Clock:
    """An engine whose runs take a second each, by its own clock."""

    def __init__(self, recovers: set[str], partly: set[str]) -> None:
        self.now, self.recovers, self.partly, self.done = 0.0, recovers, partly, list[tuple[str, int]]()

    def monotonic(self) -> float:
        return self.now

    def judged_again(self, one: Run) -> Run:
        return one

    def run(self, arm: Arm, seed: int, deadline: float) -> Run:
        names = [] if arm.learning_rate_factor == 1 else [f"step-{arm.learning_rate_factor:g}"]
        names += [edit.op for edit in arm.edits]
        name = " + ".join(names) or "control"
        self.now += 1.0
        self.done.append((name, seed))
        good, part = name in self.recovers, name in self.partly
        recovery = 0.9 + 0.01 * seed if good else 0.3 + 0.01 * seed if part else 0.0
        return Run(seed, recovery, recovery, 0.2, not (good or part), 1.0)


def scaled(factor: float) -> Callable[[Book], Arm]:
    # Changes of the same thing cannot be made together, so that some are changes of another.
    return lambda book: Arm().with_edit("step-3") if factor == 3 else Arm(learning_rate_factor=float(factor))


def conducted(
    monkeypatch: pytest.MonkeyPatch,
    recovers: set[str],
    seconds: float,
    partly: frozenset[str] | set[str] = frozenset(),
    ranked: tuple[Cause, ...] = (),
    control: tuple[Run, ...] = (),
) -> tuple[Campaign, Clock]:
    clock = Clock(recovers, set(partly))
    clock.subject = SimpleNamespace(can_train=lambda arm: None)  # type: ignore[attr-defined]
    monkeypatch.setattr("defib.trials.campaign.time", clock)
    offered = [replace(TABLE["step-times-10"], name=f"step-{k}", arm=scaled(k)) for k in range(2, 8)]
    conductor = Conductor(clock, Book(), seconds=seconds, seed=0, progress=Silent(), control=control)  # type: ignore[arg-type]
    return conductor.conduct(ranked, {one.code: 0.5 for one in ranked}, offered), clock


def test_one_proof_comes_before_ten_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign, clock = conducted(monkeypatch, {"step-2", "step-3", "step-4", "step-5", "step-6", "step-7"}, seconds=6.5)
    assert [trial.intervention for trial in campaign.trials if trial.sufficient] == [clock.done[1][0]]


def test_the_leading_fix_is_proven_before_others_are_screened(monkeypatch: pytest.MonkeyPatch) -> None:
    leading = cause("DF501", {}, fixes=("step-4",))
    campaign, clock = conducted(monkeypatch, {"step-4"}, seconds=6.5, ranked=(leading,))
    assert clock.done[:2] == [("control", 0), ("step-4", 0)]
    assert {name for name, _ in clock.done[2:6]} == {"control", "step-4"}
    assert next(trial for trial in campaign.trials if trial.intervention == "step-4").sufficient


def test_what_helps_part_of_the_way_speaks_neither_for_nor_against(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign, _ = conducted(monkeypatch, {"step-2"}, seconds=100, partly={"step-3"})
    assert campaign.outcomes["step-2"] is True
    assert campaign.outcomes["step-4"] is False
    assert "step-3" not in campaign.outcomes
    assert not next(trial for trial in campaign.trials if trial.intervention == "step-3").sufficient


def test_a_replay_stands_for_the_control(monkeypatch: pytest.MonkeyPatch) -> None:
    replayed = tuple(run(seed, 0.0, flat=True) for seed in range(3))
    campaign, clock = conducted(monkeypatch, {"step-2"}, seconds=100, control=replayed)
    assert "control" not in {name for name, _ in clock.done}
    assert campaign.control == replayed
    assert next(trial for trial in campaign.trials if trial.intervention == "step-2").sufficient


def test_an_uneven_control_is_held_against_two_more_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    luck = (run(0, 0.01), run(1, 0.41), run(2, -0.49))
    campaign, _ = conducted(monkeypatch, {"step-2"}, seconds=100, control=luck)
    trials = {trial.intervention: trial for trial in campaign.trials}
    assert len(trials["control"].seeds) == len(trials["step-2"].seeds) == 5
    assert trials["step-2"].sufficient
    assert len(trials["step-4"].seeds) == 3


def test_a_control_that_learns_leaves_nothing_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign, clock = conducted(monkeypatch, {"control", "step-2"}, seconds=100)
    assert [name for name, _ in clock.done] == ["control"] * 3
    assert campaign.control_recovered
    assert any("no change to it was tried" in note for note in campaign.notes)


def test_two_changes_are_made_together_where_none_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    scale, step = cause("DF101", {}, fixes=("step-2",)), cause("DF501", {}, fixes=("step-3", "step-4"))
    both = "step-2 + step-3"
    campaign, _ = conducted(monkeypatch, {both}, seconds=100, ranked=(scale, step))
    assert next(trial for trial in campaign.trials if trial.changes == ("step-2", "step-3")).sufficient
    assert campaign.outcomes[both] is True
    assert "step-2" not in campaign.outcomes  # needed: its failure alone speaks against nobody
    assert campaign.outcomes["step-4"] is False
    seen = [Assessed(one, supported("seen", weight=0.9)) for one in (scale, step)]
    first, second = rank(seen, campaign.outcomes)
    assert (first.tied_with, second.tied_with) == ((second.code,), (first.code,))


def test_pairs_start_with_the_first_fixes_of_the_leading_hypotheses() -> None:
    ranked = [cause("DF1", {}, fixes=("a", "b")), cause("DF2", {}, fixes=("c", "a")), cause("DF3", {}, fixes=("d",))]
    assert plan.pairs(ranked, dict.fromkeys("abcd", 0.0))[:3] == (("a", "c"), ("a", "d"), ("c", "d"))
    assert plan.pairs(ranked, {"a": 0.0}) == ()
    assert plan.pairs(ranked, {**dict.fromkeys("abcd", 0.0), "d": 0.31})[0] == ("a", "d")  # it helped part of the way


def test_with_time_everything_is_screened_and_what_recovers_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign, _ = conducted(monkeypatch, {"step-3", "step-5"}, seconds=100)
    assert {trial.intervention for trial in campaign.trials if trial.sufficient} == {"step-3", "step-5"}
    assert all(len(trial.seeds) == 3 for trial in campaign.trials)


def cause(code: str, works: dict[str, bool], fixes: tuple[str, ...] = ()) -> Cause:
    def assess(book: Book) -> Assessment:
        return ruled_out("never asked")

    contrast = {name: "must_work" if value else "must_not" for name, value in works.items()}
    return Cause(code, code.lower(), "data", assess, fixes, contrast)  # type: ignore[arg-type]


def test_the_planner_prefers_what_separates_to_what_always_works() -> None:
    one = cause("DF101", {"separates": True, "always": True})
    other = cause("DF501", {"separates": False, "always": True})
    causes = {"DF101": one, "DF501": other}
    beliefs = {"DF101": 0.5, "DF501": 0.5}
    assert plan.information_bits(beliefs, causes, "always") == pytest.approx(0.0)
    # By hand: the mixture is a fair coin (1 bit), each side keeps H(0.9) = H(0.1) = 0.469 bits.
    assert plan.information_bits(beliefs, causes, "separates") == pytest.approx(1 - 0.468996, abs=1e-6)
    assert plan.order([one, other], beliefs, ["always", "separates"], {})[0] == "separates"


def test_a_likely_fix_that_separates_nothing_is_not_tried_before_one_that_separates() -> None:
    one = cause("DF101", {"separates": True}, fixes=("likely", "separates"))
    other = cause("DF501", {"separates": False}, fixes=("likely",))
    beliefs = {"DF101": 0.5, "DF501": 0.5}
    assert plan.prediction(one, "likely") == plan.prediction(other, "likely") == plan.LIKELY
    chance = {name: sum(0.5 * plan.prediction(c, name) for c in (one, other)) for name in ("likely", "separates")}
    assert chance["likely"] > chance["separates"]  # it is the one that likely succeeds
    assert plan.order([one, other], beliefs, ["likely", "separates"], {})[0] == "separates"
    # With one survivor nothing is left to separate: then its own fix is what must be proven.
    assert plan.order([one], {"DF101": 1.0}, ["separates", "likely"], {})[0] == "likely"


def test_of_two_trials_that_tell_the_same_the_cheap_one_is_tried_first() -> None:
    one = cause("DF101", {"dear": True, "cheap": True, "half": True})
    other = cause("DF501", {"dear": False, "cheap": False})
    beliefs = {"DF101": 0.5, "DF501": 0.5}
    names = ["dear", "cheap", "half"]
    costs = {"dear": 5.0, "cheap": 1.0, "half": 1.0}
    causes = {"DF101": one, "DF501": other}
    bits = {name: plan.information_bits(beliefs, causes, name) for name in names}
    assert bits["dear"] == bits["cheap"] > bits["half"] > bits["dear"] / 5
    # A trial that tells less is worth more when the better one takes five times as long.
    assert plan.order([one, other], beliefs, names, {}, costs) == ("cheap", "half", "dear")
    assert plan.order([one, other], beliefs, names, {})[-1] == "half"


def test_where_one_of_a_family_must_work_each_member_only_may() -> None:
    needs, denies = cause("DF501", {"smaller-step": True}, fixes=("step-divided-by-10",)), cause("DF1", {})
    denies = replace(denies, contrast={"smaller-step": "must_not"})
    assert plan.prediction(needs, "step-divided-by-10") == plan.LIKELY
    assert plan.prediction(denies, "step-divided-by-10") == plan.WORKS["must_not"]


def test_a_long_training_costs_as_many_of_the_control(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(set(), set())
    clock.subject = SimpleNamespace(can_train=lambda arm: None)  # type: ignore[attr-defined]
    monkeypatch.setattr("defib.trials.campaign.time", clock)
    conductor = Conductor(clock, Book(), seconds=9, seed=0, progress=Silent(), control=[run(0, 0.0)])  # type: ignore[arg-type]
    conductor.arms |= {"long": (Arm(updates_factor=5.0), ""), "new": (Arm().with_edit("batch_norm"), "")}
    assert conductor._cost("long") == pytest.approx(5.0)
    conductor.runs["new"] = [replace(run(0, 0.0), seconds=0.3)]  # three times the control's 0.1 s
    assert conductor._cost("new") == pytest.approx(3.0)
    assert conductor._cost("long") == pytest.approx(5.0)


def test_the_proof_of_the_leading_fix_fits_into_a_short_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    # step-2 separates, the leading cause's own fix step-4 does not: in a short budget it must still be proven.
    leading = cause("DF101", {"step-2": True}, fixes=("step-4",))
    other = cause("DF501", {"step-2": False}, fixes=("step-4",))
    for seconds, first in ((6.5, "step-4"), (60.0, "step-2")):
        campaign, clock = conducted(monkeypatch, {"step-4"}, seconds=seconds, ranked=(leading, other))
        assert next(name for name, _ in clock.done if name != "control") == first
        assert next(trial for trial in campaign.trials if trial.intervention == "step-4").sufficient


@pytest.mark.parametrize("needed", [("edit-1", "edit-2", "edit-3"), ("edit-1", "edit-3")])
def test_of_several_changes_that_are_enough_together_each_is_dropped_again(
    monkeypatch: pytest.MonkeyPatch, needed: tuple[str, ...]
) -> None:
    class Several(Clock):
        def run(self, arm: Arm, seed: int, deadline: float) -> Run:
            done = super().run(arm, seed, deadline)
            good = set(needed) <= {edit.op for edit in arm.edits}
            return replace(done, recovery=0.9 + 0.01 * seed, flat=False) if good else done

    clock = Several(set(), set())
    clock.subject = SimpleNamespace(can_train=lambda arm: None)  # type: ignore[attr-defined]
    monkeypatch.setattr("defib.trials.campaign.time", clock)
    names = [f"edit-{k}" for k in range(1, 5)]
    offered = [
        replace(TABLE["step-times-10"], name=name, arm=lambda book, name=name: Arm().with_edit(name))  # type: ignore[misc]
        for name in names
    ]
    ranked = [cause(f"DF{k}", {}, fixes=(name,)) for k, name in enumerate(names)]
    conductor = Conductor(clock, Book(), seconds=200, seed=0, progress=Silent())  # type: ignore[arg-type]
    monkeypatch.setattr("defib.trials.plan.pairs", lambda *args: ())
    campaign = conductor.conduct(ranked, {one.code: 0.5 for one in ranked}, offered)
    proven = [trial.changes for trial in campaign.trials if trial.sufficient]
    assert needed in proven
    # What is reported as needed can lose none: every part of it that was tried did not recover.
    assert all(not set(found) < set(needed) for found in proven)
    assert not any(name in campaign.outcomes for name in needed)


def test_bayes_rule_by_hand() -> None:
    causes = {"DF101": cause("DF101", {"x": True}), "DF501": cause("DF501", {"x": False})}
    after = plan.update({"DF101": 0.2, "DF501": 0.8}, causes, "x", True)
    assert after["DF101"] == pytest.approx(0.2 * 0.9 / (0.2 * 0.9 + 0.8 * 0.1))


@pytest.mark.parametrize("seed", range(5))
def test_the_split_keeps_classes_order_and_every_row(seed: int) -> None:
    y = np.repeat([0, 1, 2], [60, 30, 10])
    X = np.arange(100.0)[:, None]
    split = split_rows(Rows(X, y), seed)
    assert split is not None
    both = np.concatenate([split.fit.X, split.held_out.X]).ravel()
    assert sorted(both) == list(range(100))
    assert np.all(np.diff(split.fit.X.ravel()) > 0)
    assert split.held_out.y is not None
    assert np.bincount(split.held_out.y).tolist() == [18, 9, 3]


def test_too_few_rows_are_not_split() -> None:
    assert split_rows(Rows(np.zeros((4, 2)), np.array([0, 1, 1, 0])), 0) is None


def test_only_a_clear_effect_of_some_size_is_partly() -> None:
    def arm(effect: float, low: float, **more: Any) -> Trial:
        return Trial("a", "treated", "", (), (), (), (), effect=effect, interval=(low, 1.0), **more)

    assert arm(0.3, 0.1).partial
    assert not arm(0.3, -0.1).partial
    assert not arm(0.05, 0.01).partial
    assert not arm(0.9, 0.8, sufficient=True).partial
    assert not arm(0.5, 0.1, undecided=True).partial


def test_two_changes_of_the_same_thing_are_not_made_together() -> None:
    one = Arm(inputs=InputTransform(np.zeros(3), np.ones(3)))
    other = Arm(inputs=InputTransform(np.ones(3), np.ones(3)))
    assert one.merged(other) is None
    assert one.merged(one) is None
    both = one.merged(Arm(shuffle=True))
    assert both is not None
    assert (both.inputs, both.shuffle) == (one.inputs, True)


def test_no_pair_is_offered_twice() -> None:
    ranked = [cause("DF1", {}, fixes=("a", "b")), cause("DF2", {}, fixes=("c",)), cause("DF3", {}, fixes=("c", "a"))]
    found = plan.pairs(ranked, dict.fromkeys("abc", 0.0))
    assert len({frozenset(pair) for pair in found}) == len(found)


def test_a_control_that_recovers_by_luck_is_answered_by_more_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lucky(Clock):
        def run(self, arm: Arm, seed: int, deadline: float) -> Run:
            one = super().run(arm, seed, deadline)
            luck = (0.86, 0.91, -0.58, 0.38, -0.9, 0.1, -0.4, 0.2, 0.3)[seed]
            control = arm.learning_rate_factor == 1 and not arm.edits
            return replace(one, recovery=luck, score=luck, flat=False) if control else one

    monkeypatch.setattr("tests.test_trials.Clock", Lucky)
    campaign, _ = conducted(monkeypatch, {"step-4"}, 100, ranked=(cause("DF704", {}, fixes=("step-4",)),))
    proven = next(trial for trial in campaign.trials if trial.intervention == "step-4")
    assert len(proven.seeds) == 9
    assert proven.sufficient


def test_changes_made_together_do_not_count_against_single_ones() -> None:
    assert sets.single(["control", "a", "a + b"]) == ["control", "a"]


def test_of_two_sufficient_sets_the_smaller_is_the_fix() -> None:
    def proven(name: str) -> Trial:
        return Trial(name, "treated", name, (0, 1, 2), (1.0,) * 3, (0.2,) * 3, (1.0,) * 3, 1.0, (0.9, 1.1), True)

    one = cause("DF203", {}, fixes=("standardize-targets", "fitting-head"))
    found = Hypothesis("DF203", "labels-outside", supported("outside", weight=0.9))
    trials = [proven("standardize-targets + reinitialize + fitting-head"), proven("standardize-targets + fitting-head")]
    fix = choose_fix([found], {"DF203": one}, TABLE, trials, Book(), "torch")
    assert fix is not None
    assert fix.interventions == ("standardize-targets", "fitting-head")


def test_how_far_a_control_is_thrown_does_not_hide_what_helps() -> None:
    control = [replace(run(s, 0.0), recovery=thrown) for s, thrown in enumerate((-48.0, 0.0, -17.0, 0.0))]
    treated = [replace(run(s, 0.9), recovery=0.99) for s in range(4)]
    judged = judge(control, treated)
    assert judged.sufficient
    assert judged.effect == pytest.approx(0.99 + 0.5)

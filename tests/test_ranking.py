"""The ranking rule, clause by clause, on hand-made causes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.causes import Cause, Expectation
from defib.diagnosis import Assessment, by_itself, from_update, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.ranking import Assessed, contradictions, rank, settle


def cause(
    code: str,
    *,
    fixes: tuple[str, ...] = (),
    contrast: dict[str, Expectation] | None = None,
    explains: tuple[str, ...] = (),
) -> Cause:
    def assess(book: Book) -> Assessment:
        return ruled_out("never asked")

    return Cause(code, f"cause-{code.lower()}", "data", assess, fixes, contrast or {}, explains)


SCALE = cause("DF101", fixes=("standardize",), contrast={"standardize": "must_work"}, explains=("DF401",))
STEP = cause("DF501", fixes=("smaller",), contrast={"smaller": "must_work", "standardize": "must_not"})
DEAD = cause("DF401", fixes=("leaky",))


def test_an_origin_stands_before_its_mechanism_however_strong_that_is() -> None:
    ranked = rank([Assessed(DEAD, supported("dead", weight=0.8)), Assessed(SCALE, supported("s", weight=0.6))], {})
    assert [one.code for one in ranked] == ["DF101", "DF401"]
    assert ranked[1].mechanism_of == "DF101"


def test_what_was_seen_by_itself_is_a_second_fault() -> None:
    dead = by_itself(supported("dead", weight=0.8))
    ranked = rank([Assessed(DEAD, dead), Assessed(SCALE, supported("s", weight=0.9))], {})
    assert [(one.code, one.mechanism_of) for one in ranked] == [("DF101", None), ("DF401", None)]


def test_what_must_be_mended_beside_its_origin_is_a_second_fault() -> None:
    seen = [Assessed(DEAD, supported("dead", weight=0.8)), Assessed(SCALE, supported("s", weight=0.9))]
    ranked = rank(seen, {"standardize + leaky": True})
    assert [(one.code, one.mechanism_of, one.tied_with) for one in ranked] == [
        ("DF101", None, ("DF401",)),
        ("DF401", None, ("DF101",)),
    ]
    stronger = [replace(seen[0], assessment=supported("dead", weight=0.95)), seen[1]]
    assert [one.code for one in rank(stronger, {"standardize + leaky": True})] == ["DF101", "DF401"]
    assert rank(seen, {"standardize + leaky": True, "standardize": True})[1].mechanism_of == "DF101"
    # a change that the origin's page names, too, says nothing of the mechanism
    shared = [replace(seen[0], cause=replace(DEAD, fixes=("standardize",))), seen[1]]
    assert rank(shared, {"standardize + more-epochs": True})[1].mechanism_of == "DF101"


def test_what_began_later_is_not_the_origin_of_what_was_there_before() -> None:
    born, killed = (from_update(supported("dead", weight=0.75), since) for since in (0, 3))
    step = from_update(supported("s", weight=0.8), 1)
    explains = replace(STEP, explains=("DF401",))
    assert rank([Assessed(DEAD, born), Assessed(explains, step)], {})[1].mechanism_of is None
    assert rank([Assessed(DEAD, killed), Assessed(explains, step)], {})[1].mechanism_of == "DF501"


@pytest.mark.parametrize(
    ("dead_since", "weights", "origin"),
    [(9, (0.7, 0.6), "DF101"), (None, (0.7, 0.6), "DF101"), (0, (0.6, 0.7), "DF401"), (None, (0.7, 0.7), None)],
    ids=["first", "clearer", "at once, clearer", "open"],
)
def test_of_two_that_act_through_each_other_the_first_one_is_the_origin(
    dead_since: int | None, weights: tuple[float, float], origin: str | None
) -> None:
    scale = from_update(supported("s", weight=weights[0]), 0)
    dead = from_update(supported("dead", weight=weights[1]), dead_since)
    ranked = rank([Assessed(replace(DEAD, explains=("DF101",)), dead), Assessed(SCALE, scale)], {})
    assert {one.mechanism_of for one in ranked} == {None, origin}


def test_a_mechanism_is_no_partner_of_a_product() -> None:
    # The dead layer's page names both fixes, too: that does not make it a third factor.
    dead = replace(DEAD, fixes=("leaky", "standardize", "smaller"))
    seen = [Assessed(one, supported("s", weight=0.7)) for one in (SCALE, STEP, dead)]
    outcomes = {"standardize": True, "smaller": True, "leaky": False}
    tied = {one.code: one.tied_with for one in rank(settle(seen, outcomes), outcomes)}
    assert tied["DF501"] == ("DF101",)


def test_three_causes_whose_fixes_are_only_enough_together_are_one_product() -> None:
    third = cause("DF106", fixes=("targets",))
    seen = [Assessed(one, supported("s", weight=0.9)) for one in (SCALE, STEP, third)]
    ranked = rank(seen, {"standardize + smaller + targets": True})
    assert {one.code: set(one.tied_with) for one in ranked}["DF101"] == {"DF501", "DF106"}


def test_a_failed_must_work_demotes() -> None:
    settled = settle([Assessed(SCALE, supported("s", weight=0.7))], {"standardize": False})
    assert settled[0].assessment.verdict == "inconclusive"
    assert "standardize did not restore learning" in settled[0].assessment.because


def test_a_second_fault_stays_while_a_proven_one_hides_it() -> None:
    second = Assessed(SCALE, by_itself(supported("s", weight=0.7)))
    proven, likely = (Assessed(DEAD, supported("dead", weight=weight)) for weight in (0.95, 0.8))
    kept = settle([second, proven], {"standardize": False})
    assert kept[0].assessment.verdict == "supported"
    demoted = settle([second, likely], {"standardize": False})
    assert demoted[0].assessment.verdict == "inconclusive"


def test_a_decisive_mechanism_stays_whatever_the_trials_say() -> None:
    settled = settle([Assessed(SCALE, supported("s", weight=0.95))], {"standardize": False})
    assert settled[0].assessment.verdict == "supported"


def test_a_product_keeps_both_and_ties_them() -> None:
    both = [Assessed(SCALE, supported("s", weight=0.7)), Assessed(STEP, supported("t", weight=0.7))]
    outcomes = {"standardize": True, "smaller": True}
    settled = settle(both, outcomes)
    assert [one.assessment.verdict for one in settled] == ["supported", "supported"]
    tied = {one.code: one.tied_with for one in rank(settled, outcomes)}
    assert tied == {"DF501": ("DF101",), "DF101": ("DF501",)}


def test_when_only_the_step_works_the_step_is_the_cause() -> None:
    both = [Assessed(SCALE, supported("s", weight=0.7)), Assessed(STEP, supported("t", weight=0.7))]
    outcomes = {"standardize": False, "smaller": True}
    ranked = rank(settle(both, outcomes), outcomes)
    assert [one.code for one in ranked] == ["DF501"]


def test_what_was_mended_by_itself_stands_before_what_was_not() -> None:
    dropout = cause("DF410", fixes=("dropout-off",), contrast={"dropout-off": "must_work"})
    step = replace(STEP, contrast={"smaller": "must_work", "more-epochs": "must_not"})
    both = [Assessed(dropout, supported("d", weight=0.65)), Assessed(step, supported("t", weight=0.75))]
    ranked = rank(both, {"dropout-off": True, "more-epochs": False})
    assert [one.code for one in ranked] == ["DF410", "DF501"]
    assert [one.code for one in rank(both, {"more-epochs": False})] == ["DF501", "DF410"]


@pytest.mark.parametrize(("weight", "verdict"), [(0.4, "supported"), (0.2, "inconclusive")])
def test_trials_promote_only_what_was_partly_observed(weight: float, verdict: str) -> None:
    settled = settle([Assessed(SCALE, inconclusive("s", weight=weight))], {"standardize": True})
    assert settled[0].assessment.verdict == verdict


def test_what_was_open_before_the_trials_gives_way_to_what_they_showed() -> None:
    settled = settle([Assessed(SCALE, inconclusive("far, but no layer shows it", weight=0.4))], {"standardize": True})
    assert settled[0].assessment.because == "far, and standardize restored learning"


@pytest.mark.parametrize(("outcomes", "first"), [({"standardize": True}, "DF101"), ({"leaky": True}, "DF401")])
def test_an_origin_that_the_trials_show_is_put_before_its_mechanism(outcomes: dict[str, bool], first: str) -> None:
    seen = [Assessed(DEAD, supported("dead", weight=0.95)), Assessed(SCALE, inconclusive("far", weight=0.4))]
    for mechanism, expected in (
        (seen[0], first),
        (replace(seen[0], assessment=by_itself(seen[0].assessment)), "DF401"),
    ):
        ranked = rank(settle([mechanism, seen[1]], outcomes), outcomes)
        assert ranked[0].code == expected


def test_a_cause_whose_fix_is_needed_beside_the_first_one_is_named_too() -> None:
    second = Assessed(cause("DF502", fixes=("larger",)), inconclusive("few steps, but few updates", weight=0.4))
    seen = [Assessed(DEAD, by_itself(supported("dead", weight=0.75))), second]
    first, other = rank(settle(seen, {"leaky + larger": True}), {"leaky + larger": True})
    assert (first.tied_with, other.tied_with) == (("DF502",), ("DF401",))
    assert other.assessment.because == "few steps, and only with larger was learning restored"
    for outcomes in ({"leaky": True}, {"standardize + larger": True}, {}):
        assert settle(seen, outcomes)[1].assessment.verdict == "inconclusive"


def test_trials_alone_never_make_a_cause() -> None:
    settled = settle([Assessed(SCALE, ruled_out("no"))], {"standardize": True})
    assert settled[0].assessment.verdict == "ruled_out"


VANISHING = replace(cause("DF403", fixes=("he", "halve"), contrast={"he": "must_work"}), indistinct=("DF407",))
DEEP = replace(cause("DF407", fixes=("halve",), contrast={"halve": "must_work"}), indistinct=("DF403",))


@pytest.mark.parametrize("first", [supported("v", weight=0.75), inconclusive("v", weight=0.45)])
def test_what_no_experiment_tells_apart_is_tied_once_its_trial_worked(first: Assessment) -> None:
    outcomes = {"he": True, "halve": True}
    seen = [Assessed(VANISHING, first), Assessed(DEEP, inconclusive("d", weight=0.4))]
    ranked = rank(settle(seen, outcomes), outcomes)
    assert [(one.code, one.tied_with, one.indistinct) for one in ranked] == [
        ("DF403", ("DF407",), ("DF407",)),
        ("DF407", ("DF403",), ("DF403",)),
    ]


@pytest.mark.parametrize("outcomes", [{}, {"he": True}, {"halve": False}])
def test_without_its_trial_it_is_not_named(outcomes: dict[str, bool]) -> None:
    seen = [Assessed(VANISHING, supported("v", weight=0.75)), Assessed(DEEP, inconclusive("d", weight=0.4))]
    assert [one.code for one in rank(settle(seen, outcomes), outcomes)] == ["DF403"]


def test_says_nothing_contradicts_nothing() -> None:
    assert contradictions(DEAD, {"leaky": False, "standardize": True}) == ()


def test_a_mechanism_that_must_be_mended_beside_its_origin_is_a_fault_of_its_own() -> None:
    """Also where its fix stands on the origin's page as well: more epochs mend a far target, given enough of them."""
    far = Assessed(cause("DF106", fixes=("scale-targets", "epochs"), explains=("DF506",)), supported("far", weight=0.9))
    short = Assessed(cause("DF506", fixes=("epochs",)), supported("few", weight=0.75))
    for outcomes, both in (
        ({"scale-targets + epochs": True}, True),
        ({"scale-targets": True}, False),
        ({"scale-targets + epochs": True, "epochs": True}, False),
        ({}, False),
    ):
        first, other = rank([far, short], outcomes)
        assert other.mechanism_of == (None if both else "DF106")
        assert first.tied_with == (("DF506",) if both else ())

"""After a repair, look again: the treated model goes through the same probes and causes as the user's.

What was hidden behind the first fault shows now: a network that could not learn at all did not show that its step was
too small, too. The signal of the rows was measured already and is not measured twice.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from defib.assess import assess_all, hold_to_evidence
from defib.catalogue import all_causes
from defib.diagnosis import DECISIVE, Diagnosis, Hypothesis, by_itself, changes_in
from defib.evidence import Book
from defib.examine import measure_all
from defib.gate import read_gate
from defib.probes.outputs import SymptomFacts
from defib.probes.reference import SignalFacts
from defib.ranking import PROMOTABLE, Assessed, rank
from defib.recipe import Arm
from defib.skill_against_reference import NotEnough
from defib.subject import Subject
from defib.trials.engine import Split
from defib.trials.outcome import Campaign, Second
from defib.trials.treated import TreatedSubject
from defib.wording import listed

SKIPPED = frozenset({"reference", "columns"})
"""Probes whose answers are about rows and labels alone, and dear."""


def look_again(
    subject: Subject, book: Book, split: Split, name: str, arm: Arm, *, deadline: float, enough: bool = True
) -> Second:
    """What is supported on the model as the arm leaves it, best first; nothing where it is healthy.

    ``name``: of the arm; ``enough``: it recovers in the trials. Where it does not, what looks healthy is asked about as
    well: a network with a third of the skill that is there is no repaired one. Raises `BudgetExceeded`, or
    `NotAvailable` where clones cannot be looked into.
    """
    treated = TreatedSubject(subject, arm, split.fit, split.held_out, seed=0, deadline=deadline)
    found = measure_all(treated, skip=SKIPPED).found
    again = Book(dict(found) | {kind: one for kind, one in book.found.items() if kind is SignalFacts})
    again = _of_own_split(again, subject)
    problem = read_gate(again).problem
    if doubted := problem == "none" and not enough:
        again = replace(again, found={**again.found, NotEnough: NotEnough()})
        problem = read_gate(again).problem
    if problem in ("none", "unknown"):
        return Second(name, healthy=problem == "none")
    assessed = hold_to_evidence(assess_all(again, all_causes(), problem).assessed, again, problem)
    by_code = {one.cause.code: one for one in assessed}
    ranked = [one for one in rank(assessed, {}) if one.mechanism_of is None]
    found_now = [by_code[one.code] for one in ranked]
    if not enough:  # what is seen in part may be what is missing: the trial of both changes decides
        partly = [one for one in assessed if one.assessment.verdict == "inconclusive"]
        partly = [one for one in partly if one.assessment.weight >= PROMOTABLE]
        found_now += sorted(partly, key=lambda one: -one.assessment.weight)
    causes = tuple(one for one in found_now if is_a_fault(one))
    return Second(name, healthy=False, only_by_trials=doubted, causes=causes, book=again)


def _of_own_split(book: Book, subject: Subject) -> Book:
    """Skill on rows that the trial held out says nothing of rows that the program serves in another unit."""
    if not book.has(SymptomFacts) or (subject.prediction is not None and subject.prediction.y is not None):
        return book
    facts = book.get(SymptomFacts)
    skill = facts.symptom.skill
    if skill is None or skill.rows != "held_out":
        return book
    symptom = replace(facts.symptom, skill=replace(skill, rows="replayed"))
    return replace(book, found={**book.found, SymptomFacts: replace(facts, symptom=symptom)})


def is_a_fault(one: Assessed) -> bool:
    """Not one of the causes that say that nothing is wrong; nor the one that the change was made for."""
    return one.cause.stage != "nothing_wrong" and one.cause.code != "DF105"


def second_faults(
    campaign: Campaign, causes: tuple[Hypothesis, ...], foreign: Container[str] = ()
) -> tuple[Hypothesis, ...]:
    """Faults that show only once the first is repaired, as hypotheses, those that are known already left out.

    ``foreign``: codes of causes that do not apply to the network as it is. What a change brings along (a batch
    normalization, with its running statistics) is no fault of the program's.

    A look counts when the repair was right: it was sufficient, or the first cause was seen beyond doubt, or a change
    for what was then seen made the difference. Only the last counts where the model looked healthy and the trials found
    it not enough, and for what was seen in part.
    """
    known, found = {one.code for one in causes}, dict[str, Hypothesis]()
    for look in campaign.looks:
        for one in look.causes:
            if one.cause.code not in known and one.cause.code not in foreign and _counts(look, one, campaign, causes):
                seen = one.assessment.because
                if one.assessment.verdict == "inconclusive":  # what was open before the trial of both
                    seen = seen.partition(", but ")[0]
                because = f"with {listed(changes_in(look.after))}, {seen}"
                given = by_itself(replace(one.assessment, verdict="supported", because=because))
                found.setdefault(one.cause.code, Hypothesis(one.cause.code, one.cause.name, given))
    return tuple(found.values())


def _counts(look: Second, one: Assessed, campaign: Campaign, causes: tuple[Hypothesis, ...]) -> bool:
    made = set(changes_in(look.after))
    proven = campaign.outcomes.get(look.after) or (causes and causes[0].assessment.weight >= DECISIVE)
    if proven and not look.only_by_trials and one.assessment.verdict == "supported":
        return True
    together = [set(changes_in(name)) for name, worked in campaign.outcomes.items() if worked]
    return any(made < several and several & set(one.cause.fixes) for several in together)


def with_second_faults(diagnosis: Diagnosis, seconds: tuple[Hypothesis, ...]) -> Diagnosis:
    """The diagnosis with what the second look found; it is not listed as ruled out at the same time."""
    codes = {one.code for one in seconds}

    def others(listed: tuple[Hypothesis, ...]) -> tuple[Hypothesis, ...]:
        return tuple(one for one in listed if one.code not in codes)

    return replace(
        diagnosis,
        causes=(*diagnosis.causes, *seconds),
        ruled_out=others(diagnosis.ruled_out),
        inconclusive=others(diagnosis.inconclusive),
        not_applicable=others(diagnosis.not_applicable),
    )

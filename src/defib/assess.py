"""Hold every cause of the catalogue against the Book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from defib.causes import Cause
from defib.causes._power import too_few_rows
from defib.causes._signs import seen
from defib.diagnosis import DECISIVE, NotAssessed, by_itself
from defib.evidence import Book, Missing
from defib.gate import Problem
from defib.probes.outputs import SymptomFacts
from defib.ranking import Assessed, origins_of
from defib.skill_against_reference import still_as_drawn
from defib.trials.outcome import Campaign

REPLAYED_STAGES = frozenset({"data", "labels", "head", "architecture", "optimization", "initialization"})
"""Stages that a replay of the recorded recipe contains; a fault in them must show again in the control."""
NO_SIGNAL = "DF901"
BEHIND = 0.9
"""Belief in a mechanism, in that of the origin that explains it: just behind it."""
HYPOTHESES = 5
"""How many hypotheses the planner tells apart."""


@dataclass(frozen=True)
class Assessments:
    """Every cause's answer."""

    assessed: tuple[Assessed, ...]
    not_assessed: tuple[NotAssessed, ...]
    failed: tuple[str, ...] = ()


def relevant(cause: Cause, problem: Problem) -> bool:
    """Whether the cause can bring about this problem; without a problem there is nothing to explain."""
    if problem == "none":
        return False
    if problem in ("shown", "remembered"):  # nothing in front of the outputs is at fault
        return cause.when_varied and cause.stage in ("serving", "nothing_wrong")
    return problem in ("flat", "weak") or cause.when_varied


def assess_all(book: Book, causes: Sequence[Cause], problem: Problem) -> Assessments:
    """Ask every relevant cause; one that lacks evidence, or breaks, is not assessed."""
    done: list[Assessed] = []
    lacking: list[NotAssessed] = []
    failed: list[str] = []
    for cause in causes:
        if not relevant(cause, problem):
            continue
        try:
            done.append(Assessed(cause, cause.assess(book)))
        except Missing as missing:
            lacking.append(NotAssessed(cause.code, cause.name, missing.needs))
        except Exception as error:  # a cause that breaks inside must not end the diagnosis
            lacking.append(NotAssessed(cause.code, cause.name, "a repair of defib itself (it broke inside)"))
            failed.append(f"{cause.name} broke inside: {type(error).__name__}: {str(error)[:200]}")
    return Assessments(tuple(done), tuple(lacking), tuple(failed))


def leading(assessed: Sequence[Assessed]) -> tuple[tuple[Cause, ...], dict[str, float]]:
    """The hypotheses that are still alive, best first, and how much each is believed before any trial."""
    belief = {
        one.cause.code: one.assessment.weight * (1.0 if one.assessment.verdict == "supported" else 0.5)
        for one in assessed
        if one.assessment.verdict in ("supported", "inconclusive") and one.assessment.weight > 0
    }
    by_code = {one.cause.code: one.cause for one in assessed}
    for code, origins in origins_of(assessed).items():  # what an origin explains is not mended before it
        belief[code] = min(belief[code], *(BEHIND * belief[origin] for origin in origins))
    best = sorted(belief, key=lambda code: -belief[code])[:HYPOTHESES]
    return tuple(by_code[code] for code in best), {code: belief[code] for code in best}


def hold_to_control(assessed: Sequence[Assessed], campaign: Campaign) -> tuple[Assessed, ...]:
    """Where the recipe as recorded learns when replayed, what it contains is not proven to be the fault.

    Steps that threw the loss to a hundred times its first value, in the program and in every replay alike, are: that
    the units outlived them there was luck.
    """
    if not campaign.control_recovered:
        return tuple(assessed)
    thrown = all((run.rose_to or 0.0) >= WILD for run in campaign.control)
    return tuple(one if thrown and _wild(one) else _doubted(one) for one in assessed)


def _wild(one: Assessed) -> bool:
    return one.assessment.numbers.get("loss_spike", 0.0) >= WILD


def hold_to_evidence(assessed: Sequence[Assessed], book: Book, problem: Problem) -> tuple[Assessed, ...]:
    """What a cause cannot see by itself: rows that are too few, layers that could not be looked at, NaN."""
    return hold_to_nan(hold_to_inside(hold_to_signal(assessed, book, problem), book), book)


def hold_to_signal(assessed: Sequence[Assessed], book: Book, problem: Problem) -> tuple[Assessed, ...]:
    """Where outputs vary, know nothing, and the rows are too few to say whether there is anything to know.

    "It has not learnt" is then no evidence: what is judged by it alone is open. A network that has hardly left its
    start is none of these: there the steps are the fault whatever the rows hold.
    """
    if problem != "unskilled" or not too_few_rows(book) or still_as_drawn(book):
        return tuple(assessed)
    judged_by_it = next((one.cause.explains for one in assessed if one.cause.code == NO_SIGNAL), ())
    return tuple(_open(one) if one.cause.code in judged_by_it else one for one in assessed)


WILD = 100.0
"""Times its first value: no sound training raises its loss as far."""
INSIDE = frozenset({"architecture", "optimization", "initialization"})
"""Stages whose causes are told apart by what is seen inside the network."""


def hold_to_inside(assessed: Sequence[Assessed], book: Book) -> tuple[Assessed, ...]:
    """Where no layer could be looked at, the look-alikes are not ruled out: what was not proven by itself is open."""
    if "activations" not in book.failed:
        return tuple(assessed)
    why = "no layer of the network could be looked at, so that its look-alikes are not ruled out"
    open_ones = (one.cause.stage in INSIDE and one.assessment.weight < DECISIVE for one in assessed)
    return tuple(_open(one, why) if it else one for one, it in zip(assessed, open_ones, strict=True))


def hold_to_nan(assessed: Sequence[Assessed], book: Book) -> tuple[Assessed, ...]:
    """Where the outputs are NaN, what cannot make a NaN is not why: a second fault beside what can, or open."""
    if not book.has(SymptomFacts) or seen(book).pattern != "nan":
        return tuple(assessed)
    makers = [one for one in assessed if one.cause.makes_nan and one.assessment.verdict == "supported"]
    if not makers:
        return tuple(one if one.cause.makes_nan else _open(one, NO_NAN) for one in assessed)
    most = BEHIND * max(one.assessment.weight for one in makers)
    return tuple(one if one.cause.makes_nan else _beside(one, most) for one in assessed)


NO_NAN = "by itself it makes no number NaN"


def _beside(one: Assessed, most: float) -> Assessed:
    given = one.assessment
    if given.verdict != "supported":
        return one
    return replace(one, assessment=by_itself(replace(given, weight=min(given.weight, most))))


TOO_FEW = "the rows are too few to tell whether there is anything to learn"


def _open(one: Assessed, why: str = TOO_FEW) -> Assessed:
    given = one.assessment
    if given.verdict != "supported":
        return one
    because = f"{given.because}; but {why}"
    return replace(one, assessment=replace(given, verdict="inconclusive", because=because, weight=given.weight / 2))


def _doubted(one: Assessed) -> Assessed:
    given = one.assessment
    proven = given.weight >= DECISIVE
    if given.verdict != "supported" or proven or one.cause.stage not in REPLAYED_STAGES:
        return one
    because = f"{given.because}; but the recipe as recorded learns when it is replayed"
    return replace(one, assessment=replace(given, verdict="inconclusive", because=because, weight=given.weight / 2))

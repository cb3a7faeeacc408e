"""From assessments and trials to ranked hypotheses.

The rule, in order:

1. *Cause before mechanism.* A supported cause that another supported cause explains stands behind it, unless it was
   seen by itself, or was there before the other began, or must be mended as well: then it is a second fault, told
   behind the other.
2. *Contrast.* A trial that contradicts a cause (a must-work that failed, a must-not that worked) demotes it to
   inconclusive, unless its mechanism was observed beyond doubt, or the contradiction is a product: its own
   fix worked too and the other one repairs another supported cause (step × scale). Then both stay, tied. A second
   fault, seen by itself beside a proven one, stays as well: its own fix cannot work as long as the first is there.
3. *Promotion.* An inconclusive cause with part of its mechanism observed becomes supported when all its
   must-work trials worked, none contradicts it, and nothing else is supported, or only what it explains, whose own
   fixes were not enough: a mechanism whose origin the trials show. So does a cause that no experiment tells from one
   that is supported: then both stand, tied. So does one whose fix is needed beside that of a supported one.
4. The rest is sorted by weight × likelihood of the trials; first those whose own fix was enough by itself, since it was
   enough without a change to what the others name.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from defib.causes import Cause
from defib.diagnosis import DECISIVE, Assessment, Hypothesis, changes_in
from defib.trials.plan import prediction

PROMOTABLE = 0.3
"""Least weight of an inconclusive assessment that trials may promote."""


@dataclass(frozen=True)
class Assessed:
    """A cause and its assessment."""

    cause: Cause
    assessment: Assessment


def contradictions(cause: Cause, outcomes: Mapping[str, bool]) -> tuple[str, ...]:
    """Interventions whose outcome is the opposite of what this cause must show."""
    wrong = {"must_work": False, "must_not": True}
    return tuple(name for name, expected in cause.contrast.items() if outcomes.get(name) == wrong.get(expected, "-"))


def own_fix_worked(cause: Cause, outcomes: Mapping[str, bool]) -> bool:
    """Whether one of its fixes was sufficient."""
    return any(outcomes.get(fix) for fix in cause.fixes)


def is_product(one: Assessed, all_of_them: Sequence[Assessed], outcomes: Mapping[str, bool]) -> bool:
    """Its own fix worked, and what contradicts it is the fix of another cause that is seen, too."""
    against = contradictions(one.cause, outcomes)
    if not against or not own_fix_worked(one.cause, outcomes):
        return False
    others = [other for other in all_of_them if other is not one and other.assessment.verdict == "supported"]
    return all(outcomes.get(name) and any(name in other.cause.fixes for other in others) for name in against)


def settle(assessed: Sequence[Assessed], outcomes: Mapping[str, bool]) -> tuple[Assessed, ...]:
    """Apply the trials to the verdicts (rules 2 and 3)."""
    demoted = [_demote(one, assessed, outcomes) for one in assessed]
    alive = [one for one in demoted if one.assessment.verdict == "supported"]
    promotable = [one for one in demoted if _promotable(one, outcomes)]
    origins = [one for one in promotable if _is_origin(one, alive, outcomes)]
    best = max(origins, key=lambda one: _strength(one, outcomes), default=None)
    named = {one.cause.code for one in [*alive, *([best] if best else [])]}
    raised = [one for one in promotable if one is best or named & set(one.cause.indistinct)]
    raised += [one for one in demoted if one not in raised and _is_needed(one, alive, outcomes)]
    return tuple(_promoted(one, outcomes) if one in raised else one for one in demoted)


def _is_origin(one: Assessed, alive: Sequence[Assessed], outcomes: Mapping[str, bool]) -> bool:
    """It explains whatever is supported, and no fix of that was enough; always where nothing is supported."""
    explained = all(other.cause.code in one.cause.explains and not other.assessment.own for other in alive)
    return explained and not any(own_fix_worked(other.cause, outcomes) for other in alive)


def _is_needed(one: Assessed, alive: Sequence[Assessed], outcomes: Mapping[str, bool]) -> bool:
    """Partly observed, and what is supported is mended only together with one of its fixes."""
    given = one.assessment
    if given.verdict != "inconclusive" or given.weight < PROMOTABLE or contradictions(one.cause, outcomes):
        return False
    return any(_missing(made, alive) and _missing(made, alive) <= set(one.cause.fixes) for made in _pairs(outcomes))


def _pairs(outcomes: Mapping[str, bool]) -> list[set[str]]:
    """The changes that were enough only together."""
    return [set(changes_in(name)) for name, worked in outcomes.items() if worked and len(changes_in(name)) > 1]


def _missing(made: set[str], alive: Sequence[Assessed]) -> set[str]:
    """Of these changes those that mend nothing that is supported; none where nothing of it does."""
    known = {fix for other in alive for fix in other.cause.fixes}
    return made - known if made & known else set()


def _demote(one: Assessed, all_of_them: Sequence[Assessed], outcomes: Mapping[str, bool]) -> Assessed:
    given = one.assessment
    against = contradictions(one.cause, outcomes)
    if given.verdict != "supported" or given.weight >= DECISIVE or not against:
        return one
    if is_product(one, all_of_them, outcomes) or (given.own and _hidden(one, all_of_them, outcomes)):
        return one
    clauses = [
        f"{_told(name)} {'restored learning' if outcomes[name] else 'did not restore learning'}" for name in against
    ]
    because = f"{given.because}; but {' and '.join(clauses)}, which speaks against it"
    return replace(one, assessment=replace(given, verdict="inconclusive", because=because, weight=given.weight / 2))


def _told(name: str) -> str:
    """A change as the table of the trials has it; a family of them, which no row stands for, in words."""
    return "a smaller step" if name == "smaller-step" else name


def _hidden(one: Assessed, others: Sequence[Assessed], outcomes: Mapping[str, bool]) -> bool:
    """Another fault is proven: as long as it is there, a trial of this one's fix says nothing.

    Not where mending that one was enough without a change to this one: then there is nothing behind it.
    """
    proven = [other for other in others if _proven(other) and other.assessment.verdict == "supported"]
    return any(not own_fix_worked(other.cause, outcomes) for other in proven if other is not one)


def _promotable(one: Assessed, outcomes: Mapping[str, bool]) -> bool:
    given = one.assessment
    if given.verdict != "inconclusive" or given.weight < PROMOTABLE or contradictions(one.cause, outcomes):
        return False
    tried = [name for name, expected in one.cause.contrast.items() if expected == "must_work" and name in outcomes]
    return bool(tried)


def _promoted(one: Assessed, outcomes: Mapping[str, bool]) -> Assessed:
    """What was open before the trials ("..., but ...") gives way to what they showed."""
    worked = [name for name in one.cause.fixes if outcomes.get(name)]
    needed = [name for name in one.cause.fixes for made in _pairs(outcomes) if name in made]
    because = one.assessment.because
    if worked or needed:
        said = f"{worked[0]} restored learning" if worked else f"only with {needed[0]} was learning restored"
        because = f"{because.partition(', but ')[0]}, and {said}"
    return replace(one, assessment=replace(one.assessment, verdict="supported", because=because))


def _strength(one: Assessed, outcomes: Mapping[str, bool]) -> float:
    strength = one.assessment.weight
    for name, worked in outcomes.items():
        chance = prediction(one.cause, name)
        strength *= 2 * (chance if worked else 1 - chance)
    return strength


def rank(assessed: Sequence[Assessed], outcomes: Mapping[str, bool]) -> tuple[Hypothesis, ...]:
    """Supported causes, best first, each with what explains it and what it is tied with."""
    alive = [one for one in assessed if one.assessment.verdict == "supported"]
    decisive_first = sorted(
        alive,
        key=lambda one: (
            not _proven(one), not own_fix_worked(one.cause, outcomes), -_strength(one, outcomes), one.cause.code
        ),
    )  # fmt: skip
    origin = {one.cause.code: _origin(one, decisive_first, outcomes) for one in decisive_first}
    partner = {one.cause.code for one in alive if _explained_partner(one, alive, outcomes)}
    ordered = sorted(decisive_first, key=lambda one: (origin[one.cause.code] is not None, one.cause.code in partner))
    origins = [one for one in ordered if origin[one.cause.code] is None]
    alike = {one.cause.code: _indistinct(one, origins) for one in ordered}
    tied = {one.cause.code: (*_tied(one, origins, outcomes), *alike[one.cause.code]) for one in ordered}
    return tuple(
        Hypothesis(
            one.cause.code,
            one.cause.name,
            one.assessment,
            mechanism_of=origin[one.cause.code],
            tied_with=_both_ways(one.cause.code, tied, {other.cause.code for other in origins}),
            indistinct=alike[one.cause.code],
        )
        for one in ordered
    )


def _indistinct(one: Assessed, origins: Sequence[Assessed]) -> tuple[str, ...]:
    """Other origins that no experiment tells from this one, as both pages say."""
    if one not in origins:
        return ()
    return tuple(other.cause.code for other in origins if other.cause.code in one.cause.indistinct)


def _both_ways(code: str, tied: Mapping[str, tuple[str, ...]], origins: Container[str]) -> tuple[str, ...]:
    """Partners of a product; one factor is as much a partner as the other, whichever the trials speak of."""
    back = [other for other, partners in tied.items() if code in partners and other in origins]
    return tuple(dict.fromkeys([*tied[code], *back]))


def _proven(one: Assessed) -> bool:
    return one.assessment.weight >= DECISIVE


def _origin(one: Assessed, others: Sequence[Assessed], outcomes: Mapping[str, bool]) -> str | None:
    """Code of the supported cause that explains this one; the strongest when several do."""
    if one.assessment.own:
        return None
    for other in others:
        if _explains(other, one) and not _both_needed(one, other, outcomes):
            return other.cause.code
    return None


def _both_needed(one: Assessed, other: Assessed, outcomes: Mapping[str, bool]) -> bool:
    """Only a fix of each together was enough: what mends a mechanism's origin would have mended the mechanism."""
    mine, theirs = set(one.cause.fixes), set(other.cause.fixes)
    if any(outcomes.get(name) for name in mine | theirs):
        return False
    firsts = {*one.cause.fixes[:1], *other.cause.fixes[:1]}
    both = [firsts] if len(firsts) == 2 else []
    return any((made & (mine - theirs) and made & (theirs - mine)) or made in both for made in _pairs(outcomes))


def _explained_partner(one: Assessed, others: Sequence[Assessed], outcomes: Mapping[str, bool]) -> bool:
    """It must be mended beside another one that explains it: that one is told first."""
    return any(_explains(other, one) and _both_needed(one, other, outcomes) for other in others if other is not one)


def _explains(other: Assessed, one: Assessed) -> bool:
    """Of two that may each act through the other: what was there first, or, where that is open, is seen better."""
    if one.cause.code not in other.cause.explains or _later(other, one):
        return False
    if other.cause.code not in one.cause.explains:
        return True
    return _later(one, other) or other.assessment.weight > one.assessment.weight


def origins_of(assessed: Sequence[Assessed]) -> dict[str, tuple[str, ...]]:
    """For each supported mechanism the supported causes that explain it and are no mechanisms themselves."""
    alive = [one for one in assessed if one.assessment.verdict == "supported" and one.assessment.weight > 0]
    behind = {one.cause.code: _origin(one, alive, {}) for one in alive}
    return {code: (origin,) for code, origin in behind.items() if origin is not None and behind[origin] is None}


def _later(origin: Assessed, mechanism: Assessed) -> bool:
    """What would be the origin began after what it should explain."""
    began, seen = origin.assessment.since, mechanism.assessment.since
    return began is not None and seen is not None and began > seen


def _paired(one: Assessed, others: Sequence[Assessed], outcomes: Mapping[str, bool]) -> tuple[str, ...]:
    """Those whose fixes and this one's were sufficient together, and not without each other."""
    made = [set(changes_in(name)) for name, worked in outcomes.items() if worked]
    wanted = {b for several in made if len(several) > 1 and several & set(one.cause.fixes) for b in several}
    wanted -= set(one.cause.fixes)
    return tuple(other.cause.code for other in others if other is not one and wanted & set(other.cause.fixes))


def _tied(one: Assessed, others: Sequence[Assessed], outcomes: Mapping[str, bool]) -> tuple[str, ...]:
    """The partners of a product: each one's own fix was sufficient, or only both together."""
    if paired := _paired(one, others, outcomes):
        return paired
    if not is_product(one, others, outcomes):
        return ()
    against = contradictions(one.cause, outcomes)
    return tuple(
        other.cause.code for other in others if other is not one and any(name in other.cause.fixes for name in against)
    )

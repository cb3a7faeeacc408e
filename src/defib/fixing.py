"""From causes and trials to the smallest fix, as code in the user's framework."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from defib.catalogue import load as load_cause
from defib.causes import Cause
from defib.diagnosis import DECISIVE, TOGETHER, Diagnosis, Fix, Hypothesis, Trial, changes_in
from defib.evidence import Book, Missing
from defib.interventions import Intervention
from defib.interventions._writing import keras_loss, learning_rate, optimizer_call
from defib.interventions.table import load as load_intervention
from defib.joined_code import joined
from defib.recipe import Edit
from defib.subject import NotAvailable
from defib.trials.before import ASKING
from defib.trials.sets import mergeable, more_than_enough
from defib.wording import NO_SIGNAL

FILL = "impute-nan"


def choose_fix(
    causes: Sequence[Hypothesis],
    catalogue: Mapping[str, Cause],
    interventions: Mapping[str, Intervention],
    trials: Sequence[Trial],
    book: Book,
    framework: str,
    excluded: Container[str] = (),
) -> Fix | None:
    """The smallest sufficient fix of the first cause (or of what it acts through, or is tied with).

    Without one its smallest that recovered on some seed, else its first applicable one: as a suggestion. Where all of
    them were tried in vain, the smallest change that was enough. Of verified ones those come last
    that are made for a cause whose code is in ``excluded`` (ruled out).
    """
    if not causes:
        return None
    first = causes[0]
    interventions = {name: one for name, one in interventions.items() if framework not in one.impossible_in}
    own = _fixes_of([first], catalogue, interventions)
    near = [one for one in causes[1:] if one.mechanism_of == first.code or one.code in first.tied_with]
    near += [one for one in causes[1:] if one.assessment.own]  # a second fault, whose change may mend the first, too
    more = more_than_enough(trials)
    sufficient = [trial.intervention for trial in trials if trial.sufficient and trial not in more]
    in_vain = tuple(
        t.intervention for t in trials if t.arm == "treated" and not (t.sufficient or t.undecided or t.partial)
    )
    of_near = _fixes_of(near, catalogue, interventions)
    verified = [name for name in [*own, *of_near] if name in sufficient]
    verified.sort(key=lambda name: made_for(name, catalogue, excluded) is not None)
    likely = _likely(trials, own)
    as_on_its_page = [name for name in catalogue[first.code].fixes if name in interventions]
    untried = [name for name in as_on_its_page if name not in in_vain and interventions[name].fits(book)]
    mends = {*own, *(_filling(interventions, book) if FILL in own else ())}
    together = [t for t in trials if t.sufficient and len(t.changes) > 1 and set(t.changes) & {*mends, *of_near}]
    pair = min(together, key=lambda trial: (len(trial.changes), _place(trial, [*own, *of_near])), default=None)
    proven = [name for name in sufficient if name in interventions]  # of no cause that is named, and yet enough
    others = sorted(proven, key=lambda name: interventions[name].size) if not likely and not untried else []
    every = _of_every_fault(causes, catalogue, interventions, trials, book)
    certain = own if first.assessment.weight >= DECISIVE else []  # needed, though not enough alone
    ways = (verified, [pair.intervention] if pair else [], likely, every, untried, others, certain)
    chosen = next((name for names in ways for name in names), None)
    if chosen is None:
        return None
    made = changes_in(chosen)
    parts = [interventions[name] for name in sorted(made, key=lambda name: name in ASKING)]  # to be done in this order
    return Fix(
        interventions=made,
        verified=chosen in sufficient,
        code=joined([_code(one, book, framework).rstrip() for one in parts], _recorded(book, framework)),
        says=_one_after_another([_says(one, book) for one in parts]),
        alternatives=tuple(name for name in sufficient if name != chosen),
        insufficient=in_vain,
    )


def _place(trial: Trial, wanted: Sequence[str]) -> int:
    """Where the first of its changes stands among these."""
    return min((wanted.index(name) for name in trial.changes if name in wanted), default=len(wanted))


def unmended(diagnosis: Diagnosis, book: Book) -> tuple[str, ...]:
    """Notes on further faults that the fix leaves as they are, with the first of their pages' fixes that applies.

    Where there is nothing to learn, none is left that mattered.
    """
    if diagnosis.fix is None or diagnosis.causes[0].code == NO_SIGNAL:
        return ()
    made, first, notes = set(diagnosis.fix.interventions), diagnosis.causes[0], []
    for one in diagnosis.causes[1:]:
        fixes = load_cause(one.code).fixes
        apart = one.mechanism_of is None and one.code not in first.tied_with and first.code not in one.tied_with
        served = load_cause(one.code).stage in ("serving", "nothing_wrong")  # of which no trial on other rows tells
        proven = diagnosis.fix.verified and not served  # what it leaves is no hindrance
        if apart and not proven and fixes and not made & set(fixes):
            known = [load_intervention(name) for name in fixes]
            advice = _says(next((other for other in known if other.fits(book)), known[0]), book)
            notes.append(f"the fix above leaves {one.name} ({one.code}); for that, {advice}: defib explain {one.name}")
    return tuple(notes)


def _likely(trials: Sequence[Trial], own: Sequence[str]) -> list[str]:
    """What was not proven and did help, alone or made together with others, the largest effect first."""
    hopeful = [one for one in trials if (one.undecided or one.partial) and set(one.changes) & set(own)]
    hopeful = [one for one in hopeful if len(one.changes) > 1 or one.intervention in own]
    return [one.intervention for one in sorted(hopeful, key=lambda one: -(one.effect or 0.0))]


def can_be_tried(fix: Fix, book: Book) -> bool:
    """Whether a trial could prove it; what lies outside of the training and the serving path, none can."""
    return all(_can_be_made(load_intervention(name), book) for name in fix.interventions)


def _can_be_made(one: Intervention, book: Book) -> bool:
    """Whether a clone can be given this change, with what is known here."""
    if one.kind == "advice" or not one.fits(book):
        return False
    try:
        one.arm(book)
    except (Missing, NotAvailable):
        return False
    return True


def _of_every_fault(
    causes: Sequence[Hypothesis],
    catalogue: Mapping[str, Cause],
    interventions: Mapping[str, Intervention],
    trials: Sequence[Trial],
    book: Book,
) -> list[str]:
    """The first fixes of all faults together, where that of the leading one was not enough and they were not tried."""
    faults = [one for one in causes if one.mechanism_of is None]
    firsts = [_first_applicable(catalogue[one.code].fixes, interventions, book) for one in faults]
    names = list(dict.fromkeys(name for name in firsts if name is not None))
    tried = [set(trial.changes) for trial in trials]
    if len(names) < 2 or {firsts[0]} not in tried or set(names) in tried:
        return []
    together = mergeable(names, lambda name: interventions[name].arm(book))
    return [TOGETHER.join(names)] if list(together) == names else []


def _first_applicable(fixes: Sequence[str], interventions: Mapping[str, Intervention], book: Book) -> str | None:
    known = (name for name in fixes if name in interventions)
    return next((name for name in known if _can_be_made(interventions[name], book)), None)


def _one_after_another(clauses: Sequence[str]) -> str:
    """Clauses as one sentence.

    >>> _one_after_another(["do a"]), _one_after_another(["do a", "do b"]), _one_after_another(["a", "b", "c"])
    ('do a', 'do a, and do b', 'a, b, and c')
    """
    return ", ".join([*clauses[:-1], f"and {clauses[-1]}"] if len(clauses) > 1 else clauses)


def _recorded(book: Book, framework: str) -> frozenset[str]:
    """How the user's own optimizer and loss are written where nothing of them is changed."""
    rate = learning_rate(book)
    made = optimizer_call(book, framework, f"{rate:.4g}") if rate is not None else ""
    return frozenset({made, keras_loss(book)})


def made_for(name: str, catalogue: Mapping[str, Cause], excluded: Container[str]) -> Cause | None:
    """The excluded cause that this change is the first fix of, where it is that of no other cause.

    It may restore learning all the same: what works does not say what was wrong.
    """
    causes = [cause for cause in catalogue.values() if cause.fixes[:1] == (name,)]
    return causes[0] if causes and all(cause.code in excluded for cause in causes) else None


def works_all_the_same(
    trials: Sequence[Trial], causes: Sequence[Hypothesis], catalogue: Mapping[str, Cause], excluded: Container[str]
) -> tuple[str, ...]:
    """A note for each change that restored learning although what it is made for is ruled out, and no fault named."""
    named = {fix for one in causes if one.mechanism_of is None for fix in catalogue[one.code].fixes}
    enough = [trial.intervention for trial in trials if trial.sufficient and trial.intervention not in named]
    known = ((name, made_for(name, catalogue, excluded)) for name in enough)
    return tuple(
        f"{name} restores learning although {cause.name} is ruled out: that a change works does not say what was wrong"
        for name, cause in known
        if cause is not None
    )


def _fixes_of(
    causes: Sequence[Hypothesis], catalogue: Mapping[str, Cause], interventions: Mapping[str, Intervention]
) -> list[str]:
    """The causes' fixes in the order of the causes, each cause's smallest first."""
    names: list[str] = []
    for one in causes:
        known = [name for name in catalogue[one.code].fixes if name in interventions]
        names += sorted(known, key=lambda name: interventions[name].size)
    return list(dict.fromkeys(names))


def _filling(interventions: Mapping[str, Intervention], book: Book) -> list[str]:
    """Changes that fill missing cells on their way."""
    return [name for name, one in interventions.items() if one.fits(book) and _fills(one, book)]


def _fills(one: Intervention, book: Book) -> bool:
    try:
        inputs = one.arm(book).inputs
    except (Missing, NotAvailable):
        return False
    return inputs is not None and inputs.fill is not None


def _says(one: Intervention, book: Book) -> str:
    """What is changed; a transform of the inputs fills missing cells first, a canonical loop may need another loss."""
    try:
        arm, says = one.arm(book), one.says(book)
    except (Missing, NotAvailable):
        return one.does
    if says is not None:
        return says
    if arm.loop == "canonical" and any(edit.op == "loss" for edit in arm.edits):
        return f"{one.does}, with the loss that belongs to the output"
    if Edit("head", "softplus") in arm.edits:
        return "end the network in an activation that is never negative, where the loss has no value"
    if one.kind == "train" and arm.labels is not None and arm.edits:
        return f"number the classes from 0 on, and {one.does}"
    if arm.labels is not None:
        return "number the classes from 0 on, as the loss expects them"
    return f"fill the missing cells and {one.does}" if one.name != FILL and _fills(one, book) else one.does


def _code(one: Intervention, book: Book, framework: str) -> str:
    try:
        return one.code(book, framework)
    except Missing as missing:
        return f"# {one.does} (needs {missing.needs})"

"""From hypotheses to a finished campaign: which interventions are offered, and whether any trial can be run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from defib.causes import Cause
from defib.diagnosis import DECISIVE
from defib.evidence import Book, Missing
from defib.interventions import Intervention
from defib.interventions.table import all_interventions
from defib.paired import PairedSubject
from defib.probes.before import BeforeFacts
from defib.probes.labels import LabelFacts
from defib.probes.looking import asks_for_the_mean
from defib.probes.reference import SignalFacts
from defib.recipe import Arm
from defib.skill_against_reference import Yardstick, can_be_used, reference_score, told_by_labels
from defib.subject import Subject
from defib.trials import Progress, plan
from defib.trials.asked import NEVER_TRAINED, as_asked
from defib.trials.asking import Asked
from defib.trials.before import LABELS, can_be_tried, offered_before, splits
from defib.trials.both import SAID, SERVED
from defib.trials.campaign import Conductor
from defib.trials.engine import SerialEngine, Split, split_rows
from defib.trials.judge import MIN_SEEDS, Run
from defib.trials.outcome import Campaign, Look, Second
from defib.trials.paired import SAYS, engine_of_pairs
from defib.trials.served import Serving, as_served

LookAgain = Callable[[Split, str, Arm, float, bool], Second]
"""``(rows, name of the arm, arm, deadline, it recovers) -> what is seen``"""
LEAST_SHARE = 0.25
"""Of the seconds for all trials: what those of the rows served get at least, where the others came to nothing."""
WELL_KNOWN = (
    "standardize-inputs",
    "step-divided-by-10",
    "step-divided-by-100",
    "batch-norm",
    "relu-he",
    "reinitialize",
)
"""What people try first. Tried too while time is left: the report says which of them is not sufficient."""
SUPPORTED = 0.5
"""Belief that what is inconclusive never has (`defib.assess.leading` halves it)."""


def engine_for(
    subject: Subject,
    book: Book,
    seed: int,
    yardstick: Yardstick = "skill",
    served: Serving | None = None,
    asked: Asked | None = None,
    before: tuple[Split, Split] | None = None,
    beside: Serving | None = None,
) -> SerialEngine | str:
    """The engine, or the reason why no trial can be run, as a clause."""
    if subject.paired is not None and served is None and asked is None and before is None:
        return engine_of_pairs(subject.paired, seed)
    if subject.training is None or subject.training.y is None:
        return "no trial was run: it needs the training rows with their labels"
    if subject.recipe.missing:
        return f"no trial was run: it needs {' and '.join(subject.recipe.missing)}"
    reason = subject.can_train(Arm())
    if reason is not None:
        return f"no trial was run: {reason}"
    split = before[0] if before is not None else split_rows(subject.training, seed)
    if split is None:
        return f"no trial was run: {len(subject.training)} rows are too few to hold some out"
    try:
        task = book.get(LabelFacts).task
    except Missing as missing:
        return f"no trial was run: it needs {missing.needs}"
    reference = reference_score(book, yardstick) or 1.0
    if asked is not None and asked.by_labels and yardstick == "skill":
        reference = told_by_labels(reference)
    return SerialEngine(
        subject,
        split,
        task=task,
        reference_score=reference,
        reference_usable=can_be_used(book),
        yardstick=yardstick,
        served=served,
        asked=asked,
        before=None if before is None else before[1],
        beside=beside,
        straight=not asks_for_the_mean(subject.recipe),
    )


def offered(
    ranked: Sequence[Cause],
    book: Book,
    served: Serving | None = None,
    asked: Asked | None = None,
    beliefs: Mapping[str, float] | None = None,
) -> tuple[Intervention, ...]:
    """Interventions that tell the hypotheses apart, then the well-known ones; only those that can change anything.

    Where only the asking makes a difference, what mends it, and the first fix of each further fault that is supported:
    once the network is asked rightly, it shows.
    """
    table = all_interventions()
    if asked is not None and asked.only:
        seen = [cause for cause in ranked[1:] if (beliefs or {}).get(cause.code, 0.0) > SUPPORTED]
        firsts = (next((name for name in one.fixes if _tryable(table[name], book)), None) for one in seen)
        names = dict.fromkeys([asked.mended_by, *(name for name in firsts if name is not None)])
        return tuple(table[name] for name in names)
    names = dict.fromkeys([*plan.candidates(ranked), *(() if _nothing_in_the_training(ranked) else WELL_KNOWN)])
    # Without a fault that is done again to the clones, rows are prepared and asked for as they should be anyway.
    known = {*(SERVED if served is not None else ()), *([asked.mended_by] if asked is not None else ())}
    for name in {*SERVED, *NEVER_TRAINED} - known:
        names.pop(name, None)
    return tuple(table[name] for name in names if name in table and _tryable(table[name], book))


def _nothing_in_the_training(ranked: Sequence[Cause]) -> bool:
    """Only the rows served are at fault: no change to the training is worth trying."""
    return bool(ranked) and ranked[0].stage == "nothing_wrong" and bool(SERVED & set(ranked[0].fixes))


def _tryable(one: Intervention, book: Book) -> bool:
    return one.kind == "train" and one.fits(book)


def asking(ranked: Sequence[Cause], beliefs: Mapping[str, float], book: Book) -> Asked | None:
    """How the program asked, where the leading cause says beyond doubt that it was the asking."""
    return as_asked(ranked[0], book) if ranked and beliefs[ranked[0].code] >= DECISIVE else None


def _how(engine: SerialEngine, served: Serving | None, asked: Asked | None) -> list[str]:
    """How arms are judged, where it is not by the rows as they are, as notes."""
    found = []
    if served is not None:
        found.append(SAID.format(mend="the fix"))
    if asked is not None:
        found.append(f"in the trials, {asked.says}")
    if isinstance(engine.subject, PairedSubject):
        found.append(SAYS)
    return found


def run_trials(
    subject: Subject,
    book: Book,
    ranked: Sequence[Cause],
    beliefs: Mapping[str, float],
    seconds: float,
    seed: int,
    progress: Progress,
    yardstick: Yardstick = "skill",
    control: Sequence[Run] = (),
    look: LookAgain | None = None,
) -> Campaign:
    """Try interventions on clones within the budget (seconds), judged by the yardstick.

    ``control``: runs of the recipe as recorded that a replay with the same seed has made already. ``look``: what
    examines the model as an arm leaves it.
    """
    if book.has(SignalFacts) and not book.get(SignalFacts).has_signal:
        return Campaign(notes=("no trial was run: the rows show no signal that a change could bring back",))
    served = as_served(subject, book) if ranked and SERVED & set(ranked[0].fixes) else None
    asked = asking(ranked, beliefs, book) if served is None else None
    if served is None and asked is None and _nothing_in_the_training(ranked):
        return Campaign()
    before = splits(subject, book, seed)
    if before is None and can_be_tried(book):
        return Campaign(notes=("no trial was run: the rows before the step are too few to hold some out",))
    as_replayed = served is None and asked is None and before is None
    beside = as_served(subject, book) if as_replayed else None
    engine = engine_for(subject, book, seed, yardstick, served, asked, before, beside)
    if isinstance(engine, str):
        return Campaign(notes=(engine,))
    known = control if as_replayed else ()  # a replay scored all rows as they are
    conductor = Conductor(
        engine, book, seconds=seconds, seed=seed, progress=progress, control=known, look=_looking(engine, look)
    )
    conductor.notes += _how(engine, served, asked)
    if before is not None:
        facts = book.get(BeforeFacts)
        rows = f"{facts.said if facts.by else f'{facts.name} as it stands'}, each column standardized"
        rows = f"the rows with {facts.said} as labels" if facts.how in LABELS else rows
        conductor.notes.append(f"in the trials, the fix trains on {rows}")
        return conductor.conduct(ranked, beliefs, offered_before(tuple(ranked), book))
    done = conductor.conduct(ranked, beliefs, offered(ranked, book, served, asked, beliefs))
    if asked is not None:
        learns = len(control) >= MIN_SEEDS and all(run.recovered for run in control)
        return replace(done, control_recovered=True) if learns else done  # but for the asking
    serving = [one for one in ranked if SERVED & set(one.fixes)]
    if served is not None or not serving or not done.control_recovered:
        return done
    # The training is sound: what is left to try is how its rows are served.
    left = max(conductor.started + seconds - time.monotonic(), LEAST_SHARE * seconds)
    weighed = {one.code: beliefs[one.code] for one in serving}
    again = run_trials(subject, book, serving, weighed, left, seed, progress, yardstick, look=look)
    return replace(again, control_recovered=True) if again.outcomes else done


def _looking(engine: SerialEngine, look: LookAgain | None) -> Look | None:
    """The look at arms of this engine."""
    if look is None:
        return None
    return lambda name, arm, deadline, enough: look(engine.split_of(arm), name, arm, deadline, enough)


def replay_only(subject: Subject, book: Book, seconds: float, seed: int, progress: Progress) -> Campaign:
    """Only the control: the recipe as recorded, scored on rows left out of it."""
    engine = engine_for(subject, book, seed, beside=as_served(subject, book))
    if isinstance(engine, str):
        return Campaign(notes=(engine,))
    conductor = Conductor(engine, book, seconds=seconds, seed=seed, progress=progress)
    conductor.notes += _how(engine, None, None)
    return conductor.conduct((), {}, ())

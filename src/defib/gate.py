"""Is there a problem at all? The gate before any cause is named.

Spread alone is wrong both ways, so the gate reads the pattern *and* the skill: a flat output is a problem whatever
its skill; an output that varies is one when nothing it learnt holds on rows it was not trained on, or when it ranks
the rows and tells next to nothing as it stands (squeezed together, or nearly every row in one of several classes),
where a reference learner on the same rows tells much. A rare class is left out of that: there the label is expected.
An output that has no value for some of the classes is a problem however well it ranks the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from defib.causes._signs import (
    answered_from_memory,
    lost_in_training_mode,
    served_by_another,
    served_on_another_scale,
    served_unknown_tokens,
    shown_constant,
    unsayable,
    untouched,
)
from defib.evidence import Book, Missing
from defib.probes.labels import LabelFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.pairs import PairFacts
from defib.skill_against_reference import COMMON, is_weak, memorized, squeezed, tells_little
from defib.symptom import Skill, Symptom
from defib.trials.outcome import Campaign

Problem = Literal[
    "flat",
    "one_class",
    "untrained",
    "unskilled",
    "unsayable",
    "weak",
    "skewed",
    "shown",
    "remembered",
    "none",
    "unknown",
]

Metric = Literal["gini", "r2"]

SURPRISE = 0.01
"""One hard label on all rows surprises only when chance alone would give it less often than this."""


@dataclass(frozen=True)
class Gate:
    """The symptom with the best skill there is, and what it amounts to."""

    symptom: Symptom
    problem: Problem


def read_gate(book: Book, replay: Campaign | None = None) -> Gate:
    """Judge the symptom; ``replay`` (a campaign's control) stands in where no unseen labelled rows are known."""
    symptom = book.get(SymptomFacts).symptom
    seen = symptom.skill
    # A replay takes steps; where the user's own moved nothing, or others' weights predicted, it says nothing of these.
    own = not (untouched(book) or served_by_another(book) or answered_from_memory(book) or lost_in_training_mode(book))
    if replay is not None and own and (seen is None or seen.rows == "training" or not seen.shown):
        metric: Metric = "r2" if symptom.output_kind == "value" and not book.has(PairFacts) else "gini"
        symptom = replace(symptom, skill=_replayed(replay, metric) or seen)
    if book.has(PairFacts):
        symptom = replace(symptom, skill=_of_pairs(book.get(PairFacts), symptom.skill, replay))
    return Gate(symptom, _problem(symptom, book))


def _of_pairs(facts: PairFacts, seen: Skill | None, replay: Campaign | None) -> Skill | None:
    """By the pairs that the loss joins: what the network does not tell of those it was trained on, it did not learn.

    What it tells of them is no skill on others: that only replays show, and where one shows none nothing is known.
    """
    if not facts.tells:
        return facts.skill
    runs = () if replay is None else replay.control
    return seen if runs and all(run.score_interval[0] > 0 for run in runs) else None


def needs_replay(gate: Gate) -> bool:
    """Whether only a replay of the recipe can tell learnt from memorized."""
    if gate.problem == "flat":
        return False
    skill = gate.symptom.skill
    return skill is None or skill.rows == "training" or not skill.shown


def _problem(symptom: Symptom, book: Book) -> Problem:
    if symptom.is_flat:
        return "flat"
    skill = symptom.skill
    ranks = skill is None or (skill.shown and not memorized(skill, book) and not untouched(book))
    if symptom.pattern == "one_class" and ranks and _surprising(symptom, book):
        # Squeezed to one side: the label is the least of it, and no threshold would mend it.
        return "weak" if squeezed(symptom) else "one_class"
    if untouched(book):
        return "untrained"
    if answered_from_memory(book):
        return "remembered"
    if skill is None or lost_in_training_mode(book):  # the skill is that of evaluation mode: nothing predicted in it
        return "shown" if shown_constant(book) else "unknown"
    if not skill.shown or _tells_no_pairs(book) or memorized(skill, book) or is_weak(skill, book):
        return "unskilled"
    if unsayable(book) is not None:
        return "unsayable"
    if tells_little(symptom, book):
        return "weak"
    if shown_constant(book):
        return "shown"
    return "skewed" if served_on_another_scale(book) or served_unknown_tokens(book) else "none"


def _tells_no_pairs(book: Book) -> bool:
    return book.has(PairFacts) and not book.get(PairFacts).tells


def _surprising(symptom: Symptom, book: Book) -> bool:
    """One label for all rows is expected of few rows, or where nearly every row has that label."""
    try:
        prior = book.get(LabelFacts).class_prior
    except Missing:
        return symptom.n_rows >= 10
    highest = max(prior, default=1.0)
    return highest >= COMMON or highest**symptom.n_rows < SURPRISE


def _replayed(replay: Campaign, metric: Metric) -> Skill | None:
    runs = replay.control
    if not runs or any(math.isnan(run.score) for run in runs):  # labels of one class tell no skill
        return None
    told = [(run.usable, run.usable_interval) for run in runs]
    known = [(value, interval) for value, interval in told if value is not None and interval is not None]
    return Skill(
        metric=metric,
        value=fmean(run.score for run in runs),
        interval=_mean_interval(run.score_interval for run in runs),
        n_rows=runs[0].n_rows,
        rows="replayed",
        usable=fmean(value for value, _ in known) if known else None,
        usable_interval=_mean_interval(interval for _, interval in known) if known else None,
    )


def _mean_interval(intervals: Iterable[tuple[float, float]]) -> tuple[float, float]:
    low, high = zip(*intervals, strict=True)
    return fmean(low), fmean(high)

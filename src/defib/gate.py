"""Is there a problem at all? The gate before any cause is named.

Spread alone is wrong both ways, so the gate reads the pattern *and* the skill: a flat output is a problem whatever
its skill; an output that varies is one only when nothing it learnt holds on rows it was not trained on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from defib.causes._signs import untouched
from defib.evidence import Book, Missing
from defib.gate_score import reference_score
from defib.probes.labels import LabelFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.reference import SignalFacts
from defib.symptom import Skill, Symptom
from defib.trials.campaign import Campaign
from defib.trials.judge import recovery

Problem = Literal["flat", "one_class", "unskilled", "none", "unknown"]

WEAK_RECOVERY = 0.25
"""Skill whose whole interval stays below a quarter of the reference learner's is no success."""
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
    if replay is not None and (symptom.skill is None or symptom.skill.rows == "training" or not symptom.skill.shown):
        symptom = replace(symptom, skill=_replayed(replay, symptom) or symptom.skill)
    return Gate(symptom, _problem(symptom, book))


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
    ranks = skill is None or skill.shown
    if symptom.pattern == "one_class" and ranks and _surprising(symptom, book):
        return "one_class"
    if untouched(book):
        return "unskilled"
    if skill is None:
        return "unknown"
    if skill.rows == "training" and _no_signal(book):
        return "unskilled"
    if not skill.shown or _weak(skill, book):
        return "unskilled"
    return "none"


def _no_signal(book: Book) -> bool:
    """Rows without signal: what the network has on its own training rows is memorized."""
    return book.has(SignalFacts) and not book.get(SignalFacts).has_signal


def _weak(skill: Skill, book: Book) -> bool:
    reference = reference_score(book)
    if reference is None or not book.get(SignalFacts).has_signal:
        return False
    return recovery(skill.interval[1], reference) < WEAK_RECOVERY


def _surprising(symptom: Symptom, book: Book) -> bool:
    """One label for all rows is expected of few rows, or where nearly every row has that label."""
    try:
        prior = book.get(LabelFacts).class_prior
    except Missing:
        return symptom.n_rows >= 10
    highest = max(prior, default=1.0)
    return highest >= 0.8 or highest**symptom.n_rows < SURPRISE


def _replayed(replay: Campaign, symptom: Symptom) -> Skill | None:
    runs = replay.control
    if not runs:
        return None
    n = len(runs)
    low = sum(run.score_interval[0] for run in runs) / n
    high = sum(run.score_interval[1] for run in runs) / n
    metric: Literal["gini", "r2"] = "r2" if symptom.output_kind == "value" else "gini"
    return Skill(metric, sum(run.score for run in runs) / n, (low, high), runs[0].n_rows, "replayed")

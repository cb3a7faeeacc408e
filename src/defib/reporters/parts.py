"""What every report is made of, taken from a Diagnosis as it stands: which numbers, which order, in which words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from pathlib import PurePath
from typing import Literal

from defib.diagnosis import Diagnosis, Fix, Hypothesis, NotAssessed, Spot, Trial
from defib.reporters.words import FLAGS, fixes_of, interval_text, named, number_name, number_text, place, stage_of

PROOFS = 3
"""Numbers shown for the leading cause; the JSON report has them all."""
LONGEST_TEXT = 60
"""Characters of a line of the program that are shown: enough to know it by, short enough not to be broken."""
LEGEND = "recovery, on rows not trained on: 0 = a constant, 1 = the reference learner"
EFFECT = "; effect: difference to the control [95 %]"
NO_SIGNAL = (
    "skill on rows not trained on (2 AUC - 1, or R²): 0 = a constant; no reference learner has any to compare it with"
)


def proofs(diagnosis: Diagnosis, most: int | None = PROOFS) -> list[tuple[str, str]]:
    """Names and values of the numbers that carry the leading cause, and the layer where the rows become equal."""
    if not diagnosis.causes:
        return []
    numbers = [
        (name, value)
        for name, value in diagnosis.causes[0].assessment.numbers.items()
        if value or name not in FLAGS  # that something is not so is no proof
    ][:most]
    shown = [(number_name(name), number_text(name, value)) for name, value in numbers]
    shown += [(spot_kind(spot), spot.name) for spot in diagnosis.causes[0].assessment.where[:SPOTS]]
    if diagnosis.first_equal_layer:
        shown.append(("the rows become equal in", place(diagnosis.first_equal_layer)))
    return shown


SPOTS = 4
"""Classes or groups of weights that the cause's figures list."""


def spot_kind(spot: Spot) -> str:
    """What is named: a class, or weights of a parameter group.

    >>> spot_kind(Spot("class", "2")), spot_kind(Spot("weights", "fc.bias", 1))
    ('class', 'weights, group 1')
    """
    return spot.kind if spot.group is None else f"{spot.kind}, group {spot.group}"


def where(cause: Hypothesis) -> str:
    """``, in dense``, or nothing."""
    return f", in {place(cause.assessment.layer)}" if cause.assessment.layer else ""


def acts_through(causes: Sequence[Hypothesis]) -> list[Hypothesis]:
    """The mechanism through which the first cause acts, by itself or through another mechanism."""
    return [one for one in causes[1:] if one.mechanism_of and _origin(one, causes) == causes[0].code]


def _origin(one: Hypothesis, causes: Sequence[Hypothesis]) -> str:
    """What stands at the head of the chain that explains this one."""
    behind, code = {other.code: other.mechanism_of for other in causes}, one.code
    for _ in causes:
        code = behind.get(code) or code
    return code


def is_a_way(one: Hypothesis) -> bool:
    """Whether a fault can act through this one; that few updates were made is only explained by what goes before."""
    return stage_of(one.code) != "optimization"


def further(causes: Sequence[Hypothesis]) -> list[Hypothesis]:
    """What was found beside the first: other faults, and through what these act."""
    acts = acts_through(causes)
    return [one for one in causes[1:] if one not in acts]


def by_need(unassessed: Iterable[NotAssessed]) -> dict[str, list[str]]:
    """What could not be judged, by what it would need.

    >>> by_need([NotAssessed("DF1", "a", "labels"), NotAssessed("DF2", "b", "labels")])
    {'labels': ['a', 'b']}
    """
    needs: dict[str, list[str]] = {}
    for one in unassessed:
        needs.setdefault(one.needs, []).append(one.name)
    return needs


def control_first(trials: Iterable[Trial]) -> list[Trial]:
    """All arms, the control first."""
    return sorted(trials, key=lambda one: one.arm != "control")


def measured(trials: Iterable[Trial]) -> bool:
    """Whether recovery could be measured; without any signal in the rows there is nothing to recover."""
    return not any(isnan(value) for trial in trials for value in trial.recovery)


def per_seed(trial: Trial, recovered: bool) -> tuple[float, ...]:
    """What is shown per seed: the recovery; the skill where there is nothing to recover."""
    return trial.recovery if recovered else trial.score


FAR_BELOW = -10.0
"""Recovery below which only that it is far worse than a constant is shown: predictions that flew off have no scale."""


def reached_text(trial: Trial, recovered: bool) -> str:
    """What each seed reached, in one cell.

    >>> reached_text(Trial("a", "treated", "", (), (0.98, -33823.2), (), ()), True)
    '0.98 <-10'
    """
    return " ".join("<-10" if one < FAR_BELOW else f"{one:z.2f}" for one in per_seed(trial, recovered))


def effect_text(trial: Trial) -> str:
    """The effect with its interval; nothing for the control, no interval where predictions flew off.

    >>> effect_text(Trial("a", "treated", "", (), (), (), (), effect=0.5, interval=(0.4, 0.6)))
    '+0.50 [0.40, 0.60]'
    """
    if trial.effect is None:
        return ""
    if trial.effect < FAR_BELOW:
        return "<-10"
    return f"{trial.effect:+z.2f}" + (f" {interval_text(trial.interval)}" if trial.interval is not None else "")


def legend(trials: Iterable[Trial]) -> str:
    """What the columns of the table mean; a word that does not occur is not explained."""
    arms = list(trials)
    if not measured(arms):
        return NO_SIGNAL
    effect = EFFECT if changed(arms) else ""
    partly = "; partly: better than the control, but not enough" if any(one.partial for one in arms) else ""
    undecided = "; open: too few seeds, or they disagree" if any(one.undecided for one in arms) else ""
    flown = "; <-10: far worse than a constant" if any(_flown(one) for one in arms) else ""
    return LEGEND + effect + partly + undecided + flown


def _flown(trial: Trial) -> bool:
    return any(one < FAR_BELOW for one in (*trial.recovery, trial.effect or 0.0))


def verdict_text(trial: Trial) -> Literal["control", "open", "partly", "yes", "no"]:
    """Whether it was enough."""
    if trial.arm == "control":
        return "control"
    if trial.undecided:
        return "open"
    if trial.partial:
        return "partly"
    return "yes" if trial.sufficient else "no"


def fix_title(fix: Fix) -> str:
    """Only what was proven is called the fix."""
    return "The smallest fix" if fix.verified else "A suggested fix"


def alternatives_title(fix: Fix) -> str:
    """What stands before the other interventions that were sufficient."""
    return "Sufficient, too" if fix.verified else "Sufficient in the trials"


def changed(trials: Iterable[Trial]) -> bool:
    """Whether anything was changed; the control alone is a replay and tries nothing."""
    return any(trial.arm != "control" for trial in trials)


def trials_title(trials: Iterable[Trial]) -> str:
    """What stands above the trials."""
    return "What was tried, on clones" if changed(trials) else "The training replayed, on clones"


def cause_title(diagnosis: Diagnosis) -> str:
    """What stands above the leading cause."""
    return "Why" if diagnosis.outcome == "nothing_wrong" else "The cause"


def course_title(diagnosis: Diagnosis) -> str:
    """What stands above what broke when."""
    how = "with the training's own batches" if diagnosis.replayed_batches else "with other batches"
    return f"In the order of time, replayed from the initial weights {how}"


def place_text(cause: Hypothesis, longest: int = LONGEST_TEXT) -> str:
    """File and line of the cause, and the beginning of what stands there; nothing without them.

    >>> from defib.diagnosis import Place, supported
    >>> place_text(Hypothesis("DF501", "x", supported("y", weight=1.0), at=Place("/a/train.py", 31, "opt = SGD(lr=9)")))
    'train.py:31  opt = SGD(lr=9)'
    """
    if cause.at is None:
        return ""
    text = cause.at.text
    shown = text if len(text) <= longest else f"{text[:longest].rstrip()} …"
    return f"{line_text(cause)}  {shown}" if shown else line_text(cause)


def line_text(cause: Hypothesis) -> str:
    """File and line of the cause; nothing without them."""
    return "" if cause.at is None else f"{PurePath(cause.at.file).name}:{cause.at.line}"


def tie_text(diagnosis: Diagnosis) -> str:
    """What the best cause and its partners have to do with each other: one of two changes, or only both."""
    best = diagnosis.causes[0]
    if not best.tied_with:
        return ""
    if best.indistinct:
        return f"No experiment tells it apart from {named(best.indistinct)}: what mends one mends the other."
    enough = [trial for trial in diagnosis.trials if trial.sufficient]
    alone = [trial.intervention for trial in enough if len(trial.changes) == 1]
    partners = [one for one in diagnosis.causes if one.code in best.tied_with]
    mine = [name for name in alone if name in fixes_of(best.code)]
    theirs = [name for one in partners for name in alone if name in fixes_of(one.code) and name not in mine]
    if mine and theirs:
        return f"The fault is their product: {mine[0]} alone is enough, and so is {theirs[0]} alone."
    together = next((trial for trial in enough if len(trial.changes) > 1), None)
    if together is not None:
        return f"Only together are {' and '.join(together.changes)} enough."
    return f"Evidence and trials do not tell it apart from {named(best.tied_with)}."

"""What a network's skill amounts to, held against the reference learner on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal

from defib.evidence import Book, Evidence, Missing
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.probes.reference import SignalFacts
from defib.probes.updates import UpdateFacts
from defib.symptom import Skill, Symptom

Yardstick = Literal["skill", "usable"]
"""By what trials are judged: by gini or r2, or, where the order of the rows is learnt already, by `Skill.usable`."""
WEAK = 0.25
"""Skill whose whole interval stays below a quarter of the reference learner's is no success."""
STANDS = 0.01
"""Median relative change of the kernels below which the network is still the one it started as."""
HALF = 0.5
"""Squeezed outputs may still fall on the right side of one half; from half of the reference's on they are of use."""
COMMON = 0.8
"""Largest class prior up to which labels and probabilities can be held against the reference learner's; beyond it the
rare class is expected to stay below the threshold."""
LEAST_USABLE = 0.1
"""Below this the reference learner's outputs tell too little themselves to be a yardstick."""
AHEAD = 0.1
"""Skill by which the reference lies above the whole interval of the network's: an AUC .05 better, beyond chance."""
SQUEEZED = 0.1
"""Strong regularization or label smoothing halve the spread of logits; a tenth is no taste of anybody's."""
MOST_SKILL = 0.998
"""AUC .999: beyond it the spread that a calibrated output needs cannot be told from the AUC."""


@dataclass(frozen=True)
class NotEnough(Evidence):
    """Held beside what is seen of a model after a change: the trials found the change not to be enough."""


def reference_score(book: Book, yardstick: Yardstick = "skill") -> float | None:
    """Skill of the reference learner (gini or r2; or usable skill); ``None`` when not measured.

    NaN where it was measured and the learner itself shows none: there is nothing to hold anything against.
    """
    try:
        signal = book.get(SignalFacts)
    except Missing:
        return None
    if not signal.has_signal:
        return float("nan")
    if yardstick == "usable":
        return signal.usable
    return 2 * signal.best - 1 if signal.metric == "auc" else signal.best


def told_by_labels(gini: float) -> float:
    """Youden's J of labels cut where it is largest, of scores with this gini: ``2 Φ(d'/2) - 1``, ``d' = √2 Φ⁻¹(AUC)``.

    The binormal model of `squeezed`; NaN stays.

    >>> round(told_by_labels(0.8), 3), told_by_labels(0.0)
    (0.635, 0.0)
    """
    if not gini < MOST_SKILL:  # NaN as well
        return gini
    return 2 * NormalDist().cdf(NormalDist().inv_cdf((1 + max(gini, 0.0)) / 2) / sqrt(2)) - 1


def ahead(skill: Skill | None, book: Book) -> str:
    """How far the reference learner is ahead of a network that is healthy, as a clause; empty where it is not."""
    reference = reference_score(book)
    if skill is None or skill.rows == "training" or reference is None or not reference - skill.interval[1] > AHEAD:
        return ""
    signal = book.get(SignalFacts)
    score = f"AUC {signal.best:.2f}" if signal.metric == "auc" else f"R² {signal.best:.2f}"
    return f"a quick {signal.best_name} model reaches {score} on the training rows, cross-validated"


def memorized(skill: Skill, book: Book) -> bool:
    """Skill on its own training rows, where the reference learner finds no signal in them."""
    return skill.rows == "training" and book.has(SignalFacts) and not book.get(SignalFacts).has_signal


def is_weak(skill: Skill, book: Book) -> bool:
    """A trace of skill where there is plenty to learn; of a model after a change, what the trials call not enough."""
    if book.has(NotEnough):
        return True
    reference = reference_score(book)
    share = HALF if misread_by_the_loss(book) else WEAK
    return reference is not None and skill.interval[1] < share * reference


def tells_little(symptom: Symptom, book: Book) -> bool:
    """Ranks the rows, but its outputs as they stand say next to nothing: squeezed, or nearly always the same class."""
    if symptom.skill is None:
        return False
    doubtful = squeezed(symptom) or still_as_drawn(book) or misread_by_the_loss(book)
    return _tells_less(symptom.skill, book, HALF if doubtful else WEAK)


def still_as_drawn(book: Book) -> bool:
    """The kernels have hardly left their start: an order may be a random network's luck (AUC .80 was seen)."""
    return book.has(UpdateFacts) and book.get(UpdateFacts).median_relative_change < STANDS


def misread_by_the_loss(book: Book) -> bool:
    """The loss held every prediction against every label of its batch, or took for probabilities what is none."""
    return book.has(HeadFacts) and (book.get(HeadFacts).broadcasts or book.get(HeadFacts).is_bare)


def squeezed(symptom: Symptom) -> bool:
    """The logits are spread a tenth, or less, of what calibrated ones with this skill would be.

    Calibrated logits with standard deviation s have an AUC of about Φ(s/√2), whatever the prior (the binormal model of
    Hanley 1988 with equal variances); the lower end of the skill's interval is taken for the AUC.
    """
    skill, spread = symptom.skill, symptom.logit_spread
    if skill is None or not skill.shown or spread is None or symptom.is_flat:
        return False
    if symptom.output_kind not in ("probability", "classes"):
        return False  # scores in a unit of their own
    calibrated = sqrt(2) * NormalDist().inv_cdf((1 + min(skill.interval[0], MOST_SKILL)) / 2)
    return spread < SQUEEZED * calibrated


def usable_behind(skill: Skill | None, book: Book) -> bool:
    """The outputs as they stand tell clearly less than the reference learner's, however well they rank."""
    reference = can_be_used(book)
    if skill is None or skill.usable_interval is None or reference is None:
        return False
    return reference - skill.usable_interval[1] > AHEAD


def can_be_used(book: Book) -> float | None:
    """The reference learner's usable skill, where there is enough of it and no rare class explains its lack."""
    reference = reference_score(book, "usable")
    prior = max(book.get(LabelFacts).class_prior, default=0.0) if book.has(LabelFacts) else 0.0
    return reference if reference is not None and reference >= LEAST_USABLE and 0 < prior < COMMON else None


def _tells_less(skill: Skill, book: Book, share: float) -> bool:
    """What the outputs say as they stand is less than this share of what the reference learner's say."""
    reference = can_be_used(book)
    return reference is not None and skill.usable_interval is not None and skill.usable_interval[1] < share * reference

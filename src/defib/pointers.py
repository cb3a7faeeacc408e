"""What the value of a constant points to, before anything else is known. Pointers, never verdicts.

The table is measured (where a constant comes from leaves its value); what a pointer says has to be
checked on the network itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from defib.symptom import Symptom


@dataclass(frozen=True)
class Pointer:
    """One row of the table."""

    says: str
    """What usually leaves such outputs behind."""
    codes: tuple[str, ...]
    """Causes to look at, likeliest first."""


AT_PRIOR = Pointer(
    "only the output bias learns, or there is nothing to learn: dead or zero hidden units, a loss that broadcasts, "
    "a plateau, no signal in the rows",
    ("DF401", "DF601", "DF305", "DF505", "DF403", "DF901"),
)
AT_LOGIT_ZERO = Pointer(
    "nothing arrives at the output: weights that start at zero, a ReLU on the logits, a dead last hidden layer",
    ("DF601", "DF303", "DF401"),
)
AT_AN_END = Pointer(
    "labels the head cannot reach, a saturated head, or raw rows given to a network trained on scaled ones",
    ("DF203", "DF802", "DF402", "DF101", "DF307"),
)

BY_VALUE: dict[str, Pointer] = {
    "exactly_one": Pointer("a softmax over one unit: it is 1 whatever the row, and has no gradient", ("DF301",)),
    "class_prior": AT_PRIOR,
    "mean_of_y": AT_PRIOR,
    "logit_zero": AT_LOGIT_ZERO,
    "one_half": AT_LOGIT_ZERO,
    "uniform": AT_LOGIT_ZERO,
    "zero": Pointer(
        "a ReLU head below zero on every row, a saturated head, or labels that are nearly all zero",
        ("DF303", "DF401", "DF203", "DF402"),
    ),
    "low_end": AT_AN_END,
    "high_end": AT_AN_END,
    "last_class": Pointer("rows sorted by class and not shuffled: the last block is learnt last", ("DF104",)),
}
"""By the trivial predictor that the constant equals."""

NOT_A_NUMBER = Pointer(
    "NaN or infinite cells in the rows, or a loss that exploded (argmax then reads class 0)",
    ("DF103", "DF501", "DF706"),
)
ONE_CLASS = Pointer(
    "the probabilities differ and lie on one side of the threshold: often rare labels or the threshold, no collapse",
    ("DF105", "DF902", "DF101"),
)
BETWEEN = Pointer(
    "it lies between one half and the base rate: weight decay that holds the bias back, or a training that "
    "is still on its way",
    ("DF503", "DF506", "DF502"),
)
ELSEWHERE = Pointer(
    "it equals no trivial predictor: the network was hardly trained, its targets are far away, "
    "or the rows served are not like the rows trained on",
    ("DF506", "DF502", "DF703", "DF802", "DF106"),
)
FEW = Pointer(
    "few distinct outputs for many rows: equal rows, dead units, or a layer that is too narrow", ("DF903", "DF401")
)
NO_SKILL = Pointer(
    "the outputs differ and do not rank the labels: no signal, too few rows, rows and labels that do not belong "
    "together, or rows served on another scale",
    ("DF901", "DF202", "DF802"),
)


def points_to(symptom: Symptom) -> Pointer | None:
    """The row of the table for these outputs; ``None`` when nothing looks wrong, or nothing is known."""
    if symptom.pattern == "nan":
        return NOT_A_NUMBER
    if symptom.equals is not None and symptom.is_flat:
        return BY_VALUE.get(symptom.equals, ELSEWHERE)
    if symptom.is_flat:
        return BETWEEN if _between_half_and_prior(symptom) else ELSEWHERE
    if symptom.pattern == "one_class":
        return ONE_CLASS
    if symptom.pattern == "few_values":
        return FEW
    return NO_SKILL if symptom.skill is not None and not symptom.skill.shown else None


def _between_half_and_prior(symptom: Symptom) -> bool:
    """Whether a constant probability of one column lies strictly between 1/2 and the base rate."""
    if (
        symptom.constant is None
        or symptom.prior is None
        or len(symptom.constant) != 1
        or symptom.output_kind == "value"
    ):
        return False
    low, high = sorted((0.5, symptom.prior[-1]))
    return low < symptom.constant[0] < high

"""What a loss without a value for some outputs says: no large step is needed to get there."""

from __future__ import annotations

import numpy as np

from defib.causes._signs import num
from defib.diagnosis import Assessment, supported
from defib.probes.undefined import UndefinedFacts
from defib.wording import percent


def below_the_labels(facts: UndefinedFacts) -> Assessment:
    """The loss has no value for what the head can say: no step or scale is needed for that."""
    assert facts.below is not None
    because = (
        "the network holds NaN although every cell of its rows is finite: the loss has no value for predictions of "
        f"{num(facts.below)} and less, which a head without an activation can give"
    )
    if np.isnan(facts.at_start):
        return supported(because, weight=0.8, layer="head", loss_is_nan_at=facts.below)
    if facts.at_start:
        because += f" and gave {percent(facts.at_start)} of the rows before the first step"
    weight = 0.95 if facts.at_start else 0.8
    numbers = {"loss_is_nan_at": facts.below, "share_of_first_outputs": facts.at_start}
    return supported(because, weight=weight, layer="head", **numbers)


def of_certain_answers(size: float) -> Assessment:
    """The loss has no value where a right answer is certain: what learns gets there, with any step."""
    because = (
        "the network holds NaN although every cell of its rows is finite: the loss is not a number for right answers "
        f"that are certain (logits of {num(size)} and more), where a part of it is 0 times the logarithm of 0"
    )
    return supported(because, weight=0.92, layer="head", loss_is_nan_at=size)

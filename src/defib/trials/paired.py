"""Trials of a training whose loss joins several rows per step: judged by pairs of rows that no arm trained on.

The score is the AUC with which the likeness of the network's answers for two rows tells those that belong together from
those that do not, as gini. What raw rows tell so, by their own distance or by a straight line over how far
their columns lie apart, is the reference; where that is next to nothing, half of a perfect order is asked for.
"""

from __future__ import annotations

from typing import Final

from defib.measures.pairs import raw_gini
from defib.paired import PairedSubject, labelled
from defib.recipe import Arm
from defib.trials.engine import SerialEngine, Split

LEAST: Final = 0.2
"""Gini of raw rows below which they are no yardstick: what embeds them may see far more."""
SAYS: Final = (
    "in the trials, the terms of the recorded steps are trained on again, and judged by how well the likeness of two "
    "embeddings tells rows that belong together from others, on pairs whose rows were left out"
)


def engine_of_pairs(paired: PairedSubject, seed: int) -> SerialEngine | str:
    """The engine, or why no trial can be run, as a sentence."""
    reason = paired.can_train(Arm())
    if reason is not None:
        return f"no trial was run: {reason}"
    parts = paired.parted(seed)
    if parts is None:
        return "no trial was run: the pairs whose rows can be left out of the training are too few"
    fit, held_out = parts
    reference = raw_gini(labelled(paired.training), labelled(held_out))
    return SerialEngine(
        paired, Split(fit, held_out), task="binary", reference_score=reference if reference >= LEAST else 1.0
    )

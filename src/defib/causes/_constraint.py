"""A constraint that follows every step and leaves next to nothing of a kernel. Private; not a cause."""

from __future__ import annotations

from defib.causes._signs import place
from defib.diagnosis import Assessment, supported
from defib.probes.training import TrainingFacts
from defib.probes.updates import SHRUNK, UpdateFacts
from defib.wording import percent


def constrained(training: TrainingFacts | None, updates: UpdateFacts) -> Assessment | None:
    """A constraint that follows every step left a kernel no more than a part of its size, and there it ended."""
    if training is None or training.tightest is None:
        return None
    layer, constraint, share = training.tightest
    left = [one.end_rms / one.initial_sd for one in updates.parameters if one.layer == layer and one.initial_sd > 0]
    if share >= SHRUNK or not left or min(left) >= 2 * SHRUNK:
        return None
    because = (
        f"{constraint} leaves {percent(share)} of what the kernel of {place(layer)} began with, after every step anew"
    )
    return supported(because, weight=0.72, layer=layer, constraint_leaves=share)

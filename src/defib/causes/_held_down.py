"""Weights that are held down in parts: by a constraint, by the decay of one parameter group. Private; not a cause."""

from __future__ import annotations

from defib.causes._signs import place
from defib.causes._where import names_text, weights_of
from defib.diagnosis import Assessment, located, supported
from defib.probes.training import TrainingFacts
from defib.probes.updates import SHRUNK, UpdateFacts
from defib.wording import number, percent


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


def one_group(updates: UpdateFacts) -> Assessment | None:
    """Only the weights of the group that decays most are gone: they cut the network as all of them would."""
    decays = {move.weight_decay for move in updates.parameters if move.weight_decay is not None}
    if len(decays) < 2 or not max(decays):
        return None
    held = [move for move in updates.parameters if move.weight_decay == max(decays)]
    kernels = [move for move in held if move.initial_sd > 0 and move.size > 1]
    left = [move.end_rms / move.initial_sd for move in kernels]
    if not left or max(left) >= SHRUNK:
        return None
    because = (
        f"the weights of parameter group {held[0].group} ({names_text([one.name for one in held])}), which decays by "
        f"{number(max(decays))}, ended below {percent(SHRUNK)} of their initial size, and the others did not"
    )
    found = supported(because, weight=0.7, layer=held[0].layer, weight_decay=max(decays), size_left=max(left))
    return located(found, *weights_of(held))

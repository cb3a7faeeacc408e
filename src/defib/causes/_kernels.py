"""What initial kernels do to what goes through them: sums far off zero, a size that comes back behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from defib.causes._signs import num, place, saturated_hidden
from defib.diagnosis import Assessment, inconclusive, supported
from defib.probes.activations import ActivationFacts, LayerState
from defib.probes.initialization import LayerInitialization

HALF = 0.5
"""Of the spread that went into a layer: behind a normalization, or a sum with what went past it, that is back."""


def off_zero(layer: LayerInitialization, states: ActivationFacts | None, numbers: Mapping[str, float]) -> Assessment:
    """Weights of an ordinary spread around another number than zero: their sums are large, and alike for all rows."""
    because = (
        f"the weights of {place(layer.layer)} start around {num(layer.mean)} and not around 0: for inputs of one sign "
        f"their sums lie {num(layer.offset)} times the customary spread off zero"
    )
    told = {"initial_mean": layer.mean, "offset_over_customary_spread": layer.offset, **numbers}
    full = None if states is None else saturated_hidden(states.initial)
    if full is None:
        return inconclusive(because, weight=0.35, layer=layer.layer, **told)
    text = f"{because}, which saturates {place(full.layer)} from the start"
    return supported(text, weight=0.8, layer=layer.layer, **told)


def restored_behind(layer: str, states: Sequence[LayerState]) -> bool:
    """Whether rows differ behind a layer, further on, by as much as before it, or nearly."""
    at = next((i for i, one in enumerate(states) if one.layer == layer), 0)
    behind = [one.row_spread for one in states[at + 1 :]]
    return at > 0 and max(behind, default=0.0) >= HALF * states[at - 1].row_spread > 0

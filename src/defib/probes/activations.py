"""Dead and saturated units, and how distinguishable the rows still are, layer by layer, at both moments."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Evidence


@dataclass(frozen=True)
class LayerState:
    """One layer on the probe rows at one moment."""

    layer: str
    kind: str
    activation: str | None
    dead_fraction: float | None
    """Share of units that are 0 on *all* rows, in [0, 1]; only for relu-like activations."""
    saturated_fraction: float | None
    """Share of (row, unit) cells within 1 % of an end of the range, in [0, 1]; sigmoid, tanh and the like only."""
    row_spread: float
    """Between-row standard deviation (root mean square over units), absolute."""
    relative_spread: float
    """row_spread over the root mean square of the values: 0 when all rows are equal, 1 when centred."""
    row_correlation: float
    """Mean correlation (cosine) between pairs of different rows, in [-1, 1]; 1 when they are equal."""


@dataclass(frozen=True)
class ActivationFacts(Evidence):
    """All layers with values per row, in execution order, at one moment."""

    initial: tuple[LayerState, ...]
    """Empty when the initial weights are not known."""
    end: tuple[LayerState, ...]
    input_relative_spread: float
    first_equal_initial: str | None
    """First layer whose rows are equal (relative_spread < 1e-4 and at most a hundredth of its input's), at the initial weights."""
    first_equal_end: str | None
    input_constant: bool
    """The rows already are equal at the model's door."""
    first_dead_end: str | None
    """First layer with dead_fraction == 1 at the end."""
    first_dead_initial: str | None
    first_saturated_end: str | None
    """First layer with saturated_fraction > 0.95 at the end."""
    first_saturated_initial: str | None
    hidden_activations: tuple[str, ...]
    """Activation of every hidden layer, in order."""

"""Gradient of the user's loss, per layer, at the initial weights and at the end."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Evidence


@dataclass(frozen=True)
class LayerGradient:
    """L2 norm of one layer's weight gradient, over the size of the weights (root mean square per weight)."""

    layer: str
    depth: int
    """0 is nearest the input."""
    initial_rms: float | None
    end_rms: float | None


@dataclass(frozen=True)
class GradientFacts(Evidence):
    """Kernels only (biases are told apart below), in order of depth."""

    layers: tuple[LayerGradient, ...]
    first_over_last_initial: float | None
    """Gradient rms of the first layer over the last layer's, at the initial weights."""
    first_over_last_end: float | None
    zero_initial: bool | None
    """Exactly 0 for every parameter at the initial weights."""
    zero_end: bool
    zero_hidden_end: bool
    """Exactly 0 for every kernel behind the head at the end."""
    only_bias_end: bool
    """At the end only biases have a gradient other than 0."""
    unreachable: tuple[str, ...]
    """Parameters the loss does not depend on at all."""
    nan: bool
    per_decade: float | None
    """Slope of log10(gradient rms) per layer towards the input at the initial weights; < −0.5 is geometric decay."""

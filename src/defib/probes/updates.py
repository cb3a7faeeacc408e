"""Which parameters moved, how far, and why the others did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from defib.evidence import Evidence

WhyUnmoved = Literal["frozen", "not_in_optimizer", "no_gradient", "zero_gradient", "no_steps", "unknown"]


@dataclass(frozen=True)
class ParameterMove:
    """One parameter from the initial weights to the end."""

    name: str
    layer: str
    size: int
    relative_change: float
    """|end − initial| / |initial| (L2); inf when the initial is 0 and the end is not."""
    first_update: float | None
    """Relative change of the first optimizer step."""
    why_unmoved: WhyUnmoved | None
    """``None`` when it moved."""
    initial_sd: float
    end_rms: float


@dataclass(frozen=True)
class UpdateFacts(Evidence):
    """All parameters, and the shares."""

    parameters: tuple[ParameterMove, ...]
    moved_fraction: float
    """Share of the weights (by count) that moved at all, in [0, 1]."""
    frozen_fraction: float
    """Share of the weights flagged not trainable, in [0, 1]."""
    not_in_optimizer_fraction: float
    no_gradient_fraction: float
    """Share of the weights whose gradient was ``None`` in the user's loop."""
    median_relative_change: float
    largest_first_update: float | None
    shrunk: bool
    """Every kernel ended at less than a tenth of its initial size."""
    nan_parameters: int
    """Parameters holding NaN or inf at the end."""

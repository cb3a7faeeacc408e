"""The initial weights against the layers' customary scale."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Evidence


@dataclass(frozen=True)
class LayerInitialization:
    """One kernel at the initial weights."""

    layer: str
    fan_in: int
    sd: float
    he_sd: float
    """sqrt(2 / fan_in)."""
    ratio: float
    """sd / (Glorot or He scale that fits its activation)."""
    identical_units: bool
    """All units (output columns) hold the same weights."""
    bias_mean: float | None


@dataclass(frozen=True)
class InitializationFacts(Evidence):
    """Kernels in order of depth; embeddings and norms left out."""

    layers: tuple[LayerInitialization, ...]
    zero_layers: tuple[str, ...]
    """Kernels that are constant (sd 0) at the start."""
    symmetric_layers: tuple[str, ...]
    """Kernels with identical units and sd > 0."""
    hidden_symmetric: bool
    """A *hidden* layer (not the head) is zero or symmetric."""
    smallest_ratio: float
    largest_ratio: float

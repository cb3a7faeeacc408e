"""The output head, the loss and the labels held against each other, from the model's real graph."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Evidence


@dataclass(frozen=True)
class HeadFacts(Evidence):
    """Head against loss against labels."""

    activation: str
    """Last activation on the path to the output (``linear`` when there is none)."""
    layer: str
    """Name of the layer that holds the head's weights."""
    units: int
    """Columns of the output."""
    loss: str
    loss_kind: str
    loss_takes: str
    activations_before_loss: int
    """How often a squashing (sigmoid/softmax/log_softmax) is applied from the logits to the loss: 1 is right."""
    output_low: float
    output_high: float
    """Range the head can reach, ±inf where unbounded."""
    label_low: float
    label_high: float
    labels_outside: float
    """Share of labels outside the head's reach (or outside what the loss reads as a class), in [0, 1]."""
    n_classes: int | None
    """Distinct classes in the labels, ``None`` for regression."""
    prediction_shape: tuple[int, ...] | None
    target_shape: tuple[int, ...] | None
    broadcasts: bool
    """Predictions and targets of different shape were broadcast against each other inside the loss."""
    gradient_zero_at_start: bool | None
    """Gradient of the loss at the initial weights is exactly 0 for every parameter."""
    preactivation_max: float | None
    """Largest head pre-activation over the rows at the end (a ReLU head below 0 is dead)."""
    preactivation_median: float | None
    preactivation_max_initial: float | None

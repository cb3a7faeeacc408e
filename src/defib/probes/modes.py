"""The same rows in training mode and in evaluation mode, and batch-norm statistics against the batches."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Evidence


@dataclass(frozen=True)
class ModeFacts(Evidence):
    """Training rows, final weights."""

    has_batch_norm: bool
    has_dropout: bool
    eval_spread: float
    train_spread: float
    """prediction_spread of the same rows in training mode (one batch of at most 256 rows, dropout off where possible)."""
    eval_skill: float | None
    train_skill: float | None
    """Rank skill (2·AUC − 1, or R²) on the training rows in each mode; ``None`` without labels."""
    worst_layer: str | None
    """Batch-norm layer whose running statistics lie farthest from the batch's."""
    worst_mean_shift_sd: float | None
    """|running mean − batch mean| in batch sd, largest over channels (median over channels of the worst layer)."""
    worst_variance_ratio: float | None
    """running variance / batch variance of that layer, median over channels."""
    recorded_in_training_mode: bool | None
    """The user's own predictions match the training-mode outputs and not the evaluation-mode ones."""

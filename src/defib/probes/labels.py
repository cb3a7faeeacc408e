"""What the labels are: kind of task, range, classes, order in the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from defib.evidence import Evidence

Task = Literal["binary", "multiclass", "multilabel", "regression"]


@dataclass(frozen=True)
class LabelFacts(Evidence):
    """The training labels as they arrive at the loss."""

    task: Task
    """Read from the labels first, then from the loss and the head: 0/1/2 in one sigmoid is ``multiclass``."""
    n_rows: int
    n_distinct: int
    """Distinct values (distinct rows for one-hot)."""
    classes: tuple[float, ...]
    """Distinct values in order, at most 50; class ids for one-hot; empty for regression."""
    class_prior: tuple[float, ...]
    """Base rates in [0, 1], same order; per column for multilabel; empty for regression."""
    minimum: float
    maximum: float
    mean: float
    sd: float
    one_hot: bool
    integers: bool
    nan_fraction: float
    shape: tuple[int, ...]
    """Of the whole label array, ``(n_rows, ...)``."""
    prior_loss: float | None
    """Loss of the best constant predictor: entropy of the prior in nats, or var(y)."""
    longest_run_fraction: float
    """Longest run of one class in the order the training saw them, over n_rows, in [0, 1]; 0 for regression."""
    expected_longest_run_fraction: float
    """The same for the labels shuffled (expected)."""
    last_class: float | None
    """The class of the last rows of an epoch, when the order is in blocks."""
    blocks: bool
    """Classes stand in blocks in the order the training saw them, epoch after epoch."""

"""What arrives at the model's door in training: scales, variance, NaN."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Evidence


@dataclass(frozen=True)
class InputFacts(Evidence):
    """Training rows at the model's door; columns are the last axis flattened (pixels count as columns)."""

    n_rows: int
    n_columns: int
    kind: str
    """``tabular``, ``image``, ``tokens`` (integers into an embedding), ``sequence``."""
    column_mean_abs_max: float
    column_sd_max: float
    column_sd_min: float
    """Smallest non-zero column standard deviation."""
    scale_max: float
    """Largest root mean square of a column: the size of what multiplies a weight."""
    scale_ratio: float
    """Largest column sd over the smallest non-zero one."""
    offset_ratio: float
    """Largest |mean|/sd of a column that varies: how far inputs lie from zero compared with their spread."""
    largest_column: int
    """Index of the column with the largest root mean square."""
    constant_columns: int
    constant_fraction: float
    """Share of columns with zero variance between rows, in [0, 1]."""
    unique_rows: int
    nan_cells: int
    nan_rows: int
    inf_cells: int
    normalized_inside: bool
    """The model itself normalizes its inputs before the first weight (normalization or batch-norm layer at the door)."""


@dataclass(frozen=True)
class ServingFacts(Evidence):
    """Training rows against predict rows, both at the model's door (see ``probes/serving.py``)."""

    n_rows: int
    unique_rows: int
    unique_training_rows: int
    identical_rows: bool
    """Every predict row is the same row."""
    constant_fraction: float
    """Share of columns that vary in training and do not vary over the predict rows, in [0, 1]."""
    shifted_fraction: float
    """Share of columns whose predict distribution differs from training (median outside the training 1–99 % range, or
    spread ratio beyond 5), in [0, 1]."""
    median_spread_ratio: float
    """Median over columns of sd(predict)/sd(training)."""
    median_shift_sd: float
    """Median over columns of |mean(predict) − mean(training)| in training sd."""
    affine: str | None
    """A per-column map that turns predict rows into the training distribution, in words ("predict = training × 255",
    "raw against standardized"); ``None`` when none was found."""
    permuted_columns: bool
    """Columns match the training distribution after a permutation."""
    nan_cells: int
    training_rows_flat: bool | None
    """Whether the network is flat on its *training* rows too (evaluation mode)."""
    prediction_rows_flat: bool | None

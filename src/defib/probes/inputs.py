"""What arrives at the model's door in training: scales, variance, NaN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defib.evidence import Book, Evidence, Probe
from defib.measures.outputs import commonest_row, unique_rows
from defib.measures.rows import spaced_indices
from defib.probes.door import DoorStep, door_step
from defib.probes.looking import is_weighted, number_rows, some_rows, training_rows
from defib.probes.token_features import only_lengths
from defib.recipe import padding_at_the_end
from defib.subject import AnyArray, FloatArray, LayerOutput, Rows, Subject

MAX_CELLS = 20_000_000
"""Cells looked at for means and spreads; beyond, evenly spaced rows stand for all."""
ROUNDING = 1e-12
"""A column of equal numbers keeps a spread of about this share of its size, from rounding."""
TAMED_SCALE = 10.0
"""A root mean square below this, after a step at the door, counts as normalized inside."""
IMAGE_SIDE = 6
NAN_COLUMNS = 4
RARE = 0.05
"""A column with at most this share of cells off its median (a border pixel, a rare indicator) hardly varies for being
rare; its unit cannot be read from its spread."""
APART = 10.0
"""Columns are looked at for that only when they lie this many sds from zero, or vary this much less than another."""


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
    """Smallest standard deviation of a column that varies, rare ones (`RARE`) left out."""
    scale_max: float
    """Largest root mean square of a column: the size of what multiplies a weight."""
    scale_ratio: float
    """Largest column sd over ``column_sd_min``."""
    offset_ratio: float
    """Largest |mean|/sd of a column that varies (rare ones left out): how far inputs lie from zero compared with
    their spread."""
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
    """The model itself normalizes its inputs before the first weight (a normalization layer at the door)."""
    columns: tuple[str, ...] = ()
    """Names of the columns, where the program gave a table that has them."""
    nan_columns: tuple[int, ...] = ()
    """Indices of columns with cells that are NaN or infinite, the one with the most first; at most `NAN_COLUMNS`."""
    commonest_row: float = 0.0
    """Share of the rows that are bit-equal to the most frequent one, in [0, 1]."""
    batches_of_one_row: float | None = None
    """See `TrainingTrace.batches_of_one_row`."""
    padded_end: float | None = None
    """What fills the end of most rows of steps, two steps or more: padding. ``None`` where nothing does."""
    only_ids: tuple[int, int] | None = None
    """Of token rows that consist of one id and another one behind it, these two (see `only_lengths`)."""
    door: DoorStep | None = None
    """Fixed arithmetic between the door and the first weights, the same for every cell."""


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
    """NaN or infinite cells of the predict rows."""
    training_rows_flat: bool | None
    """Whether the network is flat on its *training* rows too (evaluation mode)."""
    prediction_rows_flat: bool | None
    rescaled_fraction: float = 0.0
    """Share of columns whose spread over the predict rows is over 100 times, or under a hundredth of, the training
    rows': another unit or another scaler, never a drift; in [0, 1]."""
    nan_row_fraction: float = 0.0
    """Share of the predict rows that hold a NaN or infinite cell, in [0, 1]."""
    one_row: tuple[float, ...] = ()
    """First cells of the row that all predict rows are; empty where they differ."""
    blank: bool = False
    """Every predict row is 0 in every cell, and no training row is, though most of their cells are 0 and none is below:
    categories or words that an encoder does not know."""
    others_labelled: bool = False
    """Labels are known of other rows that were not trained on, and not of these."""
    unknown_token_rows: float = 0.0
    """Share of the predict rows without any token that tells training rows apart, in [0, 1]; 0 where rows are no
    tokens."""


@dataclass(frozen=True)
class ColumnMoments:
    """Per column of the flattened rows, NaN and inf left out; ``(columns,)`` each."""

    mean: FloatArray
    sd: FloatArray
    """Exactly 0 for a column of equal numbers."""
    rms: FloatArray


def flat_rows(X: AnyArray) -> FloatArray:
    """``(n, ...)`` to float64 ``(rows, columns)``; at most `MAX_CELLS` cells, evenly spaced rows."""
    array = np.asarray(X).reshape(len(X), -1)
    at_most = max(256, MAX_CELLS // max(array.shape[1], 1))
    return array[spaced_indices(len(array), at_most)].astype(np.float64)


def column_moments(X: FloatArray) -> ColumnMoments:
    """Mean, population sd and root mean square per column of ``(n, columns)``, over finite cells.

    >>> m = column_moments(np.array([[1.0, 2.0], [3.0, np.nan]]))
    >>> m.mean.tolist(), m.sd.tolist(), m.rms.round(3).tolist()
    ([2.0, 2.0], [1.0, 0.0], [2.236, 2.0])
    """
    finite = np.isfinite(X)
    count = np.maximum(finite.sum(axis=0), 1)
    with np.errstate(over="ignore", invalid="ignore"):  # float64's own limit; inf is then the honest answer
        mean = np.where(finite, X, 0.0).sum(axis=0) / count
        sd = np.sqrt((np.where(finite, X - mean, 0.0) ** 2).sum(axis=0) / count)
        sd = np.where(sd <= ROUNDING * np.abs(mean), 0.0, sd)
        return ColumnMoments(mean, sd, np.hypot(mean, sd))


def rare_columns(X: FloatArray, moments: ColumnMoments) -> NDArray[np.bool_]:
    """Columns of ``(rows, columns)`` whose small spread comes from hardly ever leaving one value; ``(columns,)``.

    >>> X = np.column_stack([np.r_[0.1, np.zeros(99)] - 0.8, np.linspace(-1, 1, 100), np.linspace(0, 1e-3, 100)])
    >>> rare_columns(X, column_moments(X)).tolist()
    [True, False, False]
    """
    found = np.zeros(len(moments.sd), dtype=bool)
    apart = APART * moments.sd < np.maximum(np.abs(moments.mean), moments.sd.max(initial=0.0))
    for column in np.flatnonzero(apart & (moments.sd > 0)):
        values = X[np.isfinite(X[:, column]), column]
        found[column] = np.mean(values != np.median(values)) <= RARE
    return found


def door_layers(subject: Subject, rows: Rows) -> tuple[LayerOutput, ...]:
    """Layers that ran on some rows; none when the model cannot be run."""
    try:
        return subject.forward(some_rows(rows, 32).X).layers
    except Exception:  # the probes that need the pass report the reason; the arrays can be described without it
        return ()


def kind_of(X: AnyArray, layers: tuple[LayerOutput, ...]) -> str:
    """``tabular``, ``image``, ``tokens`` or ``sequence``, from shape, dtype and the first layer that does anything."""
    first = next((one.layer.kind for one in layers if one.layer.kind not in ("reshape", "dropout", "norm")), "other")
    if first == "embedding" and _whole(X):
        return "tokens"
    if X.ndim >= 4:
        return "image"
    if X.ndim <= 2:
        return "tabular"
    square = X.shape[1] == X.shape[2] and X.shape[1] >= IMAGE_SIDE
    return "image" if square and first not in ("recurrent", "attention", "conv") else "sequence"


def _whole(X: AnyArray) -> bool:
    """Whether these may all be ids; quantities beside ids (a model of several inputs) are not."""
    if X.dtype.kind in "iub":
        return True
    some = np.asarray(X[spaced_indices(len(X), 256)])
    return bool(np.all(some == np.round(some)))


def normalizes_inside(X: AnyArray, layers: tuple[LayerOutput, ...]) -> bool:
    """Whether a normalization, or a step that tames large inputs, comes before the first weight."""
    size = _size(X)
    for one in layers:
        if is_weighted(one.layer) or one.layer.kind == "activation":
            return False
        if one.layer.kind == "norm":
            return True
        if one.layer.kind == "other" and size > TAMED_SCALE > _size(one.values):
            return True
    return False


def padded_end(X: AnyArray) -> float | None:
    """The value that fills the last two steps, or more, of at least half of the rows ``(n, steps, ...)``.

    >>> padded_end(np.array([[3, 4, 0, 0], [5, 0, 0, 0], [1, 2, 3, 4]])), padded_end(np.array([[3, 4], [5, 0]]))
    (0.0, None)
    """
    if X.ndim < 2 or X.shape[1] < 3 or not len(X):
        return None
    values, counts = np.unique(X[:, -1].reshape(len(X), -1)[:, 0], return_counts=True)
    value = float(values[np.argmax(counts)])
    return value if np.mean(padding_at_the_end(X, value) >= 2) >= 0.5 else None


def _size(values: AnyArray) -> float:
    """Root mean square over the finite cells, 0 when there are none."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean(finite**2))) if finite.size else 0.0


def _measure(subject: Subject, book: Book) -> InputFacts:
    rows = training_rows(subject, "InputFacts", 20_000)
    X = number_rows(rows.X, "InputFacts")
    layers = door_layers(subject, rows)
    flat = X.reshape(len(X), -1)
    bad = ~np.isfinite(flat) if flat.dtype.kind == "f" else np.zeros((1, 1), dtype=bool)
    nan = np.isnan(flat) if flat.dtype.kind == "f" else bad
    sampled = flat_rows(X)
    moments = column_moments(sampled)
    varies = moments.sd > 0
    told = varies & ~rare_columns(sampled, moments)
    if not told.any():
        told = varies
    some = told.any()
    offsets = np.abs(moments.mean[told]) / moments.sd[told] if some else np.zeros(1)
    return InputFacts(
        n_rows=rows.n_seen or len(rows),
        n_columns=flat.shape[1],
        kind=kind_of(X, layers),
        column_mean_abs_max=float(np.abs(moments.mean).max(initial=0.0)),
        column_sd_max=float(moments.sd.max(initial=0.0)),
        column_sd_min=float(moments.sd[told].min()) if some else 0.0,
        scale_max=float(moments.rms.max(initial=0.0)),
        scale_ratio=float(moments.sd[told].max() / moments.sd[told].min()) if some else 1.0,
        offset_ratio=float(offsets.max()),
        largest_column=int(np.argmax(moments.rms)) if moments.rms.size else 0,
        constant_columns=int((~varies).sum()),
        constant_fraction=float((~varies).mean()) if varies.size else 1.0,
        unique_rows=unique_rows(X),
        commonest_row=commonest_row(X),
        nan_cells=int(nan.sum()),
        nan_rows=int(nan.any(axis=1).sum()),
        inf_cells=int(bad.sum() - nan.sum()),
        normalized_inside=normalizes_inside(some_rows(rows, 32).X, layers),
        padded_end=padded_end(X) if kind_of(X, layers) in ("tokens", "sequence") else None,
        batches_of_one_row=subject.trace.batches_of_one_row,
        only_ids=only_lengths(X) if kind_of(X, layers) == "tokens" else None,
        columns=rows.columns,
        nan_columns=_worst(bad.sum(axis=0)),
        door=None if bad.any() else door_step(X[spaced_indices(len(X), 32)], layers),
    )


def _worst(counts: NDArray[np.int64]) -> tuple[int, ...]:
    """Columns that count anything, most first; of equal ones the first in order."""
    order = np.argsort(-counts, kind="stable")[:NAN_COLUMNS]
    return tuple(int(column) for column in order if counts[column])


PROBE = Probe("inputs", InputFacts, "free", _measure)

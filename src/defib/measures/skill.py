"""Rank skill and R², with 95 % intervals that stay honest on few rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

AnyArray: TypeAlias = NDArray[Any]
FloatArray: TypeAlias = NDArray[np.floating[Any]]

PICTURE = 16
"""Columns from which on targets are pixels, bands or steps in one unit; fewer may each have a unit of its own."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval and standard error."""

    value: float
    interval: tuple[float, float]
    standard_error: float
    n_rows: int


def average_ranks(values: AnyArray) -> FloatArray:
    """Ranks from 1, ties share their mean rank; ``(n,)`` to ``(n,)``.

    >>> average_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: FloatArray = (last - (counts - 1) / 2.0)[inverse]
    return ranks


def auc(scores: AnyArray, positive: AnyArray) -> float:
    """P(score of a positive > score of a negative) + P(tie)/2, in [0, 1]; NaN when one side is empty.

    ``scores`` ``(n,)``, ``positive`` ``(n,)`` bool. Mann-Whitney U over ``m * n``, from average ranks.

    >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    positive = np.asarray(positive, dtype=bool)
    m, n = int(positive.sum()), int((~positive).sum())
    if m == 0 or n == 0:
        return float("nan")
    return float((average_ranks(scores)[positive].sum() - m * (m + 1) / 2) / (m * n))


def macro_auc(scores: FloatArray, positive: AnyArray) -> float:
    """Mean AUC over the columns that have both sides: one-vs-rest for classes. ``(n, k)`` and ``(n, k)`` bool.

    NaN when no column has both sides.

    >>> macro_auc(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[True, False], [False, True]]))
    1.0
    """
    values = [auc(scores[:, k], positive[:, k]) for k in range(scores.shape[1])]
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def auc_influence(scores: AnyArray, positive: AnyArray) -> FloatArray:
    """Each row's pull on the AUC, ``(n,)``; the sum of squares is DeLong's variance (DeLong et al. 1988, n for n - 1).

    For a positive row ``(share of negatives below it - AUC) / m``, for a negative row likewise over ``n``.

    >>> auc_influence(np.array([0.0, 1.0]), np.array([False, True])).tolist()
    [0.0, 0.0]
    """
    positive = np.asarray(positive, dtype=bool)
    m, n = int(positive.sum()), int((~positive).sum())
    everywhere = average_ranks(scores)
    pull = np.empty(len(everywhere))
    above = (everywhere[positive] - average_ranks(np.asarray(scores)[positive])) / n
    below = 1 - (everywhere[~positive] - average_ranks(np.asarray(scores)[~positive])) / m
    area = float(above.mean())
    pull[positive] = (above - area) / m
    pull[~positive] = (below - area) / n
    return pull


def student_quantile(degrees: int, share: float = 0.975) -> float:
    """Quantile of Student's t with at least one degree of freedom.

    >>> round(student_quantile(10_000), 2)
    1.96
    """
    from scipy.special import stdtrit

    return float(stdtrit(max(degrees, 1), share))


def _chance_error(m: int, n: int) -> float:
    """Standard deviation of the AUC of scores that know nothing: sqrt((m + n + 1) / (12 m n))."""
    return float(np.sqrt((m + n + 1) / (12.0 * m * n)))


def _shrunk_error(area: float, m: int, n: int) -> float:
    """Hanley and McNeil's (1982) error at an area drawn towards 1/2 by one row of the smaller side.

    A perfect ranking of four rows has a DeLong variance of 0; it still proves little.
    """
    a = area + (0.5 - area) / (min(m, n) + 1)
    a = max(a, 1 - a)
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    variance = (a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n)
    return float(np.sqrt(max(variance, 0.0)))


def gini_skill(scores: FloatArray, positive: AnyArray) -> Estimate | None:
    """``2 * macro AUC - 1`` in [-1, 1] with a 95 % interval; ``None`` when no column has both sides.

    ``scores`` ``(n, k)``, ``positive`` ``(n, k)`` bool. DeLong's variance of the mean over columns, never below
    Hanley and McNeil's at a shrunk area; the interval holds 0 wherever chance alone explains the value.
    Scores that are all equal have a skill of exactly 0.

    >>> gini_skill(np.full((6, 1), 0.5), np.array([[True], [False]] * 3)).interval
    (0.0, 0.0)
    """
    positive = np.asarray(positive, dtype=bool)
    usable = [k for k in range(scores.shape[1]) if 0 < positive[:, k].sum() < len(positive)]
    if not usable:
        return None
    if all(np.ptp(scores[:, k]) == 0 for k in usable):
        return Estimate(0.0, (0.0, 0.0), 0.0, len(scores))
    area = float(np.mean([auc(scores[:, k], positive[:, k]) for k in usable]))
    pulls = np.mean([auc_influence(scores[:, k], positive[:, k]) for k in usable], axis=0)
    sides = [(int(positive[:, k].sum()), int((~positive[:, k]).sum())) for k in usable]
    m, n = max(sides, key=min)
    error = max(float(np.sqrt((pulls**2).sum())), _shrunk_error(area, m, n) if len(usable) == 1 else 0.0)
    quantile = student_quantile(m + n - 2)
    low, high = 2 * (area - quantile * error) - 1, 2 * (area + quantile * error) - 1
    if abs(area - 0.5) <= quantile * _chance_error(m, n):
        low, high = min(low, 0.0), max(high, 0.0)
    return Estimate(2 * area - 1, (max(low, -1.0), min(high, 1.0)), 2 * error, len(scores))


def r2(predictions: FloatArray, y: FloatArray) -> float:
    """``1 - mse / var(y)``, mean over the columns with variance, in (-inf, 1]; NaN when none varies. ``(n, k)`` each.

    From `PICTURE` columns on their squares are added up first (``variance_weighted``): a pixel that hardly
    ever varies would else outweigh all others.

    >>> r2(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [3.0]]))
    1.0
    """
    varies = y.var(axis=0) > 0
    if not varies.any():
        return float("nan")
    errors, distances = _squares(predictions[:, varies], y[:, varies])
    return float((1 - errors.mean(axis=0) / distances.mean(axis=0)).mean())


def _squares(predictions: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Squared errors and squared distances to the mean, ``(n, k)`` each; ``(n, 1)`` where the columns are a picture."""
    errors, distances = (predictions - y) ** 2, (y - y.mean(axis=0)) ** 2
    if y.shape[1] < PICTURE:
        return errors, distances
    return errors.sum(axis=1, keepdims=True), distances.sum(axis=1, keepdims=True)


def straightened(predictions: FloatArray, y: FloatArray) -> FloatArray:
    """The best rising straight line through the predictions, by least squares; ``(n, k)``, and the same or ``(n, 1)``.

    For outputs whose loss does not ask for the mean, so that R² as they stand says nothing: a quantile lies beside it.
    Of several columns for one target the one that follows it best is taken: (n, k) and (n, 1) give ``(n, 1)``. A
    column that falls as its target rises, or does not vary, gives the mean.

    >>> straightened(np.array([[10.0], [20.0], [30.0]]), np.array([[0.0], [1.0], [2.0]])).ravel().tolist()
    [0.0, 1.0, 2.0]
    """
    if y.shape[1] == 1 < predictions.shape[1]:
        lines = [straightened(predictions[:, [k]], y) for k in range(predictions.shape[1])]
        return min(lines, key=lambda line: float(((line - y) ** 2).sum()))
    if predictions.shape != y.shape:
        return predictions
    size = np.maximum(np.abs(predictions).max(axis=0), np.finfo(float).tiny)
    from_mean = predictions / size - (predictions / size).mean(axis=0)
    square = (from_mean**2).sum(axis=0)
    slope = np.maximum((from_mean * (y - y.mean(axis=0))).sum(axis=0), 0.0) / np.where(square > 0, square, 1.0)
    line: FloatArray = y.mean(axis=0) + slope * from_mean
    return line


def r2_skill(predictions: FloatArray, y: FloatArray) -> Estimate | None:
    """`r2` with a 95 % interval from each row's pull on it (delta method); ``None`` when no column varies.

    Pull of row i on ``1 - S/T``: ``-(e_i**2 - S)/T + S * (d_i**2 - T)/T**2``, with ``e`` the errors and ``d`` the
    distances to the mean. Fewer than 3 rows give an interval that holds 0.

    >>> r2_skill(np.zeros((3, 1)), np.array([[-1.0], [0.0], [1.0]])).value
    0.0
    """
    varies = y.var(axis=0) > 0
    if not varies.any():
        return None
    errors, distances = _squares(predictions[:, varies], y[:, varies])
    s, t = errors.mean(axis=0), distances.mean(axis=0)
    pulls = (-(errors - s) / t + s * (distances - t) / t**2).mean(axis=1)
    n = len(y)
    value = r2(predictions, y)
    error = float(np.sqrt((pulls**2).sum() / max(n * (n - 1), 1)))
    width = student_quantile(n - 2) * error
    low, high = value - width, min(value + width, 1.0)
    if n < 3:
        low, high = min(low, 0.0), max(high, 0.0)
    return Estimate(value, (low, high), error, n)

"""Which map turns predict rows into training rows: a common factor, a scaler on one side only, a permutation."""

from __future__ import annotations

import numpy as np

from defib.measures.outputs import AnyArray, FloatArray
from defib.measures.rows import spaced_indices

MOST_ROWS = 500
MOST_COLUMNS = 200
FEW_ROWS = 20
"""Fewer predict rows than this show no distribution; only named factors are then looked for."""
MOSTLY = 0.8
SCALED = 0.1
"""A standardized column: |mean| and |sd - 1| below this."""
NAMED_FACTORS = (255.0, 256.0, 127.5, 10.0, 100.0, 1000.0, 10_000.0, 1e6, 57.29578)
NAMED_TOLERANCE = 0.05
LEAST_FACTOR = 5.0
OTHER_COLUMN = 0.5
"""Distribution functions farther apart than this are taken for another column's, not for a drift of this one."""
KS_QUANTILE = 1.63
"""Kolmogorov-Smirnov critical value at 1 %, times sqrt((n + m) / (n m))."""


def thinned(X: FloatArray, columns: AnyArray) -> FloatArray:
    """At most `MOST_ROWS` evenly spaced rows of these columns."""
    return X[spaced_indices(len(X), MOST_ROWS)][:, columns]


def ks_distance(a: FloatArray, b: FloatArray) -> float:
    """Largest distance between the two empirical distribution functions, in [0, 1]; NaN left out, 1 when one is empty.

    >>> ks_distance(np.array([1.0, 2.0]), np.array([1.0, 2.0])), ks_distance(np.array([1.0]), np.array([5.0]))
    (0.0, 1.0)
    """
    a, b = np.sort(a[np.isfinite(a)]), np.sort(b[np.isfinite(b)])
    if not len(a) or not len(b):
        return 1.0
    both = np.concatenate([a, b])
    return float(
        np.abs(np.searchsorted(a, both, side="right") / len(a) - np.searchsorted(b, both, side="right") / len(b)).max()
    )


def ks_limit(n: int, m: int) -> float:
    """Distance that two samples of one distribution exceed in 1 % of cases."""
    return KS_QUANTILE * float(np.sqrt((n + m) / (n * m)))


def same_share(T: FloatArray, P: FloatArray) -> float:
    """Share of the columns whose distributions agree, in [0, 1]."""
    limit = ks_limit(len(T), len(P))
    return float(np.mean([ks_distance(T[:, k], P[:, k]) <= limit for k in range(T.shape[1])]))


def standardized(X: FloatArray) -> FloatArray:
    """Each column minus its mean over its sd, NaN ignored; columns that do not vary become 0."""
    mean, sd = np.nanmean(X, axis=0), np.nanstd(X, axis=0)
    result: FloatArray = (X - mean) / np.where(sd > 0, sd, 1.0)
    return result


def reconciling_map(T: FloatArray, P: FloatArray, shifted: AnyArray) -> str | None:
    """A map in words under which predict rows follow the training rows, or ``None``.

    Looked for only where most columns that vary are shifted. Named first: one factor for all columns. Then: training
    columns standardized (or in [0, 1]) and predict columns not, and the reverse. Each must hold column by column.
    """
    T, P = _cleaned(T), _cleaned(P)
    varies = (
        np.flatnonzero((T.std(axis=0) > 0) & (P.std(axis=0) > 0)) if len(T) > 1 and len(P) > 1 else np.empty(0, int)
    )
    if not len(varies) or np.mean(shifted[varies]) < MOSTLY:
        return None
    varies = varies[spaced_indices(len(varies), MOST_COLUMNS)]
    t, p = thinned(T, varies), thinned(P, varies)
    return _common_factor(t, p) or _scaler(t, p)


def _cleaned(X: FloatArray) -> FloatArray:
    """Only the rows without NaN or inf."""
    return X[np.isfinite(X).all(axis=1)]


def _common_factor(t: FloatArray, p: FloatArray) -> str | None:
    """``predict = training × f`` (or ``× f + c``) with one f (and c) for every column."""
    # Over all cells the factor is known well even from ten rows; the columns must then agree with it.
    varies = t.std(axis=0) > 0
    factor = float(np.median(p.std(axis=0)[varies] / t.std(axis=0)[varies])) if varies.any() else 0.0
    if factor == 0 or 1 / LEAST_FACTOR < factor < LEAST_FACTOR:
        return None
    named = next((f for g in NAMED_FACTORS for f in (g, 1 / g) if abs(factor / f - 1) < _slack(p)), None)
    factor = named if named is not None else factor
    moved = p / factor
    error = 4 * t.std(axis=0) * np.sqrt(1 / len(p) + 1 / len(t)) + 1e-9
    gap = moved.mean(axis=0) - t.mean(axis=0)
    offset = float(np.median(gap))
    if np.mean(np.abs(gap) <= error) >= MOSTLY:
        offset = 0.0
    elif np.mean(np.abs(gap - offset) <= error) < MOSTLY:
        return None
    if (named is None and len(p) < FEW_ROWS) or same_share(t, moved - offset) < MOSTLY:
        return None
    words = f"predict = training × {factor:.4g}" if factor >= 1 else f"predict = training / {1 / factor:.4g}"
    return words if offset == 0.0 else f"{words} {'+' if offset > 0 else '-'} {abs(offset * factor):.4g}"


def _slack(p: FloatArray) -> float:
    """Relative error of a median of spreads over the columns, from this many rows."""
    return NAMED_TOLERANCE + 3 / float(np.sqrt(2 * max(len(p) - 1, 1) * p.shape[1]))


def _scaler(t: FloatArray, p: FloatArray) -> str | None:
    """Standardized or [0, 1] on one side only, the shapes of the distributions being the same."""
    if len(p) >= FEW_ROWS and same_share(standardized(t), standardized(p)) < MOSTLY:
        return None
    size_t, size_p = float(np.median(t.std(axis=0))), float(np.median(p.std(axis=0)))
    for is_scaled, words in ((_is_standard, "standardized (mean 0, sd 1)"), (_is_unit, "scaled to [0, 1]")):
        if is_scaled(t) and not is_scaled(p):
            return (
                f"training columns are {words}, predict columns are not (median sd {size_p:.3g} against {size_t:.3g})"
            )
        if is_scaled(p) and not is_scaled(t) and len(p) >= FEW_ROWS:
            return (
                f"predict columns are {words}, training columns are not (median sd {size_t:.3g} against {size_p:.3g})"
            )
    return None


def _is_standard(X: FloatArray) -> bool:
    near = (np.abs(X.mean(axis=0)) < SCALED) & (np.abs(X.std(axis=0) - 1) < SCALED)
    return bool(near.mean() >= MOSTLY)


def _is_unit(X: FloatArray) -> bool:
    low, high = X.min(axis=0), X.max(axis=0)
    inside = (low >= -1e-6) & (high <= 1 + 1e-6) & (low < 0.25) & (high > 0.5)
    return bool(inside.mean() >= MOSTLY)


def permutation(T: FloatArray, P: FloatArray) -> AnyArray | None:
    """For each column of ``P`` the column of ``T`` that it holds, ``(columns,)``; ``None`` where all are in place.

    Only where the columns agree after the permutation and do not as they stand. Needs `FEW_ROWS` rows and columns that
    can be told apart; standardized columns of one shape cannot.
    """
    T, P = _cleaned(T), _cleaned(P)
    d = T.shape[1] if T.ndim == 2 else 0
    if not 2 <= d <= MOST_COLUMNS or len(P) < FEW_ROWS or len(T) < FEW_ROWS:
        return None
    t, p = thinned(T, np.arange(d)), thinned(P, np.arange(d))
    limit = ks_limit(len(t), len(p))
    if sum(ks_distance(t[:, k], p[:, k]) > OTHER_COLUMN for k in range(d)) < 2:
        return None
    from scipy.optimize import linear_sum_assignment

    distances = np.array([[ks_distance(t[:, j], p[:, k]) for k in range(d)] for j in range(d)])
    rows, columns = linear_sum_assignment(distances)
    exchanged = distances[rows, rows][rows != columns] > max(OTHER_COLUMN, limit)
    if exchanged.sum() < 2 or np.mean(distances[rows, columns] <= limit) < 0.9:
        return None
    order: AnyArray = rows[np.argsort(columns)]
    return order

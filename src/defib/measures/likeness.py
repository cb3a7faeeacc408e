"""How alike the weights of two networks of one architecture are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
UNCHANGED = 0.999999
"""`likeness` from which on weights are the same ones: rounding, and no step of a training."""
KS_CRITICAL = 1.95
SAME_WAY = 0.5
"""Cosine above which two ways lead to the same place; those of unrelated weights are near 0."""


def likeness(first: Sequence[FloatArray], second: Sequence[FloatArray]) -> float:
    """Correlation of the entries of all kernels (two axes or more), each centred by itself, in [−1, 1].

    ``first`` and ``second``: arrays of equal shapes, in the same order. 1 = the same up to an offset and a scale; two
    independent draws of n weights have a correlation of about 1/√n. Without kernels, or where one side is constant,
    1.0 when all arrays are equal and else 0.0.

    >>> a = np.arange(6.0).reshape(2, 3)
    >>> likeness([a], [a]), round(likeness([a], [-a]), 6), likeness([np.ones(3)], [np.zeros(3)])
    (1.0, -1.0, 0.0)
    """
    if all(np.array_equal(a, b) for a, b in zip(first, second, strict=True)):
        return 1.0
    pairs = [(_centred(a), _centred(b)) for a, b in zip(first, second, strict=True) if np.ndim(a) >= 2]
    with np.errstate(all="ignore"):
        product = sum(float(a @ b) for a, b in pairs)
        sizes = sum(float(a @ a) for a, _ in pairs) * sum(float(b @ b) for _, b in pairs)
        value = product / np.sqrt(sizes) if sizes > 0 else 0.0
    return float(np.clip(value, -1.0, 1.0)) if np.isfinite(value) else 0.0


def way_gone(values: Sequence[FloatArray], start: Sequence[FloatArray], end: Sequence[FloatArray]) -> float | None:
    """How far weights have gone from ``start`` towards ``end``: 0 = still there, 1 = arrived.

    Arrays of equal shapes, in the same order. The length of their way along the straight line between the two, in parts
    of it. ``None`` where start and end are equal, or where they have gone another way (cosine of at most a half).

    >>> start, end = [np.zeros(2)], [np.array([3.0, 4.0])]
    >>> way_gone(start, start, end), way_gone([np.array([0.3, 0.4])], start, end)
    (0.0, 0.1)
    >>> way_gone([np.array([4.0, -3.0])], start, end) is None
    True
    """
    gone = np.concatenate([np.ravel(a).astype(np.float64) - np.ravel(b) for a, b in zip(values, start, strict=True)])
    whole = np.concatenate([np.ravel(a).astype(np.float64) - np.ravel(b) for a, b in zip(end, start, strict=True)])
    length, along = float(np.linalg.norm(whole)), float(gone @ whole)
    if not np.isfinite(along) or not 0 < length < np.inf:
        return None
    size = float(np.linalg.norm(gone))
    if size == 0:
        return 0.0
    return round(along / length**2, 6) if along > SAME_WAY * size * length else None


def drawn_alike(first: Sequence[FloatArray], second: Sequence[FloatArray]) -> bool:
    """Whether two networks' weights may be two draws of one initializer.

    Arrays of equal shapes in the same order. Constants (biases of 0) must be the same constants. All others are divided
    by the standard deviation of the second side and compared by the two-sample Kolmogorov-Smirnov statistic at
    p = .001 (Smirnov 1948: D > 1.95 √(2/n)).

    >>> a, b = np.random.default_rng(0).normal(size=(2, 500))
    >>> drawn_alike([a], [b]), drawn_alike([a * 1.5], [b]), drawn_alike([a, np.ones(2)], [b, np.zeros(2)])
    (True, False, False)
    """
    mine, theirs = [], []
    for a, b in zip(first, second, strict=True):
        if np.size(b) < 2:
            continue  # one number shows no spread
        sd = float(np.std(b))
        if sd == 0:
            if not np.array_equal(a, b):
                return False
            continue
        mine.append(np.ravel(a) / sd)
        theirs.append(np.ravel(b) / sd)
    if not mine:
        return True
    x, y = np.sort(np.concatenate(mine)), np.sort(np.concatenate(theirs))
    everything = np.concatenate([x, y])
    steps = np.searchsorted(x, everything, side="right") - np.searchsorted(y, everything, side="right")
    return bool(np.abs(steps).max() / len(x) <= KS_CRITICAL * np.sqrt(2 / len(x)))


def _centred(values: FloatArray) -> FloatArray:
    flat = np.asarray(values, dtype=np.float64).ravel()
    centred: FloatArray = flat - flat.mean()
    return centred

"""Base rates, their entropy, and the loss of the best constant predictor."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

AnyArray: TypeAlias = NDArray[Any]
FloatArray: TypeAlias = NDArray[np.floating[Any]]


def class_frequencies(labels: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Distinct classes in order and their shares, from ``(n,)`` labels; shares in [0, 1], sum 1.

    >>> classes, shares = class_frequencies(np.array([1, 0, 0, 0]))
    >>> classes.tolist(), shares.tolist()
    ([0, 1], [0.75, 0.25])
    """
    classes, counts = np.unique(labels, return_counts=True)
    return classes, counts / max(counts.sum(), 1)


def entropy_nats(shares: AnyArray) -> float:
    """``-sum(p * log(p))``: the cross-entropy of always predicting the base rates, in nats, >= 0.

    >>> round(entropy_nats(np.array([0.5, 0.5])), 6)
    0.693147
    """
    p = np.asarray(shares, dtype=np.float64)
    p = p[p > 0]
    return float(abs(-(p * np.log(p)).sum()))


def binary_entropy_nats(shares: AnyArray) -> float:
    """Mean over columns of ``-p log p - (1-p) log(1-p)``: binary cross-entropy of the base rates, in nats.

    >>> round(binary_entropy_nats(np.array([0.5, 1.0])), 6)
    0.346574
    """
    p = np.asarray(shares, dtype=np.float64).ravel()
    return float(np.mean([entropy_nats(np.array([q, 1 - q])) for q in p])) if p.size else 0.0


def constant_loss(y: FloatArray, kind: str) -> float | None:
    """Loss of the best constant per column of ``(n, k)`` targets; ``None`` where no formula is known.

    ``squared_error``: mean variance; ``absolute_error``: mean distance to the median; ``binary_cross_entropy``:
    binary entropy of the column means (targets in [0, 1]); ``categorical_cross_entropy``: entropy of the column means.

    >>> constant_loss(np.array([[0.0], [2.0]]), "squared_error")
    1.0
    """
    if not len(y):
        return None
    if kind == "squared_error":
        return float(y.var(axis=0).mean())
    if kind == "absolute_error":
        return float(np.abs(y - np.median(y, axis=0)).mean())
    unit = bool(y.min() >= 0 and y.max() <= 1)
    if kind == "binary_cross_entropy" and unit:
        return binary_entropy_nats(y.mean(axis=0))
    if kind == "categorical_cross_entropy" and unit:
        return entropy_nats(y.mean(axis=0))
    return None

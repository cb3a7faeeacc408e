"""A reference learner for rows of two ids (user and film): what each id adds, and how the two go together.

Biases and low-rank factors by alternating ridge regressions (Koren, Bell, Volinsky 2009, IEEE Computer 42(8)). Counts
of ids, trees on ids and pairs of tokens cannot read a product of two ids.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from defib.measures.outputs import AnyArray, FloatArray

RANK, ROUNDS = 3, 15
PENALTY = 1.5
"""On factors and biases, for targets of sd 1: about the noise of one row over the spread of what an id has."""
LEAST_ROWS = 5
"""Rows per id, on average, from which on something can be told of an id."""


def id_pairs(rows: AnyArray) -> FloatArray | None:
    """The two ids of each row, ``(n, 2)`` from 0 on; ``None`` where rows are no pairs, or ids hardly come again."""
    flat = np.asarray(rows).reshape(len(rows), -1)
    if flat.shape[1] != 2 or not np.isfinite(flat.astype(np.float64)).all():
        return None
    ids = np.column_stack([np.unique(column, return_inverse=True)[1] for column in flat.T])
    return ids.astype(np.float64) if len(ids) >= LEAST_ROWS * (ids.max(axis=0) + 1).max() else None


def factors(features: FloatArray, targets: FloatArray, new: FloatArray) -> FloatArray:
    """Mean, bias of either id and product of their factors, per column of ``targets (n, k)``; ids ``(n, 2)``."""
    known, asked = features.astype(np.int64), new.astype(np.int64)
    sizes = np.maximum(known.max(axis=0), asked.max(axis=0)) + 1
    columns = [_one(known, targets[:, k], asked, sizes) for k in range(targets.shape[1])]
    return np.column_stack(columns)


def _one(known: NDArray[np.int64], y: FloatArray, asked: NDArray[np.int64], sizes: NDArray[np.int64]) -> FloatArray:
    mean, sd = float(y.mean()), float(y.std()) or 1.0
    left = (y - mean) / sd
    biases: list[FloatArray] = [np.zeros(int(n)) for n in sizes]
    for side in (0, 1, 0, 1, 0, 1):
        rest = left - biases[1 - side][known[:, 1 - side]]
        biases[side] = _sums(known[:, side], rest, sizes[side]) / (_sums(known[:, side], None, sizes[side]) + PENALTY)
    left = left - biases[0][known[:, 0]] - biases[1][known[:, 1]]
    drawn = np.random.default_rng(0)
    both: list[FloatArray] = [drawn.normal(scale=0.5, size=(n, RANK)) for n in sizes]
    for _ in range(ROUNDS):
        for side in (0, 1):
            both[side] = _regressed(known[:, side], both[1 - side][known[:, 1 - side]], left, sizes[side])
    product = (both[0][asked[:, 0]] * both[1][asked[:, 1]]).sum(axis=1)
    return np.asarray(mean + sd * (biases[0][asked[:, 0]] + biases[1][asked[:, 1]] + product))


def _sums(ids: NDArray[np.int64], values: FloatArray | None, size: int) -> FloatArray:
    return np.bincount(ids, weights=values, minlength=int(size)).astype(np.float64)


def _regressed(ids: NDArray[np.int64], other: FloatArray, y: FloatArray, size: int) -> FloatArray:
    """Ridge regression of the targets of each id on the factors of what stands beside it."""
    squares = np.zeros((int(size), RANK, RANK))
    np.add.at(squares, ids, other[:, :, None] * other[:, None, :])
    products = np.zeros((int(size), RANK))
    np.add.at(products, ids, other * y[:, None])
    return np.asarray(np.linalg.solve(squares + PENALTY * np.eye(RANK), products[:, :, None])[:, :, 0])

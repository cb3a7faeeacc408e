"""Pairs of rows that belong together or not: what their own cells tell of it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from defib.measures.outputs import AnyArray, FloatArray
from defib.measures.skill import auc

Pairs: TypeAlias = tuple[AnyArray, AnyArray]
"""``(n, two members)``, labels ``(n,)``."""


def raw_gini(known: Pairs, asked: Pairs) -> float:
    """What rows themselves tell of other pairs, by their distance or a line over the distances of their columns.

    Pairs are ``(n, two members)``, their labels ``(n,)`` 1 where the members belong together. The AUC of the best of
    three scores as gini, in [0, 1]; 0 where the two members are of different kinds.

    >>> X = np.repeat(np.eye(4), 5, axis=0)
    >>> pairs = np.vstack([np.hstack([X, X]), np.hstack([X, np.roll(X, 5, axis=0)])]), np.repeat([1, 0], 20)
    >>> raw_gini(pairs, pairs)
    1.0
    """
    X, y = asked
    if X.shape[1] % 2 or X.dtype.kind not in "biuf":
        return 0.0
    apart, seen = _apart(X), _apart(known[0])
    size = np.maximum(seen.std(axis=0), 1e-12)
    line = _line(seen / size, known[1])
    scores = [-apart.sum(axis=1), -(apart / size).sum(axis=1), _one(apart / size) @ line]
    found = [2 * auc(one, y == 1) - 1 for one in scores if np.isfinite(one).all()]
    return max([0.0, *found])


def _apart(pairs: AnyArray) -> FloatArray:
    """Columns of how far the two members lie apart."""
    one, two = np.split(pairs.astype(np.float64), 2, axis=1)
    return np.abs(one - two)


def _one(columns: FloatArray) -> FloatArray:
    return np.hstack([columns, np.ones((len(columns), 1))])


def _line(columns: FloatArray, y: AnyArray) -> FloatArray:
    """Least squares with a light ridge, ``(n_columns + 1,)``."""
    A = _one(columns)
    weights: FloatArray = np.linalg.solve(A.T @ A + len(A) * 1e-3 * np.eye(A.shape[1]), A.T @ y.astype(np.float64))
    return weights

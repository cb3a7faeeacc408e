"""Rows that were left out of one of two lists: which label each of the rows had, where both kept their order.

Row ``i`` had the label at ``i + d``, where ``d``, how many rows were left out before it, only grows. Every row that a
linear learner can tell says a little about its ``d``; expectation and maximization (Dempster, Laird and Rubin, 1977)
over a hidden Markov model (forward and backward, Rabiner, 1989) finds learner and ``d`` together. What is found is held
against rows that had no say in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from defib.measures.outputs import FloatArray

ROUNDS: Final = 30
SURE: Final = 0.9
"""Share of its probability that one ``d`` of a row must have."""
Z_SURE: Final = 4.5
"""As `defib.probes.reference.Z_REPAIR`: one pairing is tried, in a few columns."""
LEAST_SURE: Final = 20
RIDGE: Final = 0.01


@dataclass(frozen=True)
class Realigned:
    """The label of each row."""

    at: NDArray[np.int64]
    """``(n,)``: place of the row's label; −1 where more than one may be meant."""
    z: float
    """Standard deviations above chance at which left-out rows agree with the labels that the others gave them."""


def realigned(X: FloatArray, targets: FloatArray) -> Realigned | None:
    """Rows ``(n, k)``, and labels ``(N, m)`` of them and of others that were left out, N > n; all standardized.

    ``None`` where the rows that had no say do not agree. A row's own cells never choose its label: they have a say in
    the learner and in the labels of its neighbours only. Rows that tell their neighbours (a series) are no evidence.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 3)); y = X.sum(axis=1, keepdims=True) / 3**0.5
    >>> kept = np.flatnonzero(rng.random(300) > 0.1)
    >>> found = realigned(X[kept], y)
    >>> bool((found.at[found.at >= 0] == kept[found.at >= 0]).mean() > 0.95), realigned(X[kept], y[::-1].copy()) is None
    (True, True)
    """
    every_second = np.arange(len(X)) % 2 == 0
    places, certainty, told = _searched(X, targets, every_second)
    judged = ~every_second & (certainty > SURE)
    if judged.sum() < LEAST_SURE:
        return None
    z = _agreement(told[judged], targets[places[judged]])
    if z < Z_SURE:
        return None
    places, certainty, _ = _searched(X, targets, np.ones(len(X), dtype=bool))
    return Realigned(np.where(certainty > SURE, places, -1), z)


def _agreement(told: FloatArray, labels: FloatArray) -> float:
    """Largest correlation of any column, in standard deviations of rows that have nothing to do with each other."""
    found = 0.0
    for one, other in zip(told.T, labels.T, strict=True):
        if one.std() > 0 and other.std() > 0:
            found = max(found, float(np.corrcoef(one, other)[0, 1]) * len(one) ** 0.5)
    return found


def _searched(
    X: FloatArray, targets: FloatArray, used: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Place of each row's label by the others' cells ``(n,)``, how sure, and what the learner tells ``(n, m)``."""
    n, widest = len(X), len(targets) - len(X)
    candidates = np.arange(n)[:, None] + np.arange(widest + 1)
    labels = targets[candidates]
    table = np.column_stack([X, np.ones(n)])
    mine = table[used]
    inverse = np.linalg.inv(mine.T @ mine + RIDGE * len(mine) * np.eye(table.shape[1])) @ mine.T
    fits = np.ones((n, widest + 1))
    for _ in range(ROUNDS):
        others = _by_the_others(fits, widest / len(targets))
        share = others * fits
        share /= share.sum(axis=1, keepdims=True)
        told = table @ (inverse @ np.einsum("nd,ndm->nm", share, labels)[used])
        errors = (labels - told[:, None, :]) ** 2
        variance = np.einsum("nd,ndm->nm", share, errors)[used].mean(axis=0)
        # The columns of classes add up to one: one of them says nothing of its own.
        log = -0.5 * max(targets.shape[1] - 1, 1) * (errors / np.maximum(variance, 1e-6)).mean(axis=2)
        fits = np.where(used[:, None], np.exp(log - log.max(axis=1, keepdims=True)), 1.0)
    others = _by_the_others(fits, widest / len(targets))
    best = others.argmax(axis=1)
    return np.arange(n) + best, others.max(axis=1), told


def _by_the_others(fits: FloatArray, rate: float) -> FloatArray:
    """Probability of each ``d`` of each row ``(n, D)`` by all rows but itself, where ``rate`` of all were left out."""
    from scipy.signal import lfilter

    forward, backward = np.empty_like(fits), np.empty_like(fits)
    ahead = np.eye(1, fits.shape[1])[0]
    behind = np.ones(fits.shape[1])
    for i in range(len(fits)):
        # Any number of rows in a row may have been left out: a geometric step.
        ahead = lfilter([1.0], [1.0, -rate], ahead)
        forward[i] = ahead / ahead.sum()
        ahead = forward[i] * fits[i]
        backward[-1 - i] = behind
        behind = lfilter([1.0], [1.0, -rate], (behind * fits[-1 - i])[::-1])[::-1]
        behind = behind / behind.max()
    found = forward * backward
    return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-300))

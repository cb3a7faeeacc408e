"""Rows for the scenarios: scikit-learn's bundled tables and NumPy draws, split into training rows and new rows.

Every function returns ``X, y, X_new, y_new`` with float32 inputs; ``y`` is int64 for classes and float32 for values.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Split: TypeAlias = tuple[Array, Array, Array, Array]


def _split(X: Array, y: Array, seed: int, stratify: bool = True) -> Split:
    from sklearn.model_selection import train_test_split

    a, b, ya, yb = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y if stratify else None)
    return a.astype(np.float32), ya, b.astype(np.float32), yb


def _standardized(split: Split) -> Split:
    X, y, X_new, y_new = split
    mean, sd = X.mean(0), X.std(0) + 1e-9
    return (X - mean) / sd, y, (X_new - mean) / sd, y_new


def cancer(seed: int, scaled: bool = True) -> Split:
    """569 x 30, two classes, 63 % ones."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    split = _split(X, y, seed)
    return _standardized(split) if scaled else split


def wine(seed: int, scaled: bool = True) -> Split:
    """178 x 13, three classes."""
    from sklearn.datasets import load_wine

    X, y = load_wine(return_X_y=True)
    split = _split(X, y, seed)
    return _standardized(split) if scaled else split


def digits(seed: int, divide_by: float = 16.0) -> Split:
    """1797 x 64 in [0, 16 / divide_by], ten classes."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return _split(X / divide_by, y, seed)


def diabetes(seed: int) -> Split:
    """442 x 10 standardized, a value between 25 and 346."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    return _standardized(_split(X, y.astype(np.float32), seed, stratify=False))


def coin_flips(seed: int, n: int = 1000) -> Split:
    """n x 10 uniform in [0, 1), two classes from a linear logit (a logistic regression reaches AUC .94)."""
    rng = np.random.default_rng(1000 + seed)
    X = rng.random((n, 10))
    logit = (X - 0.5) @ np.array([6, -5, 4, -4, 3, -3, 2, -2, 1, -1])
    return _split(X, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int64), seed)


def friedman(seed: int, n: int = 800) -> Split:
    """n x 10 uniform, the value of Friedman's first benchmark function, standardized."""
    from sklearn.datasets import make_friedman1

    X, y = make_friedman1(n, noise=1.0, random_state=1000 + seed)
    return _standardized(_split(X, ((y - y.mean()) / y.std()).astype(np.float32), seed, stratify=False))


def rare(seed: int, n: int = 4000, share: float = 0.03, strength: float = 1.0) -> Split:
    """n x 8 standard normal, ``share`` positives that only one direction hints at (AUC about .85)."""
    rng = np.random.default_rng(1000 + seed)
    X = rng.normal(size=(n, 8))
    risk = strength * X @ np.array([1.2, -0.9, 0.7, 0, 0, 0, 0, 0]) + rng.logistic(size=n)
    return _split(X, (risk > np.quantile(risk, 1 - share)).astype(np.int64), seed)


def tickets(seed: int, n: int = 800) -> Split:
    """n x 12 word ids below 40, two classes: a few words go with one class each; 0 is padding, and every text has some."""
    rng = np.random.default_rng(1000 + seed)
    y = rng.integers(0, 2, n)
    X = np.zeros((n, 12), dtype=np.int64)
    for row, label in zip(X, y, strict=True):
        words = [*rng.integers(10, 40, rng.integers(4, 9)), *rng.integers(4 if label else 1, 7 if label else 4, 2)]
        row[: len(words)] = rng.permutation(words)
    X, y, X_new, y_new = _split(X, y, seed)
    return X.astype(np.int64), y, X_new.astype(np.int64), y_new

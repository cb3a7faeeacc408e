"""How much the outputs tell *as they stand*, not only in which order they put the rows."""

from __future__ import annotations

import numpy as np

from defib.measures.skill import AnyArray, Estimate, FloatArray, r2_skill, student_quantile


def usable_skill(probabilities: FloatArray, positive: AnyArray) -> Estimate | None:
    """The better of `label_skill` and the Brier skill, with its 95 % interval; ``None`` when no column has both sides.

    ``probabilities`` ``(n, k)`` in [0, 1], ``positive`` ``(n, k)`` bool. The Brier skill is ``1 - MSE / var`` of the
    0/1 columns (Brier 1950), 0 for the prior. One of the two is high for every useful classifier: a sure one that is
    badly calibrated, or one moved by class weights, has the labels right; one of a rare event has the probabilities.
    Both are near 0 when outputs rank the rows and are squeezed together, or hold nearly every row for one class.
    """
    varies = [k for k in range(positive.shape[1]) if 0 < positive[:, k].sum() < len(positive)]
    if not varies:
        return None
    brier = r2_skill(probabilities[:, varies], positive[:, varies].astype(np.float64))
    estimates = [one for one in (label_skill(probabilities, positive), brier) if one is not None]
    return max(estimates, key=lambda one: one.value)


def label_skill(probabilities: FloatArray, positive: AnyArray) -> Estimate | None:
    """Balanced accuracy of the hard labels above chance, in [-1, 1]: ``(mean recall - 1/K) / (1 - 1/K)``.

    One column is cut at 0.5 and gives Youden's J (Youden 1950: sensitivity + specificity - 1); several that exclude
    each other are read by the largest one; otherwise J is averaged over the columns. Every constant label scores 0.

    >>> label_skill(np.array([[0.4], [0.6], [0.7]]), np.array([[False], [True], [True]])).value
    1.0
    """
    positive = np.asarray(positive, dtype=bool)
    if positive.shape[1] > 1 and bool((positive.sum(axis=1) == 1).all()):
        return _above_chance(np.argmax(probabilities, axis=1), np.argmax(positive, axis=1))
    columns = [_above_chance(probabilities[:, k] > 0.5, positive[:, k]) for k in range(positive.shape[1])]
    known = [one for one in columns if one is not None]
    if not known:
        return None
    value = float(np.mean([one.value for one in known]))
    error = float(np.mean([one.standard_error for one in known]))  # columns are taken as fully dependent
    return _estimate(value, error, len(positive))


def _above_chance(given: AnyArray, true: AnyArray) -> Estimate | None:
    """Mean recall above chance; the error is that of independent binomials, one row of doubt added to each class."""
    classes = np.unique(true)
    if len(classes) < 2:
        return None
    counts = np.array([(true == c).sum() for c in classes])
    recalls = np.array([(given[true == c] == c).mean() for c in classes])
    chance = 1 / len(classes)
    doubted = (recalls * counts + 0.5) / (counts + 1)
    error = float(np.sqrt((doubted * (1 - doubted) / counts).sum())) / len(classes)
    return _estimate((float(recalls.mean()) - chance) / (1 - chance), error / (1 - chance), len(true))


def _estimate(value: float, error: float, n: int) -> Estimate:
    half = student_quantile(n - 2) * error
    return Estimate(value, (max(value - half, -1.0), min(value + half, 1.0)), error, n)

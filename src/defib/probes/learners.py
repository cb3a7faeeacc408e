"""Quick reference learners, cross-validated: ridge regression and naive Bayes in NumPy, boosting from scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from defib.measures.outputs import AnyArray, FloatArray
from defib.measures.skill import auc, macro_auc, r2
from defib.probes.factors import factors

FOLDS = 4
PENALTIES = 10.0 ** np.arange(-1, 5)
"""Ridge penalties tried, for columns of sd 1; generalized cross-validation chooses."""
TREES = 25
LEAST_TREES = 6
"""With several classes one tree is grown per class: fewer rounds then."""
LEAVES = 8
RATE = 0.15
LARGEST_CLASSES = 8
"""More classes than this: only rows of the most frequent ones are scored (the learners grow one tree per class)."""

Metric = Literal["auc", "r2"]
Learner = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
"""``(features, targets, new features) -> predictions``; targets and predictions ``(n, k)``."""


@dataclass(frozen=True)
class Problem:
    """Features ``(n, d)``, targets ``(n, k)`` (0/1 columns for classes, values else) and which fold each row is in."""

    features: FloatArray
    targets: FloatArray
    folds: AnyArray
    metric: Metric
    marks: FloatArray | None = None
    """Which of many marks each row holds, 0 or 1 ``(n, m)``: for token ids (`defib.probes.token_features`)."""
    pairs: FloatArray | None = None
    """Two ids per row ``(n, 2)``, where rows are that (`defib.probes.factors`)."""

    def with_targets(self, targets: FloatArray) -> Problem:
        """The same rows with other targets."""
        return replace(self, targets=targets)

    def table_for(self, learner: Learner) -> FloatArray:
        """What this learner reads."""
        if learner is naive_bayes and self.marks is not None:
            return self.marks
        return self.pairs if learner is factors and self.pairs is not None else self.features

    def learners(self) -> dict[str, Learner]:
        """Those that can do it."""
        usable = self.marks is not None and self.marks.shape[1] > 0 and self.metric == "auc"
        left_out = [] if usable else [naive_bayes]
        left_out += [] if self.pairs is not None else [factors]
        return {name: one for name, one in LEARNERS.items() if one not in left_out}


def assign_folds(groups: AnyArray, targets: FloatArray, seed: int) -> AnyArray:
    """A fold per row, ``(n,)`` in 0 … 3: equal rows stay together (a copy would tell its label), targets are spread.

    Rows are dealt out in the order of their target, ties at random.
    """
    rng = np.random.default_rng(seed)
    unique, first = np.unique(groups, return_index=True)
    keys = [rng.random(len(unique)), *(targets[first, k] for k in range(targets.shape[1]))]
    order = np.lexsort(keys)
    dealt = np.empty(len(unique), dtype=np.int64)
    start = rng.permutation(FOLDS)
    dealt[order] = start[np.arange(len(unique)) % FOLDS]
    # Within each block of four neighbours in target, chance decides who goes where.
    for block in range(0, len(unique) - FOLDS + 1, FOLDS):
        dealt[order[block : block + FOLDS]] = rng.permutation(FOLDS)
    return dealt[np.searchsorted(unique, groups)]


def out_of_fold(problem: Problem, learner: Learner) -> FloatArray:
    """Predictions for every row by a learner that did not see its fold, ``(n, k)``."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    predictions = np.zeros_like(problem.targets, dtype=np.float64)
    table = problem.table_for(learner)
    # Tables this small gain nothing from threads, and threads that wait on a busy machine cost a hundredfold.
    with threadpool_limits(limits=1):
        for fold in np.unique(problem.folds):
            test = problem.folds == fold
            predictions[test] = learner(table[~test], problem.targets[~test], table[test])
    return predictions


def score(problem: Problem, predictions: FloatArray) -> float:
    """Cross-validated AUC (mean over folds of the macro one-vs-rest AUC) or R² over all rows; NaN when undefined.

    AUC is taken fold by fold: pooled over folds, predictions that know nothing score below one half.
    """
    if problem.metric == "r2":
        return r2(predictions, problem.targets)
    positive = problem.targets > 0.5
    values = [
        macro_auc(predictions[problem.folds == f], positive[problem.folds == f]) for f in np.unique(problem.folds)
    ]
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def chance_error(problem: Problem) -> float:
    """Standard deviation of `score` for predictions that know nothing (AUC): from the ranks, fold by fold.

    Per fold and column ``sqrt((m + n + 1) / (12 m n))``; columns of one problem are taken as fully dependent.
    """
    positive = problem.targets > 0.5
    variances = []
    for fold in np.unique(problem.folds):
        test = problem.folds == fold
        sides = [(positive[test, k].sum(), (~positive[test, k]).sum()) for k in range(positive.shape[1])]
        known = [(m + n + 1) / (12.0 * m * n) for m, n in sides if m and n]
        if known:
            variances.append(float(np.mean(known)))
    return float(np.sqrt(np.mean(variances) / len(variances))) if variances else float("nan")


def ridge(features: FloatArray, targets: FloatArray, new: FloatArray) -> FloatArray:
    """Linear least squares; per target, generalized cross-validation (Golub, Heath, Wahba 1979) picks the L2 penalty.

    GCV error of a penalty: ``|y - Hy|**2 / (n - 1 - trace(H))**2``.
    """
    mean, centre = targets.mean(axis=0), features.mean(axis=0)
    u, s, vt = np.linalg.svd(features - centre, full_matrices=False)
    turned = u.T @ (targets - mean)
    total = ((targets - mean) ** 2).sum(axis=0)
    shrink = s**2 / (s**2 + PENALTIES[:, None])
    errors = total - (2 * shrink - shrink**2) @ turned**2
    freedom = np.maximum(len(features) - 1 - shrink.sum(axis=1), 1e-3)
    chosen = PENALTIES[np.argmin(errors / freedom[:, None] ** 2, axis=0)]
    weights = vt.T @ (s[:, None] / (s[:, None] ** 2 + chosen) * turned)
    return np.asarray((new - centre) @ weights + mean)


def naive_bayes(features: FloatArray, targets: FloatArray, new: FloatArray) -> FloatArray:
    """Naive Bayes on marks that are there or not; per 0/1 column the probability, smoothed by one row on either side.

    Sums of many weak log ratios overstate how sure they are: they are divided by their own standard deviation, which
    changes no order.
    """
    positive = targets > 0.5
    n, p = np.maximum(positive.sum(axis=0), 1), np.maximum((~positive).sum(axis=0), 1)
    held = (features.T @ positive + 1.0) / (n + 2.0)
    other = (features.T @ ~positive + 1.0) / (p + 2.0)
    weights = np.log(held / other) - np.log((1 - held) / (1 - other))
    scores = new @ weights
    trained = features @ weights
    spread = np.maximum(trained.std(axis=0), 1e-12)
    prior = np.log(n / p)
    return np.asarray(1.0 / (1.0 + np.exp(-((scores - trained.mean(axis=0)) / spread + prior))))


def boosting(features: FloatArray, targets: FloatArray, new: FloatArray) -> FloatArray:
    """Gradient boosting of small trees on histograms; class columns are fitted together, values column by column."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    settings = {
        "max_iter": max(LEAST_TREES, 2 * TREES // max(targets.shape[1], 2)),
        "max_leaf_nodes": LEAVES,
        "learning_rate": RATE,
        "min_samples_leaf": max(3, min(20, len(features) // 20)),
        "early_stopping": False,
        "random_state": 0,
    }
    zero_one = bool(np.isin(targets, (0.0, 1.0)).all())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if zero_one and targets.shape[1] > 1 and bool((targets.sum(axis=1) == 1).all()):
            ids = np.argmax(targets, axis=1)
            model = HistGradientBoostingClassifier(**settings).fit(features, ids)
            predictions = np.zeros((len(new), targets.shape[1]))
            predictions[:, model.classes_.astype(int)] = model.predict_proba(new)
            return predictions
        kind = HistGradientBoostingClassifier if zero_one else HistGradientBoostingRegressor
        columns = [_fit_column(kind, settings, features, targets[:, k], new) for k in range(targets.shape[1])]
    return np.column_stack(columns)


def _fit_column(
    kind: type, settings: Mapping[str, float], features: FloatArray, y: FloatArray, new: FloatArray
) -> FloatArray:
    if np.ptp(y) == 0:
        return np.full(len(new), float(y[0]))
    model = kind(**settings).fit(features, y)
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(new)[:, 1])
    return np.asarray(model.predict(new))


LEARNERS: dict[str, Learner] = {"linear": ridge, "boosting": boosting, "n-grams": naive_bayes, "factors": factors}

__all__ = ["LEARNERS", "Learner", "Metric", "Problem", "assign_folds", "auc", "chance_error", "out_of_fold", "score"]

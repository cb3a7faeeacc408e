"""How much signal the rows hold: reference learners, cross-validated, against permuted labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.rows import spaced_indices
from defib.measures.skill import average_ranks, gini_skill, r2_skill, student_quantile
from defib.measures.usable import usable_skill
from defib.probes.factors import id_pairs
from defib.probes.features import feature_table
from defib.probes.inputs import InputFacts
from defib.probes.labels import LabelFacts
from defib.probes.learners import (
    LARGEST_CLASSES,
    LEARNERS,
    Metric,
    Problem,
    assign_folds,
    chance_error,
    out_of_fold,
    score,
)
from defib.probes.looking import number_rows
from defib.probes.neighbours import mixed_rows
from defib.probes.pairings import in_file_order, re_pairings
from defib.probes.token_features import token_marks
from defib.subject import AnyArray, FloatArray, Rows, Subject
from defib.task import read_targets

MOST_ROWS = 2000
LEAST_ROWS = 10
LEAST_PER_CLASS = 4
"""One per fold."""
MOST_TARGETS = 3
RARE = 0.05
PERMUTATIONS = {
    **{
        ("linear", "auc"): 20,
        ("linear", "r2"): 20,
        ("n-grams", "auc"): 20,
        ("factors", "auc"): 6,
        ("factors", "r2"): 6,
    },
    **{("boosting", "auc"): 3, ("boosting", "r2"): 5},
}
"""Boosting is slow; for AUC the ranks give the sd anyway."""
LEAST_SD = 1e-3
RANKS_WEIGHT = 10
Z_SIGNAL = 3.3
"""The better of two learners must lie this many sd above chance. A normal null would pass 0.1 % of the time; on rows
without signal (40 to 400 rows; binary, rare, normal and heavy-tailed labels) about 0.5 % were measured to pass."""
Z_REPAIR = 4.5
"""Eight pairings are tried, in up to three orders: 24 x 3e-6."""
Z_POWER = 0.84
"""80 % power."""
MARGIN: dict[Metric, float] = {"auc": 0.02, "r2": 0.01}
"""Signal below this is of no use to anybody, however sure it is."""
REPAIR_MARGIN: dict[Metric, float] = {"auc": 0.1, "r2": 0.1}
"""A bug that lost the pairing lost all of the signal; a weak one elsewhere is drift, not a re-pairing."""


@dataclass(frozen=True)
class SignalFacts(Evidence):
    """Cross-validated skill of quick standard models on the training rows."""

    metric: str
    """``auc`` (macro one-vs-rest for classes) or ``r2``."""
    n_rows: int
    """Rows looked at."""
    n_rows_all: int
    linear: float
    boosting: float
    best: float
    best_name: str
    interval: tuple[float, float]
    """95 % interval of the best score."""
    permuted_mean: float
    permuted_sd: float
    """The best learner with permuted labels."""
    z: float
    """(best − permuted_mean) / permuted_sd."""
    has_signal: bool
    """z beyond `Z_SIGNAL` *and* the score above chance by a margin that matters (`MARGIN`)."""
    detectable: float
    """Smallest score that these many rows could have told from chance with 80 % power; 1 when they could not have."""
    repaired_pairing: str | None
    """A re-pairing of rows and labels under which signal appears ("labels shifted by 1"), if one was found."""
    repaired_score: float | None
    usable: float | None = None
    """What the best learner's out-of-fold outputs tell as they stand (`defib.measures.usable_skill`); or ``None``."""


@dataclass(frozen=True)
class _Null:
    """What a learner scores on permuted labels."""

    mean: float
    sd: float

    def z(self, score: float) -> float:
        return (score - self.mean) / self.sd


def probe(seed: int = 0) -> Probe:
    """The probe with this seed for folds and permutations."""
    return Probe("reference", SignalFacts, "learners", lambda subject, book: measure_signal(subject, book, seed))


def measure_signal(subject: Subject, book: Book, seed: int = 0) -> SignalFacts:
    """Cross-validate the reference learners on the training rows. Raises `Missing` where there is nothing to score."""
    rows = subject.training
    if rows is None or not len(rows) or rows.y is None:
        raise Missing("SignalFacts", "the labels" if rows is not None and rows.y is None else "the training rows")
    kind = book.get(InputFacts).kind if book.has(InputFacts) else "tabular"
    targets = _targets(subject, book, rows)
    n_all = rows.n_seen or len(rows)
    if not subject.rows_together:
        return find_signal(rows.X, targets.columns, targets.metric, kind, n_all=n_all, seed=seed, places=rows.places)
    return _among_neighbours(subject, rows, targets, kind, seed)


def _among_neighbours(subject: Subject, rows: Rows, targets: _Columns, kind: str, seed: int) -> SignalFacts:
    """Signal in the rows themselves, else with what the wiring mixes in of others; its absence proves nothing."""
    found = None
    if np.ptp(np.asarray(rows.X), axis=0).any():
        found = find_signal(rows.X, targets.columns, targets.metric, kind, seed=seed, places=rows.places)
    if found is None or not found.has_signal:
        mixed = mixed_rows(subject, rows.X)
        if mixed is not None:
            found = find_signal(mixed, targets.columns, targets.metric, "tabular", seed=seed, places=rows.places)
    if found is None or not found.has_signal:
        raise Missing("SignalFacts", "a reference learner that reads how the rows hang together")
    return found


@dataclass(frozen=True)
class _Columns:
    columns: FloatArray
    metric: Metric


def _targets(subject: Subject, book: Book, rows: Rows) -> _Columns:
    """Labels as one column per class (binary: one), per label, or per value; at most a few columns."""
    labels = book.get(LabelFacts) if book.has(LabelFacts) else None
    assert rows.y is not None
    loss = subject.recipe.loss
    read = read_targets(
        rows.y, task=None if labels is None else labels.task, loss_kind=None if loss is None else loss.kind
    )
    if len(read.values) != len(rows):
        return _per_row(read.values.reshape(len(rows), -1))
    if read.class_ids is None:
        return _Columns(_widest(read.values), "auc" if read.task == "multilabel" else "r2")
    ids = read.class_ids
    classes, counts = np.unique(ids[np.isfinite(ids)], return_counts=True)
    if len(classes) < 2:
        raise Missing("SignalFacts", "labels of two classes or more")
    if len(classes) == 2:
        return _Columns(np.where(np.isfinite(ids), ids == classes[1], np.nan)[:, None], "auc")
    kept = classes[np.argsort(-counts, kind="stable")][:LARGEST_CLASSES]
    hot = (ids[:, None] == kept[None, :]).astype(np.float64)
    hot[hot.sum(axis=1) == 0] = np.nan
    return _Columns(hot, "auc")


def scored_targets(subject: Subject, book: Book, rows: Rows) -> tuple[FloatArray, Metric]:
    """Labels of these rows as the reference learners are scored on them: columns ``(n, k)`` and the metric."""
    found = _targets(subject, book, rows)
    return found.columns, found.metric


def _per_row(values: FloatArray) -> _Columns:
    """Labels over time: a few evenly spaced positions stand for all; 0/1 positions are scored as labels."""
    picked = values[:, spaced_indices(values.shape[1], MOST_TARGETS)]
    zero_one = bool(np.isin(picked[np.isfinite(picked)], (0.0, 1.0)).all())
    return _Columns(picked, "auc" if zero_one else "r2")


def _widest(values: FloatArray) -> FloatArray:
    """The columns with the largest variance, at most `MOST_TARGETS`."""
    order = np.argsort(-np.nanvar(values, axis=0), kind="stable")[:MOST_TARGETS]
    return values[:, np.sort(order)]


def find_signal(
    X: AnyArray,
    targets: FloatArray,
    metric: Metric,
    kind: str,
    *,
    n_all: int | None = None,
    seed: int = 0,
    places: Sequence[AnyArray] = (),
    re_pair: bool = True,
    above: float = -np.inf,
) -> SignalFacts:
    """How much of ``targets`` ``(n, k)`` the rows ``(n, ...)`` tell, cross-validated; metric ``auc`` or ``r2``.

    ``places`` are the rows' numbers in the file (see `Rows.places`): other pairings are tried in those orders, where
    there is no signal, unless ``re_pair`` is False. Raises `Missing` where nothing can be told, and, without a look at
    permuted labels, where the best score is not ``above`` this.
    """
    rows = number_rows(X, "SignalFacts")
    index = choose_rows(targets, metric)
    problem = _problem(rows[index], targets[index], metric, kind, seed)
    predictions = {name: out_of_fold(problem, learner) for name, learner in problem.learners().items()}
    scores = {name: score(problem, one) for name, one in predictions.items()}
    if all(np.isnan(value) for value in scores.values()):
        raise Missing("SignalFacts", "more rows of each class")
    best_name = max(scores, key=lambda name: -np.inf if np.isnan(scores[name]) else scores[name])
    best = scores[best_name]
    if best <= above:
        raise Missing("SignalFacts", f"rows that tell more than {above:.3g}")
    null = permuted(problem, best_name, seed)
    chance = 0.5 if metric == "auc" else 0.0
    has_signal = null.z(best) > Z_SIGNAL and best > chance + MARGIN[metric]
    repaired = (
        (None, None)
        if has_signal or not re_pair
        else _repair(rows, targets, metric, kind, seed, best, places or (np.arange(len(rows)),))
    )
    return SignalFacts(
        metric=metric,
        n_rows=len(index),
        n_rows_all=n_all or len(rows),
        linear=scores["linear"],
        boosting=scores["boosting"],
        best=best,
        best_name=best_name,
        interval=_interval(problem, predictions[best_name], best),
        permuted_mean=null.mean,
        permuted_sd=null.sd,
        z=null.z(best),
        has_signal=bool(has_signal),
        detectable=min(max(null.mean + (Z_SIGNAL + Z_POWER) * null.sd, chance + MARGIN[metric]), 1.0),
        repaired_pairing=repaired[0],
        repaired_score=repaired[1],
        usable=_usable(problem, predictions[best_name]),
    )


def _usable(problem: Problem, predictions: FloatArray) -> float | None:
    if problem.metric != "auc":
        return None
    estimate = usable_skill(np.clip(predictions, 0.0, 1.0), problem.targets > 0.5)
    return None if estimate is None else estimate.value


def choose_rows(targets: FloatArray, metric: Metric) -> AnyArray:
    """At most `MOST_ROWS` labelled rows, in order: evenly spaced, but rare positives are kept up to half of them."""
    known = np.flatnonzero(np.isfinite(targets).all(axis=1))
    if len(known) < LEAST_ROWS:
        raise Missing("SignalFacts", f"at least {LEAST_ROWS} labelled rows")
    if len(known) <= MOST_ROWS:
        return known
    if metric == "auc" and targets.shape[1] == 1:
        positive = targets[known, 0] > 0.5
        rare = known[positive] if positive.mean() < 0.5 else known[~positive]
        if len(rare) / len(known) < RARE:
            kept = rare[spaced_indices(len(rare), MOST_ROWS // 2)]
            rest = np.setdiff1d(known, rare)
            return np.sort(np.concatenate([kept, rest[spaced_indices(len(rest), MOST_ROWS - len(kept))]]))
    return known[spaced_indices(len(known), MOST_ROWS)]


def _problem(
    rows: AnyArray, targets: FloatArray, metric: Metric, kind: str, seed: int, *, marked: bool = True
) -> Problem:
    features = feature_table(rows, kind)
    if features.shape[1] == 0:
        raise Missing("SignalFacts", "inputs that vary between rows")
    if metric == "auc":
        smaller = np.minimum((targets > 0.5).sum(axis=0), (targets <= 0.5).sum(axis=0))
        targets = targets[:, smaller >= LEAST_PER_CLASS]
    else:
        targets = targets[:, np.ptp(targets, axis=0) > 0]
    if targets.shape[1] == 0:
        what = f"at least {LEAST_PER_CLASS} rows of each class" if metric == "auc" else "labels that vary"
        raise Missing("SignalFacts", what)
    groups = np.unique(features, axis=0, return_inverse=True)[1].ravel()
    marks = token_marks(rows) if marked and kind == "tokens" and metric == "auc" else None
    pairs = id_pairs(rows) if kind == "tokens" else None
    return Problem(features, targets, assign_folds(groups, targets, seed), metric, marks, pairs)


def permuted(problem: Problem, name: str, seed: int) -> _Null:
    """Mean and sd of the learner's score on labels permuted between rows.

    Few permutations estimate an sd badly: for AUC they are pooled with what ranks alone give (as `RANKS_WEIGHT` more
    permutations, and never below it), around the true mean of 1/2.
    """
    rng = np.random.default_rng(seed + 1)
    copies = [problem.targets[rng.permutation(len(problem.targets))] for _ in range(PERMUTATIONS[name, problem.metric])]
    if name != "boosting":  # its targets do not see each other: one pass serves all permutations
        together = out_of_fold(problem.with_targets(np.concatenate(copies, axis=1)), LEARNERS[name])
        predictions = np.split(together, len(copies), axis=1)
    else:
        predictions = [out_of_fold(problem.with_targets(copy), LEARNERS[name]) for copy in copies]
    scores = [score(problem.with_targets(copy), one) for copy, one in zip(copies, predictions, strict=True)]
    known = np.array([value for value in scores if not np.isnan(value)])
    if problem.metric == "auc":
        ranks = chance_error(problem)
        pooled = (((known - 0.5) ** 2).sum() + RANKS_WEIGHT * ranks**2) / (len(known) + RANKS_WEIGHT)
        return _Null(0.5, max(ranks, float(np.sqrt(pooled))))
    sd = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    return _Null(float(known.mean()) if len(known) else 0.0, max(sd, LEAST_SD))


def _interval(problem: Problem, predictions: FloatArray, best: float) -> tuple[float, float]:
    """95 % interval around the best score, from the out-of-fold predictions (ranked within their fold for AUC)."""
    if problem.metric == "r2":
        estimate = r2_skill(predictions, problem.targets)
        return (best, best) if estimate is None else estimate.interval
    ranks = np.empty_like(predictions)
    for fold in np.unique(problem.folds):
        test = problem.folds == fold
        for k in range(predictions.shape[1]):
            ranks[test, k] = average_ranks(predictions[test, k]) / test.sum()
    estimate = gini_skill(ranks, problem.targets > 0.5)
    half = 0.0 if estimate is None else student_quantile(estimate.n_rows - 2) * estimate.standard_error / 2
    return max(best - half, 0.0), min(best + half, 1.0)


def read_by_line(rows: AnyArray, targets: FloatArray, metric: Metric) -> tuple[float, float]:
    """The quick look: the linear learner's cross-validated score on ``(n, k)``, and its sd above permuted labels.

    Rows that do not vary score as chance.
    """
    index = choose_rows(targets, metric)
    if not np.ptp(rows[index], axis=0).any():
        return (0.5 if metric == "auc" else 0.0), 0.0
    problem = _problem(rows[index], targets[index], metric, "tabular", 0, marked=False)
    value = score(problem, out_of_fold(problem, LEARNERS["linear"]))
    return value, permuted(problem, "linear", 0).z(value)


def _repair(
    rows: AnyArray,
    targets: FloatArray,
    metric: Metric,
    kind: str,
    seed: int,
    as_paired: float,
    places: Sequence[AnyArray],
) -> tuple[str | None, float | None]:
    """The re-pairing under which the most signal appears, if it passes the threshold for having tried all of them."""
    found: list[tuple[float, str]] = []
    for one in places:
        order, stood = in_file_order(one)
        for words, left, right in re_pairings(rows[order], targets[order], stood, classes=metric == "auc"):
            if len(left) < LEAST_ROWS:
                continue
            value = _re_paired(rows[order[left]], targets[order[right]], metric, kind, seed)
            if value is not None and value > max(as_paired, 0.5 if metric == "auc" else 0.0) + REPAIR_MARGIN[metric]:
                found.append((value, words))
    return (max(found)[1], max(found)[0]) if found else (None, None)


def _re_paired(rows: AnyArray, targets: FloatArray, metric: Metric, kind: str, seed: int) -> float | None:
    """Score of the linear learner; ``None`` when it could be chance."""
    try:
        index = choose_rows(targets, metric)
        problem = _problem(rows[index], targets[index], metric, kind, seed, marked=False)
    except Missing:
        return None
    value = score(problem, out_of_fold(problem, LEARNERS["linear"]))
    return value if permuted(problem, "linear", seed).z(value) > Z_REPAIR else None

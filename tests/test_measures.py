"""Every number of `defib.measures` against scikit-learn, SciPy or a slow loop."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax
from scipy.special import logit as scipy_logit
from scipy.stats import entropy, rankdata
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    log_loss,
    r2_score,
    recall_score,
    roc_auc_score,
)

from defib import measures
from defib.measures.skill import auc_influence, average_ranks

RNG = np.random.default_rng(0)


def slow_auc(scores: list[float], positive: list[bool]) -> float:
    pairs = [
        (a, b)
        for a, p in zip(scores, positive, strict=True)
        if p
        for b, q in zip(scores, positive, strict=True)
        if not q
    ]
    return sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_auc_counts_pairs(rows: list[tuple[int, bool]]) -> None:
    scores, positive = [float(a) for a, _ in rows], [b for _, b in rows]
    mine = measures.auc(np.array(scores), np.array(positive))
    if all(positive) or not any(positive):
        assert np.isnan(mine)
    else:
        assert mine == pytest.approx(slow_auc(scores, positive))


def test_ranks_and_macro_auc_against_scipy_and_sklearn() -> None:
    values = RNG.integers(0, 9, 50)
    assert average_ranks(values).tolist() == rankdata(values).tolist()
    y = np.tile([0, 1, 2], 30)
    scores = softmax(RNG.normal(size=(90, 3)) + np.eye(3)[y], axis=1)
    mine = measures.macro_auc(scores, y[:, None] == np.arange(3))
    assert mine == pytest.approx(roc_auc_score(y, scores, multi_class="ovr"))


def test_influence_gives_delongs_variance() -> None:
    """Structural components by a double loop, with n in place of n - 1."""
    positive = RNG.random(60) < 0.4
    scores = np.round(RNG.normal(size=60) + positive, 1)
    a, b = scores[positive], scores[~positive]
    kernel = (a[:, None] > b[None, :]) + 0.5 * (a[:, None] == b[None, :])
    variance = kernel.mean(axis=1).var() / len(a) + kernel.mean(axis=0).var() / len(b)
    assert (auc_influence(scores, positive) ** 2).sum() == pytest.approx(variance)


def test_gini_interval_covers_the_truth() -> None:
    """Scores of a known AUC: the 95 % interval holds it in 95 of 100 samples, give or take four sd."""
    from scipy.stats import norm

    truth = 2 * norm.cdf(1.0 / np.sqrt(2)) - 1
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        y = rng.random(60) < 0.5
        estimate = measures.gini_skill((rng.normal(size=60) + y)[:, None], y[:, None])
        assert estimate is not None
        hits += estimate.interval[0] <= truth <= estimate.interval[1]
    assert 0.90 <= hits / 300 <= 0.995


def test_gini_of_noise_is_seldom_shown() -> None:
    rng = np.random.default_rng(2)
    shown = 0
    for _ in range(400):
        y = np.arange(30) % 3 == 0
        estimate = measures.gini_skill(rng.normal(size=(30, 1)), y[:, None])
        assert estimate is not None
        shown += estimate.interval[0] > 0
    assert shown / 400 < 0.05


@pytest.mark.parametrize("n", [2, 3])
def test_a_perfect_ranking_of_few_rows_proves_nothing(n: int) -> None:
    y = np.array([False] * n + [True] * n)
    estimate = measures.gini_skill(np.arange(2.0 * n)[:, None], y[:, None])
    assert estimate is not None
    assert estimate.value == 1.0
    assert estimate.interval[0] <= 0


def test_a_perfect_ranking_of_many_rows_does() -> None:
    y = np.arange(200) >= 100
    estimate = measures.gini_skill(np.arange(200.0)[:, None], y[:, None])
    assert estimate is not None
    assert 0.9 < estimate.interval[0] < 1.0


def test_r2_and_its_interval_against_sklearn_and_bootstrap() -> None:
    y = RNG.normal(size=(300, 2)) * [1.0, 50.0]
    predictions = y + RNG.normal(size=(300, 2)) * [0.5, 40.0]
    estimate = measures.r2_skill(predictions, y)
    assert estimate is not None
    assert estimate.value == pytest.approx(r2_score(y, predictions))
    draws = [RNG.integers(0, 300, 300) for _ in range(400)]
    bootstrap = np.std([measures.r2(predictions[d], y[d]) for d in draws])
    assert estimate.standard_error == pytest.approx(bootstrap, rel=0.25)


def test_r2_of_a_constant_is_not_shown() -> None:
    y = RNG.normal(size=(50, 1))
    estimate = measures.r2_skill(np.full((50, 1), y.mean()), y)
    assert estimate is not None
    assert estimate.value == pytest.approx(0.0)
    assert estimate.interval[0] <= 1e-12
    assert measures.r2_skill(np.zeros((5, 1)), np.ones((5, 1))) is None


def test_probabilities_and_logits_against_scipy() -> None:
    z = RNG.normal(size=(20, 3)) * 50
    assert np.allclose(measures.to_probabilities(z, "sigmoid"), expit(z))
    assert np.allclose(measures.to_probabilities(z, "softmax"), softmax(z, axis=-1))
    assert np.allclose(measures.to_probabilities(np.log(softmax(z, axis=1)), "exp"), softmax(z, axis=1))
    p = RNG.random(50)
    assert np.allclose(measures.logit(p), scipy_logit(p))
    with pytest.raises(ValueError, match="link must be"):
        measures.to_probabilities(z, "probit")


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 12), st.integers(1, 4), st.integers(0, 1000))
def test_spread_of_rows_by_a_loop(n: int, k: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(n, k)) + 100
    means = [sum(x[i, j] for i in range(n)) / n for j in range(k)]
    variances = [sum((x[i, j] - means[j]) ** 2 for i in range(n)) / n for j in range(k)]
    assert measures.spread(x) == pytest.approx(np.sqrt(variances), abs=1e-9)
    assert measures.row_spread(x) == pytest.approx(np.sqrt(np.mean(variances)), abs=1e-9)
    size = np.sqrt((x**2).mean())
    assert measures.relative_spread(x) == pytest.approx(np.sqrt(np.mean(variances)) / size, abs=1e-9)


def test_equal_rows_have_exactly_no_spread_even_where_rounding_would_show() -> None:
    rows = np.full((977, 3), 0.1)
    assert measures.spread(rows).tolist() == [0.0, 0.0, 0.0]
    assert measures.row_spread(rows) == 0.0


def test_row_correlation_by_a_double_loop() -> None:
    x = RNG.normal(size=(9, 4)) + 0.5
    x[3] = 0
    cosines = [
        0.0 if not (a.any() and b.any()) else a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        for a, b in itertools.combinations(x, 2)
    ]
    assert measures.row_correlation(x) == pytest.approx(np.mean(cosines))


def test_dead_and_saturated_by_a_loop() -> None:
    maps = np.maximum(RNG.normal(size=(6, 5, 5, 4)), 0)
    maps[..., 2] = 0
    assert measures.dead_fraction(maps) == 0.25
    assert measures.dead_fraction(np.moveaxis(maps, -1, 1), unit_axis=1) == 0.25
    s = RNG.random(size=(50, 7))
    by_loop = np.mean([value < 0.01 or value > 0.99 for value in s.ravel()])
    assert measures.saturated_fraction(s, low=0.0, high=1.0) == pytest.approx(by_loop)
    t = 2 * s - 1
    assert measures.saturated_fraction(t, low=-1.0, high=1.0) == pytest.approx(by_loop)


def test_mode_share_and_unique_rows_by_a_loop() -> None:
    x = np.round(RNG.normal(size=(40, 2)) / 300, 3)
    median = [sorted(x[:, j])[19] / 2 + sorted(x[:, j])[20] / 2 for j in range(2)]
    near = [all(abs(row[j] - median[j]) <= 1e-3 for j in range(2)) for row in x]
    assert measures.mode_share(x) == pytest.approx(np.mean(near))
    assert measures.unique_rows(x) == len({tuple(row) for row in x.tolist()})


def test_priors_against_sklearn_and_scipy() -> None:
    y = RNG.integers(0, 3, 90)
    _, shares = measures.class_frequencies(y)
    assert measures.entropy_nats(shares) == pytest.approx(entropy(shares))
    assert measures.entropy_nats(shares) == pytest.approx(log_loss(y, np.tile(shares, (90, 1)), labels=[0, 1, 2]))
    hot = np.eye(3)[y]
    assert measures.constant_loss(hot, "categorical_cross_entropy") == pytest.approx(entropy(shares))
    by_column = [log_loss(hot[:, k], np.full(90, hot[:, k].mean()), labels=[0, 1]) for k in range(3)]
    assert measures.constant_loss(hot, "binary_cross_entropy") == pytest.approx(np.mean(by_column))


@pytest.mark.parametrize("kind", ["squared_error", "absolute_error"])
def test_no_constant_beats_the_constant_loss(kind: str) -> None:
    y = RNG.exponential(size=(80, 1))
    best = measures.constant_loss(y, kind)
    assert best is not None
    grid = np.linspace(0, 5, 501)
    losses = [np.mean((y - c) ** 2) if kind == "squared_error" else np.mean(np.abs(y - c)) for c in grid]
    assert best <= min(losses) + 1e-12
    assert best == pytest.approx(min(losses), abs=1e-2)


def test_label_skill_against_sklearns_balanced_accuracy() -> None:
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 4, 300)
    probabilities = rng.random((300, 4)) + 0.4 * np.eye(4)[ids]
    expected = balanced_accuracy_score(ids, probabilities.argmax(axis=1), adjusted=True)
    found = measures.label_skill(probabilities, np.eye(4)[ids] > 0)
    assert found is not None
    assert found.value == pytest.approx(expected)
    draws = [rng.integers(0, 300, 300) for _ in range(400)]
    spread = np.std([balanced_accuracy_score(ids[i], probabilities[i].argmax(axis=1), adjusted=True) for i in draws])
    assert found.standard_error == pytest.approx(spread, rel=0.2)
    single = (ids > 1)[:, None]
    youden = recall_score(single, probabilities[:, 2:3] > 0.5) + recall_score(~single, probabilities[:, 2:3] <= 0.5) - 1
    assert measures.label_skill(probabilities[:, 2:3], single).value == pytest.approx(youden)  # type: ignore[union-attr]


def test_usable_skill_tells_squeezed_from_calibrated_and_from_sure() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, 4000)
    true = 1 / (1 + np.exp(-logits))
    positive = (rng.random(4000) < true)[:, None]

    def usable(p: Any) -> float:
        found = measures.usable_skill(np.asarray(p)[:, None], positive)
        assert found is not None
        return found.value

    brier = 1 - brier_score_loss(positive, true) / positive.var()
    assert usable(true) >= brier > 0.3
    assert usable((logits > 0).astype(float)) > 0.3  # sure of itself: the labels are right
    assert usable(1 / (1 + np.exp(-logits / 400)) + 0.1) < 0.02  # ranks as well as any, and tells nothing
    assert usable(np.full(4000, positive.mean())) == pytest.approx(0, abs=1e-12)

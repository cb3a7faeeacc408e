"""Where order and place hold the signal: what the reference learners must not be blind to, and where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from defib.probes.learners import naive_bayes
from defib.probes.local_features import image_features, sequence_features
from defib.probes.reference import find_signal
from defib.probes.token_features import MOST_MARKS, token_counts, token_marks

N = 240
Made = tuple[Any, Any, str]


def shapes_anywhere(rng: np.random.Generator) -> Made:
    """An upright or a lying bar, at another place in every image."""
    y, X = rng.integers(0, 2, N), rng.normal(0, 0.3, (N, 20, 20, 1))
    for i in range(N):
        a, b = rng.integers(0, 15, 2)
        if y[i]:
            X[i, a : a + 5, b] += 1.5
        else:
            X[i, b, a : a + 5] += 1.5
    return X, y, "image"


def not_good(rng: np.random.Generator) -> Made:
    """Tokens 1 and 2 stand in every row; only side by side do they mean anything."""
    y, X = rng.integers(0, 2, N), rng.integers(10, 200, (N, 30))
    for i in range(N):
        at = rng.integers(0, 28)
        X[i, at], X[i, (at + 1) if y[i] else (at + 15) % 30] = 1, 2
    return X, y, "tokens"


def who_comes_first(rng: np.random.Generator) -> Made:
    y, X = rng.integers(0, 2, N), rng.integers(10, 200, (N, 30))
    for i in range(N):
        a, b = np.sort(rng.choice(30, 2, replace=False))
        X[i, a], X[i, b] = (1, 2) if y[i] else (2, 1)
    return X, y, "tokens"


def last_word(rng: np.random.Generator) -> Made:
    X, lengths = rng.integers(1, 40, (N, 24)), rng.integers(8, 24, N)
    y = np.array([X[i, lengths[i] - 1] < 20 for i in range(N)]).astype(int)
    for i in range(N):
        X[i, lengths[i] :] = 0
    return X, y, "tokens"


def one_place_counts(rng: np.random.Generator) -> Made:
    """A code in the fourth place, by its size; the same codes stand elsewhere in every row."""
    X = rng.integers(5, 50, (N, 16))
    return X, (X[:, 3] > 27).astype(int), "tokens"


def sum_of_rare_codes(rng: np.random.Generator) -> Made:
    X = rng.integers(1, 5000, (N, 12))
    return X, (X.sum(axis=1) > 30_000).astype(int), "tokens"


def only_the_trend(rng: np.random.Generator) -> Made:
    """Levels differ by far more between rows than the drift within one."""
    y = rng.integers(0, 2, N)
    drift = np.where(y, 0.1, -0.1)[:, None, None]
    return np.cumsum(rng.normal(size=(N, 60, 2)) + drift, axis=1) + rng.normal(0, 20, (N, 1, 2)), y, "sequence"


def a_bump_somewhere(rng: np.random.Generator) -> Made:
    y, X = rng.integers(0, 2, N), rng.normal(size=(N, 150, 4))
    for i in np.flatnonzero(y):
        at = rng.integers(0, 140)
        X[i, at : at + 8, 1] += 2.0
    return X, y, "sequence"


def which_channel_first(rng: np.random.Generator) -> Made:
    y, X = rng.integers(0, 2, N), rng.normal(0, 0.4, (N, 80, 2))
    for i in range(N):
        a, b = np.sort(rng.choice(80, 2, replace=False))
        X[i, a, 0 if y[i] else 1] += 3
        X[i, b, 1 if y[i] else 0] += 3
    return X, y, "sequence"


ANYWHERE = (
    shapes_anywhere, not_good, who_comes_first, last_word, one_place_counts, sum_of_rare_codes, only_the_trend,
    a_bump_somewhere, which_channel_first,
)  # fmt: skip


@pytest.mark.parametrize("make", ANYWHERE)
@pytest.mark.parametrize("seed", [0, 1])
def test_signal_in_place_and_order_is_seen(make: Callable[[np.random.Generator], Made], seed: int) -> None:
    X, y, kind = make(np.random.default_rng(seed))
    found = find_signal(X, y[:, None].astype(float), "auc", kind)
    assert found.has_signal, (found.best, found.best_name)
    assert found.best > 0.65


@pytest.mark.parametrize("make", ANYWHERE)
def test_with_shuffled_labels_none_is_seen(make: Callable[[np.random.Generator], Made]) -> None:
    rng = np.random.default_rng(5)
    X, y, kind = make(rng)
    found = find_signal(X, rng.permutation(y)[:, None].astype(float), "auc", kind)
    assert not found.has_signal, (found.best, found.best_name, found.z)


def test_tokens_are_counted_by_a_loop() -> None:
    X = np.array([[1, 2, 2], [513, 0, 0]])
    counts = np.exp(token_counts(X, 9)) - 1
    ids = sorted({int(one) for one in X.ravel()})
    assert counts.round().tolist() == [[list(row).count(one) for one in ids] for row in X]
    assert token_counts(X, 2).shape == (2, 2)


def test_marks_by_a_loop() -> None:
    X = np.array([[1, 2, 0], [1, 2, 3], [1, 2, 0], [3, 1, 2], [2, 1, 3]])
    rows = [list(row) for row in X]
    pairs = [[(row[t], row[t + 1]) for t in range(2)] for row in rows]
    side_by_side = np.array([(1, 2) in one for one in pairs], dtype=float)
    assert any(np.array_equal(column, side_by_side) for column in token_marks(X).T)
    assert token_marks(np.random.default_rng(0).integers(0, 50, (300, 60))).shape[1] <= MOST_MARKS


def test_naive_bayes_by_hand() -> None:
    features = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    targets = np.array([[1.0], [1.0], [0.0], [0.0]])
    p = naive_bayes(features, targets, np.array([[1.0, 0.0], [0.0, 0.0]]))[:, 0]
    # The first mark is held by 3/4 of the positive rows and 1/4 of the others (smoothed), the second by half of both.
    assert p[0] == pytest.approx(1 - p[1])
    assert p[0] > 0.7


def test_a_shape_that_moves_gives_the_same_responses() -> None:
    X = np.zeros((2, 24, 24))
    X[0, 4:9, 6], X[1, 14:19, 16] = 1.0, 1.0
    features = image_features(X)
    assert np.allclose(features[0], features[1], atol=1e-9)


@pytest.mark.parametrize("shape", [(9, 20, 20), (9, 3, 20, 20), (9, 20, 20, 3), (9, 100, 70, 1), (9, 4, 4)])
def test_images_of_any_layout(shape: tuple[int, ...]) -> None:
    found = image_features(np.random.default_rng(0).normal(size=shape))
    assert len(found) == 9
    assert np.isfinite(found).all()


@pytest.mark.parametrize("shape", [(9, 3, 1), (9, 40, 2), (9, 12, 64)])
def test_sequences_of_any_length(shape: tuple[int, ...]) -> None:
    X = np.random.default_rng(0).normal(size=shape)
    X[0, 0, 0] = np.nan
    assert np.isfinite(sequence_features(X)).all()


def test_windows_of_a_series_without_signal_are_not_called_mispaired() -> None:
    # Neighbouring windows share most of their numbers: with sorted labels they would share the label, too.
    returns = np.random.default_rng(0).standard_t(5, 700)
    X = np.array([returns[i - 12 : i] for i in range(12, 700)])[:, :, None]
    found = find_signal(X, (returns[12:] > 0)[:, None].astype(float), "auc", "sequence")
    assert not found.has_signal
    assert found.repaired_pairing is None

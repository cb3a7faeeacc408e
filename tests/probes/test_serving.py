from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from defib.evidence import Book, Missing
from defib.probes.columns_match import ks_distance
from defib.probes.inputs import PROBE as INPUTS
from defib.probes.inputs import InputFacts, ServingFacts
from defib.probes.serving import PROBE
from defib.probes.token_features import rows_of_unknown
from defib.subject import AnyArray, FloatArray, Layer, Rows

from .fakes import EMPTY, FakeSubject, dense, small

RNG = np.random.default_rng(0)
SCALES = np.array([0.05, 1.0, 20.0, 400.0, 3.0, 0.5])
PLACES = np.array([0.1, 14.0, 90.0, 650.0, 20.0, 2.0])
RAW = PLACES + SCALES * np.column_stack([RNG.normal(size=(500, 3)), RNG.gamma(2.0, size=(500, 3))])
MEAN, SD = RAW.mean(axis=0), RAW.std(axis=0)
LOW, HIGH = RAW[:300].min(axis=0), RAW[:300].max(axis=0)


def facts(T: AnyArray, P: AnyArray) -> ServingFacts:
    steps = [dense("d", np.ones((int(np.prod(T.shape[1:])), 1)))] if T.shape[1:] == P.shape[1:] else []
    found = PROBE.measure(FakeSubject(steps, T, np.tile([0, 1], len(T))[: len(T)], prediction=Rows(P)), EMPTY)
    assert isinstance(found, ServingFacts)
    return found


def standard(X: FloatArray) -> FloatArray:
    return np.asarray((X - MEAN) / SD)


def unit(X: FloatArray) -> FloatArray:
    return np.asarray((X - LOW) / (HIGH - LOW))


def test_rows_of_the_same_distribution() -> None:
    for scaled in (standard, unit, lambda X: X):
        one = facts(scaled(RAW[:300]), scaled(RAW[300:]))
        assert one.shifted_fraction == 0.0
        assert one.affine is None
        assert not one.permuted_columns
        assert 0.8 < one.median_spread_ratio < 1.2
        assert one.median_shift_sd < 0.2
        assert not one.identical_rows


MAPS = [
    ("standardized served raw", standard(RAW[:300]), RAW[300:], "training columns are standardized"),
    ("raw served standardized", RAW[:300], standard(RAW[300:]), "predict columns are standardized"),
    ("scaled twice", standard(RAW[:300]), standard(standard(RAW[300:])), "training columns are standardized"),
    ("min-max served raw", unit(RAW[:300]), RAW[300:], "training columns are scaled to"),
    ("percent", RAW[:300], RAW[300:] * 100, "predict = training × 100"),
    ("divided by 255", RAW[:300], RAW[300:] / 255, "predict = training / 255"),
]


@pytest.mark.parametrize(("T", "P", "words"), [row[1:] for row in MAPS], ids=[row[0] for row in MAPS])
def test_affine_maps_are_named(T: FloatArray, P: FloatArray, words: str) -> None:
    one = facts(T, P)
    assert one.affine is not None
    assert one.affine.startswith(words)
    assert one.shifted_fraction > 0.6


def test_ten_raw_rows_are_enough_for_a_named_factor() -> None:
    pixels = RNG.integers(0, 256, size=(400, 64)).astype(float)
    assert facts(pixels / 255, pixels[:10]).affine == "predict = training × 255"
    centred = pixels / 127.5 - 1
    one = facts(centred, pixels[:40])
    assert one.affine is not None
    assert one.affine.startswith("predict = training × 127.5 +")


def test_another_distribution_is_shifted_but_no_map() -> None:
    P = RNG.exponential(size=(200, 6)) ** 3 * 1000
    one = facts(standard(RAW[:300]), P)
    assert one.shifted_fraction > 0.8
    assert one.affine is None


def test_half_of_the_columns_squeezed() -> None:
    T = unit(RAW[:300])
    P = unit(RAW[300:])
    P[:, :3] = P[:, :3] / 1000 - 0.01
    one = facts(T, P)
    assert one.shifted_fraction == 0.5
    assert one.affine is None


@pytest.mark.parametrize(("factor", "share"), [(0.001, 0.5), (1000.0, 0.5), (0.05, 0.0), (0.0, 0.0)])
def test_only_a_factor_of_a_hundred_is_called_another_scale(factor: float, share: float) -> None:
    rng = np.random.default_rng(0)
    T, P = rng.random((200, 10)), rng.random((50, 10))
    P[:, :5] = 0.5 + (P[:, :5] - 0.5) * factor
    assert facts(T, P).rescaled_fraction == share


def test_permuted_columns() -> None:
    order = [3, 0, 1, 2, 4, 5]
    assert facts(RAW[:300], RAW[300:][:, order]).permuted_columns
    assert not facts(standard(RAW[:300]), standard(RAW[300:])).permuted_columns


def test_drifting_standardized_columns_are_not_called_permuted() -> None:
    T = RNG.normal(size=(400, 20))
    P = RNG.normal(size=(150, 20)) + 0.3 * RNG.normal(size=20)
    assert not facts(T, P).permuted_columns


def test_identical_rows_and_constant_columns() -> None:
    T = RAW[:300]
    same = facts(T, np.tile(T[:1], (20, 1)))
    assert same.identical_rows
    assert same.unique_rows == 1
    assert same.constant_fraction == 1.0
    assert not facts(T, T[:1]).identical_rows
    P = RAW[300:].copy()
    P[:, 2] = 90.0
    assert facts(T, P).constant_fraction == pytest.approx(1 / 6)


def test_rare_dummies_that_are_constant_in_few_rows_are_no_shift() -> None:
    T = np.column_stack([RNG.normal(size=500), RNG.random(500) < 0.02, RNG.random(500) < 0.02])
    P = np.column_stack([RNG.normal(size=10), np.zeros(10), np.zeros(10)])
    one = facts(T, P)
    assert one.shifted_fraction == 0.0
    assert one.constant_fraction == 0.0


def test_nan_tokens_and_other_shapes() -> None:
    P = RAW[300:].copy()
    P[0, 0], P[1, 1] = np.nan, np.inf
    assert facts(RAW[:300], P).nan_cells == 2
    ids = RNG.integers(0, 500, size=(200, 12))
    steps = [(Layer("e", "embedding"), lambda v: v.astype(float))]
    subject = FakeSubject(steps, ids, prediction=Rows(RNG.integers(0, 500, size=(50, 20))))
    found = PROBE.measure(subject, Book({InputFacts: INPUTS.measure(subject, EMPTY)}))
    assert isinstance(found, ServingFacts)
    assert found.shifted_fraction == 0.0
    assert found.affine is None


def test_flatness_on_both_sides() -> None:
    X = standard(RAW)
    y = (X[:, 3] + X[:, 4] > 0).astype(int)
    raw = small("relu", "sigmoid", X=X[:300], y=y[:300], n_updates=300, X_predict=RAW[300:] + 1e4)
    found = PROBE.measure(raw, EMPTY)
    assert isinstance(found, ServingFacts)
    assert (found.training_rows_flat, found.prediction_rows_flat) == (False, True)
    sound = small("relu", "sigmoid", X=X[:300], y=y[:300], n_updates=300, X_predict=X[300:])
    found = PROBE.measure(sound, EMPTY)
    assert isinstance(found, ServingFacts)
    assert (found.training_rows_flat, found.prediction_rows_flat) == (False, False)


def test_ks_against_scipy() -> None:
    a, b = RNG.normal(size=50), np.round(RNG.normal(0.4, size=70), 1)
    assert ks_distance(a, b) == pytest.approx(ks_2samp(a, b).statistic)


def test_no_predict_rows() -> None:
    with pytest.raises(Missing, match="rows that were predicted"):
        PROBE.measure(FakeSubject([], RAW), EMPTY)


PADDED = np.array([[2, 3, 0, 0], [4, 5, 3, 0], [2, 5, 0, 0], [4, 3, 2, 5]])


@pytest.mark.parametrize(
    ("served", "share"),
    [
        ([[1, 1, 0, 0], [1, 0, 0, 0]], 1.0),  # every word is unknown; the lengths differ
        ([[1, 3, 0, 0], [1, 0, 0, 0]], 0.5),
        ([[2, 1, 0, 0], [7, 8, 5, 0]], 0.0),  # new words beside known ones
    ],
)
def test_rows_whose_every_token_is_unknown(served: list[list[int]], share: float) -> None:
    assert rows_of_unknown(PADDED, np.array(served)) == share


def test_one_token_a_row_is_a_category_and_may_be_new() -> None:
    assert rows_of_unknown(np.array([[1], [2], [3]]), np.array([[9], [8]])) == 0.0

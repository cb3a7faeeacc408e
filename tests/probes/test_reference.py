from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score, roc_auc_score

from defib.evidence import Book, Missing
from defib.measures.rows import spaced_indices
from defib.probes.features import feature_table, principal_components, standardize
from defib.probes.inputs import PROBE as INPUTS
from defib.probes.inputs import InputFacts
from defib.probes.labels import PROBE as LABELS
from defib.probes.labels import LabelFacts
from defib.probes.learners import PENALTIES, Problem, assign_folds, chance_error, out_of_fold, ridge, score
from defib.probes.reference import SignalFacts, choose_rows, find_signal, probe
from defib.recipe import LossFacts
from defib.subject import AnyArray, FloatArray, Layer, Subject

from .fakes import EMPTY, FakeSubject, Step, dense, small


def signal(X: AnyArray, y: AnyArray, metric: Any = "auc", kind: str = "tabular", seed: int = 0) -> SignalFacts:
    return find_signal(X, np.asarray(y, dtype=float).reshape(len(y), -1), metric, kind, seed=seed)


def of_subject(subject: Subject) -> SignalFacts:
    found: dict[Any, Any] = {InputFacts: INPUTS.measure(subject, EMPTY), LabelFacts: LABELS.measure(subject, EMPTY)}
    answer = probe(0).measure(subject, Book(found))
    assert isinstance(answer, SignalFacts)
    return answer


def test_linear_and_curved_signal_is_found() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 5))
    linear = signal(X, X[:, 0] + 0.5 * rng.normal(size=400) > 0)
    assert linear.has_signal
    assert linear.linear > 0.9
    assert linear.interval[0] < linear.best < linear.interval[1]
    curved = signal(X, X[:, 0] * X[:, 1] > 0)
    assert curved.has_signal
    assert curved.best_name == "boosting"
    assert curved.linear < 0.65
    values = signal(X, np.sin(2 * X[:, 0]) + 0.3 * rng.normal(size=400), "r2")
    assert values.has_signal
    assert values.best > 0.5
    assert values.repaired_pairing is None


def test_rows_without_signal_rarely_pass() -> None:
    """Stated rate: about 0.5 %. Of 40 data sets more than 2 would have a chance below 1 in 1,000."""
    passed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(80, 5))
        passed += signal(X, rng.random(80) < 0.5, seed=seed).has_signal
        passed += signal(X, np.exp(rng.normal(size=80)), "r2", seed=seed).has_signal
    assert passed <= 2


def test_no_signal_says_what_could_have_been_seen() -> None:
    rng = np.random.default_rng(3)
    few = signal(rng.normal(size=(40, 4)), np.arange(40) % 2)
    many = signal(rng.normal(size=(1500, 4)), np.arange(1500) % 2)
    assert 0.5 < many.detectable < few.detectable <= 1.0
    assert not few.has_signal
    assert not many.has_signal
    assert few.permuted_mean == 0.5
    assert few.z == pytest.approx((few.best - 0.5) / few.permuted_sd)


def test_copies_of_a_row_do_not_tell_each_other() -> None:
    """Random labels, every row four times: with copies across folds this would look perfect."""
    rng = np.random.default_rng(0)
    X, y = np.repeat(rng.normal(size=(60, 3)), 4, axis=0), np.repeat(rng.random(60) < 0.5, 4)
    order = rng.permutation(240)
    assert signal(X[order], y[order]).best < 0.7


@pytest.mark.parametrize("shift", [1, -2, 3])
def test_shifted_labels_are_found(shift: int) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 4))
    y = X[:, 0] + 0.3 * rng.normal(size=300)
    rolled = signal(X, np.roll(y, shift), "r2")
    assert not rolled.has_signal
    unit = "row" if abs(shift) == 1 else "rows"
    assert rolled.repaired_pairing == f"labels shifted by {shift} {unit}"
    assert rolled.repaired_score is not None
    assert rolled.repaired_score > 0.8


def test_reversed_and_sorted_pairings_are_found() -> None:
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1, 2], 60)
    X = rng.normal(size=(180, 4)) + np.eye(4)[y] * 3
    hot = np.eye(3)[y]
    assert signal(X, hot).has_signal
    shuffled = signal(X, hot[rng.permutation(180)])
    assert shuffled.repaired_pairing == "labels sorted by class"
    asymmetric = np.random.default_rng(5).normal(size=(300, 3))
    backwards = signal(asymmetric, (asymmetric[:, 0] > 0)[::-1])
    assert backwards.repaired_pairing == "labels in reverse order"


def test_a_time_column_does_not_make_sorted_labels_a_discovery() -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([np.arange(200.0), rng.normal(size=200)])
    assert signal(X, rng.random(200) < 0.5).repaired_pairing is None


def test_nothing_to_repair_in_noise() -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        assert signal(rng.normal(size=(100, 4)), rng.random(100) < 0.5).repaired_pairing is None


def test_rare_positives_are_kept() -> None:
    y = np.zeros((20_000, 1))
    y[::200] = 1
    chosen = choose_rows(y, "auc")
    assert len(chosen) == 2000
    assert y[chosen].sum() == 100
    assert np.all(np.diff(chosen) > 0)
    assert choose_rows(np.arange(20_000.0)[:, None], "r2").tolist() == spaced_indices(20_000, 2000).tolist()


def test_ridge_against_sklearn() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 5)), rng.normal(size=(60, 2))
    y[:, 0] += 2 * X[:, 1]
    mine = ridge(X, y, X[:7])
    for k in range(2):
        fitted = [Ridge(alpha=a).fit(X, y[:, k]).predict(X[:7]) for a in PENALTIES]
        assert any(np.allclose(mine[:, k], one) for one in fitted)


def test_folds_keep_groups_together_and_spread_the_targets() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 50, 200)
    y = (groups % 5 == 0).astype(float)[:, None]
    folds = assign_folds(groups, y, seed=0)
    assert all(len(set(folds[groups == g])) == 1 for g in np.unique(groups))
    alone = assign_folds(np.arange(200), y, seed=0)
    shares = [y[alone == f].mean() for f in range(4)]
    assert max(shares) - min(shares) < 0.05
    assert np.bincount(alone).tolist() == [50] * 4


def test_scores_against_sklearn() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 3)), rng.random(120) < 0.4
    folds = assign_folds(np.arange(120), y[:, None].astype(float), seed=0)
    problem = Problem(X, y[:, None].astype(float), folds, "auc")
    predictions = out_of_fold(problem, ridge)
    by_fold = [roc_auc_score(y[folds == f], predictions[folds == f, 0]) for f in range(4)]
    assert score(problem, predictions) == pytest.approx(np.mean(by_fold))
    values = Problem(X, X[:, :1] * 2, folds, "r2")
    assert score(values, predictions) == pytest.approx(r2_score(X[:, 0] * 2, predictions[:, 0]))


def test_chance_error_by_simulation() -> None:
    rng = np.random.default_rng(0)
    y = (np.arange(100) % 4 == 0).astype(float)[:, None]
    problem = Problem(np.zeros((100, 1)), y, assign_folds(np.arange(100), y, 0), "auc")
    scores = [score(problem, rng.normal(size=(100, 1))) for _ in range(600)]
    assert chance_error(problem) == pytest.approx(np.std(scores), rel=0.1)


def test_features_of_every_kind() -> None:
    rng = np.random.default_rng(0)
    images = rng.random((30, 12, 12, 3))
    assert feature_table(images, "image").shape == (30, 29 + 96)  # 30 centred rows span 29 directions; and 48 pieces
    assert feature_table(rng.integers(0, 9000, (30, 40)), "tokens").shape[0] == 30
    table = feature_table(rng.normal(size=(30, 10, 2)), "sequence")
    assert table.shape == (30, 20 + 29)  # the cells, and components of what stands somewhere
    holes = rng.normal(size=(30, 3))
    holes[4, 1], holes[5, 2] = np.nan, np.inf
    filled = feature_table(holes, "tabular")
    assert np.isfinite(filled).all()
    assert filled[4, 1] == 0.0
    huge = standardize(np.column_stack([rng.normal(size=30) * 1e200, np.full(30, 7.0)]))
    assert huge.shape == (30, 1)
    assert huge.std() == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("shape", [(40, 10), (10, 40)])
def test_components_against_svd(shape: tuple[int, int]) -> None:
    table = np.random.default_rng(0).normal(size=shape)
    table -= table.mean(axis=0)
    u, s, _ = np.linalg.svd(table, full_matrices=False)
    mine = principal_components(table, 3)
    assert np.allclose(np.abs(mine), np.abs(u[:, :3] * s[:3]))


def test_of_a_subject_of_every_task() -> None:
    assert of_subject(small("relu", "sigmoid")).has_signal
    rng = np.random.default_rng(0)
    y = np.tile([0, 1, 2], 40)
    X = rng.normal(size=(120, 4)) + np.eye(4)[y]
    assert of_subject(small("relu", "softmax", X=X, y=y, units=3, loss="ce")).metric == "auc"
    assert of_subject(small("relu", "linear", X=X, y=X[:, 0], loss="mse")).metric == "r2"
    both = of_subject(small("relu", "sigmoid", X=X, y=(X[:, :2] > 0).astype(int), units=2))
    assert (both.metric, both.has_signal) == ("auc", True)


def test_class_ids_over_time_and_images_and_tokens() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 90)
    tokens = np.where(y[:, None] == 1, rng.integers(0, 40, (90, 12)), rng.integers(20, 60, (90, 12)))
    embed: list[Step] = [(Layer("e", "embedding"), lambda v: v.astype(float)), dense("d", np.ones((12, 1)))]
    bce = LossFacts("b", "binary_cross_entropy", "logits")
    assert of_subject(FakeSubject(embed, tokens, y, loss=bce)).has_signal
    images = rng.normal(size=(90, 8, 8)) + y[:, None, None]
    assert of_subject(FakeSubject([dense("d", np.ones((64, 1)))], images, y, loss=bce)).has_signal
    over_time: FloatArray = rng.normal(size=(90, 5, 2))
    sequence: list[Step] = [(Layer("r", "recurrent", parameters=("w",)), lambda v: v @ np.ones((2, 1)))]
    assert of_subject(FakeSubject(sequence, over_time, (over_time[:, :, 0] > 0).astype(int), loss=bce)).has_signal


def test_what_it_needs() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    with pytest.raises(Missing, match="at least 10 labelled rows"):
        signal(X[:6], np.arange(6) % 2)
    with pytest.raises(Missing, match="rows of each class"):
        signal(X, np.arange(60) < 2)
    with pytest.raises(Missing, match="labels that vary"):
        signal(X, np.ones(60), "r2")
    with pytest.raises(Missing, match="inputs that vary"):
        signal(np.ones((60, 3)), np.arange(60) % 2)
    with pytest.raises(Missing, match="two classes or more"):
        of_subject(FakeSubject([dense("d", np.ones((3, 1)))], X, np.zeros(60, dtype=int)))
    with pytest.raises(Missing, match="the labels"):
        probe(0).measure(FakeSubject([], X), EMPTY)

"""The symptom of outputs built by hand, against values worked out by independent means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import r2_score, roc_auc_score

from defib.read_symptom import read_symptom

N = 200


@pytest.fixture
def y() -> NDArray[np.int64]:
    return (np.random.default_rng(0).random(N) < 0.3).astype(np.int64)


def informed(y: NDArray[np.int64], seed: int = 1, sd: float = 1.0) -> NDArray[np.float64]:
    noise = np.random.default_rng(seed).normal(size=len(y))
    result: NDArray[np.float64] = 1 / (1 + np.exp(-(2 * (y - 0.5) + sd * noise)))
    return result


# The table of constants: what is served, with which labels, and the trivial predictor it must be named after.
Z = np.zeros(N)
THIRD = np.tile([0, 1, 2], 67)[:N]
BLOCKS = np.repeat([0, 1, 2, 3], 50)
VALUES = np.random.default_rng(3).normal(150, 77, N)
TABLE = [
    ("softmax over one unit", Z + 1.0, "identity", None, "exactly_one"),
    ("base rate", Z + 0.3, "identity", np.repeat([0, 0, 0, 0, 0, 0, 0, 1, 1, 1], 20), "class_prior"),
    ("half, prior known", Z + 0.5, "identity", np.tile([0, 0, 0, 0, 1], 40), "one_half"),
    ("half, prior is half", Z + 0.5, "identity", np.tile([0, 1], 100), "one_half"),
    ("learnt prior near half", Z + 0.503, "identity", np.tile([0, 1], 100), "class_prior"),
    ("zero logit", Z, "sigmoid", np.tile([0, 1], 100), "logit_zero"),
    ("zero logits", np.zeros((N, 3)), "softmax", THIRD, "logit_zero"),
    ("uniform", np.full((N, 4), 0.25), "identity", np.minimum(BLOCKS, 2), "uniform"),
    ("mean of y", Z + VALUES.mean() + 1.0, "identity", VALUES, "mean_of_y"),
    ("dead head on values", Z, "identity", VALUES, "zero"),
    ("sigmoid against large targets", Z + 0.9999, "identity", VALUES, "high_end"),
    ("tanh against negative targets", Z - 0.9999, "identity", VALUES - 400, "low_end"),
    ("maximum of y", Z + VALUES.max(), "identity", VALUES, "high_end"),
    ("far below every target is at no end", Z - 40000.0, "identity", VALUES, None),
    ("saturated sigmoid", Z + 0.001, "identity", np.tile([0, 1], 100), "low_end"),
    ("saturated sigmoid above", Z + 0.9999, "identity", np.tile([0, 1], 100), "high_end"),
    ("last class in the file", np.tile([0.01, 0.03, 0.06, 0.9], (N, 1)), "identity", BLOCKS, "last_class"),
    ("fresh network", Z + 0.43, "identity", np.tile([0, 0, 0, 0, 1], 40), None),
    ("log probabilities at the prior", np.log(np.full((N, 4), 0.2501)), "exp", BLOCKS, "class_prior"),
]


@pytest.mark.parametrize(("outputs", "link", "labels", "equals"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE])
def test_constants_are_named(
    outputs: NDArray[np.float64], link: str, labels: NDArray[np.int64] | None, equals: str | None
) -> None:
    symptom = read_symptom(outputs, link=link, training_labels=labels)
    assert symptom.pattern == "identical"
    assert symptom.is_flat
    assert symptom.equals == equals
    assert (symptom.exactness is None) == (equals is None)
    assert symptom.prediction_spread == 0.0
    assert symptom.n_unique == 1
    assert symptom.mode_share == 1.0


def test_exactness_is_the_distance_to_the_predictor(y: NDArray[np.int64]) -> None:
    symptom = read_symptom(np.full(N, y.mean() + 0.004), y=y)
    assert symptom.equals == "class_prior"
    assert symptom.exactness == pytest.approx(0.004)
    assert symptom.prior == pytest.approx((1 - y.mean(), y.mean()))


def test_a_healthy_binary_network_is_varied_with_skill(y: NDArray[np.int64]) -> None:
    p = informed(y)
    symptom = read_symptom(p.reshape(-1, 1).astype(np.float32), y=y)
    assert symptom.pattern == "varied"
    assert symptom.skill is not None
    assert symptom.skill.value == pytest.approx(2 * roc_auc_score(y, p) - 1, abs=1e-6)
    assert symptom.skill.shown
    assert symptom.prediction_spread == pytest.approx(p.std(), rel=1e-5)
    assert symptom.logit_spread == pytest.approx(np.log(p / (1 - p)).std(), rel=1e-4)
    assert symptom.output_kind == "probability"


def test_tiny_spread_that_ranks_is_near_constant_with_skill(y: NDArray[np.int64]) -> None:
    symptom = read_symptom(0.3 + 1e-4 * (informed(y) - 0.5), y=y)
    assert symptom.pattern == "near_constant"
    assert symptom.skill is not None
    assert symptom.skill.value > 0.6


def test_spread_without_skill_is_varied_and_not_shown() -> None:
    rng = np.random.default_rng(7)
    symptom = read_symptom(rng.random(400), y=rng.integers(0, 2, 400))
    assert symptom.pattern == "varied"
    assert symptom.skill is not None
    assert not symptom.skill.shown


def test_a_small_spread_is_flat_only_where_labels_show_that_it_carries_nothing() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 3000)
    noise = 0.5 + 0.012 * rng.normal(size=3000)
    assert read_symptom(noise, y=y).pattern == "near_constant"
    assert read_symptom(noise).pattern == "varied"
    assert read_symptom(noise[:30], y=y[:30]).pattern == "varied"
    assert read_symptom(noise + 0.012 * y, y=y).pattern == "varied"


def test_rare_events_are_not_flat() -> None:
    rng = np.random.default_rng(0)
    n = 10_000
    risk = rng.normal(size=n)
    p = 1 / (1 + np.exp(-(3.0 * risk - 7.0)))
    y = (rng.random(n) < p).astype(int)
    assert 0.02 < y.mean() < 0.06
    symptom = read_symptom(p, y=y)
    assert symptom.pattern == "varied"
    assert symptom.mode_share < 0.9


def test_very_rare_events_that_never_pass_one_half_are_one_class() -> None:
    rng = np.random.default_rng(0)
    p = 0.005 * np.exp(rng.normal(size=5000))
    y = (rng.random(5000) < p).astype(int)
    symptom = read_symptom(np.minimum(p, 0.4), y=y)
    assert symptom.pattern == "one_class"
    assert not symptom.is_flat
    assert symptom.hard_label_share == 1.0


def test_hard_labels_of_one_class_are_not_called_identical() -> None:
    assert read_symptom(np.zeros(50, dtype=int)).pattern == "one_class"
    assert read_symptom(np.zeros(50)).pattern == "identical"
    assert read_symptom(np.array([0, 1] * 25)).pattern == "varied"


def test_few_values() -> None:
    outputs = np.tile([0.2, 0.4, 0.7], 20)
    assert read_symptom(outputs).pattern == "few_values"
    assert read_symptom(outputs[:12]).pattern == "varied"
    assert read_symptom(np.tile([0.0, 1.0], 30)).pattern == "varied"


def test_an_outlier_does_not_hide_a_constant(y: NDArray[np.int64]) -> None:
    outputs = np.full(N, 0.3)
    outputs[[3, 9]] = [0.95, 0.05]
    assert read_symptom(outputs, y=y).pattern == "near_constant"


def test_nan_and_inf_are_counted() -> None:
    outputs = np.linspace(0, 1, 10)
    outputs[0], outputs[1] = np.nan, np.inf
    symptom = read_symptom(outputs, y=np.tile([0, 1], 5))
    assert symptom.pattern == "nan"
    assert symptom.nan_fraction == pytest.approx(0.2)
    assert symptom.is_flat
    assert np.isfinite(symptom.prediction_spread)
    everything = read_symptom(np.full((10, 3), np.nan))
    assert everything.pattern == "nan"
    assert everything.constant is None
    assert everything.prediction_spread == 0.0


def test_dropout_noise_only(y: NDArray[np.int64]) -> None:
    rng = np.random.default_rng(5)
    first, second = 0.4 + 0.1 * rng.random(N), 0.4 + 0.1 * rng.random(N)
    assert read_symptom(first, second_pass=second).pattern == "noise_only"
    p = informed(y)
    assert read_symptom(p, second_pass=p + 0.02 * rng.normal(size=N)).pattern == "varied"
    assert read_symptom(p, second_pass=p).pattern == "varied"


def test_regression_in_units_of_the_labels_spread() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(150, 77, N)
    good = y + rng.normal(0, 30, N)
    symptom = read_symptom(good, y=y)
    assert symptom.output_kind == "value"
    assert symptom.prediction_spread == pytest.approx(good.std() / y.std())
    assert symptom.skill is not None
    assert symptom.skill.metric == "r2"
    assert symptom.skill.value == pytest.approx(r2_score(y, good))
    assert symptom.logit_spread is None
    flat = read_symptom(152 + 0.3 * rng.normal(size=(N, 1)), y=y)
    assert flat.pattern == "near_constant"
    assert flat.equals == "mean_of_y"


def test_integer_targets_of_a_single_linear_output_are_values() -> None:
    y = np.random.default_rng(0).integers(3, 9, N)
    symptom = read_symptom(np.full((N, 1), 5.6), y=y)
    assert symptom.output_kind == "value"
    assert symptom.pattern == "identical"


def test_constant_vectors_are_flat_per_column() -> None:
    outputs = np.tile([0.1, 0.7, 0.2], (N, 1))
    symptom = read_symptom(outputs, y=THIRD)
    assert symptom.pattern == "identical"
    assert symptom.columns_flat == (True, True, True)
    assert symptom.constant == pytest.approx((0.1, 0.7, 0.2))
    varied = outputs + 0.05 * np.eye(3)[THIRD]
    assert read_symptom(varied / varied.sum(1, keepdims=True), y=THIRD).pattern == "few_values"
    one_flat = np.column_stack([np.full(N, 0.2), informed((THIRD == 1).astype(int))])
    assert read_symptom(one_flat, output_kind="multilabel").columns_flat == (True, False)


def test_two_column_softmax_ranks_like_its_second_column(y: NDArray[np.int64]) -> None:
    p = informed(y)
    symptom = read_symptom(np.column_stack([1 - p, p]), y=y)
    assert symptom.output_kind == "classes"
    assert symptom.skill is not None
    assert symptom.skill.value == pytest.approx(2 * roc_auc_score(y, p) - 1)
    hot = np.eye(2)[y]
    again = read_symptom(np.column_stack([1 - p, p]), y=hot)
    assert again.skill is not None
    assert again.skill.value == pytest.approx(symptom.skill.value)


def test_multiclass_skill_is_macro_one_vs_rest() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(N, 3)) + 1.5 * np.eye(3)[THIRD]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    symptom = read_symptom(logits, link="softmax", y=THIRD)
    assert symptom.skill is not None
    assert symptom.skill.value == pytest.approx(2 * roc_auc_score(THIRD, p, multi_class="ovr") - 1)
    assert symptom.pattern == "varied"


def test_sequences_are_flattened_over_time() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, size=(30, 8))
    p = np.clip(0.5 + 0.3 * (y - 0.5) + 0.1 * rng.normal(size=y.shape), 0, 1)[..., None]
    symptom = read_symptom(p, y=y)
    assert symptom.n_rows == 30
    assert symptom.skill is not None
    assert symptom.skill.n_rows == 30
    assert symptom.skill.value == pytest.approx(2 * roc_auc_score(y.ravel(), p.ravel()) - 1)
    # An output that depends on the position and not on the row is constant all the same.
    by_position = np.tile(np.linspace(0.1, 0.9, 8)[None, :, None], (30, 1, 1))
    assert read_symptom(by_position).pattern == "identical"
    classes = rng.integers(0, 4, size=(30, 8))
    assert read_symptom(rng.dirichlet(np.ones(4), size=(30, 8)), y=classes).output_kind == "classes"


def test_four_rows_prove_nothing() -> None:
    symptom = read_symptom(np.array([0.1, 0.9, 0.8, 0.2]), y=np.array([0, 1, 1, 0]))
    assert symptom.pattern == "varied"
    assert symptom.skill is not None
    assert symptom.skill.value == 1.0
    assert not symptom.skill.shown


def test_one_row_is_not_called_constant() -> None:
    assert read_symptom(np.array([[0.4]])).pattern == "varied"


def test_logits_that_saturate_still_rank(y: NDArray[np.int64]) -> None:
    logits = 60 + 5 * informed(y)
    symptom = read_symptom(logits, link="sigmoid", y=y)
    assert symptom.pattern == "identical"
    assert symptom.equals in ("exactly_one", "high_end")
    assert symptom.logit_spread == pytest.approx(logits.std())
    assert symptom.skill is not None
    assert symptom.skill.value > 0.5


def test_signed_classes_are_cut_at_zero() -> None:
    y = np.tile([-1, 1], 50)
    symptom = read_symptom(0.8 * y + 0.01 * np.arange(100) / 100, y=y)
    assert symptom.output_kind == "logit"
    assert symptom.hard_label_share == 0.5


def test_constant_labels_do_not_break_it() -> None:
    symptom = read_symptom(np.linspace(0.9, 1.0, 30), y=np.ones(30, dtype=int))
    assert symptom.skill is None
    assert symptom.pattern == "one_class"


def test_training_labels_give_the_prior_without_a_skill(y: NDArray[np.int64]) -> None:
    symptom = read_symptom(np.full(10, y.mean()), training_labels=y)
    assert symptom.skill is None
    assert symptom.equals == "class_prior"


def test_wrong_lengths_and_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        read_symptom(np.empty((0, 2)))
    with pytest.raises(ValueError, match="3 outputs and 2 labels"):
        read_symptom(np.zeros(3), y=np.zeros(2))


@settings(max_examples=40, deadline=None)
@given(st.floats(0.001, 0.999), st.integers(2, 60), st.integers(1, 4), st.booleans())
def test_any_constant_is_identical_in_any_shape(value: float, n: int, k: int, time: bool) -> None:
    shape = (n, 3, k) if time else (n, k)
    symptom = read_symptom(np.full(shape, value, dtype=np.float32))
    assert symptom.pattern == "identical"
    assert symptom.constant == pytest.approx((value,) * k, rel=1e-6)


def test_more_output_columns_than_are_kept_are_held_against_the_labels_all_the_same() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=(200, 64)) + np.arange(64)
    symptom = read_symptom(np.tile(y.mean(axis=0), (200, 1)), y=y, task="regression")
    assert symptom.equals == "mean_of_y"
    assert symptom.constant == pytest.approx(tuple(y.mean(axis=0)[:50]))
    assert symptom.n_outputs == 64


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 0.2), st.floats(0.05, 0.95))
def test_spread_above_a_tenth_of_the_prior_is_never_flat(seed: int, share: float, prior: float) -> None:
    rng = np.random.default_rng(seed)
    sd = (0.1 + share) * np.sqrt(prior * (1 - prior))
    outputs = np.clip(prior + sd * rng.normal(size=300), 1e-6, 1 - 1e-6)
    assert not read_symptom(outputs, y=np.arange(300) < 300 * prior).is_flat


@pytest.mark.parametrize("columns", [1, 3])
def test_a_quantile_is_judged_by_the_best_straight_line(columns: int) -> None:
    y = np.random.default_rng(0).normal(size=(200, 1))
    beside = np.tile(0.5 * y + 9.0, (1, columns)) + np.arange(columns)  # far from the mean, and knows every row
    seen = read_symptom(beside, y=y, task="regression", straight=True).skill
    assert seen is not None
    assert seen.value == pytest.approx(1.0)
    falling = read_symptom(-beside, y=y, task="regression", straight=True).skill
    assert falling is not None
    assert falling.value == pytest.approx(0.0)


@pytest.mark.parametrize(("columns", "known"), [(64, True), (4, False)])
def test_a_pixel_that_hardly_varies_does_not_outweigh_a_picture(columns: int, known: bool) -> None:
    y = np.random.default_rng(0).normal(size=(100, columns))
    y[:, 0] = 1e-4 * y[:, 0]
    outputs = 0.9 * y + 0.01  # hardly off, but a hundred times what the first column varies
    seen = read_symptom(outputs, y=y, task="regression").skill
    assert seen is not None
    assert seen.value == pytest.approx(
        r2_score(y, outputs, multioutput="variance_weighted" if known else "uniform_average")
    )
    assert seen.shown is known


def test_rows_are_counted_as_rows_and_columns_that_cannot_vary_are_not_called_flat() -> None:
    y = np.random.default_rng(0).normal(size=(30, 5, 4))
    y[..., 0] = 0.0  # the rim of every picture
    outputs = np.where(np.arange(4) < 2, 0.0, 0.9 * y)  # the second column should vary, and does not
    seen = read_symptom(outputs, y=y, task="regression")
    assert seen.pattern == "varied"
    assert seen.skill is not None
    assert seen.skill.n_rows == seen.n_rows == 30
    assert seen.columns_flat == (False, True, False, False)

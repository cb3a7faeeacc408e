from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from defib.evidence import Missing
from defib.probes.labels import PROBE, LabelFacts, longest_run
from defib.recipe import LossFacts, TrainingRecipe
from defib.subject import AnyArray, TrainingTrace

from .fakes import EMPTY, FakeSubject, dense

RNG = np.random.default_rng(0)
LOSSES = {
    "bce": LossFacts("bce", "binary_cross_entropy", "probabilities"),
    "sce": LossFacts("sce", "sparse_categorical_cross_entropy", "logits"),
    "cce": LossFacts("cce", "categorical_cross_entropy", "probabilities"),
    "mse": LossFacts("mse", "squared_error", "values"),
    "hinge": LossFacts("hinge", "hinge", "values"),
    None: None,
}


def facts(
    y: AnyArray, loss: str | None = None, units: int = 1, *, order: AnyArray | None = None, shuffled: bool | None = None
) -> LabelFacts:
    X = RNG.normal(size=(len(y), 2))
    recipe = TrainingRecipe(loss=LOSSES[loss], shuffled=shuffled)
    subject = FakeSubject(
        [dense("d", np.ones((2, units)))], X, y, recipe=recipe, trace=TrainingTrace(label_order=order, n_updates=1)
    )
    found = PROBE.measure(subject, EMPTY)
    assert isinstance(found, LabelFacts)
    return found


TASKS = [
    (np.tile([0, 1], 30), "bce", 1, "binary"),
    (np.tile([False, True], 30), None, 1, "binary"),
    (np.tile([-1.0, 1.0], 30), "hinge", 1, "binary"),
    (np.tile([1, 2], 30), "bce", 1, "binary"),
    (np.tile([0, 1, 2], 20), "bce", 1, "multiclass"),
    (np.tile([0, 1, 2], 20), "sce", 3, "multiclass"),
    (np.tile([0.0, 1.0, 2.0], 20), "mse", 3, "multiclass"),
    (np.tile([3, 4, 5, 6, 7], 12), "mse", 1, "regression"),
    (np.tile([0.0, 1.0], 30), "mse", 1, "binary"),
    (RNG.normal(size=60), "mse", 1, "regression"),
    (RNG.normal(size=(60, 1)), None, 1, "regression"),
    (RNG.normal(size=(60, 3)), "mse", 3, "regression"),
    (np.eye(3)[np.tile([0, 1, 2], 20)], "cce", 3, "multiclass"),
    (np.eye(2)[np.tile([0, 1], 30)], "cce", 2, "binary"),
    (np.tile([[0, 1, 1], [1, 0, 1], [0, 0, 0]], (20, 1)), "bce", 3, "multilabel"),
    (RNG.random((60, 5)), "bce", 5, "regression"),
    (np.zeros(60), "bce", 1, "binary"),
    (np.full(60, 3.7), "mse", 1, "regression"),
    (RNG.integers(0, 400, 400), "mse", 1, "regression"),
    (np.array(["cat", "dog"] * 30), None, 1, "binary"),
]


@pytest.mark.parametrize(("y", "loss", "units", "task"), TASKS)
def test_tasks(y: AnyArray, loss: str | None, units: int, task: str) -> None:
    assert facts(y, loss, units).task == task


def test_prior_and_its_loss_against_sklearn() -> None:
    y = np.repeat([0, 1], [70, 30])
    one = facts(y, "bce")
    assert one.class_prior == (0.7, 0.3)
    assert one.prior_loss == pytest.approx(log_loss(y, np.full(100, 0.3)))
    assert facts(y, "mse").prior_loss == pytest.approx(np.var(y))
    three = np.repeat([0, 1, 2], [50, 30, 20])
    shares = np.tile([0.5, 0.3, 0.2], (100, 1))
    assert facts(three, "sce", 3).prior_loss == pytest.approx(log_loss(three, shares))
    assert facts(np.eye(3)[three], "cce", 3).prior_loss == pytest.approx(log_loss(three, shares))
    values = RNG.normal(3, 5, 80)
    assert facts(values, "mse").prior_loss == pytest.approx(values.var())
    assert facts(np.tile([-1.0, 1.0], 30), "hinge").prior_loss is None


def test_one_hot_and_shape_and_nan() -> None:
    one = facts(np.eye(3)[np.tile([0, 1, 2], 20)], "cce", 3)
    assert one.one_hot
    assert one.classes == (0.0, 1.0, 2.0)
    assert one.n_distinct == 3
    assert one.shape == (60, 3)
    y = np.tile([0.0, 1.0], 30)
    y[:6] = np.nan
    assert facts(y, "bce").nan_fraction == pytest.approx(0.1)


def test_sorted_labels_stand_in_blocks_and_shuffled_ones_do_not() -> None:
    y = np.repeat([0, 1, 2], 50)
    assert facts(y, "sce", 3, shuffled=False).blocks
    assert facts(y, "sce", 3).last_class == 2.0
    assert not facts(y, "sce", 3, shuffled=True).blocks
    mixed = RNG.permutation(y)
    assert not facts(mixed, "sce", 3, shuffled=False).blocks
    assert facts(mixed, "sce", 3, order=y).blocks
    assert not facts(y, "sce", 3, order=mixed).blocks


def test_rare_labels_at_the_end_of_the_file_are_blocks() -> None:
    y = np.repeat([0, 1], [990, 10])
    assert facts(y, "bce").blocks
    for seed in range(20):
        assert not facts(np.random.default_rng(seed).permutation(y), "bce").blocks


def test_runs_by_itertools() -> None:
    from itertools import groupby

    ids = RNG.integers(0, 2, 200)
    assert longest_run(ids) == max(len(list(group)) for _, group in groupby(ids.tolist()))
    one = facts(ids, "bce")
    assert one.longest_run_fraction == longest_run(ids) / 200


def test_missing_labels() -> None:
    with pytest.raises(Missing, match="the labels"):
        PROBE.measure(FakeSubject([], RNG.normal(size=(3, 2))), EMPTY)
    with pytest.raises(Missing, match="all are NaN"):
        facts(np.full(5, np.nan))


def test_labels_over_time() -> None:
    X = RNG.normal(size=(10, 6, 2))
    step = dense("d", np.ones((2, 4)))[0]
    subject = FakeSubject([(step, lambda v: v @ np.ones((2, 4)))], X, RNG.integers(0, 4, (10, 6)), loss=LOSSES["sce"])
    found = PROBE.measure(subject, EMPTY)
    assert isinstance(found, LabelFacts)
    assert found.task == "multiclass"
    assert found.n_distinct == 4

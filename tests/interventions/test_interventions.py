"""Contracts over every intervention: names, arms, code that is Python in every framework, when it does not apply."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import defib.interventions
from defib.catalogue import all_causes
from defib.evidence import Book, Evidence, Missing
from defib.interventions.table import FAMILIES, INTERVENTIONS, all_interventions, load, with_families
from defib.probes.columns import column_scales
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.probes.penalty import PenaltyFacts
from defib.probes.undefined import UndefinedFacts
from defib.probes.updates import WhyUnmoved
from defib.recipe import Arm, Edit
from tests.causes.books import (
    COLUMNS,
    HEAD,
    HEALTHY,
    INPUTS,
    LABELS,
    MODES,
    RAW,
    REGRESSION,
    SERVING,
    TRAINING,
    VALUES_HEAD,
    activations,
    book,
    move,
    stack,
    symptoms,
    unmoved,
    updates,
)
from tests.causes.ill import DEEP, ILL

FOLDER = Path(defib.interventions.__file__).parent
names = pytest.mark.parametrize("name", INTERVENTIONS)
frameworks = pytest.mark.parametrize("framework", ["keras", "torch", "sklearn", "jax"])
MULTICLASS = replace(
    LABELS, task="multiclass", n_distinct=3, classes=(0, 1, 2), class_prior=(0.3, 0.3, 0.4), maximum=2.0
)
ONE_HOT = replace(MULTICLASS, one_hot=True, shape=(426, 3), maximum=1.0)
SOFTMAX = replace(HEAD, activation="softmax", units=3, loss_kind="sparse_categorical_cross_entropy")


def applies(name: str, *evidence: Evidence) -> str | None:
    return load(name).applies(book(*evidence))


def arm(name: str, *evidence: Evidence) -> Arm:
    return load(name).arm(book(*evidence))


@names
def test_name_and_module_agree(name: str) -> None:
    assert load(name).name == name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert INTERVENTIONS[name] == name.replace("-", "_")


def test_every_module_is_in_the_table() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_")} - {"table"}
    assert modules == set(INTERVENTIONS.values())


@names
def test_what_it_does_is_a_clause(name: str) -> None:
    does = load(name).does
    assert does[0].islower()
    assert not does.endswith(".")
    assert load(name).size in (1, 2, 3)


@names
@frameworks
def test_the_code_is_python_whatever_is_known(name: str, framework: str) -> None:
    assert_compiles(load(name).code(book(), framework))


def assert_compiles(code: str) -> None:
    assert code.strip()
    assert code == code.strip("\n")
    compile(code, "<fix>", "exec")
    assert "None" not in code.replace("module.momentum = None", "")
    assert all(len(line) <= 120 for line in code.splitlines())


@frameworks
@pytest.mark.parametrize("code", ILL)
def test_every_fix_of_every_fault_is_python(code: str, framework: str) -> None:
    cause = next(one for one in all_causes() if one.code == code)
    for name in cause.fixes:
        assert_compiles(load(name).code(ILL[code], framework))


@names
def test_only_what_is_trained_has_an_arm(name: str) -> None:
    one = load(name)
    if one.kind != "train":
        assert one.arm(book()) == Arm()


@pytest.mark.parametrize("code", ILL)
def test_some_fix_of_every_fault_applies_to_it(code: str) -> None:
    cause = next(one for one in all_causes() if one.code == code)
    assert any(load(name).applies(ILL[code]) is None for name in cause.fixes)


def test_each_arm_that_applies_changes_the_recipe() -> None:
    ill = book(RAW, replace(HEAD, broadcasts=True), replace(TRAINING, shuffled=False), activations(stack(depth=6)))
    for name, one in all_interventions().items():
        if one.kind == "train" and one.applies(ill) is None:
            with suppress(Missing):
                assert one.arm(ill) != Arm(), name


class TestScaling:
    X: np.ndarray[Any, Any] = np.array([[1.0, 100.0, 7.0], [3.0, 300.0, 7.0], [5.0, 500.0, 7.0]])

    def test_z_scores_are_those_of_numpy(self) -> None:
        transform = arm("standardize-inputs", column_scales(self.X)).inputs
        assert transform is not None
        expected = (self.X - self.X.mean(0)) / np.where(self.X.std(0) == 0, 1, self.X.std(0))
        np.testing.assert_allclose(transform(self.X), expected, rtol=1e-6)

    def test_min_max(self) -> None:
        transform = arm("min-max-inputs", column_scales(self.X)).inputs
        assert transform is not None
        np.testing.assert_allclose(transform(self.X), np.array([[0.0, 0, 0], [0.5, 0.5, 0], [1, 1, 0]]))

    def test_pixels_share_one_scale(self) -> None:
        X = np.random.default_rng(0).integers(0, 255, size=(20, 4, 4, 1)).astype(float)
        X[:, 0, 0, 0] = 0.0  # a border that never varies
        image = replace(INPUTS, kind="image")
        transform = arm("standardize-inputs", image, column_scales(X)).inputs
        assert transform is not None
        np.testing.assert_allclose(transform(X), (X - X.mean()) / X.std(), rtol=1e-5)
        squeezed = arm("min-max-inputs", image, column_scales(X)).inputs
        assert squeezed is not None
        np.testing.assert_allclose(squeezed(X), X / X.max(), rtol=1e-6)

    def test_a_sequence_is_scaled_per_channel(self) -> None:
        X = np.random.default_rng(1).normal([0, 50], [1, 9], size=(30, 6, 2))
        transform = arm("standardize-inputs", replace(INPUTS, kind="sequence"), column_scales(X)).inputs
        assert transform is not None
        expected = (X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))
        np.testing.assert_allclose(transform(X), expected, rtol=1e-4, atol=1e-6)

    def test_missing_cells_get_the_mean_of_the_others(self) -> None:
        X = np.array([[1.0, np.nan], [3.0, 4.0], [np.inf, 8.0]])
        transform = arm("impute-nan", column_scales(X)).inputs
        assert transform is not None
        np.testing.assert_array_equal(transform(X), [[1, 6], [3, 4], [2, 8]])

    def test_when_it_changes_nothing(self) -> None:
        ready = column_scales(np.random.default_rng(2).normal(size=(200, 3)))
        assert applies("standardize-inputs", RAW, COLUMNS) is None
        assert "already" in (applies("standardize-inputs", ready) or "")
        assert "token" in (applies("standardize-inputs", replace(INPUTS, kind="tokens")) or "")
        assert "door" in (applies("min-max-inputs", replace(RAW, normalized_inside=True)) or "")
        assert "already" in (applies("min-max-inputs", column_scales(np.array([[0.0], [1.0]]))) or "")
        assert applies("impute-nan") is not None
        assert applies("impute-nan", replace(INPUTS, nan_cells=1)) is None
        assert applies("impute-nan", replace(INPUTS, nan_cells=1), replace(LABELS, nan_fraction=0.1)) is not None


class TestSteps:
    @pytest.mark.parametrize(
        ("name", "factor"),
        [
            ("step-divided-by-10", 0.1),
            ("step-divided-by-100", 0.01),
            ("step-divided-by-1000", 0.001),
            ("step-times-10", 10.0),
            ("step-times-100", 100.0),
        ],
    )
    def test_the_factor(self, name: str, factor: float) -> None:
        assert arm(name) == Arm(learning_rate_factor=factor)

    def test_the_customary_rate_where_a_hundredfold_one_is_too_small(self) -> None:
        tiny = replace(TRAINING, learning_rate=1e-7, usual_learning_rate=1e-2)
        assert applies("usual-learning-rate", tiny) is None
        assert arm("usual-learning-rate", tiny).learning_rate_factor == pytest.approx(1e5)
        assert "lr=0.01)  # was 1e-07" in load("usual-learning-rate").code(book(tiny), "torch")
        assert applies("usual-learning-rate", replace(tiny, learning_rate=1e-3)) is not None
        (woken,) = arm("usual-learning-rate", replace(tiny, learning_rate=0.0)).edits
        assert (woken.op, woken.value) == ("woken_rate", 1e-2)

    def test_the_recorded_optimizer_with_the_new_number(self) -> None:
        seen = book(replace(TRAINING, optimizer="rmsprop", learning_rate=0.05))
        one = load("step-divided-by-100")
        assert "torch.optim.RMSprop(model.parameters(), lr=0.0005)  # was 0.05" in one.code(seen, "torch")
        keras = one.code(seen, "keras")
        assert 'keras.optimizers.RMSprop(learning_rate=0.0005), loss="binary_crossentropy")  # was 0.05' in keras

    def test_families(self) -> None:
        assert all(set(members) <= set(INTERVENTIONS) for members in FAMILIES.values())
        assert with_families({"step-divided-by-10": False, "step-divided-by-100": True})["smaller-step"]
        tried = dict.fromkeys(FAMILIES["smaller-step"], False)
        assert with_families(tried)["smaller-step"] is False
        assert "smaller-step" not in with_families({"step-divided-by-10": False})


class TestHead:
    def test_what_each_task_asks_for(self) -> None:
        one = replace(HEAD, activation="softmax")
        assert arm("fitting-head", one).edits == (Edit("head", "linear"), Edit("loss", "bce_logits"))
        edits = (Edit("output_units", 3), Edit("head", "linear"), Edit("loss", "ce_logits"))
        assert arm("fitting-head", MULTICLASS).edits == edits
        assert arm("fitting-head", ONE_HOT).edits == edits
        assert arm("fitting-head", REGRESSION).edits == (Edit("head", "linear"), Edit("loss", "mse"))
        tags = replace(LABELS, task="multilabel", shape=(426, 4))
        assert arm("fitting-head", tags).edits[0] == Edit("output_units", 4)

    @frameworks
    @pytest.mark.parametrize("labels", [LABELS, MULTICLASS, ONE_HOT, REGRESSION])
    def test_its_code_is_python(self, framework: str, labels: Evidence) -> None:
        assert_compiles(load("fitting-head").code(book(labels), framework))
        assert_compiles(load("logits-loss").code(book(labels), framework))

    def test_a_right_head_is_left_alone(self) -> None:
        assert "already" in (applies("fitting-head") or "")
        assert "already" in (applies("fitting-head", REGRESSION, VALUES_HEAD) or "")
        assert "already" in (applies("fitting-head", MULTICLASS, SOFTMAX) or "")
        two = replace(SOFTMAX, units=2, loss_takes="logits", activation="linear")
        assert "already" in (applies("fitting-head", two) or "")

    def test_a_wrong_head_is_not(self) -> None:
        assert (
            applies("fitting-head", replace(HEAD, activation="softmax", loss_kind="categorical_cross_entropy")) is None
        )
        assert applies("fitting-head", MULTICLASS, replace(HEAD, labels_outside=0.3)) is None
        assert applies("fitting-head", replace(HEAD, activations_before_loss=2)) is None
        assert applies("fitting-head", REGRESSION, replace(VALUES_HEAD, activation="relu")) is None

    def test_a_loss_without_a_value_below_zero_needs_a_positive_head(self) -> None:
        below = UndefinedFacts(-1.0, True, 0.1)
        assert applies("fitting-head", REGRESSION, VALUES_HEAD, below) is None
        assert arm("fitting-head", REGRESSION, VALUES_HEAD, below).edits == (Edit("head", "softplus"),)
        assert all("softplus" in load("fitting-head").code(book(below), one) for one in ("keras", "torch", "jax"))
        assert applies("fitting-head", REGRESSION, VALUES_HEAD, replace(below, positive=False)) is not None

    def test_a_softmax_over_one_unit_fits_no_labels(self) -> None:
        twos = replace(LABELS, classes=(1.0, 2.0), minimum=1.0, maximum=2.0)
        assert applies("fitting-head", twos, replace(HEAD, activation="softmax")) is None
        assert "numbered" in (applies("fitting-head", twos) or "")
        assert arm("fitting-head", twos, replace(HEAD, activation="softmax")).labels == (1.0, 2.0)

    def test_labels_must_be_ids_first(self) -> None:
        assert applies("fitting-head", replace(LABELS, minimum=-1.0), replace(HEAD, activation="tanh")) is not None
        assert applies("fitting-head", replace(MULTICLASS, minimum=1.0, maximum=3.0)) is not None

    def test_logits(self) -> None:
        assert applies("logits-loss") is None
        taken = replace(HEAD, activation="linear", loss_takes="logits")
        assert "already" in (applies("logits-loss", taken) or "")
        assert applies("logits-loss", REGRESSION) is not None
        assert applies("logits-loss", MULTICLASS) is not None  # one unit cannot say three classes

    def test_shapes(self) -> None:
        wide = replace(HEAD, prediction_shape=(64, 1), target_shape=(64,), broadcasts=True)
        assert applies("match-shapes", wide) is None
        assert applies("match-shapes") is not None
        assert "target.view_as(prediction)" in load("match-shapes").code(book(wide), "torch")
        narrow = replace(wide, prediction_shape=(64,), target_shape=(64, 1))
        assert "prediction.view_as(target)" in load("match-shapes").code(book(narrow), "torch")

    def test_no_shape_holds_a_prediction_for_each_step_and_a_target_for_each_row(self) -> None:
        steps = replace(HEAD, prediction_shape=(32, 12, 1), target_shape=(32,), broadcasts=True)
        assert applies("match-shapes", steps) is None
        with pytest.raises(Missing, match="as many predictions"):
            arm("match-shapes", steps)
        assert "return_sequences=True" in load("match-shapes").code(book(steps), "keras")
        assert "outputs[:, -1]" in load("match-shapes").code(book(steps), "torch")

    def test_a_head_that_fits_is_not_written_again(self) -> None:
        code = load("fitting-head").code(book(HEAD), "keras")
        assert "Dense(" not in code
        assert 'loss="binary_crossentropy"' in code
        assert "Dense(" in load("fitting-head").code(book(replace(HEAD, activation="linear")), "keras")


class TestTheRest:
    def test_parts_are_put_together_before_they_are_shuffled(self) -> None:
        assert "np.concatenate" in load("shuffle").code(book(replace(TRAINING, in_parts=True)), "keras")
        assert "shuffle=True" in load("shuffle").code(book(), "keras")

    def test_when_they_do_not_apply(self) -> None:
        assert applies("leaky-relu", activations(DEEP)) is not None
        assert applies("leaky-relu") is None
        assert applies("batch-norm", replace(MODES, has_batch_norm=True)) is not None
        assert applies("batch-norm") is None
        assert applies("halve-depth") is not None
        assert applies("halve-depth", activations(DEEP)) is None
        assert applies("relu-he", activations(stack(depth=0))) is not None
        assert applies("shuffle") is not None
        assert applies("shuffle", replace(TRAINING, shuffled=False)) is None
        assert applies("unfreeze") is not None
        assert applies("unfreeze", unmoved("frozen")) is None
        assert applies("canonical-loop") is not None
        assert applies("canonical-loop", unmoved("no_gradient")) is None
        assert applies("canonical-loop", updates(move("a/kernel"), move("b/kernel", 0.0, "unknown"))) is None
        assert applies("recompute-statistics") is not None
        assert applies("recompute-statistics", replace(MODES, has_batch_norm=True)) is None
        assert applies("standardize-targets") is not None
        assert applies("standardize-targets", REGRESSION) is not None
        assert applies("standardize-targets", replace(REGRESSION, mean=2e5, sd=8e4)) is None
        assert applies("lower-threshold", REGRESSION) is not None

    def test_numbers_of_the_program_reach_the_code(self) -> None:
        assert "epochs=150" in load("more-epochs").code(book(), "keras")
        assert "were 8" in load("halve-depth").code(book(activations(DEEP)), "torch")
        far = book(replace(REGRESSION, mean=212000.0, sd=81000.0))
        assert "y_mean, y_sd = 212000, 81000" in load("standardize-targets").code(far, "keras")
        skew = book(replace(SERVING, affine="predict = training × 255"))
        assert "predict = training × 255" in load("same-pipeline").code(skew, "torch")
        assert "model.predict(X_train).mean" in load("lower-threshold").code(book(), "keras")

    def test_a_threshold_per_class(self) -> None:
        three = symptoms(replace(HEALTHY, n_outputs=3))
        assert "argmax" in load("lower-threshold").code(book(three, MULTICLASS), "keras")

    def test_early_stopping_gets_patience(self) -> None:
        stopped = book(replace(TRAINING, stopped_early=True))
        assert "patience=50" in load("more-epochs").code(stopped, "keras")

    def test_targets_are_scaled_into_what_the_head_can_say(self) -> None:
        tall = replace(REGRESSION, minimum=-4.0, maximum=12.0)
        tanh = replace(VALUES_HEAD, activation="tanh", output_low=-1.0, output_high=1.0, labels_outside=0.9)
        assert applies("min-max-targets", tall, tanh) is None
        assert applies("min-max-targets", tall, replace(tanh, labels_outside=0.0)) is not None
        assert applies("min-max-targets", tall, VALUES_HEAD) is not None
        transform = arm("min-max-targets", tall, tanh).targets
        assert transform is not None
        np.testing.assert_allclose(transform(np.array([-4.0, 4.0, 12.0])), [-1.0, 0.0, 1.0])
        assert "offset, scale = 4, 8" in load("min-max-targets").code(book(tall, tanh), "torch")

    def test_values_are_not_made_into_class_ids(self) -> None:
        assert "searchsorted" in load("fix-labels").code(book(), "keras")
        assert "searchsorted" not in load("fix-labels").code(book(REGRESSION), "keras")

    def test_classes_are_numbered_where_head_and_loss_then_fit(self) -> None:
        signs = replace(LABELS, classes=(-1.0, 1.0), minimum=-1.0)
        assert arm("fix-labels", signs, HEAD) == Arm(labels=(-1.0, 1.0))
        assert load("fix-labels").code(book(signs), "torch") == "y_train = (y_train + 1) / 2  # 0 and 1"
        assert applies("fitting-head", signs, replace(HEAD, labels_outside=0.5)) is not None
        from_one = replace(MULTICLASS, classes=(1.0, 2.0, 3.0), minimum=1.0, maximum=3.0)
        assert arm("fix-labels", from_one, SOFTMAX) == Arm(labels=(1.0, 2.0, 3.0))
        assert "y_train - 1" in load("fix-labels").code(book(from_one, SOFTMAX), "keras")
        gaps = replace(MULTICLASS, classes=(10.0, 20.0, 50.0), minimum=10.0, maximum=50.0)
        assert "searchsorted" in load("fix-labels").code(book(gaps, SOFTMAX), "keras")
        assert_compiles(load("fix-labels").code(book(gaps, SOFTMAX), "torch"))

    @pytest.mark.parametrize(
        ("labels", "head"),
        [
            (LABELS, HEAD),  # 0 and 1 already
            (replace(LABELS, n_distinct=1, classes=(1.0,), minimum=1.0), HEAD),
            (REGRESSION, HEAD),
            (replace(LABELS, classes=(-1.0, 1.0), minimum=-1.0), replace(HEAD, loss_kind="hinge")),
        ],
        ids=["numbered", "constant", "values", "hinge"],
    )
    def test_other_labels_have_their_source_elsewhere(self, labels: LabelFacts, head: HeadFacts) -> None:
        with pytest.raises(Missing, match="source"):
            arm("fix-labels", labels, head)

    def test_a_head_for_classes_that_are_not_numbered_yet(self) -> None:
        from_one = replace(MULTICLASS, classes=(1.0, 2.0, 3.0), minimum=1.0, maximum=3.0, shape=(426, 1))
        wide = replace(HEAD, labels_outside=0.6)
        assert applies("fitting-head", from_one, wide) is None
        assert arm("fitting-head", from_one, wide).labels == (1.0, 2.0, 3.0)
        code = load("fitting-head").code(book(from_one, wide), "torch")
        assert code.splitlines()[:2] == [
            "y_train = y_train - 1  # class ids 0 … K−1",
            "y_train = y_train.long().flatten()",
        ]

    def test_a_hand_made_loss_that_cuts_the_gradient_is_replaced_by_the_heads_own(self) -> None:
        cut = replace(HEAD, loss_kind="other", gradient_zero_at_start=True)
        assert arm("canonical-loop", cut) == Arm(loop="canonical").with_edit("loss", "bce")
        softmax = replace(cut, activation="softmax", units=3)
        assert arm("canonical-loop", MULTICLASS, softmax).edits == (Edit("loss", "ce"),)
        assert 'loss="binary_crossentropy"' in load("canonical-loop").code(book(cut), "keras")
        assert 'loss="sparse_categorical' in load("canonical-loop").code(book(MULTICLASS, softmax), "keras")
        assert_compiles(load("canonical-loop").code(book(cut), "torch"))
        for other in (HEAD, replace(cut, gradient_zero_at_start=False), replace(cut, labels_outside=0.4)):
            assert arm("canonical-loop", other) == Arm(loop="canonical")

    @pytest.mark.parametrize(
        ("why", "framework", "says", "code"),
        [
            ("not_kept", "jax", "keep what every step returns", "state = state.apply_gradients(grads=grads)"),
            ("cleared_gradient", "torch", "clear the gradients before", "for inputs, targets in loader:"),
            ("not_in_optimizer", "torch", "build the optimizer after the model", "optimizer = torch.optim.Adam("),
            ("no_steps", "torch", "let the optimizer make a step", "optimizer.step()"),
        ],
    )
    def test_the_usual_loop_comes_down_to_what_the_program_lacks(
        self, why: WhyUnmoved, framework: str, says: str, code: str
    ) -> None:
        loop, seen = load("canonical-loop"), book(unmoved(why))
        told = loop.says(seen)
        assert told is not None
        assert told.startswith(says)
        assert code in loop.code(seen, framework)
        assert ("for inputs" in loop.code(seen, "torch")) == (why != "not_in_optimizer")

    def test_padding_is_put_in_front_of_rows_that_a_recurrent_layer_reads(self) -> None:
        padded = replace(INPUTS, kind="tokens", padded_end=0.0)
        recurrent = activations(tuple(replace(one, kind="recurrent") for one in stack()))
        assert applies("pad-in-front", padded, recurrent) is None
        assert applies("pad-in-front", padded) == "no layer is recurrent"
        assert applies("pad-in-front", replace(padded, padded_end=None), recurrent) == "most rows end on a real step"
        transform = arm("pad-in-front", padded).inputs
        assert transform is not None
        ids = np.array([[3, 0, 4, 0, 0], [1, 2, 3, 4, 5], [0, 0, 0, 0, 0]])
        assert transform(ids).tolist() == [[0, 0, 3, 0, 4], [1, 2, 3, 4, 5], [0, 0, 0, 0, 0]]
        assert transform(ids).dtype == ids.dtype
        steps = np.stack([ids, ids], axis=2)
        np.testing.assert_array_equal(transform(steps)[:, :, 1], transform(ids))

    def test_a_stopped_training_is_given_the_epochs_that_were_planned(self) -> None:
        for ran, planned, factor in ((5, 50, 10.0), (40, 50, 5.0), (1, 1000, 20.0)):
            stopped = replace(TRAINING, stopped_early=True, n_epochs=ran, planned_epochs=planned)
            assert arm("more-epochs", stopped).updates_factor == factor

    def test_standardized_targets_are_transformed_back_by_the_same_numbers(self) -> None:
        transform = arm("standardize-targets", replace(REGRESSION, mean=10.0, sd=4.0)).targets
        assert transform is not None
        np.testing.assert_allclose(transform(np.array([10.0, 18.0])), [0.0, 2.0])


@names
def test_a_book_without_anything_still_gives_code_or_says_what_is_needed(name: str) -> None:
    with suppress(Missing):
        assert_compiles(load(name).code(Book(), "torch"))


@pytest.mark.parametrize(("pull", "by"), [(0.0, 100), (1.5, 100), (30.0, 1_000), (50.0, 10_000), (float("inf"), 100)])
def test_a_penalty_is_divided_until_the_data_outweigh_it(pull: float, by: int) -> None:
    penalty = PenaltyFacts(pull, "dense_1", shrinking=True)
    assert arm("weaker-regularization", penalty).regularization_factor == pytest.approx(1 / by)
    assert f"alpha / {by}" in load("weaker-regularization").code(book(penalty), "sklearn")
    assert "weight_decay" in load("weaker-regularization").code(book(penalty), "torch")
    by_hand = load("weaker-regularization").code(book(replace(penalty, in_loss=True)), "torch")
    assert f"penalty / {by}  #" in by_hand

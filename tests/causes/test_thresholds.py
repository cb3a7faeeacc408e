"""Where a cause says less than "supported": part of the pattern, an excuse, a look-alike, missing evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from defib.catalogue import load
from defib.diagnosis import Assessment
from defib.evidence import Book, Evidence, Missing
from defib.interventions.table import all_interventions
from defib.probes.before import BeforeFacts
from defib.probes.clipping import ClippingFacts
from defib.probes.inputs import InputFacts, ServingFacts
from defib.probes.labels import LabelFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.penalty import PenaltyFacts
from defib.probes.preferences import PreferenceFacts
from defib.probes.reach import ReachFacts
from defib.probes.training import TrainingFacts
from defib.probes.undefined import UndefinedFacts
from defib.symptom import Pattern
from tests.causes.books import (
    COLUMNS,
    FLAT,
    HEAD,
    HEALTHY,
    INPUTS,
    LABELS,
    LOADING,
    MODES,
    NEAR_FLAT,
    NO_SIGNAL,
    ONE_CLASS,
    RAW,
    REGRESSION,
    SERVING,
    SIGNAL,
    SKILL,
    STUCK,
    TRAINING,
    UNSKILLED,
    VALUES_HEAD,
    activations,
    book,
    collapsed,
    gradients,
    initialization,
    move,
    stack,
    state,
    symptoms,
    unmoved,
    updates,
)
from tests.causes.ill import COLLAPSING, DEAD, DEEP, FULL, ILL, VANISHING


def verdict(code: str, *evidence: Evidence) -> str:
    return assess(code, *evidence).verdict


def assess(code: str, *evidence: Evidence) -> Assessment:
    return load(code).assess(book(*evidence))


class TestUnscaledInputs:
    def test_raw_columns_in_a_network_that_learnt_are_no_fault(self) -> None:
        assert verdict("DF101", RAW) == "ruled_out"

    def test_raw_columns_without_a_trace_are_a_suspicion(self) -> None:
        assert verdict("DF101", RAW, collapsed(NEAR_FLAT), STUCK) == "inconclusive"

    def test_kelvin_saturates_before_the_first_step(self) -> None:
        kelvin = replace(INPUTS, column_mean_abs_max=295.0, scale_max=295.0, column_sd_max=8.0, offset_ratio=37.0)
        assert assess("DF101", kelvin, collapsed(), activations(FULL, FULL)).weight == 0.8

    def test_a_normalization_at_the_door_rules_it_out(self) -> None:
        assert (
            verdict("DF101", replace(RAW, normalized_inside=True), collapsed(), activations(FULL, FULL)) == "ruled_out"
        )

    def test_a_solver_that_searches_its_steps_has_no_rate_to_change(self) -> None:
        for code in ("DF501", "DF502"):
            assert verdict(code, collapsed(), replace(TRAINING, finds_step=True)) == "not_applicable"

    def test_one_row_over_and_over_with_other_labels(self) -> None:
        again = replace(INPUTS, commonest_row=0.97, unique_rows=40)
        assert assess("DF102", collapsed(NEAR_FLAT), again).weight == 0.92
        assert verdict("DF102", again) == "ruled_out"
        of_one_class = replace(LABELS, class_prior=(0.98, 0.02))
        assert verdict("DF102", collapsed(NEAR_FLAT), again, of_one_class) == "inconclusive"

    def test_columns_that_a_pipeline_leaves_out_are_its_fault(self) -> None:
        left = BeforeFacts(1, "the rows in front of PCA", 0.99, 20.0, "selection")
        unknowing = (symptoms(UNSKILLED, UNSKILLED), NO_SIGNAL)
        assert verdict("DF107", *unknowing, left) == "inconclusive"
        assert verdict("DF107", *unknowing, replace(left, piped=True)) == "supported"

    def test_tokens_have_no_scale(self) -> None:
        assert verdict("DF101", replace(RAW, kind="tokens"), collapsed()) == "not_applicable"

    def test_rare_pixels_differ_in_spread_without_a_fault(self) -> None:
        pixels = replace(INPUTS, kind="image", scale_max=0.8, scale_ratio=240.0)
        assert verdict("DF101", pixels, collapsed(), activations(FULL, FULL)) == "ruled_out"

    def test_columns_of_different_small_scales_do_not_saturate(self) -> None:
        drowned = replace(INPUTS, scale_max=0.9, scale_ratio=900.0)
        assert verdict("DF101", drowned, collapsed(), activations(FULL, FULL)) == "inconclusive"

    def test_columns_of_different_scales_drown_a_signal(self) -> None:
        drowned = replace(INPUTS, scale_max=0.9, scale_ratio=900.0)
        assert verdict("DF101", drowned, symptoms(UNSKILLED, UNSKILLED)) == "supported"

    def test_huge_first_weights_are_another_reason_to_saturate(self) -> None:
        given = assess("DF101", RAW, collapsed(), activations(FULL, FULL), initialization(9.0, 1.0, 1.0))
        assert given.verdict == "inconclusive"


class TestData:
    def test_a_few_constant_columns_are_no_fault(self) -> None:
        assert verdict("DF102", replace(INPUTS, constant_fraction=0.2), collapsed()) == "ruled_out"

    def test_mostly_constant_columns_are_a_suspicion(self) -> None:
        assert verdict("DF102", replace(INPUTS, constant_fraction=0.95), collapsed()) == "inconclusive"

    def test_masked_nan_cells_are_no_fault(self) -> None:
        assert verdict("DF103", replace(INPUTS, nan_cells=9)) == "inconclusive"

    def test_nan_labels_count(self) -> None:
        given = assess("DF103", replace(LABELS, nan_fraction=0.01), updates(nan_parameters=2))
        assert given.verdict == "supported"
        assert given.layer == "labels"

    def test_nan_only_where_served(self) -> None:
        nan = replace(HEALTHY, pattern="nan", nan_fraction=0.1)
        assert verdict("DF103", symptoms(nan), replace(SERVING, nan_cells=4)) == "supported"

    def test_nan_behind_a_relu_gives_the_rows_served_one_finite_output(self) -> None:
        served = replace(SERVING, nan_cells=143, nan_row_fraction=1.0)
        given = assess("DF103", symptoms(FLAT, HEALTHY), served)
        assert given.verdict == "supported"
        assert given.numbers == {"nan_cells_served": 143.0}

    def test_a_few_nan_among_flat_rows_or_a_flat_network_prove_nothing(self) -> None:
        few, all_of_them = replace(SERVING, nan_cells=4, nan_row_fraction=0.03), replace(SERVING, nan_row_fraction=1.0)
        assert verdict("DF103", symptoms(FLAT, HEALTHY), few) == "inconclusive"
        assert verdict("DF103", symptoms(FLAT, FLAT), replace(all_of_them, nan_cells=143)) == "inconclusive"

    def test_one_batch_of_all_rows_has_no_order(self) -> None:
        blocks = replace(LABELS, blocks=True)
        whole = replace(TRAINING, shuffled=False, n_updates=30, n_epochs=30)
        assert verdict("DF104", collapsed(), blocks, whole) == "ruled_out"

    def test_blocks_that_were_shuffled_are_no_blocks(self) -> None:
        assert verdict("DF104", collapsed(), replace(LABELS, blocks=True), TRAINING) == "ruled_out"

    def test_blocks_in_a_single_epoch_are_a_suspicion(self) -> None:
        one = replace(TRAINING, shuffled=None, n_epochs=1)
        assert verdict("DF104", collapsed(), replace(LABELS, blocks=True), one) == "inconclusive"

    @pytest.mark.parametrize("symptom", [FLAT, NEAR_FLAT, replace(ONE_CLASS, skill=UNSKILLED.skill)])
    def test_imbalance_does_not_explain_outputs_that_do_not_rank(self, symptom: object) -> None:
        rare = replace(LABELS, class_prior=(0.99, 0.01))
        assert isinstance(symptom, type(FLAT))
        assert verdict("DF105", symptoms(symptom, symptom), rare) == "ruled_out"

    def test_a_linear_output_under_a_squared_error_is_a_probability(self) -> None:
        rare = replace(LABELS, class_prior=(0.95, 0.05), mean=0.05)
        values = replace(VALUES_HEAD, label_low=0.0, label_high=1.0)
        close = replace(ONE_CLASS, output_kind="logit", prediction_spread=0.04, logit_spread=0.04)
        given = assess("DF105", symptoms(close, close), rare, values)
        assert given.verdict == "supported"
        assert given.numbers["logit_spread"] == pytest.approx(0.04 / (0.05 * 0.95))
        assert verdict("DF105", symptoms(close, close), rare, HEAD) == "inconclusive"

    def test_imbalance_needs_labels_of_the_predicted_rows(self) -> None:
        rare = replace(LABELS, class_prior=(0.99, 0.01))
        with pytest.raises(Missing, match="labels of the predicted rows"):
            assess("DF105", symptoms(replace(ONE_CLASS, skill=None)), rare)

    def test_imbalance_seen_on_training_rows_only_is_weaker(self) -> None:
        assert ONE_CLASS.skill is not None
        memorized = replace(ONE_CLASS, skill=replace(ONE_CLASS.skill, rows="training"))
        assert assess("DF105", symptoms(memorized), replace(LABELS, class_prior=(0.99, 0.01))).weight < 0.9

    def test_predictions_at_the_mean_have_travelled_the_distance(self) -> None:
        far = replace(REGRESSION, mean=2e5, sd=8e4)
        at_mean = replace(NEAR_FLAT, constant=(2.01e5,), output_kind="value")
        assert verdict("DF106", collapsed(at_mean), far, VALUES_HEAD) == "ruled_out"


class TestLabelsAndHead:
    def test_a_lost_shuffle_cannot_be_seen(self) -> None:
        assert verdict("DF202", symptoms(UNSKILLED), NO_SIGNAL) == "inconclusive"

    def test_class_ids_are_the_numbers_of_outputs_and_no_values_within_reach(self) -> None:
        ids = replace(HEAD, units=5, labels_outside=0.0, label_high=4.0)
        assert "every label is the number of one of 5 outputs" in assess("DF203", collapsed(), ids).because
        assert "within the head's reach (0 to 1)" in assess("DF203", collapsed(), HEAD).because

    def test_a_few_labels_out_of_reach_prove_nothing(self) -> None:
        few = replace(HEAD, labels_outside=0.05, label_high=1.5)
        assert verdict("DF203", collapsed(), few) == "inconclusive"

    def test_a_few_labels_that_take_the_mean_beyond_the_head_pull_every_row_to_its_end(self) -> None:
        masks = replace(LABELS, maximum=255.0, mean=20.0)
        few = replace(HEAD, labels_outside=0.08, label_high=255.0)
        said = assess("DF203", collapsed(), few, masks)
        assert (said.verdict, said.weight) == ("supported", 0.92)
        assert "their mean, 20, lies beyond it" in said.because
        assert verdict("DF203", collapsed(), few, replace(masks, mean=0.9)) == "inconclusive"
        assert verdict("DF203", collapsed(), replace(few, loss_kind="hinge"), masks) == "inconclusive"

    def test_a_third_class_for_one_sigmoid_is_out_of_reach_however_well_the_rows_rank(self) -> None:
        third = replace(HEAD, n_classes=3, labels_outside=0.33, label_high=2.0)
        assert verdict("DF203", third) == "supported"
        assert verdict("DF203", replace(third, n_classes=2)) == "ruled_out"

    def test_half_the_targets_negative_is_the_relu_heads_own_fault(self) -> None:
        relu = replace(VALUES_HEAD, activation="relu", output_low=0.0, labels_outside=0.4, preactivation_max=-1.0)
        assert verdict("DF203", collapsed(), REGRESSION, relu) == "inconclusive"
        assert verdict("DF303", collapsed(), REGRESSION, relu) == "supported"

    def test_two_softmax_units_are_fine(self) -> None:
        assert verdict("DF301", replace(HEAD, activation="softmax", units=2)) == "not_applicable"

    def test_a_softmax_over_another_axis_is_not_this(self) -> None:
        assert verdict("DF301", replace(HEAD, activation="softmax")) == "ruled_out"

    def test_a_categorical_loss_over_one_column(self) -> None:
        one = replace(HEAD, activation="linear", loss_kind="categorical_cross_entropy", gradient_zero_at_start=True)
        assert verdict("DF301", collapsed(), one) == "supported"

    def test_a_loss_below_the_floor_was_squashed_once(self) -> None:
        twice = replace(HEAD, activations_before_loss=2)
        assert verdict("DF302", collapsed(NEAR_FLAT), twice, replace(STUCK, last_loss=0.2)) == "ruled_out"

    def test_the_floor_of_k_softmax_columns(self) -> None:
        from defib.causes.double_activation import loss_floor_nats

        # ln(e + 4 − 1) − 1 = ln(1 + 3/e), as in the public case named on the page
        assert loss_floor_nats(replace(HEAD, units=4), ()) == pytest.approx(0.7437, abs=1e-4)
        # the best sigmoid of a probability for half of either class: −(ln σ(1) + ln(1 − σ(0)))/2
        assert loss_floor_nats(HEAD, (0.5, 0.5)) == pytest.approx((0.31326 + 0.69315) / 2, abs=1e-4)

    def test_a_living_relu_head(self) -> None:
        relu = replace(VALUES_HEAD, activation="relu", preactivation_max=0.2)
        assert verdict("DF303", collapsed(), REGRESSION, relu) == "ruled_out"

    def test_a_divergence_behind_a_relu_head_is_not_its_fault(self) -> None:
        relu = replace(VALUES_HEAD, activation="relu", preactivation_max=-3.0)
        assert verdict("DF303", collapsed(), REGRESSION, relu, replace(STUCK, spike=80.0)) == "inconclusive"

    def test_relu_on_logits_before_the_softmax(self) -> None:
        logits = (*stack()[:-1], state("head:relu", "activation", "relu", dead_fraction=1.0), stack()[-1])
        facts = activations(logits, logits)
        assert verdict("DF303", collapsed(), facts, replace(HEAD, activation="softmax", units=3)) == "supported"

    def test_a_dead_hidden_layer_casts_doubt_on_the_head(self) -> None:
        relu = replace(VALUES_HEAD, activation="relu", preactivation_max=-1.0)
        assert verdict("DF303", collapsed(), REGRESSION, relu, activations(DEAD, DEAD)) == "inconclusive"

    def test_a_broadcast_in_a_network_that_learnt_is_named_harmless(self) -> None:
        assert verdict("DF305", replace(HEAD, broadcasts=True, target_shape=(32,))) == "ruled_out"

    @pytest.mark.parametrize("code", ["DF302", "DF305", "DF307"])
    def test_an_unknown_loss_is_said(self, code: str) -> None:
        unknown = replace(
            HEAD, loss="unknown", loss_kind="unknown", loss_takes="unknown", prediction_shape=None, target_shape=None
        )
        with pytest.raises(Missing, match="loss"):
            assess(code, collapsed(), unknown)

    def test_a_dead_layer_explains_a_zero_gradient_better_than_clipping(self) -> None:
        zero = gradients(zero_end=True)
        frozen = replace(STUCK, last_loss=7.8, at_prior_loss=False)
        assert verdict("DF307", collapsed(), zero, frozen, activations(stack(), DEAD)) == "ruled_out"

    def test_a_huge_first_step_into_the_clipped_end_is_the_origin(self) -> None:
        zero, head = gradients(zero_end=True), replace(HEAD, loss_takes="probabilities")
        thrown = assess("DF501", collapsed(), STUCK, zero, head, updates(largest_first_update=3.9))
        assert thrown.verdict == "supported"
        assert "clipped" in thrown.because
        twice = assess(
            "DF501", collapsed(), STUCK, zero, replace(head, loss_takes="logits"), updates(largest_first_update=3.9)
        )
        assert twice.verdict == "supported"
        assert f"its {head.activation} has no gradient" in twice.because
        logits = replace(head, loss_takes="logits", activation="linear")
        assert verdict("DF501", collapsed(), STUCK, zero, logits, updates(largest_first_update=3.9)) == "inconclusive"
        small = updates(largest_first_update=0.01)
        assert verdict("DF501", collapsed(), STUCK, zero, head, small) == "inconclusive"


class TestSignalFlow:
    def test_99_percent_dead_is_not_dead(self) -> None:
        nearly = stack(dead_fraction=0.97)
        assert verdict("DF401", collapsed(), activations(nearly, nearly)) == "inconclusive"

    def test_a_path_round_a_dead_layer(self) -> None:
        given = assess("DF401", activations(stack(), DEAD))
        assert given.verdict == "ruled_out"
        assert "past it" in given.because

    def test_sigmoids_cannot_die(self) -> None:
        assert verdict("DF401", collapsed(), activations(DEEP, DEEP)) == "not_applicable"

    def test_a_saturated_head_alone_is_a_consequence(self) -> None:
        head = (*stack()[:-1], state("head:sigmoid", "activation", "sigmoid", saturated_fraction=1.0))
        assert verdict("DF402", collapsed(), activations(stack(), head)) == "inconclusive"

    def test_saturated_units_that_differ_are_a_code(self) -> None:
        assert verdict("DF402", activations(FULL, FULL)) == "ruled_out"

    def test_exactly_zero_is_not_vanishing(self) -> None:
        zero = gradients(0.0, 0.0, 0.1, zero_initial=True)
        assert verdict("DF403", collapsed(), activations(DEEP, DEEP), zero, STUCK) == "ruled_out"

    def test_relu_stacks_do_not_vanish(self) -> None:
        assert verdict("DF403", collapsed(), VANISHING, STUCK) == "ruled_out"

    def test_a_plateau_is_normal_for_a_while(self) -> None:
        early = replace(STUCK, n_updates=100)
        assert verdict("DF403", collapsed(NEAR_FLAT), activations(DEEP, DEEP), VANISHING, early) == "inconclusive"

    def test_three_sigmoid_layers_are_not_enough(self) -> None:
        three = stack("sigmoid", 3)
        shrinks = gradients(9e-4, 4e-3, 2e-2, 0.1)
        assert verdict("DF403", collapsed(NEAR_FLAT), activations(three, three), shrinks, STUCK) == "inconclusive"

    def test_a_dead_start_is_not_a_gradual_collapse(self) -> None:
        dead = stack(depth=8, dead_fraction=1.0, relative_spread=0.0)
        assert verdict("DF404", collapsed(), activations(dead, dead), STUCK) == "ruled_out"

    def test_where_the_gradient_vanishes_too_the_collapse_is_named_second(self) -> None:
        deep = stack("sigmoid", 8, relative_spread=1e-5)
        given = assess("DF404", collapsed(NEAR_FLAT), activations(deep, deep), VANISHING, STUCK)
        assert given.verdict == "supported"
        assert given.weight < assess("DF403", collapsed(NEAR_FLAT), activations(deep, deep), VANISHING, STUCK).weight

    def test_rows_of_one_direction_whose_differences_fade(self) -> None:
        """As measured in 20 ReLU layers by Glorot's rule: lengths differ, directions do not, and nothing arrives."""
        first, *rest = stack("relu", 20, row_correlation=0.96, relative_spread=0.65, row_spread=4e-4)[1:]
        faded = (replace(first, row_correlation=0.37), *rest)
        assert verdict("DF404", collapsed(NEAR_FLAT), activations(faded, faded), STUCK) == "supported"
        loud = tuple(replace(layer, row_spread=0.6) for layer in faded)
        assert verdict("DF404", collapsed(NEAR_FLAT), activations(loud, loud), STUCK) == "inconclusive"

    def test_what_the_training_killed_afterwards_comes_first(self) -> None:
        given = assess("DF404", collapsed(), activations(COLLAPSING, DEAD), STUCK)
        assert given.verdict == "inconclusive"

    def test_collapse_needs_the_initial_weights(self) -> None:
        with pytest.raises(Missing, match="initial weights"):
            assess("DF404", collapsed(), activations(()))

    def test_unscaled_inputs_make_a_large_first_gradient_too(self) -> None:
        assert verdict("DF405", collapsed(), RAW, gradients(2e5, 3e4, 2e3, 1e2, 1.0)) == "inconclusive"


class TestOptimization:
    def test_a_large_step_that_killed_nothing_is_a_suspicion(self) -> None:
        assert verdict("DF501", collapsed(), replace(STUCK, learning_rate=0.1)) == "inconclusive"

    def test_a_layer_that_died_of_ordinary_steps_is_a_suspicion(self) -> None:
        assert verdict("DF501", collapsed(), activations(stack(), DEAD), STUCK) == "inconclusive"

    def test_nan_in_the_data_is_not_the_steps_fault(self) -> None:
        nan = replace(INPUTS, nan_cells=1)
        given = assess("DF501", collapsed(), nan, updates(nan_parameters=3), replace(STUCK, learning_rate=0.1))
        assert given.verdict == "inconclusive"

    @pytest.mark.parametrize("why", ["frozen", "not_in_optimizer", "no_gradient", "zero_gradient", "no_steps"])
    def test_weights_that_did_not_move_are_no_matter_of_steps(self, why: str) -> None:
        facts = unmoved(why)  # type: ignore[arg-type]
        assert verdict("DF502", collapsed(NEAR_FLAT), facts, STUCK) == "ruled_out"
        assert verdict("DF506", collapsed(NEAR_FLAT), facts, replace(STUCK, n_updates=9)) == "ruled_out"

    def test_few_updates_are_not_a_low_rate(self) -> None:
        few = replace(TRAINING, n_updates=4)
        barely = updates(median_relative_change=0.02)
        assert verdict("DF502", collapsed(NEAR_FLAT), few, barely) == "inconclusive"

    def test_adam_steps_too_small_to_leave_the_start_need_no_falling_loss(self) -> None:
        slow = replace(STUCK, still_falling=False, optimizer="adam", learning_rate=1e-6, usual_learning_rate=1e-3)
        stands = updates(median_relative_change=8e-4, largest_first_update=3e-5)
        assert verdict("DF502", collapsed(NEAR_FLAT), slow, stands) == "supported"
        gradient_sized = replace(slow, optimizer="sgd", learning_rate=1e-5, usual_learning_rate=1e-2)
        assert verdict("DF502", collapsed(NEAR_FLAT), gradient_sized, stands) == "supported"  # 3 % at the usual rate
        vanished = updates(median_relative_change=8e-6, largest_first_update=3e-8)
        assert verdict("DF502", collapsed(NEAR_FLAT), gradient_sized, vanished) == "inconclusive"
        usual = replace(slow, learning_rate=1e-3)
        assert verdict("DF502", collapsed(NEAR_FLAT), usual, stands) == "inconclusive"

    def test_a_head_that_moved_is_not_a_low_rate(self) -> None:
        assert verdict("DF502", collapsed(NEAR_FLAT), STUCK, updates(median_relative_change=0.6)) == "ruled_out"

    def test_weights_shrink_without_signal_too(self) -> None:
        assert verdict("DF503", collapsed(NEAR_FLAT), NO_SIGNAL, updates(shrunk=True)) == "inconclusive"

    @pytest.mark.parametrize(
        ("ratio", "shrinking", "expected"),
        [
            (30.0, True, "supported"),
            (1.5, True, "inconclusive"),
            (0.5, True, "inconclusive"),
            (0.1, True, "ruled_out"),
            (30.0, False, "ruled_out"),
        ],
    )
    def test_the_pull_at_the_start_tells_where_weights_go(self, ratio: float, shrinking: bool, expected: str) -> None:
        assert verdict("DF503", collapsed(NEAR_FLAT), PenaltyFacts(ratio, "head", shrinking)) == expected

    @pytest.mark.parametrize(
        ("share", "left", "expected"),
        [(0.01, 0.002, "supported"), (0.01, 0.1, "ruled_out"), (0.6, 0.002, "ruled_out")],
    )
    def test_a_constraint_must_have_cut_the_kernel(self, share: float, left: float, expected: str) -> None:
        held = replace(TRAINING, tightest=("dense_1", "MaxNorm", share))
        ended = updates(move("dense_1/kernel", end_rms=left), move("dense_2/kernel"))
        assert verdict("DF503", collapsed(NEAR_FLAT), held, ended) == expected

    def test_a_stop_far_below_the_prior_loss_is_no_plateau(self) -> None:
        stopped = replace(TRAINING, stopped_early=True, n_epochs=3, planned_epochs=100, last_loss=0.2)
        assert verdict("DF505", collapsed(NEAR_FLAT), stopped) == "inconclusive"

    @pytest.mark.parametrize(
        ("first", "last", "best", "expected"),
        [
            (0.84, 0.3, 0.3, "supported"),  # on its way
            (0.84, 0.8, 0.8, "inconclusive"),  # it never left its start
            (0.84, 0.6, 0.3, "inconclusive"),  # it had been lower
        ],
    )
    def test_a_stop_above_the_loss_of_a_constant(self, first: float, last: float, best: float, expected: str) -> None:
        stopped = replace(TRAINING, stopped_early=True, n_epochs=5, planned_epochs=100, n_updates=150, prior_loss=0.2)
        stopped = replace(stopped, first_loss=first, last_loss=last, best_loss=best)
        given = assess("DF505", collapsed(NEAR_FLAT), stopped)
        assert given.verdict == expected
        assert ("come down all the way" in given.because) == (expected == "supported")
        assert verdict("DF506", collapsed(NEAR_FLAT), stopped) == (
            "inconclusive" if expected == "supported" else "ruled_out"
        )

    def test_rows_learnt_by_heart_are_no_plateau(self) -> None:
        stopped = replace(TRAINING, stopped_early=True, n_epochs=30, planned_epochs=100, last_loss=0.64)
        own = replace(UNSKILLED, skill=replace(SKILL, rows="training"))
        assert verdict("DF505", symptoms(UNSKILLED, UNSKILLED), stopped) == "supported"
        assert verdict("DF505", symptoms(UNSKILLED, own), stopped) == "inconclusive"

    def test_the_loss_of_the_epoch_that_was_put_back_counts(self) -> None:
        stopped = replace(TRAINING, stopped_early=True, n_epochs=9, planned_epochs=100, last_loss=0.2)
        by = "EarlyStopping, the smallest val_accuracy"
        restored = replace(stopped, restored_epoch=1, restored_by=by, restored_loss=0.66)
        given = assess("DF505", collapsed(NEAR_FLAT), restored)
        assert given.verdict == "supported"
        assert "the weights of epoch 1 were put back (EarlyStopping, the smallest val_accuracy)" in given.because

    def test_an_unknown_plan_is_said(self) -> None:
        with pytest.raises(Missing, match="planned"):
            assess("DF505", collapsed(NEAR_FLAT), replace(TRAINING, planned_epochs=None))

    def test_a_frozen_loss_is_not_undertrained(self) -> None:
        still = replace(TRAINING, n_updates=20, frozen_loss=True)
        assert verdict("DF506", collapsed(NEAR_FLAT), still) == "ruled_out"

    def test_a_loss_that_falls_where_nothing_is_to_be_learnt_is_no_sign(self) -> None:
        falling = replace(TRAINING, n_updates=300, still_falling=True)
        assert verdict("DF506", collapsed(NEAR_FLAT), falling, SIGNAL) == "supported"
        by_heart = assess("DF506", collapsed(NEAR_FLAT), falling, NO_SIGNAL)
        assert by_heart.verdict == "inconclusive"
        assert "by heart" in by_heart.because

    @pytest.mark.parametrize("code", ["DF502", "DF506", "DF101", "DF503"])
    def test_a_ranking_of_normal_spread_has_left_its_start(self, code: str) -> None:
        falling = replace(TRAINING, n_updates=90, still_falling=True)
        given = assess(code, symptoms(ONE_CLASS, ONE_CLASS), falling, RAW, updates(shrunk=True))
        assert given.verdict == "ruled_out", given

    def test_thousands_of_updates_are_enough(self) -> None:
        assert verdict("DF506", collapsed(NEAR_FLAT), STUCK) == "ruled_out"


class TestInitializationAndLoop:
    def test_a_zero_head_is_harmless(self) -> None:
        head = initialization(1.0, 1.0, 0.0, zero_layers=("head",))
        assert verdict("DF601", collapsed(), head) == "ruled_out"

    def test_symmetric_sigmoids_are_crippled_not_constant(self) -> None:
        same = initialization(1.0, 1.0, 1.0, symmetric_layers=("dense_1",), hidden_symmetric=True)
        given = assess("DF601", symptoms(UNSKILLED, UNSKILLED), same)
        assert given.verdict == "supported"
        assert given.weight < 0.9

    def test_an_odd_scale_in_a_network_that_learnt(self) -> None:
        assert verdict("DF602", initialization(0.01, 0.01, 1.0)) == "ruled_out"

    @pytest.mark.parametrize(
        ("depth", "ratio", "last", "expected"),
        [
            (20, 0.5, {"row_spread": 1e-6}, "supported"),
            (20, 0.5, {"row_spread": 0.3}, "ruled_out"),  # a normalization between them keeps the size
            (20, 0.5, {"row_spread": 1e-6, "relative_spread": 1e-3}, "ruled_out"),  # alike: another mechanism
            (20, 1.0, {"row_spread": 1e-6}, "ruled_out"),
            (6, 0.5, {"row_spread": 1e-2}, "ruled_out"),
        ],
    )
    def test_kernels_a_little_too_small_each(
        self, depth: int, ratio: float, last: dict[str, float], expected: str
    ) -> None:
        kernels = initialization(*[ratio] * depth, 1.0)
        assert verdict("DF602", collapsed(), kernels, activations(stack("tanh", depth, **last))) == expected

    def test_transfer_learning_is_no_fault(self) -> None:
        part = updates(move("base/kernel", 0.0, "frozen", size=9000), move("head/kernel", 0.5, size=100))
        assert verdict("DF701", part) == "ruled_out"

    def test_half_frozen_is_weaker_than_all(self) -> None:
        part = updates(move("base/kernel", 0.0, "frozen", size=600), move("head/kernel", 0.5, size=400))
        assert (
            assess("DF701", collapsed(NEAR_FLAT), part).weight < assess("DF701", collapsed(), unmoved("frozen")).weight
        )

    @pytest.mark.parametrize(
        ("code", "why"), [("DF703", "no_gradient"), ("DF704", "not_in_optimizer"), ("DF701", "unknown")]
    )
    def test_unmoved_for_another_reason(self, code: str, why: str) -> None:
        assert verdict(code, collapsed(NEAR_FLAT), unmoved(why)) == "ruled_out"  # type: ignore[arg-type]

    def test_weights_with_a_gradient_that_no_step_touched(self) -> None:
        part = updates(
            move("dense_1/kernel", 0.0, "unknown"), move("dense_2/kernel", 0.0, "unknown"), move("head/kernel")
        )
        assert verdict("DF703", collapsed(NEAR_FLAT), part) == "supported"
        assert verdict("DF703", part) == "ruled_out"
        nothing = gradients(0.0, 0.0, 0.1)
        assert verdict("DF703", collapsed(NEAR_FLAT), part, nothing) == "ruled_out"

    def test_a_comparison_between_outputs_and_loss_has_no_slope(self) -> None:
        zero = replace(HEAD, gradient_zero_at_start=True)
        stepped = (symptoms(UNSKILLED, UNSKILLED), unmoved("zero_gradient"))
        assert verdict("DF704", *stepped, zero) == "supported"
        assert verdict("DF704", *stepped, replace(zero, activation="softmax")) == "ruled_out"  # DF301
        assert verdict("DF704", *stepped, replace(zero, activation="relu")) == "ruled_out"  # DF303
        assert verdict("DF704", collapsed(), unmoved("zero_gradient"), zero) == "ruled_out"  # at an end: DF307
        assert verdict("DF704", *stepped, replace(zero, gradient_zero_at_start=False)) == "ruled_out"  # DF705

    def test_a_loop_without_steps(self) -> None:
        assert verdict("DF705", collapsed(NEAR_FLAT), unmoved("no_steps")) == "supported"

    def test_zero_gradients_in_a_clean_loop_are_another_fault(self) -> None:
        zero = gradients(0.0, 0.0, 0.0, zero_initial=True)
        assert verdict("DF705", collapsed(NEAR_FLAT), unmoved("zero_gradient"), zero) == "ruled_out"

    def test_a_loss_that_never_came_back_speaks_of_the_step(self) -> None:
        """Also where the outputs still differ; not where a standard model finds nothing in the rows either."""
        far = replace(TRAINING, learning_rate=1.0, spike=13.0, last_loss=3.2, prior_loss=0.64)
        apart = (symptoms(UNSKILLED, UNSKILLED), updates())
        found = load("DF501").assess(book(*apart, far))
        assert (found.verdict, found.since) == ("supported", 1)
        assert "the loss ended at 3.2, where a constant's is 0.64" in found.because
        assert load("DF501").when_varied
        assert verdict("DF501", *apart, replace(far, last_loss=0.7)) == "inconclusive"
        assert verdict("DF501", *apart, replace(far, spike=1.5)) == "ruled_out"
        assert verdict("DF501", *apart, far, NO_SIGNAL) == "inconclusive"

    def test_sound_weights_whose_predictions_are_nan(self) -> None:
        """Another path than the training's: no step and no scale is to blame, and no weight is said to be NaN."""
        nan = replace(FLAT, pattern="nan", nan_fraction=1.0)
        found = load("DF706").assess(book(symptoms(nan, UNSKILLED), updates(), TRAINING))
        assert found.verdict == "supported"
        assert "the NaN arises where the program predicts" in found.because
        for other in (
            (symptoms(nan, nan), updates()),
            (symptoms(nan, UNSKILLED), updates(nan_parameters=1)),
            (symptoms(nan, UNSKILLED), updates(), replace(SERVING, nan_cells=3)),
        ):
            assert "where the program predicts" not in load("DF706").assess(book(*other, TRAINING)).because

    def test_a_learning_rate_of_zero(self) -> None:
        nothing = replace(TRAINING, learning_rate=0.0)
        still = book(collapsed(NEAR_FLAT), unmoved("unknown"), nothing)
        found = load("DF502").assess(still)
        assert (found.verdict, found.weight) == ("supported", 0.97)
        assert "the learning rate is 0: 420 updates moved no weight" in found.because
        usual = all_interventions()["usual-learning-rate"]
        assert usual.applies(still) is None
        assert "lr=0.001)  # was 0" in usual.code(still, "torch")
        assert verdict("DF502", collapsed(NEAR_FLAT), unmoved("unknown"), TRAINING) == "ruled_out"
        assert verdict("DF502", collapsed(NEAR_FLAT), updates(), nothing) != "supported"

    def test_gradients_are_lost_only_where_a_clean_loop_has_them(self) -> None:
        """A zero gradient of layers behind a head of zeros is no loss of the loop's, though the head has one."""
        behind = updates(move("dense_1/kernel", 0.0, "zero_gradient"), move("head/kernel", 0.0, "zero_rate"))
        still = (collapsed(NEAR_FLAT), gradients(0.0, 0.0, 0.1))
        assert verdict("DF705", *still, behind) == "ruled_out"
        asleep = load("DF703").assess(book(*still, behind))
        assert (asleep.verdict, asleep.weight) == ("supported", 0.95)
        assert "the others got no gradient through them" in asleep.because
        alone = updates(move("dense_1/kernel", 0.0, "zero_gradient"), move("dense_2/kernel", 0.0, "zero_gradient"))
        assert verdict("DF705", *still, alone) == "ruled_out"
        assert verdict("DF705", collapsed(NEAR_FLAT), gradients(0.1, 0.1, 0.1), alone) == "supported"

    def test_an_overflow_says_of_the_step_what_it_measured(self) -> None:
        """Not that the step is ordinary: how far it threw the weights is judged elsewhere, and may stand beside it."""
        facts = (collapsed(), updates(nan_parameters=1), TRAINING)
        given = load("DF706").assess(book(*facts))
        assert given.verdict == "supported"
        assert f"its learning rate is 1 times the usual one of {TRAINING.optimizer}" in given.because

    def test_an_epsilon_that_is_nothing_in_the_type_of_the_weights(self) -> None:
        large = replace(TRAINING, learning_rate=1.0)  # no step is needed for a division by zero
        given = assess("DF706", collapsed(), updates(nan_parameters=1, lost_epsilon=(1e-8, "float16")), large)
        assert (given.verdict, given.weight) == ("supported", 0.9)
        assert "its weights are float16, where the 1e-08 that" in given.because
        assert verdict("DF706", collapsed(), updates(lost_epsilon=(1e-8, "float16")), large) == "ruled_out"
        thrown = (updates(nan_parameters=1, lost_epsilon=(1e-8, "float16")), replace(TRAINING, spike=40.0))
        assert verdict("DF501", collapsed(), *thrown) == "inconclusive"
        assert verdict("DF501", collapsed(), updates(nan_parameters=1), thrown[1]) == "supported"
        wider = all_interventions()["wider-weights"]
        assert wider.applies(book(updates(lost_epsilon=(1e-8, "float16")))) is None
        assert wider.applies(book(updates())) is not None

    @pytest.mark.parametrize(("share", "weight"), [(0.04, 0.95), (0.0, 0.8), (float("nan"), 0.8)], ids=str)
    def test_a_loss_without_a_value_for_what_the_head_gives(self, share: float, weight: float) -> None:
        given = assess("DF706", collapsed(), updates(nan_parameters=1), UndefinedFacts(-1.0, True, share))
        assert (given.verdict, given.weight) == ("supported", weight)
        assert "the loss has no value for predictions of -1 and less" in given.because

    @pytest.mark.parametrize(
        ("share", "rate", "verdict"),
        [(0.4, 1.0, "supported"), (0.0, 1.0, "inconclusive"), (0.0, 1e-3, "supported")],
    )
    def test_the_logarithm_of_a_probability_of_zero(self, share: float, rate: float, verdict: str) -> None:
        ends = UndefinedFacts(None, False, float("nan"), share)
        step = replace(TRAINING, learning_rate=rate)
        assert assess("DF706", collapsed(), updates(nan_parameters=1), ends, step).verdict == verdict

    def test_an_overflow_with_a_large_step_is_not_proven(self) -> None:
        given = verdict("DF706", collapsed(), updates(nan_parameters=1), replace(TRAINING, learning_rate=1.0))
        assert given == "inconclusive"


class TestServing:
    def test_no_statistics_no_fault(self) -> None:
        assert verdict("DF801", collapsed()) == "not_applicable"

    def test_dropout_noise_is_no_skill(self) -> None:
        noisy = replace(
            MODES, has_batch_norm=True, eval_spread=1e-4, train_spread=0.3, eval_skill=0.1, train_skill=0.05
        )
        assert verdict("DF801", collapsed(NEAR_FLAT), replace(noisy, worst_mean_shift_sd=2.0)) == "ruled_out"

    def test_a_ranking_of_rounding_errors_is_lost(self) -> None:
        dust = replace(
            MODES, has_batch_norm=True, eval_spread=9e-17, train_spread=0.4, eval_skill=0.96, train_skill=0.99
        )
        assert verdict("DF801", collapsed(), replace(dust, worst_mean_shift_sd=3.0)) == "supported"

    def test_settled_statistics_are_not_stale(self) -> None:
        settled = replace(MODES, has_batch_norm=True, eval_skill=0.1, train_skill=0.9, worst_mean_shift_sd=0.02)
        assert verdict("DF801", collapsed(), replace(settled, worst_variance_ratio=1.02)) == "inconclusive"

    def test_skew_does_not_explain_training_rows_that_are_flat_too(self) -> None:
        shifted = replace(SERVING, affine="× 255", shifted_fraction=1.0, training_rows_flat=True)
        assert verdict("DF802", collapsed(), shifted) == "inconclusive"

    def test_columns_that_do_not_vary_have_no_scale(self) -> None:
        assert verdict("DF101", replace(INPUTS, constant_fraction=1.0, scale_max=0.0)) == "not_applicable"

    def test_a_drift_in_one_column_is_no_skew(self) -> None:
        assert verdict("DF802", symptoms(UNSKILLED), replace(SERVING, shifted_fraction=0.03)) == "ruled_out"

    def test_tokens_that_no_training_row_held_are_another_vocabulary(self) -> None:
        same_columns = replace(
            SERVING, affine=None, permuted_columns=False, shifted_fraction=0.0, constant_fraction=0.0
        )
        for share, expected in ((0.9, "supported"), (0.4, "ruled_out")):
            assert verdict("DF802", symptoms(UNSKILLED), replace(same_columns, unknown_token_rows=share)) == expected

    def test_squeezed_columns_of_rows_without_signal_are_named_second(self) -> None:
        squeezed = replace(SERVING, shifted_fraction=0.5, affine="five columns / 1000")
        given = assess("DF802", symptoms(UNSKILLED), NO_SIGNAL, squeezed)
        assert given.verdict == "supported"
        assert given.weight < assess("DF901", symptoms(UNSKILLED), NO_SIGNAL, squeezed).weight

    def test_one_point_at_the_centre_was_made_by_a_scaler(self) -> None:
        centre = replace(
            SERVING,
            identical_rows=True,
            unique_rows=1,
            shifted_fraction=1.0,
            median_shift_sd=0.0,
            prediction_rows_flat=True,
        )
        assert verdict("DF802", symptoms(FLAT, HEALTHY), centre) == "supported"
        assert verdict("DF802", symptoms(FLAT, HEALTHY), replace(centre, median_shift_sd=0.7)) == "inconclusive"

    def test_a_network_that_is_fine_in_training_has_no_fault_of_its_own(self) -> None:
        served = ILL["DF802"]
        for code in ("DF101", "DF203", "DF302", "DF401", "DF403", "DF502", "DF506", "DF601"):
            assert load(code).assess(served).verdict in ("ruled_out", "not_applicable"), code


class TestNothingWrong:
    def test_too_few_rows_to_tell(self) -> None:
        given = assess("DF901", symptoms(UNSKILLED), replace(NO_SIGNAL, n_rows=30, detectable=0.9))
        assert given.verdict == "inconclusive"
        assert "too few rows to tell" in given.because

    def test_images_are_weak_witnesses(self) -> None:
        assert assess("DF901", symptoms(UNSKILLED), NO_SIGNAL, replace(INPUTS, kind="image")).weight < 0.9

    def test_a_network_that_ranks_new_rows_refutes_the_learners(self) -> None:
        assert verdict("DF901", NO_SIGNAL) == "ruled_out"

    def test_signal_found_by_another_pairing_is_misalignment(self) -> None:
        shifted = replace(NO_SIGNAL, repaired_pairing="labels shifted by 1 row", repaired_score=0.9)
        assert verdict("DF901", symptoms(UNSKILLED), shifted) == "ruled_out"

    @pytest.mark.parametrize("spread", [0.01, 0.16])
    def test_a_ranking_in_a_hair_is_no_matter_of_thresholds(self, spread: float) -> None:
        squeezed = replace(ONE_CLASS, logit_spread=spread, prediction_spread=spread / 4)
        assert verdict("DF902", symptoms(squeezed)) == "inconclusive"

    def test_a_doubled_sigmoid_is_no_matter_of_thresholds(self) -> None:
        assert verdict("DF902", symptoms(ONE_CLASS), replace(HEAD, activations_before_loss=2)) == "inconclusive"

    def test_a_rare_class_is_named_instead_of_the_threshold(self) -> None:
        assert verdict("DF902", symptoms(ONE_CLASS), replace(LABELS, class_prior=(0.98, 0.02))) == "inconclusive"

    def test_a_ranking_of_other_rows_says_nothing_of_the_threshold(self) -> None:
        replayed = symptoms(replace(ONE_CLASS, skill=replace(SKILL, rows="replayed")))
        assert verdict("DF902", replayed, SERVING) == "supported"
        assert verdict("DF902", replayed, replace(SERVING, unknown_token_rows=1.0)) == "ruled_out"

    def test_a_single_row_shows_no_difference(self) -> None:
        assert verdict("DF903", replace(SERVING, n_rows=1, unique_rows=1)) == "inconclusive"


@pytest.mark.parametrize(
    ("code", "kind"),
    [("DF802", ServingFacts), ("DF104", TrainingFacts), ("DF201", LabelFacts), ("DF902", SymptomFacts)],
)
def test_without_its_evidence_a_cause_is_not_assessed(code: str, kind: type[Evidence]) -> None:
    with pytest.raises(Missing):
        load(code).assess(book(without=(kind,)))


def test_an_empty_book_never_accuses() -> None:
    from defib.catalogue import all_causes

    for cause in all_causes():
        with pytest.raises(Missing):
            cause.assess(Book())


class TestWeightsNotLoaded:
    STRANGER = replace(LOADING, another_instance=True, likeness_to_trained=0.0, likeness_to_initial=0.0, as_drawn=True)

    def test_a_running_average_of_the_trained_weights_is_no_stranger(self) -> None:
        assert verdict("DF603", replace(self.STRANGER, likeness_to_trained=0.97), collapsed()) == "ruled_out"

    def test_a_file_of_another_training_was_loaded(self) -> None:
        assert verdict("DF603", replace(self.STRANGER, filled_fraction=1.0), collapsed()) == "inconclusive"

    def test_weights_that_came_in_unseen(self) -> None:
        assert verdict("DF603", replace(self.STRANGER, as_drawn=False), collapsed()) == "inconclusive"

    def test_a_copy_from_before_the_training(self) -> None:
        early = replace(LOADING, another_instance=True, likeness_to_trained=0.6, likeness_to_initial=1.0)
        assert "before the training" in assess("DF603", early, collapsed()).because

    def test_a_training_that_is_flat_itself(self) -> None:
        assert verdict("DF603", replace(self.STRANGER, trained_flat=True), collapsed()) == "inconclusive"

    def test_an_encoder_that_was_neither_loaded_nor_trained(self) -> None:
        found = assess("DF603", replace(LOADING, filled_fraction=0.0, untouched_fraction=0.9), collapsed())
        assert found.verdict == "supported"
        assert verdict("DF603", replace(LOADING, untouched_fraction=0.1), collapsed()) == "inconclusive"


class TestWrongMode:
    SERVED = replace(
        MODES,
        has_batch_norm=True,
        worst_layer="bn",
        served_in_training=True,
        rows_per_call=1,
        served_spread=0.0,
        served_flat=True,
        evaluation_spread=0.4,
        evaluation_flat=False,
        one_batch_spread=0.4,
        one_batch_flat=False,
    )

    def test_flat_in_evaluation_mode_and_alive_in_one_batch(self) -> None:
        ruined = replace(self.SERVED, evaluation_flat=True, evaluation_spread=0.0)
        found = assess("DF702", ruined, symptoms(FLAT, FLAT))
        assert found.verdict == "supported"
        assert "one batch" in found.because

    def test_a_network_that_is_flat_whatever_the_mode(self) -> None:
        dead = replace(
            self.SERVED, evaluation_flat=True, evaluation_spread=0.0, one_batch_flat=True, one_batch_spread=0.0
        )
        assert verdict("DF702", dead, collapsed()) == "ruled_out"

    def test_dropout_left_on_makes_nothing_flat(self) -> None:
        noisy = replace(self.SERVED, served_flat=False, served_spread=0.38)
        assert verdict("DF702", noisy, collapsed()) == "ruled_out"

    def test_trained_in_evaluation_mode(self) -> None:
        trained = replace(MODES, has_batch_norm=True, worst_layer="bn", trained_in_evaluation=1.0)
        far = replace(trained, worst_mean_shift_sd=200.0, worst_variance_ratio=0.5)
        near = replace(trained, worst_mean_shift_sd=0.01, worst_variance_ratio=1.1)
        assert verdict("DF702", far, collapsed()) == "supported"
        assert verdict("DF702", far) == "ruled_out"  # and it learnt
        assert verdict("DF702", near, collapsed()) == "inconclusive"
        assert verdict("DF702", replace(far, has_batch_norm=False), collapsed()) == "ruled_out"
        assert verdict("DF702", replace(far, trained_in_evaluation=0.2), collapsed()) == "ruled_out"


class TestExcessiveDropout:
    HALF = replace(MODES, has_dropout=True, dropped_fraction=0.52, dropout_layer="drop", dropout_units=64)

    def test_a_usual_rate_and_one_that_only_a_trial_can_judge(self) -> None:
        assert verdict("DF410", self.HALF, collapsed()) == "ruled_out"
        assert verdict("DF410", replace(self.HALF, dropped_fraction=0.7), collapsed()) == "inconclusive"

    def test_a_high_rate_on_a_network_that_learnt(self) -> None:
        assert verdict("DF410", replace(self.HALF, dropped_fraction=0.9)) == "ruled_out"

    def test_noise_that_sets_nothing_to_zero(self) -> None:
        assert verdict("DF410", replace(MODES, has_dropout=True), collapsed()) == "ruled_out"
        assert verdict("DF410", MODES, collapsed()) == "not_applicable"


class TestWhatTheLossAsksFor:
    NOTHING = PreferenceFacts(right_loss=0.5, constant_loss=0.25, constant=(0.5,), wrong_loss=0.5)

    def test_a_mask_that_was_divided_twice(self) -> None:
        """The labels come first; a network that has learnt their order all the same is none of their victims."""
        dim = replace(HEAD, dimmed_labels=1 / 255)
        found = load("DF204").assess(book(dim, collapsed()))
        assert (found.verdict, found.weight) == ("supported", 0.93)
        assert "the labels are 0 and 0.00392" in found.because
        assert verdict("DF204", dim) == "ruled_out"
        assert verdict("DF304", self.NOTHING, dim, collapsed()) == "ruled_out"
        interventions = all_interventions()
        assert interventions["fix-labels"].code(book(dim), "torch") == "y_train = y_train / 0.00392157  # 0 and 1"

    @pytest.mark.parametrize("code", ["DF204", "DF304"])
    def test_what_comes_first(self, code: str) -> None:
        assert verdict(code, self.NOTHING, replace(HEAD, broadcasts=True), collapsed()) == "ruled_out"
        assert verdict(code, self.NOTHING, replace(HEAD, activation="softmax"), collapsed()) == "ruled_out"
        assert verdict(code, self.NOTHING, replace(HEAD, labels_outside=0.3), collapsed()) == "ruled_out"
        assert verdict(code, self.NOTHING) == "ruled_out"  # it learnt

    def test_the_columns_tell_the_encoding_from_the_loss(self) -> None:
        columns = replace(HEAD, loss_kind="squared_error", target_shape=(32, 2))
        assert verdict("DF204", self.NOTHING, columns, collapsed()) == "supported"
        assert verdict("DF304", self.NOTHING, columns, collapsed()) == "ruled_out"
        assert verdict("DF204", self.NOTHING, collapsed()) == "ruled_out"
        assert verdict("DF304", self.NOTHING, collapsed()) == "supported"

    def test_a_loss_that_takes_class_ids_needs_no_columns(self) -> None:
        ids = replace(HEAD, loss_kind="sparse_categorical_cross_entropy", prediction_shape=(32, 3), target_shape=(32,))
        assert verdict("DF204", self.NOTHING, ids, collapsed()) == "ruled_out"

    def test_a_loss_that_rewards_mistakes_and_one_without_end(self) -> None:
        mistakes = PreferenceFacts(right_loss=-0.001, constant_loss=-0.7, constant=(0.6,), wrong_loss=-6.9)
        endless = PreferenceFacts(right_loss=-16, constant_loss=-2, constant=(16.0,), wrong_loss=16, endless_loss=-16e3)
        assert "rewards mistakes" in assess("DF304", mistakes, collapsed()).because
        assert "no least value" in assess("DF304", endless, collapsed()).because


class TestGradientClippedAway:
    CUT = ClippingFacts("clip_grad_norm", 1e-4, 0.8, 0.7, 1.2e-4, 1.4e-4)
    STILL = updates(move("dense_1/kernel", 1e-4))
    SGD = replace(STUCK, optimizer="sgd", learning_rate=0.01)

    def test_most_of_the_gradient_arrives(self) -> None:
        loose = ClippingFacts("clip_grad_norm", 1.0, 2.0, 0.5, 0.5, 1.0)
        assert verdict("DF504", loose, self.STILL, self.SGD, collapsed()) == "ruled_out"

    def test_adam_divides_by_the_size_unless_the_limit_is_its_epsilon(self) -> None:
        adam = replace(self.SGD, optimizer="adam")
        assert verdict("DF504", self.CUT, self.STILL, adam, collapsed()) == "ruled_out"
        assert verdict("DF504", replace(self.CUT, limit=1e-9), self.STILL, adam, collapsed()) == "supported"

    def test_kernels_that_moved_or_never_stepped(self) -> None:
        assert verdict("DF504", self.CUT, self.SGD, collapsed()) == "ruled_out"
        unmoved_ones = updates(move("dense_1/kernel", 0.0))
        assert verdict("DF504", self.CUT, unmoved_ones, self.SGD, collapsed()) == "inconclusive"

    def test_a_network_that_learnt(self) -> None:
        assert verdict("DF504", self.CUT, self.STILL, self.SGD) == "ruled_out"


class TestLabelsBeyondTheRange:
    def test_one_hard_label_is_what_they_bring_about(self) -> None:
        """Classes 1 and 2 under a sigmoid: the outputs rank, and all lie near 1."""
        beyond = replace(HEAD, labels_outside=0.5, label_low=1.0, label_high=2.0)
        assert verdict("DF203", symptoms(ONE_CLASS, ONE_CLASS), beyond) == "supported"

    def test_a_network_that_learnt_them_all_the_same_is_left_alone(self) -> None:
        beyond = replace(HEAD, labels_outside=0.5, label_low=1.0, label_high=2.0)
        assert verdict("DF203", symptoms(), beyond) == "ruled_out"


class TestDisconnectedInput:
    EQUAL = ReachFacts(True, "lstm", 36, ())

    def test_equal_outputs_behind_rows_that_differ(self) -> None:
        assert verdict("DF409", self.EQUAL, collapsed()) == "supported"
        assert verdict("DF409", replace(self.EQUAL, cut_after=None), collapsed()) == "ruled_out"
        assert verdict("DF409", self.EQUAL, replace(INPUTS, constant_fraction=1.0), collapsed()) == "ruled_out"

    def test_unread_columns_that_do_not_matter(self) -> None:
        edge = ReachFacts(False, None, 64, ((0, 7),), 0.97, True)
        assert verdict("DF409", edge, collapsed()) == "ruled_out"
        assert verdict("DF409", replace(edge, read_has_signal=False)) == "ruled_out"  # and it learnt
        assert verdict("DF409", edge, NO_SIGNAL, collapsed()) == "inconclusive"


def test_a_new_head_outside_the_optimizer_comes_before_the_layers_that_are_frozen() -> None:
    frozen, head = move("features/kernel", 0.0, "frozen"), move("head/kernel", 0.0, "not_in_optimizer")
    both = updates(*[frozen] * 9, head)
    assert verdict("DF703", collapsed(), both) == "supported"
    assert verdict("DF701", collapsed(), both) == "inconclusive"
    assert verdict("DF701", collapsed(), updates(*[frozen] * 19, move("head/kernel"))) == "supported"


def test_labels_in_blocks_that_were_shuffled_are_told_so() -> None:
    blocks = replace(LABELS, blocks=False, longest_run_fraction=0.5, expected_longest_run_fraction=0.02)
    told = assess("DF104", collapsed(), blocks, replace(STUCK, shuffled=True))
    assert told.verdict == "ruled_out"
    assert "order changed" in told.because


def test_a_column_without_a_number_is_told_from_a_gap() -> None:
    broken, shown = (
        updates(nan_parameters=3),
        replace(INPUTS, nan_cells=INPUTS.n_rows, nan_rows=INPUTS.n_rows, nan_columns=(1,)),
    )
    assert "(in column 1, no row is without)" in assess("DF103", shown, broken, collapsed()).because
    assert "no row" not in assess("DF103", replace(shown, nan_rows=3), broken, collapsed()).because


@pytest.mark.parametrize(
    ("columns", "told"),
    [((3,), "(in column 3)"), ((3, 1), "(in column 3 and column 1)"), ((3, 1, 0, 9), "in 4 columns or more, first")],
)
def test_columns_with_nan_are_named_as_many_as_they_are(columns: tuple[int, ...], told: str) -> None:
    seen = replace(INPUTS, nan_cells=9, nan_rows=5, nan_columns=columns)
    assert told in assess("DF103", seen, updates(nan_parameters=3), collapsed()).because


def test_rows_that_hold_nothing_but_nan_are_told_as_rows() -> None:
    seen = replace(INPUTS, nan_cells=3 * INPUTS.n_columns, nan_rows=3, nan_columns=(3, 1, 0, 9))
    assert "(all that there are in 3 rows)" in assess("DF103", seen, updates(nan_parameters=3), collapsed()).because


@pytest.mark.parametrize(
    ("nan", "inf", "told"), [(3, 0, "NaN in 3"), (0, 3, "infinity in 3"), (1, 2, "NaN or infinity in 3")]
)
def test_infinity_is_not_called_nan(nan: int, inf: int, told: str) -> None:
    seen = replace(INPUTS, nan_cells=nan, inf_cells=inf, nan_rows=nan, nan_columns=(0,))
    found = assess("DF103", seen, updates(nan_parameters=3), collapsed())
    assert told in found.because
    assert ("rows_with_nan" in found.numbers) == (nan > 0)


@pytest.mark.parametrize(
    ("weights", "outputs", "told"),
    [(3, "identical", "weights"), (3, "nan", "weights and outputs"), (0, "nan", "outputs")],
)
def test_what_of_the_network_is_nan_is_said(weights: int, outputs: Pattern, told: str) -> None:
    facts = symptoms(replace(FLAT, pattern=outputs), FLAT)
    seen = replace(INPUTS, nan_cells=1, nan_rows=1, nan_columns=(0,))
    assert assess("DF103", seen, updates(nan_parameters=weights), facts).because.endswith(f"the network's {told}")


@pytest.mark.parametrize(
    ("rates", "rising"),
    [
        ({"largest_rate": 7.5e-6, "last_rate": 7.5e-6, "full_updates": 76.0}, True),  # linear from 0, up to the end
        ({"largest_rate": 7.5e-6, "last_rate": 7.5e-6, "full_updates": 150.0}, False),  # it had been there for long
        ({"largest_rate": 7.5e-6, "last_rate": 1e-6, "full_updates": 76.0}, False),
        ({}, False),
    ],
    ids=["warm-up", "reached", "fell", "constant"],
)
def test_a_warm_up_that_outlasts_the_training_is_told(rates: dict[str, Any], rising: bool) -> None:
    training = replace(TRAINING, n_updates=152, learning_rate=7.5e-6, optimizer="adam", **rates)
    small = updates(move("dense/kernel", relative_change=0.007, first_update=1.8e-6), median_relative_change=0.007)
    told = assess("DF502", collapsed(), training, small).because
    assert ("still raising the learning rate, to 7.5e-06" in told) == rising
    assert "(the first none by more than" in told


def test_the_row_that_all_rows_are_is_told() -> None:
    served = replace(SERVING, identical_rows=True, unique_rows=1, one_row=(0.0, 0.0, 1.0))
    assert "the same row (0, 0, 1 …)" in assess("DF903", served, symptoms(FLAT, HEALTHY)).because
    assert "the same row," in assess("DF903", replace(served, one_row=()), symptoms(FLAT, HEALTHY)).because


@pytest.mark.parametrize(("classes", "own"), [((1.0, 2.0), True), ((0.0, 255.0), True), ((0.0, 1.0), False)], ids=str)
def test_two_classes_that_are_not_called_0_and_1_are_a_fault_of_their_own(
    classes: tuple[float, float], own: bool
) -> None:
    head = replace(HEAD, labels_outside=0.5, label_high=classes[1])
    labels = replace(LABELS, classes=classes, mean=sum(classes) / 2)
    assert assess("DF203", collapsed(), head, labels).own is own


def test_more_gradients_for_a_step_than_there_were() -> None:
    still = unmoved("unknown")
    assert verdict("DF705", collapsed(), still, replace(TRAINING, n_updates=360, gathers=500)) == "supported"
    assert verdict("DF705", collapsed(), still, replace(TRAINING, n_updates=360, gathers=4)) == "inconclusive"


@pytest.mark.parametrize(
    ("columns", "changes", "told"),
    [
        (12, {"blank": True, "median_shift_sd": 0.7}, "0 in every column"),
        (4, {"median_shift_sd": 1e-15}, "at the centre of the training rows"),
        (4, {"median_shift_sd": 0.01}, "whatever made them so"),
        (1, {"median_shift_sd": 1e-15}, "whatever made them so"),
    ],
)
def test_one_row_that_no_preparation_of_the_training_makes(columns: int, changes: dict[str, Any], told: str) -> None:
    served = replace(SERVING, identical_rows=True, unique_rows=1, shifted_fraction=1.0, **changes)
    given = assess("DF802", served, replace(INPUTS, n_columns=columns), symptoms(FLAT, HEALTHY))
    assert told in given.because
    assert (given.verdict == "supported") == ("whatever" not in told)


@pytest.mark.parametrize(
    ("values", "told"),
    [([0.0, 0.0], "every cell of all 426 training rows is 0"), ([0.0, 1.0], "are the same row (0, 1 …)")],
)
def test_the_row_that_all_training_rows_are_is_told(values: list[float], told: str) -> None:
    columns = replace(COLUMNS, minimum=np.array(values), maximum=np.array(values))
    equal = replace(INPUTS, constant_fraction=1.0, unique_rows=1)
    assert told in assess("DF102", equal, columns, collapsed()).because


def test_rows_of_a_network_whose_training_rows_are_not_known() -> None:
    """A generator: what it was given is known, what it was trained on is not."""
    alone = replace(activations(stack("relu", 2)), input_constant=True)
    lacking = (ServingFacts, InputFacts)
    assert load("DF903").assess(book(symptoms(FLAT), alone, without=lacking)).verdict == "supported"
    with pytest.raises(Missing):
        load("DF903").assess(book(symptoms(FLAT), activations(stack("relu", 2)), without=lacking))

"""One typical Book per cause: what the probes would have found in a program with that fault and no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from defib.evidence import Book
from defib.probes.before import BeforeFacts
from defib.probes.clipping import ClippingFacts
from defib.probes.code import CodeFacts
from defib.probes.mixing import Mixing, MixingFacts
from defib.probes.preferences import PreferenceFacts
from defib.probes.reach import ReachFacts
from defib.probes.shown import Shown
from defib.subject import Handling
from tests.causes.books import (
    ALONE,
    FLAT,
    HEAD,
    HEALTHY,
    INPUTS,
    KEPT,
    LABELS,
    LOADING,
    MODES,
    NAN,
    NEAR_FLAT,
    NO_SIGNAL,
    ONE_CLASS,
    RAW,
    REGRESSION,
    SERVING,
    SHOWN,
    SIGNAL,
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
    symptoms,
    unmoved,
    updates,
)

DEAD = stack(dead_fraction=1.0, relative_spread=0.0, row_spread=0.0, row_correlation=1.0)
FULL = stack("sigmoid", saturated_fraction=0.99, relative_spread=1e-5)
FLAT_SERVING = replace(SERVING, training_rows_flat=True, prediction_rows_flat=True)
FRESH = collapsed(NEAR_FLAT)
DEEP = stack("sigmoid", 8)
VANISHING = gradients(1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1)
COLLAPSING = stack("relu", 12, relative_spread=0.004, row_correlation=0.99998)

SLIM = tuple(replace(one, units=1) if one.layer == "dense_2" else replace(one, units=16) for one in DEAD)
"""One unit in the layer that died."""

ILL: dict[str, Book] = {
    "DF101": book(collapsed(), RAW, activations(stack(), DEAD, first_dead_end="dense_2:relu"), STUCK),
    "DF102": book(
        collapsed(),
        replace(INPUTS, constant_fraction=1.0, constant_columns=30, unique_rows=1, column_sd_max=0.0),
        activations(input_constant=True, input_relative_spread=0.0),
        STUCK,
    ),
    "DF103": book(collapsed(NAN), replace(INPUTS, nan_cells=1, nan_rows=1), updates(nan_parameters=3)),
    "DF104": book(
        symptoms(replace(ONE_CLASS, skill=UNSKILLED.skill), ONE_CLASS),
        replace(LABELS, blocks=True, longest_run_fraction=0.63, last_class=1.0),
        replace(TRAINING, shuffled=False),
    ),
    "DF105": book(symptoms(ONE_CLASS, ONE_CLASS), replace(LABELS, class_prior=(0.98, 0.02), mean=0.02)),
    "DF106": book(
        collapsed(replace(NEAR_FLAT, constant=(40.0,), output_kind="value", hard_label_share=None)),
        replace(REGRESSION, mean=2.1e5, sd=8e4, prior_loss=6.4e9, minimum=1e4, maximum=7e5),
        replace(VALUES_HEAD, label_low=1e4, label_high=7e5),
        replace(TRAINING, prior_loss=6.4e9, last_loss=5e10, still_falling=True, n_updates=4000),
    ),
    "DF107": book(
        symptoms(UNSKILLED, HEALTHY), NO_SIGNAL, BeforeFacts(n_arrays=2, name="raw", score=0.93, z=12.0, how="step")
    ),
    "DF201": book(
        collapsed(),
        replace(LABELS, n_distinct=1, classes=(0.0,), class_prior=(1.0,), maximum=0.0, mean=0.0, sd=0.0),
        replace(STUCK, prior_loss=0.0, last_loss=1e-6),
    ),
    "DF202": book(
        symptoms(UNSKILLED, HEALTHY),
        replace(NO_SIGNAL, repaired_pairing="labels shifted by 1 row", repaired_score=0.98),
    ),
    "DF203": book(
        collapsed(replace(FLAT, constant=(1.0,), equals="high_end")),
        replace(LABELS, task="multiclass", n_distinct=3, classes=(0, 1, 2), class_prior=(0.3, 0.4, 0.3), maximum=2.0),
        replace(HEAD, labels_outside=0.3, label_high=2.0, n_classes=3),
        replace(STUCK, at_prior_loss=False, last_loss=-40.0),
    ),
    "DF204": book(
        collapsed(replace(NEAR_FLAT, constant=(0.5,), equals="one_half")),
        replace(HEAD, loss="mse", loss_kind="squared_error", prediction_shape=(32, 1), target_shape=(32, 2)),
        replace(LABELS, one_hot=True, shape=(426, 2)),
        PreferenceFacts(right_loss=0.5, constant_loss=0.25, constant=(0.5,), wrong_loss=0.5),
        STUCK,
    ),
    "DF301": book(
        collapsed(replace(FLAT, constant=(1.0,), equals="exactly_one")),
        replace(HEAD, activation="softmax", gradient_zero_at_start=True),
        gradients(0.0, 0.0, 0.0, zero_initial=True, zero_end=True, zero_hidden_end=True),
        updates(*(move(f"dense_{i}/kernel", 0.0, "zero_gradient") for i in (1, 2, 3))),
        replace(STUCK, frozen_loss=True),
    ),
    "DF302": book(collapsed(replace(NEAR_FLAT, constant=(0.62,))), replace(HEAD, activations_before_loss=2), STUCK),
    "DF303": book(
        collapsed(replace(FLAT, constant=(0.0,), equals="zero", output_kind="value")),
        REGRESSION,
        replace(VALUES_HEAD, activation="relu", output_low=0.0, preactivation_max=-0.4, preactivation_max_initial=0.7),
        replace(STUCK, prior_loss=1.0, last_loss=1.8, at_prior_loss=False),
    ),
    "DF304": book(
        collapsed(replace(NEAR_FLAT, constant=(1.0,), equals="high_end")),
        replace(HEAD, loss="kl_divergence", loss_kind="kl_divergence"),
        PreferenceFacts(right_loss=0.0006, constant_loss=0.0006, constant=(0.999,), wrong_loss=4.3),
        replace(STUCK, at_prior_loss=None, prior_loss=None, last_loss=1e-5),
    ),
    "DF305": book(
        collapsed(replace(NEAR_FLAT, equals="mean_of_y", output_kind="value")),
        REGRESSION,
        replace(VALUES_HEAD, prediction_shape=(64, 1), target_shape=(64,), broadcasts=True),
        replace(STUCK, last_loss=1.0, prior_loss=1.0),
        updates(shrunk=True),
    ),
    "DF306": book(collapsed(NEAR_FLAT), CodeFacts("add", 8, 0.002, 0.4), STUCK),
    "DF307": book(
        collapsed(replace(FLAT, constant=(1.0,), equals="high_end")),
        gradients(zero_end=True, zero_hidden_end=True),
        replace(STUCK, last_loss=7.8, at_prior_loss=False, frozen_loss=True),
    ),
    "DF401": book(
        collapsed(), activations(DEAD, DEAD, first_dead_initial="dense_2:relu", first_dead_end="dense_2:relu"), STUCK
    ),
    "DF402": book(collapsed(), activations(FULL, FULL), STUCK),
    "DF403": book(collapsed(NEAR_FLAT), activations(DEEP, DEEP), VANISHING, STUCK),
    "DF404": book(collapsed(NEAR_FLAT), activations(COLLAPSING, COLLAPSING), STUCK),
    "DF405": book(collapsed(), gradients(2e5, 3e4, 2e3, 1e2, 1.0), STUCK),
    "DF409": book(
        symptoms(UNSKILLED, UNSKILLED),
        ReachFacts(False, None, 8, ((0, 3),), 0.51, False),
        STUCK,
    ),
    "DF410": book(
        collapsed(NEAR_FLAT),
        replace(
            MODES,
            has_dropout=True,
            dropped_fraction=0.95,
            dropout_layer="dropout_1",
            dropout_units=16,
            emptied_rows=0.44,
        ),
        STUCK,
    ),
    "DF411": book(
        collapsed(NEAR_FLAT),
        activations(stack("linear"), stack("linear")),
        replace(SIGNAL, linear=0.51, boosting=0.97, best=0.97, best_name="boosting"),
        STUCK,
    ),
    "DF406": book(collapsed(), activations(SLIM, SLIM, first_dead_initial="dense_2:relu"), STUCK),
    "DF407": book(collapsed(NEAR_FLAT), activations(stack("tanh", 8), stack("tanh", 8)), STUCK),
    "DF408": book(
        collapsed(NEAR_FLAT),
        MixingFacts("rows", Mixing(40, 1e-5, 0.6, 1e-5, "mix"), Mixing(40, 1e-5, 0.6, 1e-5, "mix"), 0.9),
        STUCK,
    ),
    "DF501": book(
        collapsed(),
        activations(stack(), DEAD, first_dead_end="dense_2:relu"),
        replace(STUCK, learning_rate=0.1, spike=12.0),
        updates(largest_first_update=2.0),
    ),
    "DF502": book(
        FRESH,
        replace(STUCK, learning_rate=1e-6, still_falling=True, last_loss=0.69, at_prior_loss=False),
        updates(median_relative_change=2e-3, largest_first_update=1e-6),
    ),
    "DF503": book(
        collapsed(NEAR_FLAT), replace(STUCK, last_loss=0.68), updates(median_relative_change=1.0, shrunk=True)
    ),
    "DF504": book(
        collapsed(NEAR_FLAT),
        ClippingFacts("clip_grad_norm", 1e-4, 0.8, 0.7, 1.2e-4, 1.4e-4),
        updates(*(move(f"dense_{i}/kernel", 1e-4, first_update=1e-7) for i in (1, 2, 3)), largest_first_update=1e-7),
        replace(STUCK, optimizer="sgd", learning_rate=0.01, usual_learning_rate=0.01, still_falling=True),
    ),
    "DF505": book(
        collapsed(NEAR_FLAT),
        replace(TRAINING, n_updates=60, n_epochs=3, planned_epochs=200, stopped_early=True, last_loss=0.66),
    ),
    "DF506": book(
        FRESH,
        replace(TRAINING, n_updates=4, n_epochs=2, planned_epochs=2, last_loss=0.67, still_falling=None),
        updates(median_relative_change=0.02),
    ),
    "DF507": book(
        collapsed(),
        activations(stack(), DEAD, first_dead_end="dense_2:relu"),
        replace(TRAINING, last_loss=0.66, at_prior_loss=True, spike=40.0, frozen_loss=True),
        replace(KEPT, end_loss=0.66, lost_at=300, lost_within=3, rate_lost=1.0, highest_loss=26.0),
    ),
    "DF601": book(
        collapsed(),
        initialization(0.0, 0.0, 0.0, zero_layers=("dense_1", "dense_2", "head"), hidden_symmetric=True),
        activations(DEAD, DEAD, first_dead_initial="dense_1:relu", first_dead_end="dense_1:relu"),
        updates(*(move(f"dense_{i}/kernel", 0.0, "zero_gradient") for i in (1, 2, 3))),
        STUCK,
    ),
    "DF602": book(collapsed(NEAR_FLAT), initialization(0.01, 0.01, 0.01), STUCK),
    "DF603": book(
        symptoms(replace(NEAR_FLAT, prediction_spread=0.01), HEALTHY),
        replace(
            LOADING,
            another_instance=True,
            likeness_to_trained=0.01,
            likeness_to_initial=-0.02,
            as_drawn=True,
            filled_fraction=0.0,
            how="load_state_dict",
            after_training=True,
            left=("body.0.weight", "head.weight"),
            unexpected=("module.body.0.weight", "module.head.weight"),
        ),
    ),
    "DF701": book(FRESH, unmoved("frozen"), STUCK),
    "DF702": book(
        symptoms(FLAT, HEALTHY),
        replace(
            MODES,
            has_batch_norm=True,
            worst_layer="bn1",
            worst_mean_shift_sd=0.02,
            worst_variance_ratio=1.0,
            served_in_training=True,
            rows_per_call=1,
            served_spread=0.0,
            served_flat=True,
            evaluation_spread=0.41,
            evaluation_flat=False,
            one_batch_spread=0.42,
            one_batch_flat=False,
        ),
    ),
    "DF703": book(FRESH, unmoved("not_in_optimizer"), STUCK),
    "DF704": book(FRESH, unmoved("no_gradient"), STUCK),
    "DF705": book(FRESH, unmoved("zero_gradient"), STUCK),
    "DF706": book(collapsed(NAN), updates(nan_parameters=3), replace(TRAINING, nan_at=17)),
    "DF801": book(
        collapsed(NEAR_FLAT),
        replace(
            MODES,
            has_batch_norm=True,
            eval_spread=1e-4,
            train_spread=0.4,
            eval_skill=0.1,
            train_skill=0.97,
            worst_layer="bn_1",
            worst_mean_shift_sd=2.4,
            worst_variance_ratio=30.0,
        ),
    ),
    "DF802": book(
        symptoms(FLAT, HEALTHY),
        replace(
            SERVING,
            shifted_fraction=1.0,
            median_spread_ratio=40.0,
            median_shift_sd=300.0,
            affine="raw against standardized",
            prediction_rows_flat=True,
        ),
    ),
    "DF803": book(replace(SHOWN, alias=Handling("alias", "serve.py:9", "results.append(out)"))),
    "DF804": book(
        symptoms(FLAT, HEALTHY),
        replace(ALONE, difference=0.9, spread_alone=0.0, served_alone=True),
        replace(SERVING, prediction_rows_flat=False),
    ),
    "DF901": book(symptoms(UNSKILLED, replace(HEALTHY, skill=None)), NO_SIGNAL),
    "DF902": book(symptoms(ONE_CLASS, ONE_CLASS)),
    "DF903": book(
        symptoms(FLAT, HEALTHY),
        replace(SERVING, unique_rows=1, identical_rows=True, prediction_rows_flat=True, median_shift_sd=0.7),
    ),
    "DF904": book(
        replace(SHOWN, displays=(Shown(Handling("argmax", "train.py:31", "np.argmax(p, axis=1)", axis=1), 0.0),))
    ),
}
"""Code → Book. Symmetric layers, tied weights and the like are told in the tests of the cause itself."""

assert np.isfinite(VANISHING.per_decade or np.nan)

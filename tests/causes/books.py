"""Hand-made evidence: a healthy network's Book, and what to replace in it to make it ill.

The healthy one is a classifier of breast-cancer size: 426 × 30 standardized rows, two ReLU layers, one sigmoid, Adam
1e-3 for 30 epochs, held-out skill .95. The numbers are of the size the probes give there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from defib.evidence import Book, Evidence
from defib.probes.activations import ActivationFacts, LayerState
from defib.probes.alone import AloneFacts
from defib.probes.clipping import ClippingFacts
from defib.probes.code import NO_CODE
from defib.probes.collapse import CollapseFacts
from defib.probes.columns import ColumnScales
from defib.probes.gradients import GradientFacts, LayerGradient
from defib.probes.head import HeadFacts
from defib.probes.initialization import InitializationFacts, LayerInitialization
from defib.probes.inputs import InputFacts, ServingFacts
from defib.probes.labels import LabelFacts
from defib.probes.loading import LoadingFacts
from defib.probes.modes import ModeFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.preferences import PreferenceFacts
from defib.probes.reach import ReachFacts
from defib.probes.reference import SignalFacts
from defib.probes.shown import ShownFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import ParameterMove, UpdateFacts, WhyUnmoved
from defib.symptom import Skill, Symptom

SKILL = Skill("gini", 0.95, (0.9, 0.99), 143, "held_out")
NO_SKILL = Skill("gini", 0.01, (-0.2, 0.2), 143, "held_out")
HEALTHY = Symptom(
    pattern="varied",
    constant=None,
    equals=None,
    exactness=None,
    prediction_spread=0.42,
    logit_spread=3.1,
    mode_share=0.05,
    n_rows=143,
    n_unique=143,
    nan_fraction=0.0,
    skill=SKILL,
    hard_label_share=0.62,
    output_kind="probability",
    columns_flat=(False,),
    n_outputs=1,
    prior=(0.37, 0.63),
)
FLAT = replace(
    HEALTHY,
    pattern="identical",
    constant=(0.63,),
    equals="class_prior",
    exactness=1e-4,
    prediction_spread=0.0,
    logit_spread=0.0,
    mode_share=1.0,
    n_unique=1,
    skill=None,
    hard_label_share=1.0,
    columns_flat=(True,),
)
NEAR_FLAT = replace(FLAT, pattern="near_constant", prediction_spread=3e-4, logit_spread=1.3e-3, n_unique=140)
ONE_CLASS = replace(
    HEALTHY, pattern="one_class", constant=(0.1,), prediction_spread=0.08, logit_spread=1.2, hard_label_share=1.0
)
UNSKILLED = replace(HEALTHY, skill=NO_SKILL, prediction_spread=0.15)
NAN = replace(FLAT, pattern="nan", nan_fraction=1.0, constant=None, equals=None)


def symptoms(
    served: Symptom = HEALTHY, training: Symptom | None = HEALTHY, initial: Symptom | None = NEAR_FLAT
) -> SymptomFacts:
    return SymptomFacts(served, training, initial, True)


def collapsed(symptom: Symptom = FLAT) -> SymptomFacts:
    """Flat on the training rows as on the others."""
    return symptoms(symptom, symptom)


def state(layer: str, kind: str, activation: str | None = None, **values: Any) -> LayerState:
    healthy = LayerState(layer, kind, activation, None, None, 0.8, 0.7, 0.4)
    if activation == "relu":
        healthy = replace(healthy, dead_fraction=0.06)
    if activation in ("sigmoid", "tanh"):
        healthy = replace(healthy, saturated_fraction=0.1)
    return replace(healthy, **values)


def stack(activation: str = "relu", depth: int = 2, **last: Any) -> tuple[LayerState, ...]:
    """Dense layers with this activation and a sigmoid head; ``last`` changes the last hidden activation."""
    states: list[LayerState] = []
    for i in range(1, depth + 1):
        states.append(state(f"dense_{i}", "dense"))
        states.append(state(f"dense_{i}:{activation}", "activation", activation, **(last if i == depth else {})))
    return (*states, state("head", "dense"), state("head:sigmoid", "activation", "sigmoid"))


def activations(
    initial: tuple[LayerState, ...] | None = None, end: tuple[LayerState, ...] | None = None, **values: Any
) -> ActivationFacts:
    start = stack() if initial is None else initial
    facts = ActivationFacts(
        initial=start,
        end=start if end is None else end,
        input_relative_spread=1.0,
        first_equal_initial=None,
        first_equal_end=None,
        input_constant=False,
        first_dead_end=None,
        first_dead_initial=None,
        first_saturated_end=None,
        first_saturated_initial=None,
        hidden_activations=tuple(s.activation for s in start[:-2] if s.activation),
    )
    return replace(facts, **values)


INPUTS = InputFacts(
    n_rows=426,
    n_columns=30,
    kind="tabular",
    column_mean_abs_max=0.01,
    column_sd_max=1.0,
    column_sd_min=1.0,
    scale_max=1.0,
    scale_ratio=1.0,
    offset_ratio=0.01,
    largest_column=3,
    constant_columns=0,
    constant_fraction=0.0,
    unique_rows=426,
    nan_cells=0,
    nan_rows=0,
    inf_cells=0,
    normalized_inside=False,
)
RAW = replace(
    INPUTS, column_mean_abs_max=880.0, column_sd_max=569.0, scale_max=1050.0, scale_ratio=2e5, offset_ratio=14.0
)
SERVING = ServingFacts(
    n_rows=143,
    unique_rows=143,
    unique_training_rows=426,
    identical_rows=False,
    constant_fraction=0.0,
    shifted_fraction=0.0,
    median_spread_ratio=1.0,
    median_shift_sd=0.05,
    affine=None,
    permuted_columns=False,
    nan_cells=0,
    training_rows_flat=False,
    prediction_rows_flat=False,
)
LABELS = LabelFacts(
    task="binary",
    n_rows=426,
    n_distinct=2,
    classes=(0.0, 1.0),
    class_prior=(0.37, 0.63),
    minimum=0.0,
    maximum=1.0,
    mean=0.63,
    sd=0.48,
    one_hot=False,
    integers=True,
    nan_fraction=0.0,
    shape=(426,),
    prior_loss=0.66,
    longest_run_fraction=0.03,
    expected_longest_run_fraction=0.03,
    last_class=None,
    blocks=False,
)
REGRESSION = replace(
    LABELS,
    task="regression",
    n_distinct=400,
    classes=(),
    class_prior=(),
    minimum=-2.5,
    maximum=2.9,
    mean=0.0,
    sd=1.0,
    integers=False,
    prior_loss=1.0,
)
HEAD = HeadFacts(
    activation="sigmoid",
    layer="head",
    units=1,
    loss="binary_crossentropy",
    loss_kind="binary_cross_entropy",
    loss_takes="probabilities",
    activations_before_loss=1,
    output_low=0.0,
    output_high=1.0,
    label_low=0.0,
    label_high=1.0,
    labels_outside=0.0,
    n_classes=2,
    prediction_shape=(32, 1),
    target_shape=(32, 1),
    broadcasts=False,
    gradient_zero_at_start=False,
    preactivation_max=8.0,
    preactivation_median=1.0,
    preactivation_max_initial=0.9,
)
VALUES_HEAD = replace(
    HEAD,
    activation="linear",
    loss="mse",
    loss_kind="squared_error",
    loss_takes="values",
    activations_before_loss=0,
    output_low=-np.inf,
    output_high=np.inf,
    label_low=-2.5,
    label_high=2.9,
    n_classes=None,
)


def gradients(*rms: float, **values: Any) -> GradientFacts:
    """Gradient per layer at the initial weights, from the input to the head."""
    sizes = rms or (0.02, 0.03, 0.05)
    slope = (np.log10(sizes[0]) - np.log10(sizes[-1])) / (len(sizes) - 1) if min(sizes) > 0 else None
    layers = tuple(LayerGradient(f"dense_{i + 1}", i, size, size) for i, size in enumerate(sizes))
    ratio = sizes[0] / sizes[-1] if sizes[-1] else None
    facts = GradientFacts(layers, ratio, ratio, False, False, False, False, (), False, slope)
    return replace(facts, **values)


SIGNAL = SignalFacts(
    metric="auc",
    n_rows=426,
    n_rows_all=426,
    linear=0.99,
    boosting=0.98,
    best=0.99,
    best_name="linear",
    interval=(0.98, 1.0),
    permuted_mean=0.5,
    permuted_sd=0.03,
    z=16.0,
    has_signal=True,
    detectable=0.6,
    repaired_pairing=None,
    repaired_score=None,
)
NO_SIGNAL = replace(SIGNAL, linear=0.51, boosting=0.49, best=0.51, interval=(0.45, 0.57), z=0.3, has_signal=False)
LOADING = LoadingFacts(
    another_instance=False,
    likeness_to_trained=1.0,
    likeness_to_initial=0.4,
    as_drawn=False,
    n_weights=3000,
    filled_fraction=None,
    trained_flat=False,
    trained_spread=0.42,
)
UNCLIPPED = ClippingFacts(None, None, None, 0.0, None, 1.0)
REACH = ReachFacts(False, None, 30, ())
WANTS = PreferenceFacts(right_loss=0.001, constant_loss=0.66, constant=(0.63,), wrong_loss=6.9)
MODES = ModeFacts(False, False, 0.42, 0.42, 0.97, 0.97, None, None, None, False)
TRAINING = TrainingFacts(
    n_updates=420,
    n_epochs=30,
    planned_epochs=30,
    stopped_early=False,
    first_loss=0.69,
    last_loss=0.06,
    best_loss=0.06,
    highest_loss=0.7,
    prior_loss=0.66,
    at_prior_loss=False,
    still_falling=False,
    frozen_loss=False,
    spike=1.01,
    nan_at=None,
    learning_rate=1e-3,
    usual_learning_rate=1e-3,
    optimizer="adam",
    shuffled=True,
)
KEPT = CollapseFacts(
    n_updates=420,
    level=0.66,
    level_known=True,
    best_loss=0.06,
    end_loss=0.06,
    learnt_share=0.9,
    lost_at=None,
    lost_within=0,
    rate_learnt=1e-3,
    rate_before=1e-3,
    rate_lost=1e-3,
    highest_loss=None,
    far_rows=0,
    farthest_row=1.6,
)
ALONE = AloneFacts(n_rows=12, difference=0.0, spread_alone=0.42, spread_together=0.42, served_alone=False)
SHOWN = ShownFacts(
    n_rows=143,
    followed=True,
    displays=(),
    alias=None,
    cache=None,
    overwritten=0,
    in_training_mode=False,
    recorded_equal=False,
    again_spread=0.42,
    equals=None,
    of_initial_weights=False,
    survives_training=False,
)
STUCK = replace(TRAINING, n_updates=4200, n_epochs=300, last_loss=0.66, best_loss=0.66, at_prior_loss=True)


def move(name: str, change: float = 0.5, why: WhyUnmoved | None = None, **values: Any) -> ParameterMove:
    layer = name.split("/")[0]
    return replace(ParameterMove(name, layer, 1000, change, 0.01, why, 0.2, 0.2), **values)


def updates(*moves: ParameterMove, **values: Any) -> UpdateFacts:
    parameters = moves or tuple(move(f"dense_{i}/kernel") for i in (1, 2, 3))
    total = sum(p.size for p in parameters)
    facts = UpdateFacts(
        parameters=parameters,
        moved_fraction=sum(p.size for p in parameters if p.relative_change != 0) / total,
        frozen_fraction=sum(p.size for p in parameters if p.why_unmoved == "frozen") / total,
        not_in_optimizer_fraction=sum(p.size for p in parameters if p.why_unmoved == "not_in_optimizer") / total,
        no_gradient_fraction=sum(p.size for p in parameters if p.why_unmoved == "no_gradient") / total,
        median_relative_change=float(np.median([p.relative_change for p in parameters])),
        largest_first_update=0.01,
        shrunk=False,
        nan_parameters=0,
    )
    return replace(facts, **values)


def unmoved(why: WhyUnmoved) -> UpdateFacts:
    """No weight moved, all for this reason."""
    return updates(*(move(f"dense_{i}/kernel", 0.0, why) for i in (1, 2, 3)))


def initialization(*ratios: float, **values: Any) -> InitializationFacts:
    """Kernels with these ratios to the customary scale; the last one is the head's."""
    given = ratios or (1.0, 1.0, 1.0)
    names = [f"dense_{i + 1}" for i in range(len(given) - 1)] + ["head"]
    layers = tuple(LayerInitialization(n, 30, 0.2 * r, 0.26, r, False, 0.0) for n, r in zip(names, given, strict=True))
    facts = InitializationFacts(layers, (), (), False, min(given), max(given))
    return replace(facts, **values)


COLUMNS = ColumnScales(
    np.linspace(-1, 900, 30), np.linspace(0.5, 569, 30), np.linspace(-5, 0, 30), np.linspace(5, 3000, 30)
)


def book(*evidence: Evidence, without: tuple[type[Evidence], ...] = ()) -> Book:
    """The healthy network's Book with this evidence in place of its own, and without these kinds."""
    healthy: tuple[Evidence, ...] = (
        *(symptoms(), activations(), INPUTS, SERVING, LABELS, HEAD, gradients(), SIGNAL, MODES, TRAINING, updates()),
        *(initialization(), COLUMNS, KEPT, LOADING, SHOWN, ALONE),
        WANTS,
        UNCLIPPED,
        REACH,
        NO_CODE,
    )
    found = {type(one): one for one in (*healthy, *evidence)}
    return Book({kind: one for kind, one in found.items() if kind not in without})

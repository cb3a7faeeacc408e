"""Diagnoses made by hand for the reporters' tests: one per outcome."""

from __future__ import annotations

from dataclasses import replace

from defib.diagnosis import (
    Diagnosis,
    Fix,
    Hypothesis,
    NotAssessed,
    Trial,
    inconclusive,
    not_applicable,
    ruled_out,
    supported,
)
from defib.symptom import Skill, Symptom

FLAT = Symptom(
    pattern="identical",
    constant=(0.6274,),
    equals="class_prior",
    exactness=2e-5,
    prediction_spread=0.0,
    logit_spread=0.0,
    mode_share=1.0,
    n_rows=114,
    n_unique=1,
    nan_fraction=0.0,
    skill=Skill("gini", 0.0, (-0.02, 0.02), 114, "held_out"),
    hard_label_share=1.0,
    output_kind="probability",
    columns_flat=(True,),
    n_outputs=1,
    prior=(0.3726, 0.6274),
)
VARIED = replace(
    FLAT,
    pattern="varied",
    constant=None,
    equals=None,
    exactness=None,
    prediction_spread=0.41,
    logit_spread=3.2,
    mode_share=0.02,
    n_unique=114,
    skill=Skill("gini", 0.96, (0.92, 0.99), 114, "held_out", usable=0.9, usable_interval=(0.84, 0.96)),
    hard_label_share=0.64,
    columns_flat=(False,),
)

CONTROL = Trial(
    "control",
    "control",
    "the recipe as recorded",
    (0, 1, 2),
    (0.0, 0.01, -0.02),
    (0.0, 0.0, 1e-9),
    (0.0, 0.01, -0.02),
    seconds=1.0,
)
TREATED = Trial(
    "standardize-inputs",
    "treated",
    "standardize every input column",
    (0, 1, 2),
    (0.98, 1.01, 0.97),
    (0.45, 0.44, 0.46),
    (0.95, 0.97, 0.94),
    effect=0.99,
    interval=(0.93, 1.05),
    sufficient=True,
    seconds=1.1,
)
FAILED = Trial(
    "halve-depth",
    "treated",
    "leave out every second hidden block",
    (0, 1, 2),
    (0.0, 0.02, 0.01),
    (0.0, 0.01, 0.0),
    (0.0, 0.02, 0.01),
    effect=0.013,
    interval=(-0.03, 0.06),
    seconds=0.9,
    note="one seed was stopped at the budget",
)

FLAT_DIAGNOSIS = Diagnosis(
    model="sequential",
    framework="keras",
    symptom=FLAT,
    outcome="cause_found",
    headline=(
        "The prediction is identical for all 114 rows: 0.6274 (the class prior), because of unscaled-inputs: "
        "the 30 input columns reach a root mean square of 1,180 while the first layer expects about 1."
    ),
    causes=(
        Hypothesis(
            "DF101",
            "unscaled-inputs",
            supported(
                "the 30 input columns reach a root mean square of 1,180 while the first layer expects about 1",
                weight=0.7,
                layer="dense",
                scale_max=1180.2,
                scale_ratio=5.7e5,
                dead_fraction=1.0,
                n_columns=30.0,
            ),
            tied_with=("DF501",),
        ),
        Hypothesis(
            "DF501",
            "learning-rate-too-high",
            supported("the first update moved the first layer by 12 times its size", weight=0.6, first_update=12.0),
            tied_with=("DF101",),
        ),
        Hypothesis(
            "DF401",
            "dead-relus",
            supported("all 64 units of dense are 0 on every row", weight=0.7, layer="dense:relu", dead_fraction=1.0),
            mechanism_of="DF101",
        ),
    ),
    ruled_out=(
        Hypothesis("DF103", "nan-inputs", ruled_out("no cell is NaN or infinite", nan_cells=0.0)),
        Hypothesis("DF303", "relu-on-output", ruled_out("the head is a sigmoid")),
        Hypothesis("DF301", "single-unit-softmax", ruled_out("the head is a sigmoid")),
        Hypothesis("DF201", "constant-labels", ruled_out("the labels hold 2 classes", n_distinct=2.0)),
        Hypothesis("DF601", "zero-or-symmetric-initialization", ruled_out("no hidden layer starts constant")),
        Hypothesis("DF801", "stale-batchnorm-statistics", ruled_out("training mode is flat, too")),
        Hypothesis("DF902", "threshold-only", ruled_out("the probabilities do not rank")),
    ),
    inconclusive=(Hypothesis("DF505", "stopped-on-plateau", inconclusive("the loss stopped at the prior loss")),),
    not_applicable=(Hypothesis("DF703", "parameters-not-in-optimizer", not_applicable("Keras holds every parameter")),),
    not_assessed=(
        NotAssessed("DF704", "detached-graph", "the gradients in the user's own loop"),
        NotAssessed("DF802", "preprocessing-skew", "rows that were predicted after the training"),
        NotAssessed("DF903", "identical-rows", "rows that were predicted after the training"),
    ),
    trials=(TREATED, CONTROL, FAILED),
    fix=Fix(
        ("standardize-inputs",),
        True,
        "normalize = keras.layers.Normalization()\n"
        "normalize.adapt(X_train)\n"
        "model = keras.Sequential([normalize, ...])",
        "standardize every input column",
        alternatives=("step-divided-by-100",),
        insufficient=("halve-depth",),
    ),
    first_equal_layer="dense:relu",
    course=("after update 3 every unit of dense:relu is dead",),
    notes=("256 of 455 rows were looked at",),
    next_command="defib explain unscaled-inputs",
    seconds=12.3,
    versions={"python": "3.11.7", "keras": "3.15.1"},
)

HEALTHY = replace(
    FLAT_DIAGNOSIS,
    course=(),
    symptom=VARIED,
    outcome="healthy",
    headline="The predictions vary (spread 0.41 over 114 rows) and carry information about the row. Nothing to repair.",
    causes=(),
    ruled_out=(),
    inconclusive=(),
    not_applicable=(),
    not_assessed=(),
    trials=(),
    fix=None,
    first_equal_layer=None,
    notes=(),
    next_command="defib run --fail-on flat script.py",
)
NOTHING_WRONG = replace(
    FLAT_DIAGNOSIS,
    course=(),
    symptom=replace(VARIED, skill=Skill("gini", 0.02, (-0.2, 0.24), 114, "replayed")),
    outcome="nothing_wrong",
    headline="The predictions vary, but nothing the network learnt holds on new rows. The network is not at fault.",
    causes=(
        Hypothesis(
            "DF901",
            "no-learnable-signal",
            supported("no reference learner beats permuted labels", weight=0.9, best_auc=0.52, z=0.4),
        ),
    ),
    trials=(CONTROL,),
    fix=None,
    first_equal_layer=None,
    next_command="defib explain no-learnable-signal",
)
UNDECIDED = replace(
    FLAT_DIAGNOSIS,
    symptom=replace(FLAT, skill=None),
    outcome="undecided",
    headline="The prediction is identical for all 114 rows: 0.6274. The cause is undecided.",
    causes=(),
    trials=(),
    fix=None,
    next_command="defib run --budget 120 script.py",
)
UNVERIFIED_FIX = Fix(("vary-rows",), False, "print(np.unique(X, axis=0).shape)", "score other rows")
UNVERIFIED = replace(FLAT_DIAGNOSIS, trials=(), fix=UNVERIFIED_FIX)
NAN = replace(
    UNDECIDED,
    symptom=replace(
        FLAT,
        pattern="nan",
        constant=None,
        equals=None,
        exactness=None,
        logit_spread=None,
        mode_share=0.0,
        nan_fraction=1.0,
        skill=None,
    ),
    headline="All 114 predictions are NaN or infinite. The cause is undecided.",
)
ALL = (FLAT_DIAGNOSIS, HEALTHY, NOTHING_WRONG, UNDECIDED, UNVERIFIED)

HOSTILE_NAME = "<script>alert('x')</script>|`rm`\n::error::\x1b[31m\x00 ]]> & \"@all\" #1 \udc80 {{ 7*7 }} \u202e"
HOSTILE = replace(
    FLAT_DIAGNOSIS,
    model=HOSTILE_NAME,
    headline=f"The prediction is identical: {HOSTILE_NAME}",
    causes=(
        replace(
            FLAT_DIAGNOSIS.causes[0],
            assessment=replace(
                FLAT_DIAGNOSIS.causes[0].assessment,
                layer=HOSTILE_NAME,
                because=HOSTILE_NAME,
                numbers={HOSTILE_NAME: 1.0},
            ),
        ),
    ),
    fix=Fix((HOSTILE_NAME,), True, f"````\n</pre>{HOSTILE_NAME}", HOSTILE_NAME, alternatives=(HOSTILE_NAME,)),
    trials=(CONTROL, replace(TREATED, does=HOSTILE_NAME, note=HOSTILE_NAME, intervention=HOSTILE_NAME)),
    not_assessed=(NotAssessed("DF704", HOSTILE_NAME, HOSTILE_NAME),),
    notes=(HOSTILE_NAME,),
    first_equal_layer=HOSTILE_NAME,
    next_command=HOSTILE_NAME,
    versions={HOSTILE_NAME: HOSTILE_NAME},
)
"""Every text that comes from a stranger's program is one that would break out of its format."""
EVERY = (*ALL, HOSTILE)

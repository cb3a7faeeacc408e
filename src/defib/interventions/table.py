"""Which interventions, and families of them. Nothing else; a duplicate name is an error (tested)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from defib.interventions import Intervention

INTERVENTIONS: dict[str, str] = {
    "standardize-inputs": "standardize_inputs",
    "min-max-inputs": "min_max_inputs",
    "impute-nan": "impute_nan",
    "drop-nan-rows": "drop_nan_rows",
    "step-divided-by-10": "step_divided_by_10",
    "step-divided-by-100": "step_divided_by_100",
    "step-divided-by-1000": "step_divided_by_1000",
    "step-times-10": "step_times_10",
    "step-times-100": "step_times_100",
    "usual-learning-rate": "usual_learning_rate",
    "constant-learning-rate": "constant_learning_rate",
    "capped-learning-rate": "capped_learning_rate",
    "stop-before-collapse": "stop_before_collapse",
    "more-epochs": "more_epochs",
    "shuffle": "shuffle",
    "relu-he": "relu_he",
    "leaky-relu": "leaky_relu",
    "batch-norm": "batch_norm",
    "halve-depth": "halve_depth",
    "fewer-rounds": "fewer_rounds",
    "last-real-step": "last_real_step",
    "pad-in-front": "pad_in_front",
    "double-width": "double_width",
    "widen-narrow-layers": "widen_narrow_layers",
    "reinitialize": "reinitialize",
    "fitting-head": "fitting_head",
    "activate-once": "activate_once",
    "logits-loss": "logits_loss",
    "match-shapes": "match_shapes",
    "unfreeze": "unfreeze",
    "canonical-loop": "canonical_loop",
    "weaker-regularization": "weaker_regularization",
    "standardize-targets": "standardize_targets",
    "min-max-targets": "min_max_targets",
    "recompute-statistics": "recompute_statistics",
    "same-pipeline": "same_pipeline",
    "lower-threshold": "lower_threshold",
    "other-features": "other_features",
    "more-rows": "more_rows",
    "re-pair-labels": "re_pair_labels",
    "keep-the-graph": "keep_the_graph",
    "fix-labels": "fix_labels",
    "clip-off": "clip_off",
    "dropout-off": "dropout_off",
    "training-mode": "training_mode",
    "evaluation-mode": "evaluation_mode",
    "load-weights": "load_weights",
    "wire-inputs": "wire_inputs",
    "turn-mask": "turn_mask",
    "vary-rows": "vary_rows",
    "copy-outputs": "copy_outputs",
    "full-precision": "full_precision",
    "wider-weights": "wider_weights",
    "find-first-nan": "find_first_nan",
    "keep-statistics": "keep_statistics",
    "lower-kl": "lower_kl",
    "part-embeddings": "part_embeddings",
    "repair-input-step": "repair_input_step",
}
"""Name → module below ``defib.interventions``."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "smaller-step": ("step-divided-by-10", "step-divided-by-100", "step-divided-by-1000"),
    "larger-step": ("step-times-10", "step-times-100", "usual-learning-rate", "constant-learning-rate"),
}
"""A cause may expect that *one* of several works, whichever: its contrast then names the family."""


def load(name: str) -> Intervention:
    """The intervention with this name."""
    one = import_module(f"defib.interventions.{INTERVENTIONS[name]}").INTERVENTION
    assert isinstance(one, Intervention)
    return one


def all_interventions() -> dict[str, Intervention]:
    """All interventions by name, in the order of the table."""
    return {name: load(name) for name in INTERVENTIONS}


def with_families(outcomes: Mapping[str, bool]) -> dict[str, bool]:
    """Outcomes of trials, and of the families: one member worked; or all were tried and none did.

    >>> with_families({"step-times-10": False, "step-times-100": True})["larger-step"]
    True
    >>> with_families({"step-times-10": False}).get("larger-step") is None
    True
    """
    together = dict(outcomes)
    for family, members in FAMILIES.items():
        if any(outcomes.get(name) for name in members):
            together[family] = True
        elif all(name in outcomes for name in members):
            together[family] = False
    return together

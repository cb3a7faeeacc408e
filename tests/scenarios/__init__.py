"""Tiny user programs, one module per cause: ``broken_*`` has the fault, ``healthy_*`` is its nearest healthy twin.

Each module states ``CAUSE`` (what must rank first), ``ACCEPTABLE`` (codes that are right too) and ``FIX`` (interventions
that must restore learning). ``python -m tests.scenarios.bare torch`` shows the symptoms without defib.
"""

from importlib import import_module
from types import ModuleType

CAUSES: tuple[str, ...] = (
    "unscaled_inputs",
    "constant_inputs",
    "nan_inputs",
    "unshuffled_rows",
    "class_imbalance",
    "target_scale",
    "constant_labels",
    "signal_masked",
    "misaligned_labels",
    "labels_outside_output_range",
    "label_encoding_mismatch",
    "single_unit_softmax",
    "double_activation",
    "relu_on_output",
    "loss_head_mismatch",
    "broadcast_loss",
    "posterior_or_embedding_collapse",
    "clipped_loss_gradient",
    "dead_relus",
    "saturated_units",
    "vanishing_gradients",
    "forward_correlation_collapse",
    "too_narrow",
    "too_deep",
    "linear_network",
    "over_smoothing",
    "exploding_gradients",
    "disconnected_input",
    "excessive_dropout",
    "learning_rate_too_high",
    "learning_rate_too_low",
    "regularization_too_strong",
    "gradient_clipped_away",
    "stopped_on_plateau",
    "undertrained",
    "collapse_after_learning",
    "zero_or_symmetric_initialization",
    "initialization_scale",
    "weights_not_loaded",
    "frozen_parameters",
    "wrong_mode",
    "parameters_not_in_optimizer",
    "detached_graph",
    "gradients_cleared_or_never_applied",
    "numerical_overflow",
    "stale_batchnorm_statistics",
    "preprocessing_skew",
    "cached_or_aliased_output",
    "batch_dependent_output",
    "no_learnable_signal",
    "threshold_only",
    "identical_rows",
    "display_or_metric",
)
"""One module per cause, in the order of their codes."""

LOOK_ALIKES: tuple[str, ...] = (
    "imbalance_that_is_nan",
    "imbalance_that_is_scaling",
    "vanishing_that_is_a_head",
    "epochs_that_are_a_tolerance",
    "falling_loss_that_is_a_broadcast",
    "eval_mode_that_is_statistics",
    "model_that_is_serving",
    "accuracy_that_is_rare_labels",
    "step_that_is_a_product",
    "silenced_detached_loss",
    "step_that_is_a_cache",
    "cache_that_is_a_step",
)
"""Programs for which the usual answer is wrong (last section but one of the taxonomy)."""

INSIDE: tuple[str, ...] = ("hidden_in_forward", "attention_to_padding")
"""Causes of the list above in another place: in a step without weights inside the network."""

ALL: tuple[str, ...] = (*CAUSES, *LOOK_ALIKES, *INSIDE)


def load(name: str) -> ModuleType:
    """The scenario module with this name."""
    return import_module(f"tests.scenarios.{name}")

"""Which causes, and redirects of renamed ones. Nothing else; a duplicate code is an error (tested)."""

from __future__ import annotations

from importlib import import_module

from defib.causes import Cause

CAUSES: dict[str, str] = {
    "DF101": "unscaled_inputs",
    "DF102": "constant_inputs",
    "DF103": "nan_inputs",
    "DF104": "unshuffled_rows",
    "DF105": "class_imbalance",
    "DF106": "target_scale",
    "DF107": "signal_masked",
    "DF201": "constant_labels",
    "DF202": "misaligned_labels",
    "DF203": "labels_outside_output_range",
    "DF204": "label_encoding_mismatch",
    "DF301": "single_unit_softmax",
    "DF302": "double_activation",
    "DF303": "relu_on_output",
    "DF304": "loss_head_mismatch",
    "DF305": "broadcast_loss",
    "DF306": "posterior_or_embedding_collapse",
    "DF307": "clipped_loss_gradient",
    "DF401": "dead_relus",
    "DF402": "saturated_units",
    "DF403": "vanishing_gradients",
    "DF404": "forward_correlation_collapse",
    "DF405": "exploding_gradients",
    "DF406": "too_narrow",
    "DF407": "too_deep",
    "DF408": "over_smoothing",
    "DF409": "disconnected_input",
    "DF410": "excessive_dropout",
    "DF411": "linear_network",
    "DF501": "learning_rate_too_high",
    "DF502": "learning_rate_too_low",
    "DF503": "regularization_too_strong",
    "DF504": "gradient_clipped_away",
    "DF505": "stopped_on_plateau",
    "DF506": "undertrained",
    "DF507": "collapse_after_learning",
    "DF601": "zero_or_symmetric_initialization",
    "DF602": "initialization_scale",
    "DF603": "weights_not_loaded",
    "DF701": "frozen_parameters",
    "DF702": "wrong_mode",
    "DF703": "parameters_not_in_optimizer",
    "DF704": "detached_graph",
    "DF705": "gradients_cleared_or_never_applied",
    "DF706": "numerical_overflow",
    "DF801": "stale_batchnorm_statistics",
    "DF802": "preprocessing_skew",
    "DF803": "cached_or_aliased_output",
    "DF804": "batch_dependent_output",
    "DF901": "no_learnable_signal",
    "DF902": "threshold_only",
    "DF903": "identical_rows",
    "DF904": "display_or_metric",
}
"""Code → module below ``defib.causes``."""

REDIRECTS: dict[str, str] = {}
"""Former names and codes → code."""


def load(code: str) -> Cause:
    """The cause with this code."""
    cause = import_module(f"defib.causes.{CAUSES[code]}").CAUSE
    assert isinstance(cause, Cause)
    return cause


def all_causes() -> tuple[Cause, ...]:
    """All causes, in the order of their codes."""
    return tuple(load(code) for code in sorted(CAUSES))

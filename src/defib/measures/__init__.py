"""Pure NumPy numbers: each with its formula, shapes, range and a doctest. No framework, no model, no decision."""

from defib.measures.outputs import (
    as_columns,
    finite_rows,
    hard_labels,
    logit,
    logits_of,
    mode_share,
    spread,
    to_probabilities,
    unique_rows,
)
from defib.measures.priors import binary_entropy_nats, class_frequencies, constant_loss, entropy_nats
from defib.measures.rows import (
    dead_fraction,
    relative_spread,
    row_correlation,
    row_spread,
    saturated_fraction,
    spaced_indices,
)
from defib.measures.skill import Estimate, auc, gini_skill, macro_auc, r2, r2_skill, straightened
from defib.measures.usable import label_skill, usable_skill

__all__ = [
    "Estimate",
    "as_columns",
    "auc",
    "binary_entropy_nats",
    "class_frequencies",
    "constant_loss",
    "dead_fraction",
    "entropy_nats",
    "finite_rows",
    "gini_skill",
    "hard_labels",
    "label_skill",
    "logit",
    "logits_of",
    "macro_auc",
    "mode_share",
    "r2",
    "r2_skill",
    "relative_spread",
    "row_correlation",
    "row_spread",
    "saturated_fraction",
    "spaced_indices",
    "spread",
    "straightened",
    "to_probabilities",
    "unique_rows",
    "usable_skill",
]

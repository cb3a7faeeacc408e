"""From outputs to the Symptom: is it flat, at which value, and which trivial predictor does it equal?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pattern = Literal["identical", "near_constant", "one_class", "few_values", "noise_only", "nan", "varied"]

FLAT_PATTERNS: frozenset[str] = frozenset({"identical", "near_constant", "noise_only", "nan"})
"""Patterns that ``--fail-on flat`` counts: the outputs carry (almost) no information about the row."""


@dataclass(frozen=True)
class Skill:
    """How much better than the best constant the outputs are."""

    metric: Literal["gini", "r2"]
    """``gini``: 2·AUC − 1 (macro one-vs-rest for classes); ``r2``: 1 − mse/var(y). 0 = a constant."""
    value: float
    interval: tuple[float, float]
    """95 % interval."""
    n_rows: int
    """Rows, however many steps or pixels each is told in."""
    rows: Literal["held_out", "replayed", "training"]
    """``held_out``: rows never trained on. ``replayed``: the recipe was trained again without a part of the rows.
    ``training``: the rows it was trained on, which says what it memorized, not what it learnt."""
    usable: float | None = None
    """How much the outputs tell as they stand, not only by their order (`defib.measures.usable_skill`): 0 = a constant;
    ``None`` for values, and where outputs are no probabilities."""
    usable_interval: tuple[float, float] | None = None
    """Its 95 % interval."""

    @property
    def shown(self) -> bool:
        """Skill that the interval holds above 0.

        >>> Skill("r2", 0.3, (0.1, 0.5), 100, "held_out").shown
        True
        """
        return self.interval[0] > 0


@dataclass(frozen=True)
class Symptom:
    """What the outputs show, from the outputs (and labels, where known) alone."""

    pattern: Pattern
    constant: tuple[float, ...] | None
    """The value (median per output column) when the pattern is flat or one class; at most 50 columns."""
    equals: str | None
    """The trivial predictor the constant equals: ``class_prior``, ``mean_of_y``, ``one_half``, ``uniform`` (1/K),
    ``logit_zero``, ``low_end``, ``high_end``, ``zero``, ``exactly_one``, ``last_class``; ``None`` for none of them."""
    exactness: float | None
    """|constant − that predictor|, largest over columns."""
    prediction_spread: float
    """Standard deviation across rows of the probability (largest over columns), or of the value in units of sd(y)."""
    logit_spread: float | None
    """Standard deviation across rows of the logit; ``None`` for regression."""
    mode_share: float
    """Share of rows within 1e-3 of the median (of sd(y) for regression), in [0, 1]."""
    n_rows: int
    n_unique: int
    """Distinct output rows, exact."""
    nan_fraction: float
    skill: Skill | None
    hard_label_share: float | None
    """Share of the most frequent hard label, ``None`` for regression."""
    output_kind: Literal["probability", "classes", "multilabel", "value", "logit"]
    columns_flat: tuple[bool, ...]
    """Per output column, at most 50; of outputs that vary, a column whose targets are all the same is not one."""
    n_outputs: int
    prior: tuple[float, ...] | None
    """Class prior (or (mean(y),) for regression) where labels are known."""
    hard_label: int | None = None
    """The most frequent hard label: the column's number, or 0 and 1 of one column; ``None`` for anything else."""
    n_steps: int = 1
    """Predictions per row: the steps of a sequence, the lines or pixels of an image."""

    @property
    def is_flat(self) -> bool:
        """Whether the outputs carry (almost) no information about the row."""
        return self.pattern in FLAT_PATTERNS

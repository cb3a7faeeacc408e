"""Control against treated: recovery, effect with interval, and the rule for "sufficient".

recovery = (score − prior score) / (reference score − prior score) on rows neither arm trained on. The
scores are gini (2·AUC − 1) or r2, for which the best constant scores 0; where the network ranks the rows already and
only its outputs as they stand tell nothing, `defib.measures.usable_skill` takes gini's place. Where the reference
learner shows no skill itself, recovery is not a number: noise over noise.

The rule: a treated arm is *sufficient* when on every seed it reaches `RECOVERED` and is not flat, at
least `MIN_SEEDS` seeds were run, and the 95 % t-interval of the paired difference to the control lies above 0. In the
difference a recovery below `LOWEST` counts as that: how far beyond its range a network was thrown tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RECOVERED = 0.5
"""Half of what the reference learner reaches: more than luck, less than demanding a tuned network."""
MIN_SEEDS = 3
LOWEST = -1.0
"""As far below a constant as the reference learner is above it."""
SMALLEST_REFERENCE = 0.05
"""A reference score below this (AUC .525, r2 .05) makes the quotient meaningless: noise over noise."""


@dataclass(frozen=True)
class Run:
    """One arm trained with one seed, scored on the held-out rows."""

    seed: int
    recovery: float
    """NaN where the reference learner has no skill to recover."""
    score: float
    spread: float
    flat: bool
    seconds: float
    score_interval: tuple[float, float] = (float("nan"), float("nan"))
    """95 % interval of the score over the held-out rows."""
    n_rows: int = 0
    """Held-out rows the score was read from."""
    usable: float | None = None
    usable_interval: tuple[float, float] | None = None
    """What the outputs tell as they stand, with its interval; ``None`` for values."""
    as_served: Run | None = None
    """The same clone on the same rows as the program serves them, where how it prepares these may be a second fault."""
    rose_to: float | None = None
    """Highest loss of the training over its first one; ``None`` where that is not known."""

    @property
    def recovered(self) -> bool:
        """Learnt at least half of what the reference learner does, and is not flat."""
        return self.recovery >= RECOVERED and not self.flat


@dataclass(frozen=True)
class Judgement:
    """A treated arm held against the control."""

    effect: float | None
    interval: tuple[float, float] | None
    sufficient: bool


def recovery(score: float, reference_score: float) -> float:
    """Share of the reference learner's skill, the best constant being 0.

    >>> recovery(0.4, 0.8)
    0.5
    >>> recovery(float("nan"), 0.8)
    0.0
    >>> recovery(0.4, float("nan"))
    nan
    """
    if not np.isfinite(reference_score):
        return float("nan")
    if not np.isfinite(score):
        return 0.0
    return float(score / max(reference_score, SMALLEST_REFERENCE))


def t_interval(differences: Sequence[float]) -> tuple[float, float] | None:
    """95 % Student interval of the mean of paired differences; ``None`` for fewer than two.

    >>> low, high = t_interval([0.9, 1.0, 1.1])
    >>> round(low, 3), round(high, 3)
    (0.752, 1.248)
    """
    from scipy import stats

    n = len(differences)
    if n < 2:
        return None
    values = np.asarray(differences, dtype=float)
    half = float(stats.t.ppf(0.975, n - 1)) * float(values.std(ddof=1)) / n**0.5
    return float(values.mean()) - half, float(values.mean()) + half


def judge(control: Sequence[Run], treated: Sequence[Run]) -> Judgement:
    """Hold a treated arm against the control, paired by seed."""
    by_seed = {run.seed: run for run in control}
    pairs = [(run, by_seed[run.seed]) for run in treated if run.seed in by_seed]
    if not pairs:
        return Judgement(None, None, False)
    differences = [float(np.maximum(one.recovery, LOWEST) - np.maximum(other.recovery, LOWEST)) for one, other in pairs]
    if not np.isfinite(differences).all():
        return Judgement(None, None, False)
    interval = t_interval(differences)
    enough = len(pairs) >= MIN_SEEDS and interval is not None and interval[0] > 0
    return Judgement(float(np.mean(differences)), interval, enough and all(run.recovered for run in treated))

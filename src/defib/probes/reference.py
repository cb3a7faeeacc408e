"""How much signal the rows hold: reference learners, cross-validated, against permuted labels."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Evidence


@dataclass(frozen=True)
class SignalFacts(Evidence):
    """Cross-validated skill of quick standard models on the training rows."""

    metric: str
    """``auc`` (macro one-vs-rest for classes) or ``r2``."""
    n_rows: int
    """Rows looked at."""
    n_rows_all: int
    linear: float
    boosting: float
    best: float
    best_name: str
    interval: tuple[float, float]
    """95 % interval of the best score."""
    permuted_mean: float
    permuted_sd: float
    """The best learner with permuted labels."""
    z: float
    """(best − permuted_mean) / permuted_sd."""
    has_signal: bool
    """z beyond the multiple-comparison threshold (see the module) *and* the score above chance by a margin that matters."""
    detectable: float
    """Smallest score that these many rows could have told from chance with 80 % power."""
    repaired_pairing: str | None
    """A re-pairing of rows and labels under which signal appears ("labels shifted by 1"), if one was found."""
    repaired_score: float | None

"""One way in which a program asks its network wrongly, and how it is asked rightly: plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from defib.recipe import Arm
from defib.subject import AnyArray, FloatArray, Subject, Trained

Answer = Callable[[Subject, Trained, Arm, AnyArray], FloatArray]
"""``(subject, its clone, the clone's arm, raw rows) -> outputs``, as the program would have had them."""
Among = Callable[[Subject, Trained, Arm, AnyArray, AnyArray], FloatArray]
"""The same, with rows that the clone was trained on, raw, to be sent beside those that are asked about."""


@dataclass(frozen=True)
class Asked:
    """One way to ask wrongly."""

    mended_by: str
    """The intervention that asks rightly."""
    says: str
    """What happens to every other arm, as a clause."""
    answer: Answer
    weights: Literal["trained", "initial", "drawn"] = "trained"
    """Of which weights the program asked: those trained, those from before the training, or freshly drawn ones."""
    updates: int = 0
    """Updates that weights from before the training are given all the same: an early copy, an average that lags."""
    only: bool = True
    """No other change can make a difference, so none is tried."""
    by_labels: bool = False
    """What is answered are labels; the reference learner's are its yardstick."""
    rightly: Among | None = None
    """How the arm that mends it is asked; ``None``: all rows at once."""

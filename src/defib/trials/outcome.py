"""What a campaign leaves: its trials, what they say for or against a cause, and what was seen after a repair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from defib.diagnosis import Trial
from defib.evidence import Book
from defib.ranking import Assessed
from defib.recipe import Arm
from defib.trials.judge import Run


@dataclass(frozen=True)
class Second:
    """A second look: at the model as one arm leaves it."""

    after: str
    """Name of the arm."""
    healthy: bool
    only_by_trials: bool = False
    """It has skill, and looks healthy but for the trials, which found that it is not enough."""
    causes: tuple[Assessed, ...] = ()
    """What is supported there, best first."""
    book: Book = field(default_factory=Book)
    """What was seen there: changes that the network as it was gave no reason for may fit now."""


Look = Callable[[str, Arm, float, bool], Second]
"""``(name, arm, deadline, it recovers) -> what is seen``"""


@dataclass(frozen=True)
class Campaign:
    """What was tried and what came of it."""

    trials: tuple[Trial, ...] = ()
    outcomes: Mapping[str, bool] = field(default_factory=dict)
    """Intervention → it restored learning (sufficient), or did nothing for it; what helped a part of the way, or on
    some seeds, is left out: it speaks neither for nor against a cause that may not be alone."""
    control_recovered: bool | None = None
    """The recipe as recorded learns when it is replayed: the fault is not in what was replayed."""
    control: tuple[Run, ...] = ()
    runs: Mapping[str, tuple[Run, ...]] = field(default_factory=dict)
    """Name of the arm → its runs, the control among them."""
    looks: tuple[Second, ...] = ()
    notes: tuple[str, ...] = ()
    out_of_time: bool = False
    """The budget ended before every trial was run."""

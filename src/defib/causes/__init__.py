"""What a cause is. One file per cause; its module docstring is its page.

A cause's module holds ``CAUSE = Cause(...)`` and its mechanism test, a pure function from the
evidence `Book` to an `Assessment`. Evidence that is missing raises, and becomes "not assessed".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from defib.diagnosis import Assessment
from defib.evidence import Book

Stage = Literal[
    "data", "labels", "head", "architecture", "optimization", "initialization", "loop", "serving", "nothing_wrong"
]
Expectation = Literal["must_work", "must_not", "says_nothing"]


@dataclass(frozen=True)
class Cause:
    """A fault with a mechanism."""

    code: str
    """``DFnnn``, never reused."""
    name: str
    """Reads after "because of": the fault, never the fix."""
    stage: Stage
    assess: Callable[[Book], Assessment]
    """The mechanism test. Pure; reads the Book only."""
    fixes: tuple[str, ...]
    """Interventions that repair it, smallest first (names from ``defib.interventions``)."""
    contrast: Mapping[str, Expectation] = field(default_factory=dict)
    """What each intervention does if *this* is the cause; an intervention not named says nothing."""
    explains: tuple[str, ...] = ()
    """Codes of the causes that are this one's consequence (its mechanism) when both are supported."""
    look_alikes: tuple[str, ...] = ()
    indistinct: tuple[str, ...] = ()
    """Codes of causes that no affordable experiment tells from this one: if both hold, they are reported as tied."""
    when_varied: bool = False
    """Whether it may also explain predictions that vary but have no skill (or one hard label)."""
    in_itself: bool = False
    """Whether its sign is a fact of the program whatever the predictions do: told of a network that learns, too."""
    makes_nan: bool = False
    """Whether its mechanism can end in outputs that are NaN; another fault beside NaN is a second one."""

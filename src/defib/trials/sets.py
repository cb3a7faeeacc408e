"""The smallest set of changes that is enough: drop each one again (delta debugging, Zeller and Hildebrandt 2002).

With the handful of changes a campaign knows, the plain form is the cheapest: one run per change. What is left is
1-minimal: leave out any one of them and it is no longer enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from defib.diagnosis import TOGETHER, Trial
from defib.recipe import Arm


def single(names: Iterable[str]) -> list[str]:
    """Those that name one change.

    >>> single(["shuffle", "shuffle + relu-he"])
    ['shuffle']
    """
    return [name for name in names if TOGETHER not in name]


def smallest(changes: Sequence[str], enough: Callable[[tuple[str, ...]], bool]) -> tuple[str, ...]:
    """A 1-minimal part of ``changes``, which are enough together; those named last are dropped first.

    ``enough`` says whether a subset is; it is asked at most once per change.

    >>> smallest(("a", "b", "c", "d"), lambda kept: {"a", "c"} <= set(kept))
    ('a', 'c')
    """
    kept = tuple(changes)
    for one in reversed(tuple(changes)):
        without = tuple(name for name in kept if name != one)
        if without and enough(without):
            kept = without
    return kept


def more_than_enough(trials: Sequence[Trial]) -> list[Trial]:
    """Those whose changes hold others that were enough by themselves: what they add was not needed."""
    enough = [set(one.changes) for one in trials if one.sufficient]
    return [one for one in trials if any(fewer < set(one.changes) for fewer in enough)]


def needed(trials: Sequence[Trial]) -> set[str]:
    """Changes that were enough only together with others."""
    more = more_than_enough(trials)
    together = [one for one in trials if one.sufficient and one not in more and len(one.changes) > 1]
    return {name for one in together for name in one.changes}


def merged(names: Sequence[str], arm_of: Callable[[str], Arm]) -> Arm | None:
    """These changes in one arm; ``None`` where two of them change the same thing."""
    arm: Arm | None = Arm()
    for name in names:
        arm = None if arm is None else arm.merged(arm_of(name))
    return arm


def mergeable(names: Sequence[str], arm_of: Callable[[str], Arm]) -> tuple[str, ...]:
    """Those that can be made in one arm; of two that change the same thing the first."""
    kept: tuple[str, ...] = ()
    for name in names:
        if merged((*kept, name), arm_of) is not None:
            kept = (*kept, name)
    return kept

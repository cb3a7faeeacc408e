"""The smallest set of changes that is enough: drop each one again (delta debugging, Zeller and Hildebrandt 2002).

With the handful of changes a campaign knows, the plain form is the cheapest: one run per change. What is left is
1-minimal: leave out any one of them and it is no longer enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence


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

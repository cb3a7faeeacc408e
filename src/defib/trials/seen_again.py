"""What a second look says of the changes after which nothing else shows."""

from __future__ import annotations

from collections.abc import Container, Sequence
from statistics import fmean

from defib.diagnosis import Trial
from defib.wording import listed, percent


def seen_again(trials: Sequence[Trial], healthy: Container[str]) -> list[str]:
    """Notes; nothing of a change that is but a part of what was enough. ``healthy``: names of arms."""
    enough = [set(one.changes) for one in trials if one.sufficient]
    fine = [one for one in trials if one.intervention in healthy]
    notes = []
    if whole := [one.intervention for one in fine if one.sufficient]:
        notes.append(f"looked at again with {listed(whole)}: nothing else shows that would be wrong")
    for one in fine:
        if not one.sufficient and not any(set(one.changes) < made for made in enough):
            reached = percent(min(max(fmean(one.recovery), 0.0), 1.0))
            notes.append(
                f"with {one.intervention} the network reaches {reached} of what the reference learner does; what holds "
                "it back from the rest was not found"
            )
    return notes

"""Trials: clone, change one thing, train again, compare; then look again.

`plan` chooses which intervention to try next, `engine` runs it, `judge` holds the arms against each other.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told what is being tried and why; `defib.reporters` shows it."""

    def start(self, total_seconds: float) -> None:
        """The trials begin; they may take this long."""

    def update(self, what: str, why: str, done_fraction: float) -> None:
        """A trial begins. ``done_fraction`` in [0, 1] is the share of the budget that is spent."""

    def finish(self) -> None:
        """No more trials."""


class Silent:
    """A `Progress` that shows nothing."""

    def start(self, total_seconds: float) -> None:
        """Nothing."""

    def update(self, what: str, why: str, done_fraction: float) -> None:
        """Nothing."""

    def finish(self) -> None:
        """Nothing."""

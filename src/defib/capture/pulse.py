"""A sign of life while a training runs: what a killed process had come to is still in its Recording.

No thread is started for it: a program that forks, or looks at its threads, must not find one of ours. A Watcher asks
after a step whether it is time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

EVERY_SECONDS: Final = 5.0
SHARE: Final = 0.01
"""Of the time passed, between two signs: a training of days leaves some hundreds of lines."""


@dataclass(frozen=True)
class Progress:
    """How far the training of one network had come."""

    model: str
    framework: str
    n_updates: int
    seconds: float
    last_loss: float | None

    def __str__(self) -> str:
        """As a clause.

        >>> str(Progress("Net", "torch", 1200, 61.5, 0.6931))
        'Net (torch) had taken 1,200 steps in 62 s, with a last loss of 0.6931'
        """
        loss = "" if self.last_loss is None else f", with a last loss of {self.last_loss:.4g}"
        return f"{self.model} ({self.framework}) had taken {self.n_updates:,} steps in {self.seconds:.0f} s{loss}"


@final
class Pulse:
    """Writes now and then; in a process that the program forked it is silent."""

    def __init__(self, write: Callable[[list[Progress]], None]) -> None:
        self._write = write
        self._process = os.getpid()
        self._began = time.monotonic()
        self._next = self._began

    @property
    def due(self) -> bool:
        """Whether it is time for a sign."""
        return time.monotonic() >= self._next and os.getpid() == self._process

    def beat(self, progress: list[Progress]) -> None:
        """Write what was come to, and wait for the next time."""
        now = time.monotonic()
        self._next = now + max(EVERY_SECONDS, SHARE * (now - self._began))
        self._write(progress)

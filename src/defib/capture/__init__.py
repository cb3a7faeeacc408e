"""Ways in. One file per way; each is a `Watcher` that is attached when its framework is imported.

A Watcher is a guest in the user's program: nothing it does may change a result, and an error inside
it disables it (see `guarded`) and is reported later.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:  # The user's program comes before NumPy: it may still want to set the number of threads.
    from defib.capture.pulse import Pulse
    from defib.subject import Subject

P = ParamSpec("P")
R = TypeVar("R")


class Watcher(ABC):
    """Watches one framework from import to the end of the program."""

    triggers: tuple[str, ...]
    """Modules whose import attaches it: ``("torch",)``."""
    errors: list[str]
    """What broke inside, one line each; shown as notes."""
    pulse: Pulse | None = None
    """Asked after a step whether a sign of life is due."""

    @abstractmethod
    def attach(self) -> None:
        """Patch the (imported) framework. Called once."""

    @abstractmethod
    def detach(self) -> None:
        """Put everything back as it was."""

    @abstractmethod
    def subjects(self) -> tuple[Subject, ...]:
        """One Subject per model that was trained, in order of first training step."""


def guarded(watcher: Watcher, fallback: Callable[P, R | None]) -> Callable[P, R | None]:
    """Run a piece of watching; an exception inside is noted (once per text) and swallowed."""

    @functools.wraps(fallback)
    def run(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return fallback(*args, **kwargs)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            if text not in watcher.errors:
                watcher.errors.append(text)
            return None

    return run

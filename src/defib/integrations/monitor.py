"""Watch one training from inside a framework's own callback, and print its diagnosis when it ends.

A framework's callback class (``defib.keras.Monitor``, ``defib.lightning.Monitor`` …) is `Monitored`, the abstract half,
and the framework's own base class; it lives under ``capture/`` because it imports the framework, and is handed
`Monitored` so that nothing below imports this module. It owns one `TrainingMonitor`, the final half::

    begin of the training   self.monitor.start()
    end of the training     self.monitor.finish()
"""

from __future__ import annotations

import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, final

from defib.capture.imports import WATCHERS, Watchers, table_for, watching_now
from defib.untouched import same_random_state

if TYPE_CHECKING:
    from defib.diagnosis import Diagnosis
    from defib.subject import Subject
    from defib.trials import Progress


@dataclass(frozen=True)
class MonitorOptions:
    """How far to go at the end of the training."""

    trials: bool = True
    budget: float | None = None
    """Seconds for the trials; ``None``: as long as the training took, at least 10."""
    seed: int = 0
    quiet: bool = False
    """Print nothing: the diagnosis is only made when somebody asks for it."""


@final
class TrainingMonitor:
    """Watches between `start` and `finish`; may be started again for a further training of the same models."""

    def __init__(
        self,
        options: MonitorOptions | None = None,
        *,
        table: Mapping[str, str] = WATCHERS,
        wanted: Callable[[Subject], bool] = lambda subject: True,
        watchers: Watchers | None = None,
    ) -> None:
        """``table``: which frameworks to watch, as `defib.capture.imports.WATCHERS`; ``wanted``: which to diagnose."""
        self.options = options or MonitorOptions()
        self.watchers = watchers if watchers is not None else Watchers(table)
        self.watching = False
        self._wanted = wanted
        self._outer = False
        self._broken: list[str] = []
        self._found: tuple[Diagnosis, ...] | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What broke inside the watching or the diagnosing, one line each."""
        return (*self.watchers.notes, *self.broken)

    @property
    def broken(self) -> tuple[str, ...]:
        """Diagnoses that broke inside, one line each."""
        return tuple(self._broken)

    def start(self) -> None:
        """Watch; safe to call while watching."""
        if not self.watching:
            self._outer = watching_now()
            self._found = None
            self.watching = True
            self.watchers.attach()

    def stop(self) -> None:
        """End the watching; safe to call twice. The frameworks are as they were."""
        if self.watching:
            self.watching = False
            self.watchers.collect()
            self.watchers.detach()

    @same_random_state()
    def finish(self) -> None:
        """End the watching and print what was found, unless ``quiet``.

        Under ``defib run`` or the pytest fixture nothing is printed either: they report at the end of the program.
        """
        self.stop()
        if self.options.quiet or self._outer:
            return
        with _calm():
            for one in self.diagnoses():
                _show(one, sys.stdout)
            self._say_notes()

    @same_random_state()
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """One diagnosis per network that was trained, in order; made once, and ends the watching."""
        self.stop()
        if self._found is None:
            with _calm():
                found = [self._diagnose(one) for one in self.watchers.subjects() if self._wanted(one)]
            self._found = tuple(one for one in found if one is not None)
        return self._found

    def _diagnose(self, subject: Subject) -> Diagnosis | None:
        """A fault of defib's own ends only this diagnosis, never the user's training."""
        from defib.diagnose import diagnose_subject

        options = self.options
        with _progress(options) as progress:
            try:
                return diagnose_subject(
                    subject, trials=options.trials, budget=options.budget, seed=options.seed, progress=progress
                )
            except Exception as error:
                self._broken.append(f"the diagnosis of {subject.name} broke inside: {type(error).__name__}: {error}")
                return None

    def _say_notes(self) -> None:
        for note in self.notes:
            sys.stderr.write(f"defib: {note}\n")
        if not self.diagnoses() and not self.notes:
            sys.stderr.write("defib: the Monitor saw no network take a training step\n")


class Monitored(ABC):
    """What every callback of defib offers beside its framework's own methods."""

    @property
    @abstractmethod
    def monitor(self) -> TrainingMonitor:
        """The one that does the work."""

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """One diagnosis per network that was trained under this callback; asking ends the watching."""
        return self.monitor.diagnoses()

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The last of them; ``None`` when nothing was trained yet."""
        found = self.monitor.diagnoses()
        return found[-1] if found else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What broke inside the watching or the diagnosing, one line each."""
        return self.monitor.notes


def torch_monitor(**options: Any) -> TrainingMonitor:
    """One that watches PyTorch alone; ``options`` are those of `MonitorOptions`."""
    return TrainingMonitor(MonitorOptions(**options), table=table_for("TorchWatcher"))


@contextmanager
def _calm() -> Iterator[None]:
    """Warnings and floating-point signals of the program may have become errors; they are not meant for us."""
    import numpy as np

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _progress(options: MonitorOptions) -> Iterator[Progress]:
    """The bar of ``defib run``; nothing where nothing is printed."""
    from defib.reporters.progress import Bar
    from defib.trials import Silent

    progress: Progress = Silent() if options.quiet else Bar(sys.stderr)
    try:
        yield progress
    finally:
        progress.finish()


def _show(diagnosis: Diagnosis, out: IO[str]) -> None:
    from defib.reporters.terminal import print_diagnosis

    out.write("\n")
    print_diagnosis(diagnosis, out)

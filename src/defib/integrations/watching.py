"""`watch`: a raw training loop in a ``with`` block, diagnosed when somebody asks.

::

    with defib.watch() as watched:
        for xb, yb in loader:
            ...
    print(watched.diagnosis)
"""

from __future__ import annotations

from types import TracebackType
from typing import final

from defib.integrations.monitor import Monitored, MonitorOptions, TrainingMonitor


@final
class Watched(Monitored):
    """What was trained in a block of code. ``diagnosis`` is that of the last network, ``diagnoses`` all, in order."""

    def __init__(self, options: MonitorOptions) -> None:
        self._monitor = TrainingMonitor(options)

    @property
    def monitor(self) -> TrainingMonitor:
        """The one that watches."""
        return self._monitor

    def start(self) -> Watched:
        """Watch from here on, where a ``with`` block does not fit; asking for a diagnosis ends it."""
        self._monitor.start()
        return self

    def stop(self) -> None:
        """End the watching; safe to call twice."""
        self._monitor.stop()

    def __enter__(self) -> Watched:
        """Begin of the block."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End of the block, however it ended; an exception goes on."""
        self.stop()


def watch(*, trials: bool = True, budget: float | None = None, seed: int = 0) -> Watched:
    """Watch what a block of code trains, with any framework that defib knows; nothing is printed.

    Args:
        trials: whether the diagnosis tries interventions on clones.
        budget: seconds for the trials of one network; ``None``: as long as its training took, at least 10.
        seed: for splits, seeds of trials and reference learners.

    The training is bit-identical to an unwatched one. Networks that were built before the block are followed as well,
    from the weights they have when it begins, and so are JAX functions that were compiled before it, by their global
    names.
    """
    return Watched(MonitorOptions(trials=trials, budget=budget, seed=seed, quiet=True))

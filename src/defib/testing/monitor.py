"""`Monitor`: watches what a test trains, as ``defib run`` watches a script, and judges it at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, final

from defib.findings import check_kinds, failing
from defib.integrations.monitor import MonitorOptions, TrainingMonitor
from defib.testing.assertion import FlatModelError

if TYPE_CHECKING:
    from defib.diagnosis import Diagnosis


@final
class Monitor:
    """What was trained since it was made; made by the fixture `defib_monitor`, or by `watching`.

    ``diagnoses()`` and ``assert_not_flat()`` end the watching: what is trained afterwards is not seen.
    """

    def __init__(
        self,
        *,
        fail_on: Sequence[str] = ("flat",),
        trials: bool = False,
        budget: float | None = None,
        seed: int = 0,
    ) -> None:
        check_kinds(fail_on)
        self.fail_on = tuple(fail_on)
        self.checked = False
        """Whether somebody asked already; the fixture then does not ask again."""
        self._monitor = TrainingMonitor(MonitorOptions(trials=trials, budget=budget, seed=seed, quiet=True))
        self._monitor.start()

    @property
    def notes(self) -> tuple[str, ...]:
        """What broke inside the watching, one line each."""
        return self._monitor.notes

    def stop(self) -> None:
        """End the watching; safe to call twice. The frameworks are as they were."""
        self._monitor.stop()

    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """One diagnosis per network that was trained, in order; made once."""
        self.checked = True
        return self._monitor.diagnoses()

    def assert_not_flat(self) -> tuple[Diagnosis, ...]:
        """Raise `FlatModelError` when a network has a finding that is not allowed, or when none was trained."""
        __tracebackhide__ = True
        found = self.diagnoses()
        if not found or self._monitor.broken:
            why = "".join(f"\n{note}" for note in self.notes)
            seen = (
                "not every network could be judged"
                if found
                else "no network was seen to be trained while defib watched"
            )
            raise AssertionError(f"{seen}{why}")
        failed = failing(found, self.fail_on)
        if failed:
            raise FlatModelError(failed, self.fail_on)
        return found


@contextmanager
def watching(
    *, fail_on: Sequence[str] = ("flat",), trials: bool = False, budget: float | None = None, seed: int = 0
) -> Iterator[Monitor]:
    """Watch a block of code without pytest; ask the Monitor inside the block or after it."""
    monitor = Monitor(fail_on=fail_on, trials=trials, budget=budget, seed=seed)
    try:
        yield monitor
    finally:
        monitor.stop()

"""The progress bar of the trials: what is being tried and why."""

from __future__ import annotations

from typing import IO, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from defib.reporters.layout import Manner


class Bar:
    """A `defib.trials.Progress` on a terminal; silent when the stream is none. Gone when the trials are over."""

    def __init__(self, file: IO[str], manner: Manner | None = None) -> None:
        manner = manner or Manner()
        console = Console(file=file, force_jupyter=False, highlight=False, no_color=not manner.color or None)
        self._progress: Final = Progress(
            *([] if manner.ascii else [BarColumn(bar_width=20)]),
            TextColumn("{task.percentage:>3.0f} % of the budget"),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None

    def start(self, total_seconds: float) -> None:
        """Show the bar."""
        self.finish()
        self._task = self._progress.add_task(f"trials, at most {total_seconds:.0f} s", total=1.0)
        self._progress.start()

    def update(self, what: str, why: str, done_fraction: float) -> None:
        """Show what is tried now."""
        if self._task is not None:
            text = f"{what}: {why}" if why else what
            self._progress.update(self._task, description=text, completed=min(1.0, max(0.0, done_fraction)))

    def finish(self) -> None:
        """Take the bar away; safe to call twice."""
        if self._task is not None:
            self._progress.stop()
            self._progress.remove_task(self._task)
            self._task = None

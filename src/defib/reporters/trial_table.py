"""The table of trials: control first, recovery per seed, effect with its interval, sufficient or not."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from defib.diagnosis import Trial
from defib.reporters.words import interval_text, number

WIDE, WIDEST = 100, 120
"""Columns from which the spread fits; and the words of what was changed, too."""
LEGEND = (
    "recovery on rows not trained on: 0 = a constant, 1 = as good as the reference learner; "
    "effect: mean difference to the control [95 %]; open: too few seeds, or they disagree"
)
NO_SIGNAL = "skill on rows not trained on (2 AUC - 1, or R²): 0 = a constant; there is no signal to recover"


def trial_table(trials: Sequence[Trial], width: int) -> RenderableType:
    """All arms, the control first."""
    wide, widest = width >= WIDE, width >= WIDEST
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    table.add_column("tried", overflow="fold")
    measured = not any(isnan(value) for trial in trials for value in trial.recovery)
    table.add_column("recovery per seed" if measured else "skill per seed", justify="right")
    table.add_column("effect", justify="right")
    if wide:
        table.add_column("spread", justify="right")
    table.add_column("enough?", justify="center")
    if widest:
        table.add_column("what was changed", style="dim", ratio=1, overflow="fold")
    for trial in sorted(trials, key=lambda one: one.arm != "control"):
        values = trial.recovery if measured else trial.score
        table.add_row(*_cells(trial, values, wide), *([Text(trial.does)] if widest else []))
    notes = [Text(f"{trial.intervention}: {trial.note}", style="dim") for trial in trials if trial.note]
    return Group(table, Text(LEGEND if measured else NO_SIGNAL, style="dim"), *notes)


def _cells(trial: Trial, values: Sequence[float], wide: bool) -> list[Text]:
    what = Text(trial.intervention, style="bold" if trial.sufficient else "")
    cells = [what, Text(" ".join(f"{value:.2f}" for value in values)), Text(_effect(trial))]
    if wide:
        cells.append(Text(_spread(trial)))
    return [*cells, _verdict(trial)]


def _effect(trial: Trial) -> str:
    if trial.effect is None:
        return ""
    return f"{trial.effect:+.2f}" + (f" {interval_text(trial.interval)}" if trial.interval is not None else "")


def _spread(trial: Trial) -> str:
    """Smallest and largest spread over the seeds."""
    if not trial.prediction_spread:
        return ""
    low, high = min(trial.prediction_spread), max(trial.prediction_spread)
    return number(low) if number(low) == number(high) else f"{number(low)} to {number(high)}"


def _verdict(trial: Trial) -> Text:
    if trial.arm == "control":
        return Text("control", style="dim")
    if trial.undecided:
        return Text("open", style="yellow")
    return Text("yes", style="green") if trial.sufficient else Text("no", style="dim")

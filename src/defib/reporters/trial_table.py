"""The table of trials: control first, recovery per seed, effect with its interval, sufficient or not."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table

from defib.diagnosis import Trial
from defib.reporters.layout import bullets
from defib.reporters.parts import changed, control_first, effect_text, legend, measured, reached_text, verdict_text
from defib.reporters.prose import Text
from defib.reporters.words import number

NARROW, WIDE, WIDEST = 64, 100, 120
"""Columns up to which a table becomes a list; from which the spread fits; and the words of what was changed, too."""
ENOUGH = {"control": "as recorded", "open": "open", "partly": "partly", "yes": "enough", "no": "not enough"}
VERDICT_STYLE = {"control": "dim", "open": "yellow", "partly": "yellow", "yes": "green", "no": "dim"}


def trial_table(trials: Sequence[Trial], width: int) -> RenderableType:
    """All arms, the control first."""
    if width < NARROW:
        return _listed(trials)
    wide, widest = width >= WIDE, width >= WIDEST
    compared = changed(trials)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    table.add_column("tried", overflow="fold")
    recovered = measured(trials)
    table.add_column("recovery per seed" if recovered else "skill per seed", justify="right")
    if compared:
        table.add_column("effect", justify="right")
    if wide:
        table.add_column("spread", justify="right")
    if compared:
        table.add_column("enough?", justify="center")
    if widest:
        table.add_column("what was changed", style="dim", ratio=1, overflow="fold")
    for trial in control_first(trials):
        cells = _cells(trial, reached_text(trial, recovered), wide, compared)
        table.add_row(*cells, *([Text(trial.does)] if widest else []))
    notes = [Text(f"{trial.intervention}: {trial.note}", style="dim") for trial in trials if trial.note]
    return Group(table, Text(legend(trials), style="dim"), *notes)


def _listed(trials: Sequence[Trial]) -> RenderableType:
    """The same without columns, for a narrow terminal."""
    recovered = measured(trials)
    lines: list[str | Text] = []
    for trial in control_first(trials):
        reached = reached_text(trial, recovered)
        verdict = verdict_text(trial)
        effect = f", effect {effect_text(trial)}" if trial.effect is not None else ""
        line = Text.assemble((trial.intervention, "bold"), ": ", (ENOUGH[verdict], VERDICT_STYLE[verdict]))
        line.append(f" ({reached}{effect})" + (f"; {trial.note}" if trial.note else ""))
        lines.append(line)
    return Group(bullets(lines), Text(legend(trials), style="dim"))


def _cells(trial: Trial, reached: str, wide: bool, compared: bool) -> list[Text]:
    """One row; the control alone has no effect and need not be enough."""
    what = Text(trial.intervention, style="bold" if trial.sufficient else "")
    effect, verdict = ([Text(effect_text(trial))], [_verdict(trial)]) if compared else ([], [])
    return [what, Text(reached), *effect, *([Text(_spread(trial))] if wide else []), *verdict]


def _spread(trial: Trial) -> str:
    """Smallest and largest spread over the seeds."""
    if not trial.prediction_spread:
        return ""
    low, high = min(trial.prediction_spread), max(trial.prediction_spread)
    return number(low) if number(low) == number(high) else f"{number(low)} to {number(high)}"


def _verdict(trial: Trial) -> Text:
    verdict = verdict_text(trial)
    return Text(verdict, style=VERDICT_STYLE[verdict])

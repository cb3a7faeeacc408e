"""The trials: what every arm reached on rows it was not trained on, with its interval, the control first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from defib.diagnosis import Diagnosis, Trial
from defib.reporters.background import Behind
from defib.reporters.figures.look import (
    DIM,
    END,
    FOREGROUND,
    LEVEL,
    START,
    Figure,
    Spec,
    frame,
    hover,
    lines,
    quantity,
    rows,
    told_apart,
)
from defib.reporters.parts import control_first, effect_text, measured, per_seed, verdict_text

LINE_HEIGHT, TEXT_HEIGHT = 26, 13
NAMES: Final[Spec] = {
    "labelExpr": "split(replace(datum.label, regexp(' \\\\+ ', 'g'), ' +|'), '|')",
    "labelLineHeight": TEXT_HEIGHT,
    "labelLimit": 150,
}
"""Changes that were made together stand one below the other; cut to one line, two arms would read the same."""
LOWEST, HIGHEST = -0.5, 1.5
"""Recoveries beyond these stand at the end of the axis, with their figure on hover."""
WORDS: Final = {
    "control": "control: as recorded",
    "yes": "enough",
    "partly": "better, not enough",
    "no": "not enough",
    "open": "open",
}
COLOURS = {"control": FOREGROUND, "yes": END, "partly": START, "no": START, "open": DIM}
SHAPES = {"control": "diamond", "yes": "square", "partly": "triangle-up", "no": "circle", "open": "cross"}


def trials(diagnosis: Diagnosis, behind: Behind) -> Figure | None:
    """A dot per seed, and the interval of the difference to the control around the arm's mean."""
    arms = control_first(diagnosis.trials)
    if not arms:
        return None
    recovered = measured(arms)
    seeds = [point for arm in arms for point in _seeds(arm, recovered)]
    spans = _spans(arms, recovered)
    if not seeds:
        return None
    ends = _ends([one["value"] for one in seeds])
    title = "recovery: 0 = a constant, 1 = the reference learner" if recovered else "skill: 0 = a constant"
    if any(not ends[0] <= one["value"] <= ends[1] for one in seeds):
        title += "; dots at the edge lie beyond it"
    x = quantity("value", title, domain=list(ends), clamp=True, nice=False) | {"axis": {"tickCount": 5}}
    y = lines("arm", [arm.intervention for arm in arms]) | {"axis": NAMES}
    verdicts = list(dict.fromkeys(verdict_text(arm) for arm in arms))
    dots = {
        "data": rows(seeds),
        "mark": {"type": "point", "size": 70, "opacity": 0.85},
        "encoding": {
            "y": y,
            "x": x,
            "tooltip": hover(arm="tried", seed="seed", told="reached", effect="effect [95 %]", verdict="enough?"),
            **told_apart(
                "verdict",
                [WORDS[one] for one in verdicts],
                [COLOURS[one] for one in verdicts],
                [SHAPES[one] for one in verdicts],
            ),
        },
    }
    bars = {
        "data": rows(spans),
        "mark": {"type": "rule", "strokeWidth": 2.5, "opacity": 0.75, "clip": True, "color": DIM},
        "encoding": {
            "y": y,
            "x": {**x, "field": "low"},
            "x2": {"field": "high"},
            "tooltip": hover(arm="tried", effect="effect [95 %]"),
        },
    }
    label = f"what {len(arms)} arms reached on rows not trained on, the control first"
    line = max(LINE_HEIGHT, TEXT_HEIGHT * max(len(arm.changes) for arm in arms) + 4)
    return frame([_levels(ends), *([bars] if spans else []), dots], 100 + line * len(arms), label)


def _seeds(arm: Trial, recovered: bool) -> list[dict[str, Any]]:
    values = per_seed(arm, recovered)
    return [
        {
            "arm": arm.intervention,
            "seed": str(arm.seeds[index]) if index < len(arm.seeds) else "",
            "value": value,
            "told": f"{value:.3f}",
            "effect": effect_text(arm) or "the control",
            "verdict": WORDS[verdict_text(arm)],
        }
        for index, value in enumerate(values)
        if math.isfinite(value)
    ]


def _spans(arms: Sequence[Trial], recovered: bool) -> list[dict[str, Any]]:
    """The interval of each effect, laid around the arm's own mean."""
    found = []
    for arm in arms:
        values = [value for value in per_seed(arm, recovered) if math.isfinite(value)]
        if arm.interval is None or arm.effect is None or not values or not recovered:
            continue
        mean = sum(values) / len(values)
        low, high = (mean - arm.effect + end for end in arm.interval)
        found.append({"arm": arm.intervention, "low": low, "high": high, "effect": effect_text(arm)})
    return found


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = min([0.0, *values]), max([1.0, *values])
    return max(LOWEST, low - 0.05), min(HIGHEST, high + 0.05)


def _levels(ends: tuple[float, float]) -> Spec:
    """Lines at a constant's recovery and at the reference learner's."""
    data = [{"value": at} for at in (0.0, 1.0) if ends[0] <= at <= ends[1]]
    return {
        "data": rows(data),
        "mark": {"type": "rule", "strokeDash": [5, 4], "color": LEVEL},
        "encoding": {"x": {"field": "value", "type": "quantitative"}},
    }

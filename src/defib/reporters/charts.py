"""Drawings for the HTML report: inline SVG without text, so that they stretch to any width; words stand beside them.

Every function maps numbers that were measured elsewhere to coordinates and returns markup; every value is escaped. A
drawing is decoration for who sees it and carries its numbers as a label for who does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from defib.reporters.words import number

WIDTH, HEIGHT = 600.0, 160.0
"""Units of a chart's own coordinates; it is stretched to the width of the page."""
BANDS = 48
"""Columns that a curve is divided into to show its values on hover."""
MOST_POINTS = 1200
DECADES_FOR_LOG = 2.0
"""A curve that spans more than this many powers of ten is drawn on a logarithmic axis."""
SMALLEST = 1e-8
"""Left end of the logarithmic bars: below it, rows are equal to rounding in single precision."""


class Chart:
    """A drawing with the two ends of its vertical axis, as text."""

    def __init__(self, svg: Markup, top: str, bottom: str, log: bool) -> None:
        self.svg = svg
        self.top = top
        self.bottom = bottom
        self.log = log


def bar(share: float, label: str, kind: str = "end") -> Markup:
    """A horizontal bar, ``share`` of its cell in [0, 1]."""
    svg = Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{label}">'
        '<title>{label}</title><rect class="back" width="100" height="10"/>'
        '<rect class="{kind}" width="{width}" height="10"/></svg>'
    )
    return svg.format(label=label, kind=kind, width=f"{100 * _within(share):.1f}")


def log_share(value: float, low: float = SMALLEST, high: float = 1.0) -> float:
    """Where a value lies between two ends of a logarithmic axis, in [0, 1].

    >>> log_share(1e-4), log_share(0.0), log_share(5.0), log_share(math.inf)
    (0.5, 0.0, 1.0, 1.0)
    """
    if value >= high:
        return 1.0
    if not value > low:
        return 0.0
    return _within(math.log10(value / low) / math.log10(high / low))


def scale_line(marks: Sequence[tuple[str, float, str]], low: float, high: float, label: str) -> Markup:
    """Marks ``(kind, value, words)`` on an axis; marks outside it stand at its ends."""
    parts = [Markup('<line class="axis" x1="0" x2="{w}" y1="20" y2="20"/>').format(w=WIDTH)]
    for kind, value, words in marks:
        x = WIDTH * _within((value - low) / (high - low)) if math.isfinite(value) and high > low else 0.0
        mark = Markup('<line class="{kind} mark" x1="{x}" x2="{x}" y1="4" y2="36"><title>{words}</title></line>')
        parts.append(mark.format(kind=kind, x=f"{x:.1f}", words=words))
    return _svg("line", 40.0, label, parts)


def curve(values: Sequence[float], label: str, level: float | None = None, unit: str = "update") -> Chart:
    """A trace over time, with a dashed line at ``level``; gaps where it is not finite."""
    shown = [value for value in (*values, *(() if level is None else (level,))) if math.isfinite(value)]
    low, high = (min(shown), max(shown)) if shown else (0.0, 1.0)
    log = low > 0 and math.log10(high / low) > DECADES_FOR_LOG
    axis = _Axis(low, high, log)
    parts: list[Markup] = []
    if level is not None and math.isfinite(level):
        dashed = Markup('<line class="level" x1="0" x2="{w}" y1="{y}" y2="{y}"/>')
        parts.append(dashed.format(w=WIDTH, y=f"{axis.y(level):.1f}"))
    for run in _runs(values):
        drawn = thinned(run) if len(run) > 1 else [run[0], run[0]]  # a point alone is a dot
        points = " ".join(f"{_x(index, len(values)):.1f},{axis.y(value):.1f}" for index, value in drawn)
        parts.append(Markup('<polyline class="curve" points="{points}"/>').format(points=points))
    parts += _bands(values, unit)
    return Chart(_svg("curve", HEIGHT, label, parts), number(high), number(low), log)


def columns(sizes: Sequence[float], label: str, words: Sequence[str]) -> Chart:
    """One dot per column on a logarithmic axis, with a line at 1; zero stands at the bottom."""
    positive = [size for size in sizes if size > 0 and math.isfinite(size)]
    low, high = min([*positive, 1.0]), max([*positive, 1.0])
    axis = _Axis(low / 2, high * 2, log=True)
    parts = [Markup('<line class="level" x1="0" x2="{w}" y1="{y}" y2="{y}"/>').format(w=WIDTH, y=f"{axis.y(1.0):.1f}")]
    half = max(1.0, min(6.0, WIDTH / (3 * max(1, len(sizes)))))
    for index, size in enumerate(sizes):
        x = WIDTH * (index + 0.5) / len(sizes)
        y = axis.y(size) if size > 0 and math.isfinite(size) else HEIGHT
        dot = Markup('<rect class="dot" x="{x}" y="{y}" width="{w}" height="5"><title>{words}</title></rect>')
        parts.append(dot.format(x=f"{x - half:.1f}", y=f"{y - 2.5:.1f}", w=f"{2 * half:.1f}", words=words[index]))
    return Chart(_svg("columns", HEIGHT, label, parts), number(high), number(low), True)


def dots(values: Sequence[float], kind: str, low: float, high: float, label: str) -> Markup:
    """One dot per seed between two ends, with lines at 0 and 1 where they lie between them."""
    parts = [_tick(low, high, at) for at in (0.0, 1.0) if low <= at <= high]
    for value in values:
        if math.isfinite(value):
            x = WIDTH * _within((value - low) / (high - low))
            dot = Markup('<rect class="{kind}" x="{x}" y="10" width="16" height="20"><title>{words}</title></rect>')
            parts.append(dot.format(kind=kind, x=f"{min(max(x - 8, 0.0), WIDTH - 16):.1f}", words=f"{value:.2f}"))
    return _svg("dots", 40.0, label, parts)


def whisker(effect: float, interval: tuple[float, float] | None, low: float, high: float, label: str) -> Markup:
    """An effect with its interval, and a line at no effect."""
    parts = [_tick(low, high, 0.0)]
    where = [WIDTH * _within((value - low) / (high - low)) for value in (*(interval or (effect, effect)), effect)]
    line = Markup('<line class="whisker" x1="{a}" x2="{b}" y1="20" y2="20"/>')
    parts.append(line.format(a=f"{where[0]:.1f}", b=f"{where[1]:.1f}"))
    centre = min(max(where[2] - 8, 0.0), WIDTH - 16)
    parts.append(Markup('<rect class="end" x="{x}" y="8" width="16" height="24"/>').format(x=f"{centre:.1f}"))
    return _svg("dots", 40.0, label, parts)


class _Axis:
    """From values to vertical coordinates; the top is the largest."""

    def __init__(self, low: float, high: float, log: bool) -> None:
        self._log = log
        self._low, self._high = (math.log10(low), math.log10(high)) if log else (low, high)

    def y(self, value: float) -> float:
        if self._high <= self._low:
            return HEIGHT / 2
        at = math.log10(value) if self._log else value
        return 4 + (HEIGHT - 8) * (1 - _within((at - self._low) / (self._high - self._low)))


def _svg(kind: str, height: float, label: str, parts: Sequence[Markup]) -> Markup:
    opening = Markup(
        '<svg class="{kind}" viewBox="0 0 {w} {h}" preserveAspectRatio="none" role="img" aria-label="{label}">'
    )
    return opening.format(kind=kind, w=WIDTH, h=height, label=label) + Markup("").join(parts) + Markup("</svg>")


def _tick(low: float, high: float, at: float) -> Markup:
    x = WIDTH * _within((at - low) / (high - low))
    return Markup('<line class="tick" x1="{x}" x2="{x}" y1="0" y2="40"/>').format(x=f"{x:.1f}")


def _bands(values: Sequence[float], unit: str) -> list[Markup]:
    """Invisible columns that tell their value on hover."""
    count = min(BANDS, len(values))
    parts = []
    for band in range(count):
        index = band * len(values) // count
        words = f"{unit} {index + 1} of {len(values)}: {number(values[index])}"
        rect = Markup('<rect class="band" x="{x}" y="0" width="{w}" height="{h}"><title>{words}</title></rect>')
        parts.append(rect.format(x=f"{WIDTH * band / count:.1f}", w=f"{WIDTH / count:.1f}", h=HEIGHT, words=words))
    return parts


def _x(index: int, count: int) -> float:
    return WIDTH * index / max(1, count - 1)


def _runs(values: Sequence[float]) -> list[list[tuple[int, float]]]:
    """Stretches of finite values with their places.

    >>> _runs([1.0, float("nan"), 2.0, 3.0])
    [[(0, 1.0)], [(2, 2.0), (3, 3.0)]]
    """
    cuts = [-1, *(index for index, value in enumerate(values) if not math.isfinite(value)), len(values)]
    runs = [[(index, values[index]) for index in range(a + 1, b)] for a, b in pairwise(cuts)]
    return [run for run in runs if run]


def thinned(run: Sequence[tuple[int, float]], most: int = MOST_POINTS) -> Sequence[tuple[int, float]]:
    """At most so many; of every stretch its smallest and its largest stay, so that no spike is lost."""
    step = math.ceil(2 * len(run) / most)
    if step <= 2:
        return run
    kept: list[tuple[int, float]] = []
    for start in range(0, len(run), step):
        stretch = run[start : start + step]
        ends = {min(stretch, key=lambda one: one[1]), max(stretch, key=lambda one: one[1])}
        kept += sorted(ends)
    return kept


def _within(share: float) -> float:
    return min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0

"""What all figures share: colours, fonts, axes, the frame, and how a value shows itself on hover.

Colours are names of the page's style (``var(--end)``), so that a figure follows light and dark, and paper, without
being drawn again; `on_paper` puts fixed ones in their place for a file. Orange and blue are told apart by every kind
of colour blindness, and no meaning hangs on colour alone: shapes or dashes differ too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Spec = dict[str, Any]

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
FOREGROUND, DIM, LINE = "var(--fg)", "var(--dim)", "var(--line)"
START, END, LEVEL = "var(--start)", "var(--end)", "var(--level)"
BACKGROUND = "var(--bg)"
PAPER: Final[Mapping[str, str]] = {
    FOREGROUND: "#1c2024",
    DIM: "#5c6570",
    LINE: "#d5dae0",
    START: "#b5651d",
    END: "#0a5fa8",
    LEVEL: "#5c6570",
    BACKGROUND: "#ffffff",
}
FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
PLOT_HEIGHT: Final = 240
"""Pixels of a figure whose height does not depend on how much it shows."""
LOG_LABELS: Final = (
    "datum.value == 0 ? '0' : abs(datum.value) >= 0.001 && abs(datum.value) < 100000"
    " ? format(datum.value, ',.2~r') : format(datum.value, '.1~e')"
)
BELOW, ABOVE = 170, 70
"""Sizes of two dots of one line: where both lie in one place, a rim of the first is seen."""
SIZE: Final[Spec] = {"field": "size", "type": "quantitative", "scale": None, "legend": None}
DECADES_FOR_LOG = 2.0
"""What spans more than this many powers of ten is drawn on a logarithmic axis."""


@dataclass(frozen=True)
class Figure:
    """One figure: its specification, its height in pixels, and what it shows in words."""

    spec: Spec
    height: int
    label: str


def frame(
    layers: Sequence[Spec], height: int, label: str, *, params: Sequence[Spec] = (), data: Spec | None = None
) -> Figure:
    """Layers on common axes, as wide as the page and ``height`` pixels high, axes included.

    ``data`` is what layers without data of their own show.
    """
    spec: Spec = {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "background": "transparent",
        "description": label,
        "layer": list(layers),
        "config": config(),
    }
    if data is not None:
        spec["data"] = data
    if params:
        spec["params"] = list(params)
    return Figure(spec, height, label)


def config() -> Spec:
    """Fonts and colours of everything that is no mark."""
    return {
        "font": FONT,
        "aria": False,  # the figure as a whole has its words; a thousand marks would drown them
        "axis": {
            "labelColor": FOREGROUND,
            "titleColor": DIM,
            "gridColor": LINE,
            "domainColor": DIM,
            "tickColor": DIM,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelLimit": 150,
            "labelOverlap": True,
            "labelSeparation": 4,
        },
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "columns": 5,
            "labelColor": FOREGROUND,
            "labelFontSize": 12,
            "labelLimit": 400,
            "title": None,
            "titleColor": DIM,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titleLimit": 400,
        },
        "view": {"stroke": LINE},
        "point": {"filled": True, "size": 60},
        "text": {"color": FOREGROUND, "fontSize": 12},
        "style": {
            "guide-label": {"dir": "rtl"}
        },  # a name that is too long loses its beginning: the end tells layers apart
    }


def rows(values: Sequence[Mapping[str, Any]]) -> Spec:
    """Data, written into the specification; what JSON cannot hold (nan, inf) is null."""
    return {"values": [{key: _plain(value) for key, value in one.items()} for one in values]}


def _plain(value: Any) -> Any:
    """A number of NumPy's as Python's.

    >>> _plain(float("nan")), _plain(0.5), _plain("a")
    (None, 0.5, 'a')
    """
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def quantity(field: str, title: str | None, **scale: Any) -> Spec:
    """A channel of numbers."""
    found: Spec = {"field": field, "type": "quantitative", "title": title}
    return found | ({"scale": scale} if scale else {})


def log_quantity(field: str, title: str | None, low: float, high: float) -> Spec:
    """A channel of positive numbers on a logarithmic axis; what lies beyond stands at its end."""
    channel = quantity(field, title, type="log", domain=[low, high], clamp=True, nice=False)
    return channel | {"axis": {"labelExpr": LOG_LABELS, "values": ticks(low, high)}}


def ticks(low: float, high: float) -> list[float]:
    """Round values between two ends of a logarithmic axis: powers of ten, of a narrow axis 1, 2 and 5 times these.

    >>> ticks(1e-8, 1.0), ticks(0.15, 2.5), ticks(0.4, 0.48)
    ([1e-08, 1e-07, 1e-06, 1e-05, 0.0001, 0.001, 0.01, 0.1, 1.0], [0.2, 0.5, 1.0, 2.0], [0.4, 0.48])
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    step = max(1, math.ceil(math.log10(high / low) / 8))
    for steps in ((1,), (1, 2, 5)):
        powers = range(first, last + 1, step if steps == (1,) else 1)
        marks = [float(f"{one}e{power}") for power in powers for one in steps]
        inside = [mark for mark in marks if low * (1 - 1e-9) <= mark <= high * (1 + 1e-9)]
        if len(inside) > 2 or (steps != (1,) and len(inside) > 1):
            return inside
    return [low, high]


def lines(field: str, names: Sequence[str], title: str | None = None) -> Spec:
    """One line per name, from the top down in this order, whatever layer of the figure names it first."""
    order = list(dict.fromkeys(names))
    return {"field": field, "type": "nominal", "sort": order, "title": title, "scale": {"domain": order}}


def category(field: str, **more: Any) -> Spec:
    """A channel of names, in the order in which they come."""
    return {"field": field, "type": "nominal", "sort": None, "title": None, **more}


AS_LINE: Final = {"legend": {"symbolType": "stroke", "symbolOpacity": 1}}
"""A line in the legend stands for a line in the figure."""


def told_apart(
    field: str, names: Sequence[str], colours: Sequence[str], shapes: Sequence[str] = (), *, stroke: bool = False
) -> Spec:
    """Colour, and shape where shapes are given, of each of these names; ``stroke``: they are lines."""
    found: Spec = {"color": category(field, scale={"domain": list(names), "range": list(colours)})}
    if stroke:
        found["color"] |= AS_LINE
    if shapes:
        found["shape"] = category(field, scale={"domain": list(names), "range": list(shapes)})
    return found


def hover(**fields: str) -> list[Spec]:
    """What shows on hover: field → title, in order."""
    return [{"field": field, "title": title} for field, title in fields.items()]


def decades(values: Sequence[float]) -> bool:
    """Whether positive values span enough powers of ten for a logarithmic axis."""
    return bool(values) and min(values) > 0 and math.log10(max(values) / min(values)) > DECADES_FOR_LOG


def floats(values: Any) -> list[float]:
    """Numbers of an array, flattened; none where it is missing or was too large to record."""
    flat = values.reshape(-1).tolist() if hasattr(values, "reshape") else values
    return [float(value) for value in flat] if isinstance(flat, (list, tuple)) else []


def on_paper(spec: Any) -> Any:
    """The same specification in fixed colours, for a file."""
    if isinstance(spec, str):
        return PAPER.get(spec, spec)
    if isinstance(spec, dict):
        return {key: on_paper(value) for key, value in spec.items()}
    return [on_paper(value) for value in spec] if isinstance(spec, list) else spec

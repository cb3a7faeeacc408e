"""The network: how far apart the rows are in every layer, and gradient and update per layer over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from defib.diagnosis import Diagnosis
from defib.reporters.background import Behind
from defib.reporters.charts import log_share
from defib.reporters.figures.look import (
    ABOVE,
    BACKGROUND,
    BELOW,
    END,
    LEVEL,
    LOG_LABELS,
    SIZE,
    START,
    Figure,
    Spec,
    frame,
    hover,
    lines,
    log_quantity,
    rows,
    told_apart,
)
from defib.reporters.words import number, place

SMALLEST = 1e-8
"""Left end of the axis: below it, rows are equal to rounding in single precision."""
LINE_HEIGHT = 22
AROUND = 96
"""Pixels of axes, titles and legends, on a phone on two lines each."""
MOST_LAYERS, MOST_TIMES = 48, 32
"""Cells of a map over time: more layers or moments are told apart by no eye, and fill the page."""
MOST_LINES = 200
"""Layers that are drawn one by one."""
AT_START, AT_END = "at the initial weights", "at the end of the training"


def layers(diagnosis: Diagnosis, behind: Behind, most: int = MOST_LINES) -> Figure | None:
    """Every layer from the input to the output with the spread of the rows in it, at both moments; at most so many."""
    facts = behind.evidence.get("ActivationFacts")
    end = _thin(list(getattr(facts, "end", ())), most, keep=diagnosis.first_equal_layer)
    if not end:
        return None
    initial = {state.layer: state for state in getattr(facts, "initial", ())}
    data = [
        _state(one, what)
        for state in end
        for one, what in ((initial.get(state.layer), AT_START), (state, AT_END))
        if one is not None
    ]
    lost = [one for one in data if one["spread"] is None]
    data = [one for one in data if one["spread"] is not None]
    x = log_quantity("spread", "how far apart the rows are, relative to their size", SMALLEST, 1.0)
    y = lines("layer", [place(state.layer) for state in end])
    dots = {
        "mark": {"type": "point", "opacity": 0.9},
        "encoding": {
            "y": y,
            "x": x,
            "tooltip": hover(layer="layer", what="", told="relative spread", note="units"),
            **told_apart("what", (AT_START, AT_END), (START, END), ("circle", "square")),
            "size": SIZE,
        },
    }
    between = {
        "mark": {"type": "line", "color": LEVEL, "strokeWidth": 1},
        "encoding": {"y": y, "x": x, "detail": {"field": "layer", "type": "nominal"}},
    }
    marks: list[Spec] = [between, dots, *([_not_numbers(lost, y)] if lost else [])]
    first = diagnosis.first_equal_layer
    label = "how far apart the rows are in every layer" + (f"; equal from {place(first)} on" if first else "")
    if first is None or first not in {state.layer for state in end}:
        return frame(marks, AROUND + LINE_HEIGHT * len(end), label, data=rows(data))
    taken = [log_share(one["spread"], SMALLEST) for one in data if one["layer"] == place(first)]
    band, words = _first_equal(first, y, taken)
    return frame([band, between, words, dots], AROUND + LINE_HEIGHT * len(end), label, data=rows(data))


def _state(state: Any, what: str) -> dict[str, Any]:
    shares = ((state.dead_fraction, "dead"), (state.saturated_fraction, "saturated"))
    note = ", ".join(f"{100 * share:.0f} % {word}" for share, word in shares if share)
    spread = state.relative_spread
    return {
        "layer": place(state.layer),
        "what": what,
        "size": BELOW if what == AT_START else ABOVE,
        "spread": max(SMALLEST, spread) if math.isfinite(spread) else None,
        "told": number(spread),
        "note": note or "alive",
    }


def _not_numbers(lost: Sequence[dict[str, Any]], y: Spec) -> Spec:
    """Words where a layer has no spread because its values are NaN or infinite: these are not equal rows."""
    told: dict[str, str] = {}
    for one in lost:  # the start stands before the end
        told[one["layer"]] = "never a number" if one["layer"] in told else f"not a number {one['what']}"
    return {
        "data": rows([{"layer": layer, "lost": words} for layer, words in told.items()]),
        "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 12},
        "encoding": {"y": y, "x": {"value": 0}, "text": {"field": "lost"}, "tooltip": hover(lost="")},
    }


WIDE = 0.32
"""Share of a figure's width that the words on the band may take."""


def _first_equal(layer: str, y: Spec, taken: Sequence[float]) -> tuple[Spec, Spec]:
    """A band over the layer in which the rows become equal, and words where no dot stands.

    ``taken``: where on the axis the dots of this layer are, in [0, 1].
    """
    data = rows([{"layer": place(layer), "words": "the rows become equal here", "short": "equal here"}])
    free = [side for side, centre in (("right", 1.0), ("left", 0.0), ("center", 0.5)) if _is_free(centre, taken)]
    align = free[0] if free else "right"
    x = {"right": "width", "left": 0, "center": {"expr": "width / 2"}}[align]
    text = {"type": "text", "align": align, "dx": {"right": -6, "left": 6}.get(align, 0), "fontWeight": "bold"}
    halo = {**text, "stroke": BACKGROUND, "strokeWidth": 4, "strokeJoin": "round"}
    shown = {"y": y, "text": {"field": "words"}, "x": {"value": x}}
    band = {
        "data": data,
        "mark": {"type": "bar", "opacity": 0.18, "color": START},
        "encoding": {"y": y, "tooltip": hover(words="")},
    }
    layers = [{"mark": {**mark, "fontSize": 12}, "encoding": shown} for mark in (halo, text)]
    return band, {"data": data, "layer": layers}


def _is_free(centre: float, taken: Sequence[float]) -> bool:
    """Whether words at this place, an end or the middle, meet no dot.

    >>> _is_free(1.0, [0.0, 0.95]), _is_free(0.5, [0.0, 0.95])
    (False, True)
    """
    half = WIDE / 2 if centre == 0.5 else WIDE
    return all(abs(at - centre) > half for at in taken)


def gradients(diagnosis: Diagnosis, behind: Behind) -> Figure | None:
    """The gradient of every layer over the training; where it was not watched, at its start and its end."""
    looks = behind.evidence.get("LookFacts")
    title = "gradient per weight (root mean square)"
    if looks is not None and looks.updates:
        return _over_time(looks, looks.gradient_rms, title)
    facts = _thin(list(getattr(behind.evidence.get("GradientFacts"), "layers", ())), MOST_LINES)
    data = [
        {"layer": place(one.layer), "what": what, "size": size, "rms": value, "told": number(value)}
        for one in facts
        for what, size, value in ((AT_START, BELOW, one.initial_rms), (AT_END, ABOVE, one.end_rms))
        if value is not None and math.isfinite(value)
    ]
    positive = [one["rms"] for one in data if one["rms"] > 0]
    if not data:
        return None
    low, high = (min(positive) / 10, max(positive) * 2) if positive else (1e-8, 1.0)
    for one in data:
        one["rms"] = max(low, one["rms"])
    dots = {
        "data": rows(data),
        "mark": {"type": "point", "opacity": 0.9},
        "encoding": {
            "y": lines("layer", [one["layer"] for one in data]),
            "x": log_quantity("rms", f"{title}, 0 at the left", low, high),
            "tooltip": hover(layer="layer", what="", told="gradient"),
            **told_apart("what", (AT_START, AT_END), (START, END), ("circle", "square")),
            "size": SIZE,
        },
    }
    return frame([dots], AROUND + LINE_HEIGHT * len(facts), "gradient per layer, at the start and at the end")


def updates(diagnosis: Diagnosis, behind: Behind) -> Figure | None:
    """How far the optimizer moved every layer, relative to its size, over the training."""
    looks = behind.evidence.get("LookFacts")
    if looks is None or not looks.updates:
        return None
    return _over_time(looks, looks.relative_update, "movement since the moment before, over the weights' size")


def _over_time(looks: Any, table: Sequence[Sequence[float]], title: str) -> Figure | None:
    """A map: time to the right, layers downwards, a colour per power of ten."""
    times = _thin(list(enumerate(looks.updates)), MOST_TIMES)
    places = _thin(list(enumerate(looks.parameters)), MOST_LAYERS)
    cells = [
        {"u": update, "l": place(name), "v": float(f"{table[at][index]:.3g}")}
        for at, update in times
        for index, name in places
        if table[at][index] is not None and math.isfinite(table[at][index])
    ]
    if not cells:
        return None
    some = [cell for cell in cells if cell["v"] > 0]
    high = max((cell["v"] for cell in some), default=1.0)
    low = max(min((cell["v"] for cell in some), default=1.0), high * 1e-12)
    x: Spec = {"field": "u", "type": "ordinal", "title": "after so many updates (not evenly spaced)"}
    x |= {"axis": {"labelAngle": 0}, "sort": None, "scale": {"domain": [update for _, update in times]}}
    y = lines("l", [place(name) for _, name in places])
    colour = {
        "field": "v",
        "type": "quantitative",
        "scale": {"type": "log", "scheme": "viridis", "domain": [low, max(high, 2 * low)], "clamp": True},
        "legend": {"title": title, "labelExpr": LOG_LABELS, "gradientLength": 200, "values": [low, max(high, 2 * low)]},
    }
    map_: Spec = {"data": rows(some), "mark": {"type": "rect"}, "encoding": {"x": x, "y": y, "color": colour}}
    map_["encoding"]["tooltip"] = hover(l="layer", u="update", v=title)
    nothing = {
        "data": rows([cell for cell in cells if cell["v"] == 0]),
        "mark": {"type": "text", "text": "╳", "color": LEVEL, "fontSize": 11},
        "encoding": {"x": x, "y": y, "tooltip": hover(l="layer", u="update", v=title)},
    }
    label = f"{title}, per layer at {len(looks.updates)} moments"
    if not some:  # no colour, and so no scale of colours that would name numbers nobody measured
        x["title"] = f"{title}: exactly 0 {x['title']}"
    return frame([map_, nothing] if some else [nothing], 130 + max(40, min(LINE_HEIGHT * len(places), 520)), label)


def _thin(things: list[Any], most: int, keep: str | None = None) -> list[Any]:
    """At most this many, evenly spaced, the first and the last among them, and the layer of this name."""
    if len(things) <= most:
        return things
    chosen = {round(index * (len(things) - 1) / (most - 1)) for index in range(most)}
    chosen |= {at for at, one in enumerate(things) if keep is not None and getattr(one, "layer", None) == keep}
    return [things[at] for at in sorted(chosen)]

"""The training: the loss against the loss of the best constant, and the scale of every input column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from defib.diagnosis import Diagnosis
from defib.reporters.background import Behind
from defib.reporters.charts import MOST_POINTS, thinned
from defib.reporters.figures.look import (
    AS_LINE,
    DIM,
    END,
    LEVEL,
    PLOT_HEIGHT,
    START,
    Figure,
    Spec,
    category,
    decades,
    floats,
    frame,
    hover,
    log_quantity,
    quantity,
    rows,
    ticks,
    told_apart,
)
from defib.reporters.words import number
from defib.wording import column

MOST_COLUMNS = 1024
"""Input columns that are drawn one by one; more are pixels."""
FEW_POINTS = 60
"""Up to here every value of a loss is a dot; more are a line."""
TRAINING, VALIDATION, BEST = "training loss", "validation loss", "loss of the best constant"
ROOM = 1.25
"""What stands at the end of a logarithmic axis keeps so much of a distance from it."""
BELOW_ALL = 4.0
"""Below the smallest that varies, by this factor, lies the line of the columns that do not."""


def loss(diagnosis: Diagnosis, behind: Behind, most: int = MOST_POINTS) -> Figure | None:
    """The training loss over the updates, with a dashed line at the loss of the best constant."""
    trace = behind.trace
    series = {TRAINING: floats(getattr(trace, "loss_per_update", None))}
    if len(series[TRAINING]) < 2:
        series = {TRAINING: floats(getattr(trace, "loss_per_epoch", None))}
    if len(series[TRAINING]) < 2 or not any(map(math.isfinite, series[TRAINING])):
        return None
    series[VALIDATION] = floats(getattr(trace, "validation_loss_per_epoch", None))
    total = int(getattr(trace, "n_updates", 0) or len(series[TRAINING]))
    prior = getattr(behind.evidence.get("TrainingFacts"), "prior_loss", None)
    data = [point for name, values in series.items() for point in _points(name, values, total, most)]
    shown = [point["loss"] for point in data if point["loss"] is not None] + ([] if prior is None else [prior])
    names = [name for name in series if any(point["what"] == name for point in data)]
    log = decades(shown)
    best = None if prior is None or not math.isfinite(prior) else f"{BEST}: {number(prior)}"
    first, last = number(series[TRAINING][0]), number(series[TRAINING][-1])
    label = f"training loss, first {first}, last {last}" + ("" if prior is None else f"; best constant {number(prior)}")
    ends = (min(shown) / ROOM, max(shown) * ROOM) if log else (0.0, 0.0)
    y = log_quantity("loss", "loss", *ends) if log else quantity("loss", "loss", zero=False)
    look = _look(names, best)
    layers = [_curve(data, y, total, look)]
    if prior is not None and best is not None:
        layers.append(_level(prior, best, y, look))
    zoom = [{"name": "zoom_from", "value": 1}, {"name": "zoom_to", "value": max(total, 2)}]
    return frame(layers, PLOT_HEIGHT + 20, label, params=zoom)


def _points(name: str, values: Sequence[float], total: int, most: int) -> list[dict[str, Any]]:
    """Thinned points of one series, spread over all updates; a gap where the loss is not finite."""
    kept = [(index, value) for index, value in enumerate(values) if math.isfinite(value)]
    gaps = [index for index, value in enumerate(values) if not math.isfinite(value)][:1]
    step = (total - 1) / max(1, len(values) - 1)
    points = [(index, value) for index, value in thinned(kept, most)] + [(index, None) for index in gaps]
    return [
        {
            "what": name,
            "update": round(1 + index * step),
            "loss": None if value is None else float(f"{value:.4g}"),
        }
        for index, value in sorted(points)
    ]


def _look(names: Sequence[str], best: str | None) -> Spec:
    """Colours and dashes of the curves and of the best constant, named in the legend."""
    colours, dashes = [END, DIM][: len(names)], [[1, 0], [2, 2]][: len(names)]
    if best is not None:
        names, colours, dashes = [*names, best], [*colours, START], [*dashes, [6, 4]]
    dash = category("what", scale={"domain": list(names), "range": dashes}) | AS_LINE
    return {**told_apart("what", names, colours, stroke=True), "strokeDash": dash}


def _curve(data: list[dict[str, Any]], y: Spec, total: int, look: Spec) -> Spec:
    x = quantity("update", "update of the optimizer", nice=False) | {
        "scale": {"domainMin": {"expr": "zoom_from"}, "domainMax": {"expr": "zoom_to"}, "nice": False, "zero": False},
        "axis": {"format": ",d", "tickMinStep": 1, "tickCount": 6},
    }
    dots: Spec = {"filled": True, "size": 40} if len(data) <= FEW_POINTS else {"filled": True, "size": 90, "opacity": 0}
    return {
        "data": rows(data),
        "mark": {
            "type": "line",
            "strokeWidth": 1.8,
            "clip": True,
            "invalid": "break-paths-show-domains",
            "point": dots,
        },
        "encoding": {
            "x": x,
            "y": y,
            "tooltip": hover(what="", update="update", loss="loss"),
            **look,
        },
    }


def _level(at: float, words: str, y: Spec, look: Spec) -> Spec:
    channel = {key: value for key, value in y.items() if key != "field"}
    return {
        "data": rows([{"loss": at, "what": words}]),
        "mark": {"type": "rule", "strokeWidth": 2.2},
        "encoding": {"y": {**channel, "field": "loss"}, "tooltip": hover(what=""), **look},
    }


def _numbered(count: int, most: int = 32) -> list[int]:
    """Columns that are numbered on the axis, at even steps.

    >>> _numbered(3), _numbered(100)
    ([0, 1, 2], [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95])
    """
    steps = (step * 10**power for power in range(4) for step in (1, 2, 5))
    return list(range(0, count, next(step for step in steps if count <= step * most)))


def inputs(diagnosis: Diagnosis, behind: Behind) -> Figure | None:
    """The spread of every input column as it arrives at the network, with a line at 1."""
    scales = behind.evidence.get("ColumnScales")
    parts = [floats(getattr(scales, name, None)) for name in ("mean", "sd", "minimum", "maximum")]
    means, sds, low, high = parts
    names = getattr(scales, "names", ())
    if not sds or len(sds) > MOST_COLUMNS or any(len(part) != len(sds) for part in parts):
        return None
    constant = [low[index] == high[index] for index in range(len(sds))]
    varying = [sd for sd, still in zip(sds, constant, strict=True) if not still and sd > 0 and math.isfinite(sd)]
    ends = (min([1.0, *varying]) / 2, max([1.0, *varying]) * 2)
    floor = ends[0] / (BELOW_ALL if any(constant) else ROOM)
    data = [
        {
            "column": index,
            **({"name": column(index, names)} if names else {}),
            "what": "constant column" if constant[index] else "column that varies",
            "sd": floor * ROOM if constant[index] or not sds[index] > 0 else sds[index],
            "told": "constant" if constant[index] else number(sds[index]),
            "mean": number(means[index]),
            "ends": f"{number(low[index])} to {number(high[index])}",
        }
        for index in range(len(sds))
    ]
    kinds = list(dict.fromkeys(str(one["what"]) for one in data))
    colours = [START if kind == "constant column" else END for kind in kinds]
    shapes = ["triangle-down" if kind == "constant column" else "circle" for kind in kinds]
    shown = {"name" if names else "column": "column"}
    y = log_quantity("sd", "standard deviation (dashed: 1)", floor, ends[1])
    y["axis"]["values"] = ticks(*ends)  # constant columns stand below every number
    points = {
        "data": rows(data),
        "mark": {"type": "point", "size": 45 if len(sds) <= 100 else 14},
        "encoding": {
            "x": quantity("column", "input column", domain=[-0.5, len(sds) - 0.5], nice=False)
            | {"axis": {"values": _numbered(len(sds)), "format": "d", "grid": False}},
            "y": y,
            "tooltip": hover(**shown, told="standard deviation", mean="mean", ends="from, to"),
            **told_apart("what", kinds, colours, shapes),
        },
    }
    if len(kinds) == 1:  # a legend of one entry says nothing
        points["encoding"]["color"]["legend"] = points["encoding"]["shape"]["legend"] = None
    level = {
        "data": rows([{"sd": 1.0, "what": "1, which initializers assume"}]),
        "mark": {"type": "rule", "strokeDash": [5, 4], "strokeWidth": 1.8, "color": LEVEL},
        "encoding": {"y": y, "tooltip": hover(what="")},
    }
    label = f"standard deviation of {len(sds)} input columns, {number(min(varying, default=0.0))} to "
    return frame([points, level], PLOT_HEIGHT + 20, label + number(max(varying, default=0.0)))

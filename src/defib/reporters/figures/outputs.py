"""The predictions: their histogram with the constant and the prior, and the training path beside the predict path."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from defib.diagnosis import Diagnosis
from defib.reporters.background import Behind
from defib.reporters.figures.look import (
    ABOVE,
    BELOW,
    DIM,
    END,
    PLOT_HEIGHT,
    SIZE,
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
from defib.reporters.words import number
from defib.symptom import Symptom

MOST_CLASSES = 12
CLASS_HEIGHT = 22
HEADING = {"probability": "probability of class 1", "value": "predicted value", "logit": "raw output"}
PRIOR = {"probability": "share of class 1 in the labels", "value": "mean of y"}
CONSTANT, MEDIAN = "the constant", "median prediction"


def predictions(diagnosis: Diagnosis, behind: Behind) -> Figure | None:
    """The histogram of the rows' predictions, with the constant and the prior marked."""
    s, found = diagnosis.symptom, behind.evidence.get("OutputHistograms")
    columns = getattr(found, "columns", ())
    if s.n_outputs == 1 and (columns or s.constant is not None):
        return _one(s, found)
    if s.n_outputs > 1 and s.output_kind in ("classes", "multilabel") and (columns or s.constant is not None):
        return _classes(s, columns)
    return None


def _marks(s: Symptom) -> list[tuple[str, float]]:
    """Prior first, so that the constant is drawn over it."""
    marks = []
    if s.prior is not None and s.output_kind == "probability" and len(s.prior) == 2:
        marks.append((PRIOR["probability"], s.prior[1]))
    elif s.prior is not None and s.output_kind == "value" and len(s.prior) == 1:
        marks.append((PRIOR["value"], s.prior[0]))
    if s.constant is not None:
        marks.append((middle(s), s.constant[0]))
    return marks


def middle(s: Symptom) -> str:
    """What `Symptom.constant` is called: rows of one class may still differ."""
    return CONSTANT if s.is_flat else MEDIAN


def _one(s: Symptom, found: Any) -> Figure:
    marks = [(f"{words}: {number(value)}", value, words in (CONSTANT, MEDIAN)) for words, value in _marks(s)]
    label = "; ".join(words for words, _, _ in marks) or "histogram of the predictions"
    heading = HEADING.get(s.output_kind, "prediction")
    layers = [_bars(found, heading)] if getattr(found, "columns", ()) else []
    if marks:
        colours = told_apart("what", [one[0] for one in marks], [END if one[2] else START for one in marks])
        scale = {"domain": [0, 1]} if s.output_kind == "probability" else {"zero": False}
        data = [{"what": words, "at": value, "width": 3 if is_constant else 8} for words, value, is_constant in marks]
        layers.append(
            {
                "data": rows(data),
                "mark": {"type": "rule", "opacity": 0.8},
                "encoding": {
                    "x": quantity("at", heading, **scale) | {"axis": {"tickCount": 6}},
                    "strokeWidth": {"field": "width", "type": "quantitative", "scale": None, "legend": None},
                    "tooltip": hover(what="mark"),
                    **colours,
                },
            }
        )
    return frame(layers, PLOT_HEIGHT if len(layers) > 1 or not marks else 110, label)


def _bars(found: Any, heading: str) -> Spec:
    edges = found.edges
    total = max(1, sum(found.columns[0].predicted))
    data = [
        {"from": low, "to": high, "share": count / total, "rows": count, "at": f"{number(low)} to {number(high)}"}
        for (low, high), count in zip(pairwise(edges), found.columns[0].predicted, strict=True)
        if count
    ]
    domain = {"domain": [edges[0], edges[-1]], "nice": False}
    return {
        "data": rows(data),
        "mark": {"type": "bar", "color": DIM, "opacity": 0.55, "binSpacing": 0, "minBandSize": 2},
        "encoding": {
            "x": {**quantity("from", heading, **domain), "bin": "binned", "axis": {"tickCount": 6}},
            "x2": {"field": "to"},
            "y": quantity("share", "share of the rows") | {"axis": {"format": "%", "tickCount": 4}},
            "tooltip": hover(at=heading, rows="rows"),
        },
    }


def _classes(s: Symptom, columns: Sequence[Any]) -> Figure:
    """One line per class: what it is predicted with, and how often it is there."""
    shown = min(MOST_CLASSES, s.n_outputs)
    name = middle(s) if s.constant is not None else "mean prediction"
    data: list[dict[str, Any]] = []
    for index in range(shown):
        if s.prior is not None and index < len(s.prior):
            data.append({"class": str(index), "what": "share in the labels", "value": s.prior[index]})
        if s.constant is not None and index < len(s.constant):
            data.append({"class": str(index), "what": name, "value": s.constant[index]})
        elif s.constant is None and index < len(columns):
            data.append({"class": str(index), "what": name, "value": columns[index].predicted_mean})
    more = f" (the first {shown} of {s.n_outputs} outputs)" if shown < s.n_outputs else ""
    return _dots(data, ("share in the labels", name), f"probability{more}", "predictions and shares, per class")


def paths(diagnosis: Diagnosis, behind: Behind) -> Figure | None:
    """The same network on the rows it was trained on and on the rows it was asked about."""
    found = behind.evidence.get("OutputHistograms")
    columns = getattr(found, "columns", ())
    if found is None or not columns or not columns[0].trained:
        return None
    names = (f"training rows ({found.n_trained:,})", f"rows predicted ({found.n_predicted:,})")
    label = "predictions on the training rows and on the rows predicted"
    if len(columns) > 1 and diagnosis.symptom.output_kind in ("classes", "multilabel"):
        data: list[dict[str, Any]] = []
        for index, column in enumerate(columns):
            data.append({"class": str(index), "what": names[0], "value": column.trained_mean})
            data.append({"class": str(index), "what": names[1], "value": column.predicted_mean})
        return _dots(data, names, "mean probability", label)
    return _overlaid(found, names, HEADING.get(diagnosis.symptom.output_kind, "prediction"), label)


def _overlaid(found: Any, names: tuple[str, str], heading: str, label: str) -> Figure:
    data: list[dict[str, Any]] = []
    for what, counts in zip(names, (found.columns[0].trained, found.columns[0].predicted), strict=True):
        total = max(1, sum(counts))
        data += [
            {"what": what, "from": low, "to": high, "share": count / total, "rows": count}
            for (low, high), count in zip(pairwise(found.edges), counts, strict=True)
            if count
        ]
    bar = {
        "data": rows(data),
        "mark": {"type": "bar", "opacity": 0.6, "binSpacing": 0, "minBandSize": 2},
        "encoding": {
            "x": {**quantity("from", heading, domain=[found.edges[0], found.edges[-1]], nice=False), "bin": "binned"}
            | {"axis": {"tickCount": 6}},
            "x2": {"field": "to"},
            "y": quantity("share", "share of the rows") | {"stack": None, "axis": {"format": "%", "tickCount": 4}},
            "tooltip": hover(what="", rows="rows"),
            **told_apart("what", names, (START, END)),
        },
    }
    return frame([bar], PLOT_HEIGHT, label)


def _dots(data: list[dict[str, Any]], names: Sequence[str], title: str, label: str) -> Figure:
    """Two values per class on one line."""
    for one in data:
        one |= {"told": number(one["value"]), "size": BELOW if one["what"] == names[0] else ABOVE}
    layer = {
        "data": rows(data),
        "mark": {"type": "point", "opacity": 0.85},
        "encoding": {
            "y": lines("class", [one["class"] for one in data], "class"),
            "x": quantity("value", title, domain=[0, 1]) | {"axis": {"tickCount": 6}},
            "tooltip": hover(what="", told="value", **{"class": "class"}),
            **told_apart("what", names, (START, END), ("circle", "square")),
            "size": SIZE,
        },
    }
    return frame([layer], 90 + CLASS_HEIGHT * len({one["class"] for one in data}), label)

"""One figure for a paper or a slide: PNG, SVG or PDF, by vl-convert, without a browser.

It holds the headline and, one below the other, the figures that carry it: predictions, layers, loss and trials, of the
first model that is not healthy.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any, Final

from defib.diagnosis import Diagnosis
from defib.errors import MissingFrameworkError
from defib.reporters.background import Background, behind
from defib.reporters.figures.look import SCHEMA, Figure, Spec, config, on_paper
from defib.reporters.figures.network import layers
from defib.reporters.figures.outputs import predictions
from defib.reporters.figures.training import loss
from defib.reporters.figures.trials import trials
from defib.reporters.legible import legible

WIDTH, TITLE_COLUMNS = 640, 84
FONT: Final = "sans-serif"
"""The font that vl-convert brings along: the same on every machine, and no search for one that is not there."""
SHORT_NAME = 20
"""Characters that are never wider than a label may be."""
MOST_LAYERS, MOST_POINTS = 20, 300
"""Layers of a deep network and values of a loss that a picture has room for."""
WHOLE = frozenset({"$schema", "config", "params"})
"""What is said once for a figure of several parts."""
SCALE = 1.5
"""Pixels of a PNG per pixel of the page."""


def render_png(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> bytes:
    """A PNG, half as large again as on the page."""
    return bytes(_vl_convert().vegalite_to_png(picture(diagnoses, background), scale=SCALE))


def render_svg(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> str:
    """An SVG with text as text."""
    return str(_vl_convert().vegalite_to_svg(picture(diagnoses, background)))


def render_pdf(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> bytes:
    """A PDF of one page."""
    return bytes(_vl_convert().vegalite_to_pdf(picture(diagnoses, background)))


def check() -> None:
    """Raise `MissingFrameworkError` when pictures cannot be made here."""
    _vl_convert()


def _vl_convert() -> ModuleType:
    try:
        import vl_convert
    except ModuleNotFoundError as error:
        raise MissingFrameworkError(
            "plots-missing",
            came="pictures need altair and vl-convert, which are not installed",
            expected="the extra that brings them",
            write="pip install 'defib[plots]'    # or --report report.html, which needs nothing",
        ) from error
    module: ModuleType = vl_convert
    return module


def picture(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> Spec:
    """The whole figure as one specification in fixed colours."""
    if not diagnoses:
        return _titled("No model was diagnosed.", [_nothing()])
    index = next((at for at, one in enumerate(diagnoses) if one.outcome != "healthy"), 0)
    d, found = legible(diagnoses[index]), legible(behind(diagnoses[index], background or Background(), index))
    curve = loss(d, found, MOST_POINTS)
    drawn = (predictions(d, found), layers(d, found, MOST_LAYERS), curve and _without_hover(curve), trials(d, found))
    return _titled(d.headline, [_fixed(one) for one in drawn if one is not None] or [_nothing()])


def _without_hover(figure: Figure) -> Figure:
    """The figure without marks that nobody sees and that only answer a pointer."""
    drawn = [_seen(layer) for layer in figure.spec["layer"]]
    return replace(figure, spec={**figure.spec, "layer": drawn})


def _seen(layer: Spec) -> Spec:
    mark = layer["mark"]
    unseen = mark.get("point", {}).get("opacity") == 0
    return {**layer, "mark": {key: value for key, value in mark.items() if key != "point"}} if unseen else layer


def _nothing() -> Spec:
    """What stands in place of figures."""
    words = {"type": "text", "align": "left", "x": 0, "text": "Nothing was recorded that could be drawn."}
    return {"data": {"values": [{}]}, "mark": words, "width": WIDTH, "height": 30}


def _titled(title: str, parts: Sequence[Spec]) -> Spec:
    """Parts one below the other under a headline."""
    look = {**on_paper(config()), "font": FONT}
    look["legend"] = {**look["legend"], "labelLimit": 0, "titleLimit": 0}  # only words of ours stand there
    if not any(_has_long_name(part) for part in parts):
        look["axis"] = {**look["axis"], "labelLimit": 0}  # what cannot be too long is not measured: a tenth of the time
    return {
        "$schema": SCHEMA,
        "background": "white",
        "padding": 12,
        "title": {
            "text": textwrap.wrap(title, TITLE_COLUMNS),
            "anchor": "start",
            "font": FONT,
            "fontSize": 15,
            "color": "#1c2024",
            "offset": 12,
        },
        "spacing": 24,
        "params": [one for part in parts for one in part.get("params", ())],
        "vconcat": [{key: value for key, value in one.items() if key not in WHOLE} for one in parts],
        "config": look,
        "resolve": {"scale": dict.fromkeys(("color", "shape", "strokeDash", "strokeWidth"), "independent")},
    }


def _has_long_name(spec: Any) -> bool:
    """Whether some layer or arm in the data has a name for which an axis may not have room."""
    if isinstance(spec, list):
        return any(map(_has_long_name, spec))
    if not isinstance(spec, dict):
        return False
    names = (spec.get("layer"), spec.get("arm"), spec.get("class"))
    if any(isinstance(name, str) and len(name) > SHORT_NAME for name in names):
        return True
    return any(map(_has_long_name, spec.values()))


def single(figure: Figure) -> Spec:
    """One figure on its own in fixed colours, as wide as a column of text."""
    return {**_fixed(figure), "background": "white"}


def _fixed(figure: Figure) -> dict[str, Any]:
    """A specification with a width of its own; only one figure alone may fit itself into its frame."""
    spec: dict[str, Any] = on_paper(figure.spec)
    kept = {key: value for key, value in spec.items() if key not in ("autosize", "background")}
    return {**kept, "width": WIDTH, "height": max(30, figure.height - 70)}

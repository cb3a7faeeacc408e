"""``Diagnosis.plot(kind)``: one figure as an Altair chart."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from defib.diagnosis import Diagnosis
from defib.errors import InputError, MissingFrameworkError
from defib.reporters.background import Background, behind
from defib.reporters.figures import FIGURES
from defib.reporters.legible import legible
from defib.reporters.picture import single


def chart(diagnosis: Diagnosis, kind: str) -> Any:
    """The figure of this kind; see `defib.diagnosis.Diagnosis.plot`."""
    if kind not in FIGURES:
        raise InputError(
            "unknown-figure",
            came=f"there is no figure called {kind!r}",
            expected=f"one of {', '.join(FIGURES)}",
            write='diagnosis.plot("trials")',
        )
    d, found = legible(diagnosis), legible(behind(diagnosis, Background(), 0))
    figure = FIGURES[kind](d, found)
    if figure is None:
        drawn = [name for name, make in FIGURES.items() if make(d, found) is not None]
        raise InputError(
            "no-figure",
            came=f"nothing was recorded of {d.model} that the figure {kind!r} could show",
            expected=f"one of {', '.join(drawn)}" if drawn else "a diagnosis with evidence behind it",
            write=f"diagnosis.plot({drawn[0]!r})" if drawn else "defib.diagnose(model, X, y).plot('predictions')",
        )
    return _offline().OfflineChart.from_dict(single(figure))


def _offline() -> Any:
    try:
        import_module("altair")
        return import_module("defib.reporters.offline")
    except ModuleNotFoundError as error:
        raise MissingFrameworkError(
            "plots-missing",
            came="plots need altair, which is not installed",
            expected="the extra that brings it",
            write="pip install 'defib[plots]'",
        ) from error

"""Every figure of a report, once, as a Vega-Lite specification: plain dictionaries, no library.

The HTML page hands them to Vega in the browser, `Diagnosis.plot` to Altair, ``--report out.png`` to vl-convert. A
figure shows what was measured and computes nothing but positions; where nothing was recorded there is no figure. See
``docs/design/charts.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from defib.diagnosis import Diagnosis
from defib.reporters.background import Behind
from defib.reporters.figures.look import Figure
from defib.reporters.figures.network import gradients, layers, updates
from defib.reporters.figures.outputs import paths, predictions
from defib.reporters.figures.training import inputs, loss
from defib.reporters.figures.trials import trials

Make = Callable[[Diagnosis, Behind], Figure | None]

FIGURES: Final[Mapping[str, Make]] = {
    "predictions": predictions,
    "layers": layers,
    "loss": loss,
    "inputs": inputs,
    "gradients": gradients,
    "updates": updates,
    "paths": paths,
    "trials": trials,
}
"""Kind → what draws it, in the order of the report."""


def figures(diagnosis: Diagnosis, behind: Behind) -> dict[str, Figure]:
    """All figures for which something was recorded, by kind, in the order of the report."""
    drawn = ((kind, make(diagnosis, behind)) for kind, make in FIGURES.items())
    return {kind: figure for kind, figure in drawn if figure is not None}

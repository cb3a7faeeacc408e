"""What fixed arithmetic at the network's own door makes of the rows: ``Rescaling(1 / 255)``, ``x / 127.5 - 1``.

Such a step is right for the rows that it was written for. Rows that were scaled before are made next to nothing by it,
or all but equal, and the rows at the door do not show that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from defib.probes.looking import is_weighted
from defib.subject import AnyArray, LayerOutput

ARITHMETIC = ("other", "merge")
"""Kinds of layer that such a step may be: adding a number joins no two branches."""
EXACT = 1e-4
"""Relative deviation from one straight line for all cells that rounding in float32 explains."""


@dataclass(frozen=True)
class DoorStep:
    """One straight line, the same for every cell, between the door and the first weights: ``gain * x + shift``."""

    name: str
    """The network's steps that make it: ``rescaling``, ``true_divide and subtract``."""
    gain: float
    shift: float
    rms: float
    """Root mean square of all cells behind it."""
    offset_ratio: float
    """|mean| / sd of all cells behind it together."""
    normalized_behind: bool = False
    """Some layer of the network normalizes: the scale may not reach what lies behind that."""


def door_step(X: AnyArray, layers: Sequence[LayerOutput]) -> DoorStep | None:
    """The step, for rows ``(n, ...)`` of numbers; ``None`` without one, and where cells are not treated alike."""
    x = np.asarray(X, dtype=np.float64).ravel()
    found: DoorStep | None = None
    normalizes = any(one.layer.kind == "norm" for one in layers)
    for one in layers:
        if is_weighted(one.layer) or one.layer.kind not in (*ARITHMETIC, "reshape", "dropout"):
            break
        if one.layer.kind in ARITHMETIC:
            name = one.layer.name if found is None else f"{found.name} and {one.layer.name}"
            found = _line(name, x, np.asarray(one.values, dtype=np.float64).ravel())
    return None if found is None else replace(found, normalized_behind=normalizes)


def _line(name: str, x: AnyArray, values: AnyArray) -> DoorStep | None:
    if values.shape != x.shape or not np.isfinite(x).all() or not np.isfinite(values).all() or np.ptp(x) == 0:
        return None
    gain, shift = np.polyfit(x, values, 1)
    spread = float(np.std(values))
    if spread == 0 or np.abs(gain * x + shift - values).max() > EXACT * (np.ptp(values) + abs(shift)):
        return None
    if np.isclose(gain, 1.0) and abs(shift) < EXACT * spread:
        return None
    rms, mean = float(np.sqrt(np.mean(values**2))), float(abs(values.mean()))
    return DoorStep(name, float(gain), float(shift), rms, mean / spread)

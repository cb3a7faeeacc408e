"""The weights that a training of a clone starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from defib.adapters.keras.clone import Clone
from defib.adapters.keras.flavor import to_numpy
from defib.adapters.keras.weights import Weight, draw_new, redraw, weights_of
from defib.subject import AnyArray

if TYPE_CHECKING:
    from defib.adapters.keras.subject import Captured
    from defib.adapters.keras.together import Together

DRAW_STREAM = 7_000
"""Second word of the seed of what an edit draws, so that it differs from the initial weights' draw."""


def starting_values(captured: Captured | Together, clone: Clone, seed: int) -> list[AnyArray]:
    """Initial weights for a seed: the captured ones for 0, other draws else; what an edit made is drawn."""
    old, new = weights_of(captured.model), weights_of(clone.model)
    rng = np.random.default_rng([seed, DRAW_STREAM])
    values: list[AnyArray] = []
    for weight, source in zip(new, clone.sources, strict=True):
        if source is None:
            values.append(draw_new(weight, to_numpy(weight.variable), rng))
        elif captured.initial is None:
            values.append(_unknown_start(weight, old[source], rng))
        elif seed == 0:
            values.append(captured.initial[source])
        else:
            values.append(redraw(old[source], captured.initial[source], rng))
    return values


def _unknown_start(weight: Weight, own: Weight, rng: np.random.Generator) -> Any:
    """Nothing was captured before the training: the layer's initializer, else the end values shuffled."""
    end = to_numpy(own.variable)
    if weight.initializer is None:
        return redraw(own, end, rng)
    return draw_new(weight, end, rng)

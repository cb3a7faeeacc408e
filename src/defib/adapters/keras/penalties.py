"""The penalties that layers put on their own weights: L1 and L2, read from their regularizers; others are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import everything, own_variables, to_numpy
from defib.adapters.keras.weights import Weight, short_name
from defib.subject import AnyArray, Gradient


def penalties(model: Any, weights: Sequence[Weight], values: Sequence[AnyArray]) -> tuple[Gradient, ...]:
    """Gradient of ``l1 * sum(|w|) + l2 * sum(w**2)`` of every regularized weight, at values of ``model.weights``."""
    known = dict(_regularized(model))
    found = []
    for weight in weights:
        l1, l2 = known.get(id(weight.variable), (0.0, 0.0))
        if l1 or l2:
            w = np.asarray(values[weight.index], dtype=np.float64)
            found.append(Gradient(weight.name, l1 * np.sign(w) + 2.0 * l2 * w))
    return tuple(found)


def _regularized(model: Any) -> Iterator[tuple[int, tuple[float, float]]]:
    """``id`` of the variable, and its L1 and L2 factors."""
    for layer in everything(model):
        for variable in own_variables(layer)[0]:
            regularizer = getattr(layer, f"{short_name(variable)}_regularizer", None)
            if regularizer is not None:
                yield id(variable), (_factor(regularizer, "l1"), _factor(regularizer, "l2"))


def _factor(regularizer: Any, name: str) -> float:
    value = getattr(regularizer, name, None)
    return 0.0 if value is None else float(to_numpy(value))

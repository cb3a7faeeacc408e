"""The penalties that layers put on their own weights and outputs, as their regularizers say: L1 and L2, no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import everything, own_variables, to_numpy
from defib.adapters.keras.weights import Weight, layer_names, short_name
from defib.subject import AnyArray, Gradient, LayerOutput


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


def output_penalties(model: Any, layers: Sequence[LayerOutput]) -> dict[str, float]:
    """``l1 * sum(|h|) + l2 * sum(h**2)`` per row, of layers with an ``activity_regularizer``; outputs ``(n, ...)``.

    Of layers of the program's own what they added to the loss.
    """
    given = {one.layer.name: one.values for one in layers}
    names, found = layer_names(model), {one.layer.name: one.added for one in layers if one.added}
    for layer in everything(model):
        regularizer = getattr(layer, "activity_regularizer", None)
        name = names.get(id(layer), "")
        last = next((one for one in reversed(given) if one == name or one.startswith(f"{name}:")), None)
        if regularizer is None or not name or last is None:
            continue
        h = np.asarray(given[last], dtype=np.float64)
        total = _factor(regularizer, "l1") * np.abs(h).sum() + _factor(regularizer, "l2") * np.square(h).sum()
        if total:
            found[last] = float(total / len(h))
    return found


def _factor(regularizer: Any, name: str) -> float:
    value = getattr(regularizer, name, None)
    return 0.0 if value is None else float(to_numpy(value))


def constraints(weights: Sequence[Weight], values: Sequence[AnyArray]) -> tuple[tuple[str, str, float], ...]:
    """``(layer, constraint, share of the values that it leaves)`` of every constrained kernel."""
    found = []
    for weight in weights:
        constraint, value = getattr(weight.variable, "constraint", None), values[weight.index]
        size = float(np.linalg.norm(value)) if value.dtype.kind == "f" else 0.0
        if constraint is None or value.ndim < 2 or size == 0.0:
            continue
        left = float(np.linalg.norm(to_numpy(constraint(weight.variable * 0 + value))))
        found.append((weight.layer, type(constraint).__name__, left / size))
    return tuple(found)


def unbind(model: Any) -> None:
    """No step is followed by a constraint any more. The legacy Keras has TensorFlow's variables, which hide theirs."""
    for variable in model.weights:
        if getattr(variable, "constraint", None) is not None:
            name = "_constraint" if hasattr(variable, "_constraint") else "constraint"
            setattr(variable, name, None)

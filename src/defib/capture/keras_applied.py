"""What an optimizer is handed by ``apply`` or ``apply_gradients``: for which variables, and gradients of which kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from defib.capture.keras_look import is_symbolic
from defib.capture.keras_rows import to_array
from defib.subject import GradientSeen


def gradients_in(args: Sequence[Any], variables: Sequence[Any]) -> dict[int, GradientSeen]:
    """What one call of ``apply`` or ``apply_gradients`` was given, by ``id`` of the variable; not inside a graph."""
    first = list(args[0])
    given = [one[0] if isinstance(one, list | tuple) else one for one in first]
    if len(given) != len(variables) or any(one is not None and is_symbolic(one) for one in given):
        return {}
    return {id(v): _seen(one) for v, one in zip(variables, given, strict=True)}


def _seen(gradient: Any) -> GradientSeen:
    if gradient is None:
        return "none"
    slices = getattr(gradient, "values", None)  # of TensorFlow's IndexedSlices; a method of tensors of PyTorch
    values = np.asarray(to_array(gradient if slices is None or callable(slices) else slices))
    if not np.isfinite(values).all():
        return "nan"
    return "nonzero" if values.any() else "zero"


def variables_of(optimizer: Any, args: Any, kwargs: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """The variables of an ``apply`` or ``apply_gradients`` call; pairs are listed so that they can be read twice."""
    first = args[0]
    second = args[1] if len(args) > 1 else kwargs.get("trainable_variables")
    if isinstance(second, (list, tuple)):
        return args, list(second)
    pairs = first if isinstance(first, (list, tuple)) else list(first)
    if pairs and isinstance(pairs[0], (list, tuple)):
        return (pairs, *args[1:]), [pair[1] for pair in pairs]
    return (pairs, *args[1:]), list(getattr(optimizer, "_trainable_variables", []))

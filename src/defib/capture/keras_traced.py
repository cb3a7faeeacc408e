"""What a ``tf.function`` does with its arguments, noted once, while it is traced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from defib.adapters.keras.packing import parts_of
from defib.capture.keras_look import is_symbolic
from defib.capture.keras_rows import to_array
from defib.capture.keras_study import Study


@dataclass
class Traced:
    """What one ``tf.function`` does with its arguments."""

    study: Study | None = None
    rows: Any = None
    """Which of the function's tensors went into the model: a number, or numbers in the container of several inputs."""
    labels: Place | None = None
    updates: int = 0
    """Optimizer steps per call."""


@dataclass(frozen=True)
class Place:
    """A tensor that a step made of one of its arguments by itself: what it is given, and what it does to that."""

    number: int
    """Which of the function's tensors it begins with."""
    shape: tuple[int, ...] = ()
    """Of one row of the result."""
    steps: tuple[tuple[str, Any], ...] = ()
    """Operations from the argument on, each with its constant."""

    def of(self, tensor: Any) -> Any:
        """The tensor that the step makes of this argument; the argument itself where it makes nothing of it."""
        if not self.steps:
            return tensor
        values = to_array(tensor)
        if values is None:
            return None
        for name, constant in self.steps:
            values = _DONE[name](values, constant)
        return values.reshape(len(values), *self.shape)


def _one_hot(values: Any, width: Any) -> Any:
    return np.eye(int(width), dtype=np.float32)[np.asarray(values).astype(np.int64)]


_DONE: dict[str, Callable[[Any, Any], Any]] = {
    "Cast": lambda values, dtype: np.asarray(values).astype(dtype),
    "OneHot": _one_hot,
    "Mul": lambda values, by: values * by,
    "RealDiv": lambda values, by: values / by,
    "Sub": lambda values, by: values - by,
    "AddV2": lambda values, by: values + by,
}
SHAPED: Final = frozenset({"Reshape", "ExpandDims", "Squeeze", "StridedSlice", "Identity"})
"""Operations that move cells about; that none got lost is seen from the sizes."""
MAX_STEPS: Final = 12


def place(x: Any) -> Place | None:
    """Which input of its graph a symbolic tensor is, or was made of alone."""
    graph = getattr(x, "graph", None) if x is not None and is_symbolic(x) else None
    numbers = {id(one): i for i, one in enumerate(getattr(graph, "inputs", []))}
    steps: list[tuple[str, Any]] = []
    tensor = x
    for _ in range(MAX_STEPS if numbers else 0):
        if id(tensor) in numbers:
            return _placed(x, tensor, numbers[id(tensor)], steps)
        operation = tensor.op
        if operation.type == "StridedSlice" and not _whole(operation):
            return None
        if operation.type in SHAPED:
            steps.insert(0, ("Identity", None))
        elif operation.type in _DONE:
            steps.insert(0, (operation.type, _constant(operation)))
        else:
            return None
        tensor = operation.inputs[0]
    return None


def _whole(slicing: Any) -> bool:
    """Whether a slice takes every row, in its order: ``y[:, None]``, not ``y[::-1]``."""
    import tensorflow as tf

    every = slicing.get_attr("begin_mask") & slicing.get_attr("end_mask") & 1
    strides = tf.get_static_value(slicing.inputs[3])
    return bool(every) and strides is not None and bool((np.asarray(strides) == 1).all())


def _constant(operation: Any) -> Any:
    """What an operation does it with; ``None`` where that is no constant."""
    import tensorflow as tf

    if operation.type == "Cast":
        return operation.get_attr("DstT").as_numpy_dtype
    return tf.get_static_value(operation.inputs[1])


def _placed(x: Any, tensor: Any, number: int, steps: list[tuple[str, Any]]) -> Place | None:
    if not steps:
        return Place(number)
    kept = tuple(one for one in steps if one[0] != "Identity")
    made, given = list(x.shape or ())[1:], list(tensor.shape or ())[1:]
    unknown = x.shape.rank is None or tensor.shape.rank is None or None in made or None in given
    if unknown or any(constant is None for _, constant in kept):
        return None
    wide = int(np.prod([constant for name, constant in kept if name == "OneHot"]))
    if int(np.prod(made)) != int(np.prod(given)) * wide:
        return None
    return Place(number, tuple(int(n) for n in made), kept or (("AddV2", 0),))


def places(x: Any) -> Any:
    """As `place`, for each of several inputs, in their container; ``None`` when one is made inside the graph."""
    parts = parts_of(x)
    if parts is None:
        return place(x)
    found = [place(one) for one in parts.values()]
    if None in found:
        return None
    return dict(zip(x, found, strict=True)) if isinstance(x, dict) else type(x)(found)


def given_at(places: Any, flat: Sequence[Any]) -> Any:
    """The tensors of one call at these places, in their container; ``None`` when there are none."""
    if isinstance(places, Place):
        return places.of(flat[places.number]) if places.number < len(flat) else None
    if isinstance(places, dict):
        found = {key: given_at(one, flat) for key, one in places.items()}
        return None if any(one is None for one in found.values()) else found
    if places is None:
        return None
    listed = [given_at(one, flat) for one in places]
    return None if any(one is None for one in listed) else type(places)(listed)

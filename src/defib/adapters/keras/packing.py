"""Several inputs as one array of rows: their cells side by side, and a door in front of the model that takes it apart.

Above the adapters a row is one array. A model of several inputs is looked at through a small functional model whose one
input holds the cells of all of them, flattened, in the order of ``fit``; its weights are the user's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal

import numpy as np

from defib.adapters.keras.flavor import Flavor
from defib.adapters.keras.ops import ops_for
from defib.recipe import InputTransform
from defib.subject import AnyArray

How = Literal["list", "tuple", "dict"]
MOST_NAMES = 1000
"""Columns beyond which they have no names: pixels, say."""


class CannotPack(Exception):
    """The arrays do not lie side by side; the message says why, as a clause."""


@dataclass(frozen=True)
class Packing:
    """Which cells of a packed row belong to which input."""

    how: How
    keys: tuple[str, ...]
    """Names of the inputs; their numbers for a list or tuple."""
    shapes: tuple[tuple[int, ...], ...]
    """Of one row of each."""
    dtypes: tuple[str, ...]

    @property
    def bounds(self) -> tuple[int, ...]:
        """Where each input begins, and the number of columns.

        >>> Packing("list", ("0", "1"), ((3,), (2, 2)), ("float32", "int32")).bounds
        (0, 3, 7)
        """
        return tuple(int(n) for n in np.cumsum([0, *(np.prod(shape) for shape in self.shapes)]))

    @property
    def whole(self) -> tuple[bool, ...]:
        """Which inputs hold whole numbers: ids to look up, not quantities."""
        return tuple(np.dtype(one).kind in "iub" for one in self.dtypes)

    @property
    def dtype(self) -> Any:
        """Of a packed row: whole numbers only where every input holds them."""
        if all(self.whole):
            return np.dtype(np.int64)
        return np.dtype(np.float64 if any(self.whole) else np.result_type(*self.dtypes))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns: the input's, with a number where it has several; none where they are too many to be told.

        >>> Packing("dict", ("age", "job"), ((1,), (2,)), ("float32", "int32")).names
        ('age', 'job[0]', 'job[1]')
        """
        if self.bounds[-1] > MOST_NAMES:
            return ()
        told = [f"input {key}" if key.isdigit() else key for key in self.keys]
        sizes = np.diff(self.bounds)
        return tuple(
            f"{key}[{i}]" if size > 1 else key for key, size in zip(told, sizes, strict=True) for i in range(size)
        )

    def describe(self) -> str:
        """Where to find which input, in words.

        >>> Packing("dict", ("age", "job"), ((1,), (4,)), ("float32", "int32")).describe()
        'column 0 is input age, columns 1 to 4 are input job'
        """
        parts = []
        for key, (start, end) in zip(self.keys, pairwise(self.bounds), strict=True):
            many = end - start > 1
            parts.append(f"columns {start} to {end - 1} are input {key}" if many else f"column {start} is input {key}")
        return ", ".join(parts)

    def pack(self, parts: Sequence[AnyArray]) -> AnyArray:
        """Rows of all inputs as ``(n_rows, columns)``."""
        return np.concatenate([np.asarray(one).reshape(len(one), -1).astype(self.dtype) for one in parts], axis=1)

    def unpack(self, packed: AnyArray, number: int) -> AnyArray:
        """One part of packed rows, ``(n_rows, *shape)``, in its own type.

        >>> Packing("list", ("0", "1"), ((), (2,)), ("int64", "float32")).unpack(np.array([[1.0, 2.0, 3.0]]), 0)
        array([1])
        """
        start, end = self.bounds[number], self.bounds[number + 1]
        cells = np.asarray(packed)[:, start:end]
        return cells.reshape(len(cells), *self.shapes[number]).astype(self.dtypes[number])

    def spared(self, transform: InputTransform) -> InputTransform:
        """The transform without the columns that are looked up."""
        return transform.sparing(np.repeat(self.whole, np.diff(self.bounds)))

    def fits(self, other: Packing) -> bool:
        """Whether the rows of another call can be laid out in this way; number types may differ."""
        return self.shapes == other.shapes and self.whole == other.whole


def parts_of(value: Any) -> Mapping[str, Any] | None:
    """The inputs by name or number, when ``value`` holds more than one array; else ``None``.

    >>> list(parts_of([np.ones((2, 1)), np.ones((2, 3))])), parts_of([[1, 2], [3, 4]]), parts_of(np.ones(3))
    (['0', '1'], None, None)
    """
    if isinstance(value, dict) and len(value) > 1:
        return {str(key): one for key, one in value.items()}
    listed = isinstance(value, (list, tuple)) and len(value) > 1
    if listed and all(hasattr(one, "shape") and len(one.shape) > 0 for one in value):
        return {str(number): one for number, one in enumerate(value)}
    return None


def packing_of(value: Any, arrays: Mapping[str, AnyArray]) -> Packing:
    """How to lay these arrays side by side. Raises `CannotPack`."""
    how: How = "dict" if isinstance(value, dict) else "tuple" if isinstance(value, tuple) else "list"
    for key, one in arrays.items():
        if one.dtype.kind not in "fiub":
            raise CannotPack(f"input {key} holds {one.dtype}, not numbers")
        if one.ndim == 0 or len(one) != len(next(iter(arrays.values()))):
            raise CannotPack(f"input {key} has another number of rows")
    shapes = tuple(tuple(int(n) for n in one.shape[1:]) for one in arrays.values())
    return Packing(how, tuple(arrays), shapes, tuple(str(one.dtype) for one in arrays.values()))


@dataclass(frozen=True)
class Door:
    """Takes the cells of one input out of packed rows; the function of a ``Lambda`` layer."""

    start: int
    end: int
    shape: tuple[int, ...]
    dtype: str
    takes_apart: ClassVar[bool] = True

    def __call__(self, packed: Any) -> Any:
        """``(n_rows, columns)`` to ``(n_rows, *shape)``."""
        ops = ops_for(packed)
        return ops.cast(ops.reshape(packed[:, self.start : self.end], [-1, *self.shape]), self.dtype)


def unpacked(packing: Packing, packed: Any) -> Any:
    """A tensor of packed rows as the model takes its inputs: a list, tuple or dict of tensors."""
    doors = {
        key: Door(start, end, shape, _keras_dtype(np.dtype(dtype)))(packed)
        for key, shape, dtype, (start, end) in zip(
            packing.keys, packing.shapes, packing.dtypes, pairwise(packing.bounds), strict=True
        )
    }
    return doors if packing.how == "dict" else (list if packing.how == "list" else tuple)(doors.values())


def packed_model(flavor: Flavor, model: Any, packing: Packing) -> Any:
    """A functional model of one input around the user's. Raises `CannotPack` where the model cannot be called so."""
    keras = flavor.keras
    try:
        packed = keras.Input((packing.bounds[-1],), dtype=_keras_dtype(packing.dtype), name="packed_inputs")
        doors = {}
        for key, shape, dtype, (start, end) in zip(
            packing.keys, packing.shapes, packing.dtypes, pairwise(packing.bounds), strict=True
        ):
            door = Door(start, end, shape, _keras_dtype(np.dtype(dtype)))
            layer = keras.layers.Lambda(door, output_shape=shape, name=f"input_{_plain(key)}", dtype=door.dtype)
            doors[key] = layer(packed)
        given = doors if packing.how == "dict" else (list if packing.how == "list" else tuple)(doors.values())
        return keras.Model(packed, model(given), name=model.name)
    except Exception as error:  # whatever a user's own class raises when it is called with symbols
        text = (str(error).splitlines() or [""])[0][:120]
        raise CannotPack(
            f"the model cannot be called on several packed inputs ({type(error).__name__}: {text})"
        ) from error


def _keras_dtype(dtype: Any) -> str:
    """As ``fit`` hands it on: float64 becomes float32."""
    return "float32" if dtype.kind == "f" and dtype.itemsize > 2 else str(dtype)


def _plain(key: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in key)


def output_keys(model: Any) -> tuple[str, ...]:
    """Names of the outputs of a functional model in the order of ``model.outputs``; empty when it has one or none."""
    try:
        outputs = getattr(model, "outputs", None)
    except ValueError:  # a model that is not built yet
        return ()
    if not isinstance(outputs, (list, tuple)) or len(outputs) < 2:
        return ()
    structure = getattr(model, "_outputs_struct", None)
    structure = getattr(model, "_nested_outputs", None) if structure is None else structure
    if isinstance(structure, dict):
        return tuple(sorted(str(key) for key in structure))
    return tuple(str(name) for name in model.output_names)


def by_output(model: Any, value: Any, *, lacking: bool = False) -> list[Any] | None:
    """One entry per output of a model of several, from a list or a dict by name; ``None`` when they do not meet.

    ``lacking``: outputs that a dict leaves out get ``None``.
    """
    if not isinstance(value, (dict, list, tuple)):
        return None
    keys = output_keys(model)
    if isinstance(value, dict):
        held = set(value) if not lacking else {*value, *keys} if set(value) <= set(keys) else set(value)
        names = keys if set(keys) <= held else tuple(getattr(model, "output_names", ()))
        return [value.get(name) for name in names] if names and (lacking or set(names) <= set(value)) else None
    return list(value) if keys and len(value) == len(keys) else None


def entries(model: Any, value: Any) -> dict[str, Any] | None:
    """What was given for each output, or came out of it, by name or number; ``None`` where there is one output.

    Outputs of a class of the user's are known by what is given for them: a dict's go by their sorted names.
    """
    keys = output_keys(model)
    if keys:
        found = by_output(model, value)
        return None if found is None else dict(zip(keys, found, strict=True))
    parts = parts_of(value)
    if parts is None or getattr(model, "outputs", None) is not None:
        return None
    return {key: parts[key] for key in (sorted(parts) if isinstance(value, dict) else parts)}


def opened(flavor: Flavor, model: Any, shape: tuple[int, ...], dtype: Any, packing: Packing | None) -> Any:
    """A functional model of what the ``call`` of a user's class does, by sending symbols through it.

    ``shape`` and ``dtype`` are those of one row, of several inputs packed. Raises `CannotPack` where the class computes
    what cannot be done to symbols.
    """
    keras = flavor.keras
    try:
        door = keras.Input(shape, dtype=_keras_dtype(np.dtype(dtype)))
        return keras.Model(door, model.call(door if packing is None else unpacked(packing, door)), name=model.name)
    except Exception as error:  # whatever a user's own class raises when it is called with symbols
        text = (str(error).splitlines() or [""])[0][:120]
        raise CannotPack(f"what its call gives cannot be told by output ({type(error).__name__}: {text})") from error


def one_output(model: Any, flavor: Flavor, number: int, name: str = "") -> Any:
    """The part of a functional model that gives one of its outputs; the layers are the user's own."""
    inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]
    key = name or output_keys(model)[number]
    return flavor.keras.Model(inputs, model.outputs[number], name=f"{model.name}_{_plain(key)}")

"""The model's door: how one array of rows becomes the arguments of the user's call, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import torch

from defib.adapters.torch.arrays import Here, map_leaves, to_numpy, to_tensor
from defib.adapters.torch.bags import as_bags, is_bags, rows_of_bags
from defib.adapters.torch.layout import Layout, Lie, moving_axis
from defib.recipe import InputTransform
from defib.subject import AnyArray, NotAvailable


@dataclass(frozen=True)
class RowPart:
    """One tensor argument with a row on its batch axis."""

    shape: tuple[int, ...]
    """Of one row."""
    dtype: Any
    axis: int
    """The batch axis in the user's tensor: 0, or 1 where time comes first."""


@final
@dataclass(frozen=True)
class Door:
    """The arguments of one call, with the row tensors taken out.

    Several row tensors are laid side by side, flattened, as the columns of one array (see `RowPart.shape`).
    """

    args: Any
    kwargs: Any
    parts: tuple[RowPart, ...]
    n_rows: int
    """Rows of the call that it was read from."""
    unbatched: bool = False
    """The user's call has no batch axis: one row at a time."""
    bags: tuple[Any, ...] = ()
    """Where the call takes ids and offsets (see `defib.adapters.torch.bags`): their dtypes."""
    lies: tuple[Lie, ...] = ()
    """How the rows lie in each output tensor; where nothing stands, first."""

    @property
    def axis(self) -> int:
        """The batch axis of what goes in: 1 where time comes first."""
        return self.parts[0].axis if self.parts else 0

    @property
    def time_first(self) -> bool:
        """Whether rows lie elsewhere than first, in what goes in or in what comes out."""
        return self.axis == 1 or any(one != "first" for one in self.lies)

    def lie(self, at: int) -> Lie:
        """Of one output tensor."""
        return self.lies[at] if at < len(self.lies) else "first"

    @property
    def integers(self) -> bool:
        """Whether rows are integers (tokens, class ids)."""
        return not any(part.dtype.is_floating_point or part.dtype.is_complex for part in self.parts)

    def wide(self) -> Door:
        """The same, through which floating rows go in 32 bits."""
        return replace(
            self,
            parts=tuple(
                replace(part, dtype=torch.float32) if part.dtype.is_floating_point else part for part in self.parts
            ),
        )

    def spared(self, transform: InputTransform) -> InputTransform:
        """The transform without the columns of whole numbers that stand beside others: ids that are looked up."""
        if len(self.parts) < 2 or transform.padding is not None:
            return transform
        whole = [not (part.dtype.is_floating_point or part.dtype.is_complex) for part in self.parts]
        return transform.sparing(np.repeat(whole, [math.prod(part.shape) for part in self.parts]))

    def rows_of(self, tensors: Sequence[Any], *, copy: bool = True) -> AnyArray:
        """Row tensors of one call as one array ``(n_rows, ...)``, copied unless asked not to be."""
        if self.bags:
            return rows_of_bags(*map(to_numpy, tensors))
        pairs = zip(tensors, self.parts, strict=True)
        arrays = [self._rows_first(to_numpy(one, copy=copy), part) for one, part in pairs]
        if len(arrays) == 1:
            return arrays[0]
        kind: Any = np.result_type(*arrays)
        return np.concatenate([one.reshape(len(one), -1).astype(kind) for one in arrays], axis=1)

    def _rows_first(self, array: AnyArray, part: RowPart) -> AnyArray:
        if self.unbatched:
            return array[None]
        return np.ascontiguousarray(np.moveaxis(array, part.axis, 0)) if part.axis else array

    def tensors(self, X: AnyArray, *, floating: Any, device: Any) -> tuple[Any, ...]:
        """Rows ``(n_rows, ...)`` as the tensors of the call, batch axis first; see `call`.

        Raises `NotAvailable` for rows of a call with other arguments (without the target that a decoder is told).
        """
        if len(self.parts) == 1:
            return (to_tensor(X, floating=self._floating(self.parts[0], floating), device=device),)
        widths = [math.prod(part.shape) for part in self.parts]
        if np.ndim(X) != 2 or np.shape(X)[1] != sum(widths):
            raise NotAvailable("rows with the arguments of the training's call (these were predicted with others)")
        cuts = np.split(np.asarray(X), np.cumsum(widths)[:-1], axis=1)
        return tuple(
            to_tensor(cut.reshape(len(cut), *part.shape), device=device).to(
                self._floating(part, floating) or part.dtype
            )
            for cut, part in zip(cuts, self.parts, strict=True)
        )

    def _floating(self, part: RowPart, floating: Any) -> Any:
        return part.dtype if part.dtype.is_floating_point else (floating if len(self.parts) == 1 else None)

    def call(self, tensors: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of the user's call for some rows (batch axis first in ``tensors``)."""
        n_rows = len(tensors[0]) if tensors else 0
        given = as_bags(tensors[0], self.bags) if self.bags else ()

        def fill(leaf: Any) -> Any:
            if isinstance(leaf, Here):
                if given:
                    return given[leaf.index]
                return self._as_called(tensors[leaf.index], self.parts[leaf.index])
            return resized(leaf, self.n_rows, n_rows) if isinstance(leaf, torch.Tensor) else leaf

        return map_leaves(self.args, fill), map_leaves(self.kwargs, fill)

    def _as_called(self, tensor: Any, part: RowPart) -> Any:
        if self.unbatched and len(tensor) == 1:
            return tensor[0]
        return tensor.movedim(0, part.axis) if part.axis else tensor

    def to(self, device: Any) -> Door:
        """The same door with its constants on a device."""

        def move(leaf: Any) -> Any:
            return leaf.to(device) if isinstance(leaf, torch.Tensor) else leaf

        return replace(self, args=map_leaves(self.args, move), kwargs=map_leaves(self.kwargs, move))


def resized(constant: Any, recorded: int, n_rows: int) -> Any:
    """A constant that was made for the recorded batch (an LSTM's first state) for another number of rows."""
    if n_rows == recorded or recorded < 2:
        return constant
    for axis, size in enumerate(constant.shape):
        if size == recorded:
            shape = list(constant.shape)
            shape[axis] = n_rows
            return constant.narrow(axis, 0, 1).expand(shape).contiguous()
    return constant


def entry_width(module: Any) -> int:
    """How many features the first linear layer of a module takes; 0 where it has none."""
    return next((int(one.in_features) for one in module.modules() if isinstance(one, torch.nn.Linear)), 0)


def batch_rows(inputs: Sequence[Any], outputs: Sequence[Any], width: int = 0) -> tuple[int, int, bool]:
    """``(n_rows, axis, unbatched)`` of a call, read from the shapes of what went in and what came out.

    The batch axis is the first one; it is the second one when only that agrees with the output's first axis
    (``batch_first=False``). A 1-D floating input whose output has at most one axis is a single row, unless both are
    as long: then it is one where a row is as wide (see `entry_width`).
    """
    first = inputs[0]
    out = next((each for each in outputs if each.dim()), outputs[0] if outputs else first)
    if first.dim() == 0:
        return 1, 0, True
    one = tuple(out.shape) != tuple(first.shape) or len(first) == width > 1
    if first.dim() == 1 and first.is_floating_point() and out.dim() <= 1 and one:
        return 1, 0, True
    if first.dim() >= 2 and out.dim() and out.shape[0] != first.shape[0] and out.shape[0] == first.shape[1]:
        return int(first.shape[1]), 1, False
    return int(first.shape[0]), 0, False


def read_door(
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    outputs: Sequence[Any],
    width: int = 0,
    layout: Layout | None = None,
) -> tuple[Door, list[Any]]:
    """The door of one call and its row tensors, in order. Constants are copied.

    ``layout``: where the rows are, if that was observed; else it is read from the shapes.
    """
    seen: list[Any] = []
    map_leaves((args, kwargs), lambda leaf: seen.append(leaf) if isinstance(leaf, torch.Tensor) else None)
    if not seen:
        return Door(args, kwargs, (), 0), []
    if is_bags(seen, outputs):
        return _bag_door(args, kwargs, seen)
    n_rows, axis, unbatched = batch_rows(seen, outputs, width)
    if layout is not None and layout.axis is None:
        n_rows, axis, unbatched = 1, 0, True
    elif layout is not None and layout.axis is not None and seen[0].dim() > layout.axis:
        n_rows, axis, unbatched = int(seen[0].shape[layout.axis]), layout.axis, False
    parts: list[RowPart] = []
    tensors: list[Any] = []

    def take(leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor):
            return leaf
        if leaf.layout is not torch.strided:  # an adjacency matrix: how rows hang together, no row itself
            return leaf.detach().clone()
        here = (0 if leaf is seen[0] else None) if unbatched else moving_axis(leaf, seen[0], axis)
        if here is None:
            return leaf.detach().clone()
        shape = tuple(leaf.shape) if unbatched else tuple(s for i, s in enumerate(leaf.shape) if i != here)
        parts.append(RowPart(shape, leaf.dtype, here))
        tensors.append(leaf)
        return Here(len(parts) - 1)

    new_args, new_kwargs = map_leaves(args, take), map_leaves(kwargs, take)
    return Door(new_args, new_kwargs, tuple(parts), n_rows, unbatched, lies=layout.lies if layout else ()), tensors


def _bag_door(args: tuple[Any, ...], kwargs: dict[str, Any], seen: Sequence[Any]) -> tuple[Door, list[Any]]:
    """A row is a bag; the offsets are no rows of their own, and no labels."""
    ids, offsets = seen
    numbers = {id(one): i for i, one in enumerate(seen)}

    def take(leaf: Any) -> Any:
        return Here(numbers[id(leaf)]) if id(leaf) in numbers else leaf

    longest = int(torch.diff(offsets, append=offsets.new_tensor([len(ids)])).max())
    part = RowPart((max(longest, 1),), ids.dtype, 0)
    dtypes = (ids.dtype, offsets.dtype)
    return Door(map_leaves(args, take), map_leaves(kwargs, take), (part,), len(offsets), bags=dtypes), [ids, offsets]


def plain_door(X: AnyArray, dtype: Any) -> Door:
    """The door of ``model(X)``."""
    return Door((Here(0),), {}, (RowPart(tuple(X.shape[1:]), dtype, 0),), max(len(X), 1))


def plain_parts(rows: Sequence[Any], n_rows: int, unbatched: bool, layout: Layout | None = None) -> Door:
    """The door of a module that is called with these row tensors, in order."""
    along = 0 if layout is None or unbatched else layout.axis or 0
    axes = [moving_axis(one, rows[0], along) or 0 for one in rows]
    parts = tuple(
        RowPart(tuple(one.shape) if unbatched else (*one.shape[:axis], *one.shape[axis + 1 :]), one.dtype, axis)
        for one, axis in zip(rows, axes, strict=True)
    )
    lies = () if layout is None else layout.lies
    return Door(tuple(Here(i) for i in range(len(parts))), {}, parts, n_rows, unbatched, lies=lies)

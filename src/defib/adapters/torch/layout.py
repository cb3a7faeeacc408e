"""Which axis of a call holds the rows: observed on a clone, never read from shapes that fit both.

``(time, rows, features)`` and ``(rows, time, features)`` look alike. What makes an axis that of the rows is how the
network treats it: another row in place of one changes that one's output and no other's; rows in another order come
out in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import torch

from defib.adapters.torch.arrays import map_leaves, tensors_in
from defib.adapters.torch.clone import clone_module, unwrapped
from defib.adapters.torch.quiet import quiet
from defib.subject import AnyArray

Lie: TypeAlias = Literal["first", "second", "inner"]
"""How rows lie in a tensor: along its first axis (time may be flattened in behind them), along its second one, or along
its first one with time flattened in before them: ``(time × rows, ...)``."""

SAME: Final = 1e-3
"""Differences below this share of what another row makes are rounding."""
LEAST: Final = 1e-5
"""What another row must change of an output, relative to its size, for anything to be told."""
MOST_WEIGHTS: Final = 50_000_000
MOST_CELLS: Final = 5_000_000


@dataclass(frozen=True)
class Layout:
    """Where the rows are in a call."""

    axis: int | None
    """Of what goes in: 0, or 1 where time comes first; ``None`` where no axis is that of rows: a call is one row."""
    lies: tuple[Lie, ...]
    """Of every output tensor, in order."""


def moving_axis(leaf: Any, first: Any, axis: int) -> int | None:
    """Along which axis a tensor of the call has a row for each of ``first``'s along ``axis``; ``None`` for a constant.

    Beside ``(time, rows)`` other sequences have their rows second, too; masks ``(rows, time)`` and labels have them
    first, and a state ``(layers, rows, units)`` is none of the rows'.
    """
    n = int(first.shape[axis])
    if leaf is first:
        return axis
    if leaf.dim() and leaf.shape[0] == n and not (axis and leaf.dim() > 1 and leaf.shape[:2] == first.shape[:2]):
        return 0
    alike = leaf.dim() == first.dim() > axis and leaf.dtype == first.dtype and leaf.shape[2:] == first.shape[2:]
    second = axis == 1 and leaf.dim() > 1 and leaf.shape[1] == n
    return 1 if second and (leaf.shape[:2] == first.shape[:2] or alike) else None


def is_ambiguous(first: Any, outputs: Sequence[Any]) -> bool:
    """Whether shapes leave open which of the first two axes holds the rows."""
    if first.layout is not torch.strided or not first.dim() or not 1 < len(first) <= first.numel() <= MOST_CELLS:
        return False
    sizes = [tuple(one.shape) for one in outputs if one.dim()]
    if first.dim() == 1:
        return not first.is_floating_point() and any(len(first) == one[0] and len(one) > 1 for one in sizes)
    time, rows = first.shape[:2]
    both = {(time, rows), (rows, time)}
    return any(one[:2] in both or one[0] == time * rows or (time == rows == one[0]) for one in sizes)


def observed_layout(module: Any, args: Any, kwargs: Any, outputs: Sequence[Any], guess: int) -> Layout | None:
    """How a clone with weights drawn anew treats both axes; ``None`` where that tells nothing.

    Where both axes are rows by how they are treated (every cell for itself), ``guess`` is taken. Where the outputs hang
    on nothing, the layers inside are asked.
    """
    first = next(tensors_in((args, kwargs)))
    if sum(one.numel() for one in module.parameters()) > MOST_WEIGHTS:
        return None
    with quiet(seed=0), torch.no_grad():
        clone = clone_module(unwrapped(module)).eval()
        for one in clone.parameters():
            if one.is_floating_point():
                one.copy_(torch.randn_like(one) / max(one[0].numel() if one.dim() > 1 else 4, 1) ** 0.5)
        start = torch.randn_like(first) if first.is_floating_point() else first
        inner: list[Any] = []
        for one in clone.modules():
            if one is not clone:
                one.register_forward_hook(lambda _, __, out: inner.extend(tensors_in(out)))

        def run(axis: int, order: Any) -> list[Any]:
            def move(leaf: Any) -> Any:
                along = moving_axis(leaf, first, axis) if isinstance(leaf, torch.Tensor) else None
                value = start if leaf is first else leaf
                return value if along is None else value.index_select(along, order.to(value.device))

            inner.clear()
            found = list(tensors_in(clone(*map_leaves(args, move), **map_leaves(kwargs, move))))
            return [*found, *inner]

        axes = (guess, 1 - guess) if first.dim() > 1 else (0,)
        found = {axis: _treated(first.shape, axis, run) for axis in axes if first.shape[axis] > 1}
    return _chosen(found, guess, len(outputs), first.shape)


def _chosen(found: dict[int, list[tuple[int, Lie]]], guess: int, n_outputs: int, shape: Any) -> Layout | None:
    """``found``: by axis, how each output (and then each layer) treats it, and how it lies there."""
    best = {axis: max((score for score, _ in pairs[:n_outputs]), default=-1) for axis, pairs in found.items()}
    if max(best.values()) < 0:
        asked = {axis: [score for score, _ in pairs[n_outputs:] if score >= 0] for axis, pairs in found.items()}
        best = {axis: min(scores, default=-1) for axis, scores in asked.items()}
    axis = max(best, key=lambda one: (best[one], one == guess))
    if best[axis] > 0:
        return Layout(axis, tuple(lie for _, lie in found[axis][:n_outputs]))
    if best[axis] == 0 and len(shape) == 1:
        return Layout(None, ())
    if best[axis] == 0 and axis == 0 and shape[1] == 1:  # one row, its steps along the first axis
        steps: Lie = "inner"
        return Layout(1, (steps,) * n_outputs)
    return None


def _treated(shape: Any, axis: int, run: Callable[[int, Any], list[Any]]) -> list[tuple[int, Lie]]:
    """Per output: how it treats entries along the axis, and how they lie in it.

    2: each comes out for itself; 1: in the order in which it went in; 0: neither; −1: it hangs on nothing.
    """
    n = int(shape[axis])
    plain = torch.arange(n)
    other, turned = plain.clone(), plain.roll(1)
    other[0] = n - 1
    base, replaced, rolled = (run(axis, one) for one in (plain, other, turned))
    found: list[tuple[int, Lie]] = []
    for one, with_other, in_turn in zip(base, replaced, rolled, strict=False):
        possible = _possible(one, shape, axis)
        scores = [_score(*(led(each, n, lie) for each in (one, with_other, in_turn))) for lie in possible]
        at = int(np.argmax(scores)) if scores else 0
        found.append((scores[at], possible[at]) if scores else (-1, "first"))
    return found


def _possible(output: Any, shape: Any, axis: int) -> list[Lie]:
    n, other = int(shape[axis]), int(shape[1 - axis]) if len(shape) > 1 else 1
    if not output.dim() or not output.is_floating_point():
        return []
    found: list[Lie] = []
    if output.shape[0] in (n, n * other):
        found.append("first")
    if output.dim() > 1 and output.shape[1] == n:
        found.append("second")
    if output.shape[0] == n * other and other > 1:
        found.append("inner")
    return found


def _score(base: Any, replaced: Any, rolled: Any) -> int:
    """Of outputs ``(n, ...)``: as they were, with the last row in place of the first, and turned by one."""
    size = float(base.abs().max())
    made = float((replaced[0] - base[0]).abs().max())
    if not made > LEAST * size:  # also where there is NaN
        return -1
    limit = SAME * made
    alone = float((replaced[1:] - base[1:]).abs().max()) <= limit
    follows = float((rolled - base.roll(1, 0)).abs().max()) <= limit
    return 2 if alone and follows else 1 if follows else 0


def led(value: Any, n_rows: int, lie: Lie) -> Any:
    """A tensor with rows lying so as ``(n_rows, ...)``; as it is where it does not hold so many."""
    if lie == "inner" and value.dim() and len(value) % max(n_rows, 1) == 0:
        return value.reshape(-1, n_rows, *value.shape[1:]).movedim(1, 0)
    if lie == "second" and value.dim() > 1 and value.shape[1] == n_rows:
        return value.movedim(1, 0)
    if lie == "first" and value.dim() and n_rows and len(value) != n_rows and len(value) % n_rows == 0:
        return value.reshape(n_rows, -1, *value.shape[1:])
    return value


def laid(value: Any, lie: Lie, *, flat: bool) -> Any:
    """Rows first, ``(n_rows, ...)``, laid as the program has them; ``flat``: with time flattened in."""
    if lie in ("second", "inner") and value.dim() > 1:
        value = value.movedim(0, 1)
    return value.reshape(-1, *value.shape[2:]) if flat and value.dim() > 1 else value


def led_array(array: AnyArray, n_rows: int, lie: Lie) -> AnyArray:
    """As `led`, of an array, where rows are not first; others are left to their reader."""
    if lie == "inner" and array.ndim and len(array) % max(n_rows, 1) == 0:
        array = array.reshape(-1, n_rows, *array.shape[1:])
        return np.ascontiguousarray(np.moveaxis(array, 1, 0))
    if lie == "second" and array.ndim > 1 and array.shape[1] == n_rows:
        return np.ascontiguousarray(np.moveaxis(array, 1, 0))
    return array

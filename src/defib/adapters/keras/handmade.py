"""The loss of a hand-written loop, recovered from what it gave: a well-known formula, in the shapes as they met."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, final

import numpy as np

from defib.adapters.keras.flavor import to_numpy
from defib.adapters.keras.ops import Ops, ops_for
from defib.adapters.keras.own_step import classify
from defib.recipe import LossFacts, LossKind, LossTakes
from defib.subject import AnyArray

Open = tuple[int | None, ...]
CLIP: Final = 1e-7
SQUARES: Final = frozenset({"Square", "Pow", "Mul", "SquaredDifference"})


Times = Literal["one", "rows", "entries"]


@final
@dataclass(frozen=True)
class Recovered:
    """A loss ``(y, p) -> scalar`` that gives what the user's expression gave."""

    kind: LossKind
    takes: LossTakes
    times: Times = "one"
    """What the mean of the formula is multiplied by: nothing, the number of rows, or that of all entries (a sum)."""
    factor: float = 1.0
    """Beside that: one half for ½(y - p)²."""
    prediction: Open = ()
    target: Open = ()
    """Shapes in which output and labels met; empty: as they come."""
    name: str = "hand-made loss"

    @property
    def from_logits(self) -> bool:
        """Whether it is given logits, as Keras' own losses call it."""
        return self.takes == "logits"

    def matching(self) -> Recovered:
        """The same, for labels that are brought to the predictions' shape."""
        return replace(self, prediction=(), target=())

    def __call__(self, y: Any, p: Any) -> Any:
        """Scalar loss of one batch."""
        ops = ops_for(p)
        p = _shaped(ops, ops.convert(p), self.prediction)
        each = self._each(ops, _shaped(ops, ops.convert(y), self.target), p)
        many = {"one": 1, "rows": ops.shape(p)[0], "entries": ops.size(each)}[self.times]
        return self.factor * ops.cast(many, each.dtype) * ops.mean(each)

    def _each(self, ops: Ops, y: Any, p: Any) -> Any:
        if self.kind == "sparse_categorical_cross_entropy":
            return -ops.pick(self._log(ops, p), ops.reshape(y, ops.shape(p)[:-1]))
        y = ops.cast(y, p.dtype)
        if self.kind == "categorical_cross_entropy":
            return -ops.sum(y * self._log(ops, p), axis=-1)
        if self.kind == "absolute_error":
            return ops.absolute(y - p)
        if self.kind == "squared_error":
            return ops.square(y - p)
        if self.takes == "logits":
            return ops.softplus(p) - y * p
        q = ops.clip(p, CLIP, 1 - CLIP)
        return -(y * ops.log(q) + (1 - y) * ops.log(1 - q))

    def _log(self, ops: Ops, p: Any) -> Any:
        if self.takes == "logits":
            return ops.log_softmax(p)
        return ops.log(ops.clip(p, CLIP, 1.0))


def _shaped(ops: Ops, tensor: Any, shape: Open) -> Any:
    """The tensor with the trailing sizes in which it met the other; the number of rows is left open."""
    inner = shape[1:]
    if not shape or any(n is None for n in inner) or len(shape) == len(tensor.shape):
        return tensor
    return ops.reshape(tensor, [-1, *inner])


def recover(value: float | None, y: AnyArray, p: AnyArray, operations: tuple[str, ...] = ()) -> Recovered | None:
    """The formula behind a loss value on labels ``y`` and outputs ``p`` in the shapes in which they met.

    Means, halves of them, and sums over rows or over all entries are tried; without a value, the operations speak.

    >>> recover(0.25, np.zeros(4), np.full((4, 1), 0.5)).kind
    'squared_error'
    >>> recover(2.0, np.zeros((8, 1)), np.full((8, 1), 0.5)).times, recover(9.9, np.zeros(4), np.ones(4))
    ('rows', None)
    """
    if value is None or not math.isfinite(value):
        kind = by_operations(operations)
        return None if kind is None else Recovered(kind, "values")
    sizes: tuple[tuple[Times, int], ...] = (("one", 1), ("rows", len(p)), ("entries", _entries(y, p)))
    for times, size in sizes:
        kind, takes = classify(value / size, y, p)
        if kind != "other":
            return _halved(Recovered(kind, takes, times), value, y, p)
    return None


def _entries(y: AnyArray, p: AnyArray) -> int:
    try:
        return int(np.prod(np.broadcast_shapes(np.shape(y), np.shape(p))))
    except ValueError:
        return 1


def _halved(found: Recovered, value: float, y: AnyArray, p: AnyArray) -> Recovered:
    """With the factor one half where the formula gives twice the value."""
    plain = float(to_numpy(found(np.asarray(y), np.asarray(p, dtype=np.float32))))
    return replace(found, factor=0.5) if value < 0.75 * plain else found


def by_operations(operations: tuple[str, ...]) -> LossKind | None:
    """Kind of an error by the names of its operations, where no value could be read.

    >>> by_operations(("Sub", "Pow", "Mean")), by_operations(("Sub", "Abs", "Mean")), by_operations(("Mul", "Mean"))
    ('squared_error', 'absolute_error', None)
    """
    if not operations or operations[-1] != "Mean":
        return None
    first, rest = operations[0], set(operations[1:-1])
    if first == "SquaredDifference" and not rest:
        return "squared_error"
    if first != "Sub" or len(rest) != 1:
        return None
    return "squared_error" if rest <= SQUARES else "absolute_error" if rest == {"Abs"} else None


def facts_of_handmade(
    found: Recovered | None, operations: tuple[str, ...], shapes: tuple[Open, Open, Open], batch: int
) -> LossFacts:
    """The neutral facts; sizes that a graph left open are those of a batch."""
    prediction, target, element = (tuple(batch if n is None else n for n in shape) for shape in shapes)
    name = "(".join(reversed([one.lower() for one in operations[:4]])) + ")" * (min(len(operations), 4) - 1)
    kind, takes = ("other", "values") if found is None else (found.kind, found.takes)
    return LossFacts(name or "hand-made", kind, takes, prediction, target, element)  # type: ignore[arg-type]

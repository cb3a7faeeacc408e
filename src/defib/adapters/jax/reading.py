"""The layers of a network, read from the graph of its forward pass, whatever library or hand wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from defib.adapters.jax.graph import NAMED, Const, Graph, Op, Ref
from defib.subject import Layer, LayerKind

RESHAPES: Final = frozenset(
    {"reshape", "squeeze", "expand_dims", "convert_element_type", "copy", "broadcast_in_dim", "transpose"}
)
CARRIES: Final = RESHAPES | {"stop_gradient", "mul", "neg", "name", "reduce_precision", "rev"}
"""Operations through which a weight stays the weight."""
PRIMITIVES: Final = {"logistic": "sigmoid", "tanh": "tanh"}
POOLS: Final = (
    "reduce_window",
    "reduce_window_sum",
    "reduce_window_max",
    "reduce_window_min",
    "reduce_max",
    "reduce_sum",
)
WEIGHTED: Final = ("dense", "conv", "recurrent", "embedding", "attention")
"""Kinds of layers that hold weights; norm layers stand apart."""


@dataclass(frozen=True)
class Step:
    """A layer and where it is in the graph."""

    layer: Layer
    value: int
    """Number of its output."""
    op: int
    """Index of the operation that gives it (for a dense layer with a bias, the addition)."""
    source: int | None = None
    """The number of what it is applied to, for an activation, a dense or a convolution layer, and dropout."""
    in_shape: tuple[int, ...] = ()
    rows_axis: int = 0


@dataclass
class _Reader:
    graph: Graph
    weights: Mapping[int, str]
    n_rows: int
    data: set[int]
    roots: dict[int, tuple[str, ...]]
    """Names of the weights that a value without data comes from."""
    scales: set[int] = field(default_factory=set)
    """Values that come from a (reciprocal) root: what a normalization divides by."""
    random: set[int] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)
    by_value: dict[int, int] = field(default_factory=dict)
    """Position among the steps of each layer's output; reshapes of it included."""

    def read(self, needed: set[int]) -> None:
        made = self.graph.made_by()
        for op in self.graph.ops:
            if not any(out in needed for out in op.outputs):
                continue
            self._track(op)
            if any(ref in self.data for ref in op.refs):
                self._layer(op, made)

    def _track(self, op: Op) -> None:
        if op.name.startswith("random_bits") or any(ref in self.random for ref in op.refs):
            self.random.update(op.outputs)
        if any(ref in self.data for ref in op.refs):
            self.data.update(op.outputs)
        else:
            names = tuple(dict.fromkeys(name for ref in op.refs for name in self.roots.get(ref, ())))
            self.roots.update({out: names for out in op.outputs if names})
        if op.name in ("rsqrt", "sqrt") or (op.name in CARRIES | {"div", "add", "max"} and self._scaled(op)):
            self.scales.update(op.outputs)
        if op.name in RESHAPES and op.refs and op.refs[0] in self.by_value:
            self.by_value[op.outputs[0]] = self.by_value[op.refs[0]]

    def _scaled(self, op: Op) -> bool:
        """All that is no weight or constant of this operation comes from a root."""
        kept = [ref for ref in op.refs if ref not in self.roots]
        return bool(kept) and all(ref in self.scales for ref in kept)

    def _layer(self, op: Op, made: Mapping[int, Op]) -> None:
        names = tuple(
            dict.fromkeys(name for ref in op.refs if ref not in self.data for name in self.roots.get(ref, ()))
        )
        name = op.name
        if name in ("dot_general", "conv_general_dilated") and names:
            entered = next(ref for ref in op.refs if ref in self.data)
            self._add(op, "dense" if name == "dot_general" else "conv", names, source=entered)
        elif name in ("gather", "take") and names and op.inputs[0] not in [Ref(one) for one in self.data]:
            self._add(op, "embedding", names)
        elif name in ("scan", "while"):
            self._recurrent(op, names)
        elif (name in ("add", "add_any", "sub") and names and self._biased(op, names)) or self._activation(op, made):
            return
        elif name == "select_n" and any(ref in self.random for ref in op.refs[:1]):
            self._add(op, "dropout", (), source=_undropped(op, made, self.data))
        elif name in ("mul", "div") and self._normalizes(op):
            self._add(op, "norm", self._roots_of_scale(op))
        elif name in POOLS and len(self.graph.shapes[op.refs[0]]) >= 3 and op.refs[0] in self.by_value:
            self._add(op, "pool", ())
        elif name in ("concatenate", "add") and len(op.refs) >= 2 and all(self._is_layer(ref) for ref in op.refs):
            self._add(op, "merge", ())

    def _is_layer(self, ref: int) -> bool:
        return ref in self.by_value or ref in self.graph.inputs

    def _roots_of_scale(self, op: Op) -> tuple[str, ...]:
        names: list[str] = []
        for out in self.graph.behind([ref for ref in op.refs if ref in self.scales], stop=tuple(self.by_value)):
            names += [self.weights[out]] if out in self.weights else []
        return tuple(dict.fromkeys(names))

    def _normalizes(self, op: Op) -> bool:
        refs = op.refs
        return len(refs) == 2 and (refs[0] in self.scales) != (refs[1] in self.scales) and any(
            ref in self.data and ref not in self.scales for ref in refs
        )  # fmt: skip

    def _biased(self, op: Op, names: tuple[str, ...]) -> bool:
        at = next((self.by_value.get(ref) for ref in op.refs if ref in self.by_value), None)
        if at is None:
            return False
        step = self.steps[at]
        if step.layer.kind not in ("dense", "conv", "norm", "embedding"):
            return False
        layer = replace(step.layer, parameters=tuple(dict.fromkeys((*step.layer.parameters, *names))))
        self.steps[at] = replace(step, layer=layer, value=op.outputs[0], op=op.index)
        self.by_value[op.outputs[0]] = at
        return True

    def _activation(self, op: Op, made: Mapping[int, Op]) -> bool:
        found = activation_of(op, made, self.data)
        if found is None:
            return False
        name, source = found
        inside = self.graph.behind(op.refs, stop=(source,))
        if name in ("gelu", "silu") and self.steps and self.steps[-1].value in inside - {source}:
            last = self.steps.pop()  # the tanh or sigmoid inside is no layer of its own
            self.by_value = {value: at for value, at in self.by_value.items() if value != last.value}
        self._add(op, "activation", (), name, source)
        return True

    def _recurrent(self, op: Op, names: tuple[str, ...]) -> None:
        for out in op.outputs:
            shape = self.graph.shapes[out]
            for axis in (0, 1):
                if len(shape) >= 2 and shape[axis] == self.n_rows and self.graph.dtypes[out].kind == "f":
                    self._add(op, "recurrent", names, value=out, axis=axis)
                    return

    def _add(
        self,
        op: Op,
        kind: LayerKind,
        names: tuple[str, ...],
        activation: str | None = None,
        source: int | None = None,
        *,
        value: int | None = None,
        axis: int = 0,
    ) -> None:
        value = op.outputs[0] if value is None else value
        shape = self.graph.shapes[value]
        if len(shape) <= axis or shape[axis] != self.n_rows:
            return
        base = self._base(names, kind)
        name = f"{base}:{activation}" if activation is not None else base
        taken = [step.layer.name for step in self.steps]
        unique = name if name not in taken else f"{name}_{sum(one.startswith(name) for one in taken)}"
        units = shape[-1] if len(shape) > 1 else 1
        entered = next((ref for ref in op.refs if ref in self.data), None)
        in_shape = () if entered is None else self.graph.shapes[entered]
        self.steps.append(Step(Layer(unique, kind, activation, units, names), value, op.index, source, in_shape, axis))
        self.by_value[value] = len(self.steps) - 1

    def _base(self, names: tuple[str, ...], kind: LayerKind) -> str:
        if names:
            return names[0].rpartition(".")[0] or names[0]
        if kind == "activation" and self.steps:
            return self.steps[-1].layer.name.partition(":")[0]
        return str(kind)


def activation_of(op: Op, made: Mapping[int, Op], data: set[int]) -> tuple[str, int] | None:
    """The activation that this operation completes, and what it is applied to; by name, by primitive or by pattern."""
    refs = [ref for ref in op.refs if ref in data]
    if not refs:
        return None
    if op.name in NAMED.values() or op.name in PRIMITIVES:
        return PRIMITIVES.get(op.name, op.name), refs[0]
    if op.name == "max" and len(refs) == 1 and any(isinstance(one, Const) and _is(one, 0.0) for one in op.inputs):
        return "relu", refs[0]
    if op.name == "div":
        return _quotient(op, made)
    if op.name == "mul" and len(refs) == 2:
        return _product(op, made)
    return None


def _undropped(op: Op, made: Mapping[int, Op], data: set[int]) -> int | None:
    """``x`` of ``where(kept, x / share, 0)``."""
    scaled = next((ref for ref in op.refs[1:] if ref in data), None)
    divided = None if scaled is None else made.get(scaled)
    return divided.refs[0] if divided is not None and divided.name in ("div", "mul") else scaled


def _is(operand: Any, value: float) -> bool:
    return bool(np.size(operand.value) == 1 and float(np.asarray(operand.value).reshape(())) == value)


def _through(ref: int, made: Mapping[int, Op]) -> int:
    """The value before reshapes and broadcasts."""
    while ref in made and made[ref].name in RESHAPES | {"stop_gradient"} and made[ref].refs:
        ref = made[ref].refs[0]
    return ref


def _quotient(op: Op, made: Mapping[int, Op]) -> tuple[str, int] | None:
    """``exp(z) / sum(exp(z))`` and ``1 / (1 + exp(-z))``."""
    above, below = op.inputs
    if not isinstance(below, Ref):
        return None
    under = made.get(_through(below.id, made))
    if under is None:
        return None
    if isinstance(above, Ref) and under.name == "reduce_sum":
        top = made.get(_through(above.id, made))
        summed = _through(under.refs[0], made)
        if top is not None and top.name == "exp" and summed in top.outputs:
            return "softmax", _shifted(top.refs[0], made)
    if isinstance(above, Const) and _is(above, 1.0) and under.name == "add" and len(under.refs) == 1:
        exponential = made.get(under.refs[0])
        negative = made.get(exponential.refs[0]) if exponential is not None and exponential.name == "exp" else None
        if negative is not None and negative.name == "neg":
            return "sigmoid", negative.refs[0]
    return None


def _shifted(ref: int, made: Mapping[int, Op]) -> int:
    """``z`` of ``z - max(z)``."""
    op = made.get(ref)
    if op is not None and op.name == "sub" and len(op.refs) == 2:
        other = made.get(_through(op.refs[1], made))
        while other is not None and other.name == "max" and len(other.refs) == 1:
            other = made.get(_through(other.refs[0], made))
        if other is not None and other.name == "reduce_max":
            return op.refs[0]
    return ref


def _product(op: Op, made: Mapping[int, Op]) -> tuple[str, int] | None:
    """``z * sigmoid(z)`` and ``z * (1 + tanh(..z..)) / 2`` or with ``erf``."""
    for z, gate in (op.refs, op.refs[::-1]):
        inner = made.get(gate)
        if inner is not None and inner.name == "logistic" and inner.refs[0] == z:
            return "silu", z
        for _ in range(3):
            if inner is None or inner.name not in ("mul", "add", "div") or len(inner.refs) != 1:
                break
            inner = made.get(inner.refs[0])
        if inner is not None and inner.name in ("tanh", "erf", "erfc") and z in _near(inner, made, 8):
            return "gelu", z
    return None


def _near(op: Op, made: Mapping[int, Op], depth: int) -> set[int]:
    found = set(op.refs)
    for _ in range(depth):
        found |= {ref for one in found if one in made for ref in made[one].refs}
    return found


def read_layers(
    graph: Graph, weights: Mapping[int, str], rows: Sequence[int], output: Any, n_rows: int
) -> tuple[Step, ...]:
    """The layers between the rows and the output, in the order in which they run.

    ``weights`` and ``rows`` are numbers of inputs of the graph; ``output`` is the operand that is the prediction.
    """
    if not isinstance(output, Ref):
        return ()
    reader = _Reader(graph, weights, n_rows, set(rows), {value: (name,) for value, name in weights.items()})
    reader.read(graph.behind([output.id]))
    made = graph.made_by()
    end = output.id
    while end in made and made[end].name in ("reshape", "squeeze", "expand_dims", "convert_element_type"):
        end = made[end].refs[0]
    if reader.by_value.get(end, -1) != len(reader.steps) - 1 and end in made and graph.shapes[end][:1] == (n_rows,):
        shape = graph.shapes[end]
        layer = Layer("output", "other", None, shape[-1] if len(shape) > 1 else 1)
        reader.steps.append(Step(layer, end, made[end].index))
    return tuple(reader.steps)


def last_weighted(steps: Sequence[Step]) -> int:
    """Position of the last step with weights of its own; −1 without any."""
    return max((i for i, one in enumerate(steps) if one.layer.kind in WEIGHTED), default=-1)

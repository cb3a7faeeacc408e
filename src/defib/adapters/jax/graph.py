"""A traced JAX function as one flat list of operations that can be read, run in part, and run with some replaced.

Functions that JAX keeps as calls (``jit``) are written out, except those that are an activation by their name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

import jax
from jax.extend.core import ClosedJaxpr, Literal

NAMED: Final[dict[str, str]] = {
    **{"relu": "relu", "relu6": "relu", "leaky_relu": "leaky_relu", "elu": "elu", "selu": "selu", "celu": "elu"},
    **{"gelu": "gelu", "silu": "silu", "swish": "silu", "softplus": "softplus", "sigmoid": "sigmoid"},
    **{"hard_sigmoid": "hard_sigmoid", "tanh": "tanh", "hard_tanh": "tanh", "softmax": "softmax"},
    **{"log_softmax": "log_softmax", "log_sigmoid": "log_sigmoid"},
}
"""Functions of ``jax.nn`` by the name of their call → activation."""
CALLS: Final = ("jit", "pjit", "closed_call", "core_call", "custom_lin")

Replacement: TypeAlias = Callable[[Sequence[Any], Callable[[], Any], "Callable[[int], Any]"], Any]
"""``(values of the inputs, run the operation, value by number) -> value of the output instead``."""


@dataclass(frozen=True)
class Ref:
    """A value of the graph by number."""

    id: int


@dataclass(frozen=True)
class Const:
    """A constant of the program."""

    value: Any


Operand: TypeAlias = Ref | Const


@dataclass(frozen=True, eq=False)
class Op:
    """One operation: a JAX primitive with its parameters, or a whole activation."""

    index: int
    name: str
    """The primitive's name, or that of an activation function."""
    inputs: tuple[Operand, ...]
    outputs: tuple[int, ...]
    shape: tuple[int, ...]
    """Of the first output."""
    eqn: Any

    @property
    def refs(self) -> tuple[int, ...]:
        """Inputs that are no constants."""
        return tuple(one.id for one in self.inputs if isinstance(one, Ref))


@dataclass(frozen=True, eq=False)
class Graph:
    """``inputs`` and ``outputs`` in the order of the function's flat arguments and results."""

    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[Operand, ...]
    shapes: Mapping[int, tuple[int, ...]]
    dtypes: Mapping[int, Any]
    constants: Mapping[int, Any] = field(default_factory=dict)
    """Arrays that the program holds itself, by number."""

    def made_by(self) -> dict[int, Op]:
        """The operation behind each value that is no input."""
        return {out: op for op in self.ops for out in op.outputs}

    def users(self) -> dict[int, list[Op]]:
        """The operations that take each value."""
        found: dict[int, list[Op]] = {}
        for op in self.ops:
            for ref in set(op.refs):
                found.setdefault(ref, []).append(op)
        return found

    def reached_from(self, sources: Sequence[int]) -> set[int]:
        """All values that depend on any of these, themselves included."""
        reached = set(sources)
        for op in self.ops:
            if any(ref in reached for ref in op.refs):
                reached.update(op.outputs)
        return reached

    def behind(self, wanted: Sequence[int], stop: Sequence[int] = ()) -> set[int]:
        """All values that these are computed from, themselves included, not looking behind ``stop``."""
        needed, ends = set(wanted), set(stop)
        for op in reversed(self.ops):
            if any(out in needed and out not in ends for out in op.outputs):
                needed.update(op.refs)
        return needed


@dataclass
class _Writer:
    ops: list[Op] = field(default_factory=list)
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    dtypes: dict[int, Any] = field(default_factory=dict)
    constants: dict[int, Any] = field(default_factory=dict)
    known: dict[int, int] = field(default_factory=dict)
    """Number of each constant by its ``id``."""
    count: int = 0

    def constant(self, value: Any) -> Operand:
        """Numbers stand where they are used; an array gets a number of its own."""
        if not getattr(value, "ndim", 0):
            return Const(value)
        if id(value) not in self.known:
            self.known[id(value)] = self.new(value)
            self.constants[self.count] = value
        return Ref(self.known[id(value)])

    def new(self, aval: Any) -> int:
        self.count += 1
        self.shapes[self.count] = tuple(getattr(aval, "shape", ()))
        self.dtypes[self.count] = getattr(aval, "dtype", None)
        return self.count

    def write(self, jaxpr: Any, consts: Sequence[Any], arguments: Sequence[Operand]) -> list[Operand]:
        env: dict[Any, Operand] = dict(zip(jaxpr.invars, arguments, strict=True))
        env.update(zip(jaxpr.constvars, (self.constant(one) for one in consts), strict=True))

        def read(atom: Any) -> Operand:
            return self.constant(atom.val) if isinstance(atom, Literal) else env[atom]

        for eqn in jaxpr.eqns:
            inputs = tuple(read(atom) for atom in eqn.invars)
            name = _name(eqn)
            inner = eqn.params.get("jaxpr", eqn.params.get("call_jaxpr"))
            if name in CALLS and inner is not None:
                closed = inner if isinstance(inner, ClosedJaxpr) else ClosedJaxpr(inner, ())
                outs = self.write(closed.jaxpr, closed.consts, inputs)
                env.update(zip(eqn.outvars, outs, strict=True))
                continue
            outputs = tuple(self.new(var.aval) for var in eqn.outvars)
            self.ops.append(Op(len(self.ops), name, inputs, outputs, self.shapes[outputs[0]] if outputs else (), eqn))
            env.update(zip(eqn.outvars, (Ref(one) for one in outputs), strict=True))
        return [read(atom) for atom in jaxpr.outvars]


def _name(eqn: Any) -> str:
    primitive = str(eqn.primitive.name)
    called = str(eqn.params.get("name") or _inner_name(eqn))
    if (primitive in CALLS or primitive.startswith("custom_jvp")) and called in NAMED and len(eqn.outvars) == 1:
        return called
    return primitive


def _inner_name(eqn: Any) -> str:
    """Of a function with a derivative of its own: the function's name."""
    inner = getattr(eqn.params.get("call_jaxpr"), "jaxpr", None)
    return str(getattr(getattr(inner, "debug_info", None), "func_name", ""))


def flatten(closed: Any) -> Graph:
    """The flat graph of what ``jax.make_jaxpr`` gives."""
    writer = _Writer()
    inputs = [writer.new(var.aval) for var in closed.jaxpr.invars]
    outputs = writer.write(closed.jaxpr, closed.consts, [Ref(one) for one in inputs])
    return Graph(tuple(writer.ops), tuple(inputs), tuple(outputs), writer.shapes, writer.dtypes, writer.constants)


def run(
    graph: Graph,
    given: Mapping[int, Any],
    wanted: Sequence[Operand],
    plan: Mapping[int, Replacement] | None = None,
) -> list[Any]:
    """Values of ``wanted`` from the values ``given`` (inputs, or anything in between: nothing behind it is run).

    ``plan`` replaces operations by their index. Raises `KeyError` when something needed is missing.
    """
    env: dict[int, Any] = {**graph.constants, **given}
    needed = graph.behind([one.id for one in wanted if isinstance(one, Ref)], stop=tuple(given))

    def read(operand: Operand) -> Any:
        return operand.value if isinstance(operand, Const) else env[operand.id]

    for op in graph.ops:
        if all(out in env or out not in needed for out in op.outputs):
            continue
        values = [read(one) for one in op.inputs]
        change = None if plan is None else plan.get(op.index)
        if change is not None:
            env[op.outputs[0]] = change(values, partial(_first, op, values), env.__getitem__)
            continue
        env.update(zip(op.outputs, _bound(op, values), strict=True))
    return [read(one) for one in wanted]


def _bound(op: Op, values: Sequence[Any]) -> list[Any]:
    params = op.eqn.primitive.get_bind_params(op.eqn.params)
    result = op.eqn.primitive.bind(*values, **params)
    return list(result) if op.eqn.primitive.multiple_results else [result]


def _first(op: Op, values: Sequence[Any]) -> Any:
    return _bound(op, values)[0]


def let_through(graph: Graph) -> dict[int, Replacement]:
    """A plan in which every ``stop_gradient`` passes its gradient on; the values are the same."""
    return {op.index: lambda values, compute, value: values[0] for op in graph.ops if op.name == "stop_gradient"}


def traced(function: Callable[..., Any], *arguments: Any) -> tuple[Graph, Any]:
    """The graph of a function of these arguments (arrays or their shapes), and the structure of its result."""
    closed, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
    return flatten(closed), shapes

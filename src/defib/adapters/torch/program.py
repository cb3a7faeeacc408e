"""A stretch of the user's program as a list of torch calls that can be run again with other tensors.

The loss of a raw training loop is whatever the user wrote between the model's output and
``loss.backward()``. `slice_nodes` cuts the calls that the loss depends on out of everything that was recorded, and
`Program.run` runs them again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import torch
from numpy.typing import NDArray

from defib.adapters.torch.arrays import map_leaves, tensors_in
from defib.adapters.torch.layout import Lie, laid
from defib.adapters.torch.ops import DETACHING, op_name

LeafKind = Literal["output", "label", "input", "parameter", "constant"]
ROW_COUNT_FUNCTIONS = frozenset(
    {"view", "reshape", "expand", "zeros", "ones", "full", "rand", "randn", "arange", "new_zeros", "new_ones"}
)
DIVISIONS = frozenset({"div", "true_divide", "__truediv__", "truediv"})


@dataclass(frozen=True, eq=False)
class Node:
    """One recorded call, with the live tensors."""

    func: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    out: Any
    grad_enabled: bool = True
    call: bool = False
    """A top-level call of a module with parameters; ``func`` is the module."""

    @property
    def name(self) -> str:
        """Name of the function, without trailing underscores."""
        return op_name(self.func)


@dataclass(frozen=True)
class Slot:
    """Stands for a value in a template."""

    index: int


class RowCount:
    """Stands for the number of rows in a template."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """A value that comes from outside."""

    kind: LeafKind
    slot: int
    key: str | int = 0
    value: Any = None
    flat: bool = False
    """A label tensor whose first axis runs over rows *and* time."""
    lie: Lie = "first"
    """How the rows lie in a label tensor."""

    def laid(self, labels: Any) -> Any:
        """Labels with a row on the first axis as the program had them."""
        return laid(labels, self.lie, flat=self.flat)


@dataclass(frozen=True, eq=False)
class Step:
    """One call of a `Program`."""

    name: str
    func: Any
    args: Any
    kwargs: Any
    outs: tuple[int, ...]
    grad_enabled: bool
    module: str | None = None
    simple: bool = False
    """No nest in the arguments: they can be filled in without recursion."""
    picks: bool = False
    """It picks the rows that the loss counts (see `defib.adapters.torch.masks.picking`)."""


def tracked(value: Any) -> list[Any]:
    """Objects in a result that a later call may use: tensors, and what ``item``, ``numpy``, ``tolist`` gave."""
    found = list(tensors_in(value))
    if (not found and type(value).__name__ in ("float", "ndarray")) or (isinstance(value, list) and not found):
        return [value]
    return found


def uses(node: Node) -> list[Any]:
    """Objects among a call's arguments that a former call may have given."""
    found: list[Any] = []

    def look(leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor) or type(leaf).__name__ in ("float", "ndarray"):
            found.append(leaf)
        return leaf

    map_leaves((node.args, dict(node.kwargs)), look)
    found.extend(one for one in node.args if isinstance(one, list))
    return found


def _writes(node: Node) -> list[Any]:
    if node.name in ("__setitem__", "backward") and node.args:
        return [node.args[0]] if node.name == "__setitem__" else []
    return tracked(node.out)


def slice_nodes(nodes: Sequence[Node], wanted: Sequence[Any]) -> list[Node]:
    """The calls that ``wanted`` depends on, in order. An in-place call both uses and gives its tensor."""
    needed = {id(one) for one in wanted}
    kept: list[Node] = []
    for node in reversed(nodes):
        written = {id(one) for one in _writes(node)}
        if not written & needed:
            continue
        kept.append(node)
        needed -= written
        needed |= {id(one) for one in uses(node)}
    return kept[::-1]


@final
@dataclass(frozen=True)
class Program:
    """A list of calls with slots for what comes in; ``results`` are the slots of what comes out."""

    steps: tuple[Step, ...]
    leaves: tuple[Leaf, ...]
    results: tuple[int, ...]
    n_slots: int
    meetings: frozenset[int] = frozenset()
    """Positions of the steps where predictions and labels meet."""
    picked: NDArray[np.int64] | None = None
    """Numbers of the rows that it picks; ``None`` when it takes all."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Program:
        """Nothing in it is ever changed: copies share it."""
        return self

    def of(self, kind: LeafKind) -> tuple[Leaf, ...]:
        """The leaves of one kind, in order."""
        return tuple(leaf for leaf in self.leaves if leaf.kind == kind)

    def run(
        self,
        give: Callable[[Leaf], Any],
        *,
        n_rows: int,
        module: Callable[[str], Any] | None = None,
        attached: bool = False,
        match_shapes: bool = False,
        picked: bool = False,
    ) -> tuple[Any, ...]:
        """Run all calls.

        Args:
            give: the value of each leaf.
            n_rows: number of rows, where the program wrote it down (``view(32, 1)``, ``/ 32``).
            module: the module of each name that is called.
            attached: calls that cut the graph (``detach``, ``item`` …) hand their tensor on instead.
            picked: outputs and labels are those of the picked rows already.
            match_shapes: labels take the shape of the predictions they meet, where both have as many elements.
        """
        env: list[Any] = [None] * self.n_slots
        for leaf in self.leaves:
            env[leaf.slot] = give(leaf)
        for position, step in enumerate(self.steps):
            args, kwargs = _fill(step, env, n_rows)
            if picked and step.picks:
                env[step.outs[0]] = _all_of(args)
                continue
            if match_shapes and position in self.meetings:
                args = _matched(args)
            out = self._call(step, args, kwargs, module, attached)
            if len(step.outs) == 1 and not isinstance(out, list | tuple | dict):
                env[step.outs[0]] = out
                continue
            for slot, value in zip(step.outs, tracked(out), strict=False):
                env[slot] = value
        return tuple(env[slot] for slot in self.results)

    def _call(self, step: Step, args: Any, kwargs: Any, module: Callable[[str], Any] | None, attached: bool) -> Any:
        if step.module is not None:
            assert module is not None
            func = module(step.module)
        else:
            func = step.func
        if attached and step.name in DETACHING and args and isinstance(args[0], torch.Tensor):
            return args[0]
        if attached and step.name == "requires_grad" and args and not args[0].is_leaf:
            return args[0]
        if step.grad_enabled or attached:
            return _returned(step, func(*args, **kwargs), args)
        with torch.no_grad():
            return _returned(step, func(*args, **kwargs), args)


def _all_of(args: Any) -> Any:
    """What a step that picks rows gives where nothing is left to pick; other axes are picked as it does."""
    index = args[1] if len(args) > 1 else None
    return args[0][(slice(None), *index[1:])] if isinstance(index, tuple) else args[0]


def _returned(step: Step, out: Any, args: Any) -> Any:
    return args[0] if step.name == "__setitem__" else out


def _fill(step: Step, env: list[Any], n_rows: int) -> tuple[Any, Any]:
    def value(leaf: Any) -> Any:
        if type(leaf) is Slot:
            return env[leaf.index]
        return n_rows if leaf is RowCount else leaf

    if step.simple:
        return [value(leaf) for leaf in step.args], {key: value(leaf) for key, leaf in step.kwargs.items()}
    return map_leaves(step.args, value), map_leaves(step.kwargs, value)


def _matched(args: Any) -> Any:
    """The second tensor takes the first one's shape where both have the same number of elements."""
    args = list(args)
    at = [i for i, one in enumerate(args) if isinstance(one, torch.Tensor)][:2]
    if len(at) == 2:
        first, second = args[at[0]], args[at[1]]
        if first.shape != second.shape and first.numel() == second.numel():
            args[at[1]] = second.reshape(first.shape)
    return args


def compile_nodes(
    nodes: Sequence[Node],
    results: Sequence[Any],
    leaf_of: Callable[[Any, int], Leaf],
    *,
    n_rows: int,
    module_name: Callable[[Any], str] | None = None,
    picks: frozenset[int] = frozenset(),
) -> Program:
    """Turn sliced nodes into a `Program`; ``leaf_of(value, slot)`` names each value that comes from outside.

    ``picks`` are the ``id`` of nodes that pick the rows of the loss.
    """
    return _Compiler(leaf_of, n_rows, module_name, picks).compile(nodes, results)


@final
class _Compiler:
    def __init__(
        self,
        leaf_of: Callable[[Any, int], Leaf],
        n_rows: int,
        module_name: Callable[[Any], str] | None,
        picks: frozenset[int],
    ) -> None:
        self.leaf_of = leaf_of
        self.n_rows = n_rows
        self.module_name = module_name
        self.picks = picks
        self.slots: dict[int, int] = {}
        self.leaves: list[Leaf] = []
        self.n_slots = 0

    def compile(self, nodes: Sequence[Node], results: Sequence[Any]) -> Program:
        steps = [self._step(node) for node in nodes]
        out = tuple(self._slot(value) for value in results)
        return Program(tuple(steps), tuple(self.leaves), out, self.n_slots, _meetings(steps, self.leaves))

    def _slot(self, value: Any) -> int:
        if id(value) not in self.slots:
            slot = self._new(value)
            self.leaves.append(self.leaf_of(value, slot))
        return self.slots[id(value)]

    def _new(self, value: Any) -> int:
        self.slots[id(value)] = self.n_slots
        self.n_slots += 1
        return self.n_slots - 1

    def _step(self, node: Node) -> Step:
        lists = {id(one) for one in node.args if isinstance(one, list) and id(one) in self.slots}

        def template(leaf: Any) -> Any:
            if isinstance(leaf, torch.Tensor):
                return Slot(self._slot(leaf))
            return Slot(self.slots[id(leaf)]) if id(leaf) in self.slots and _tracked_plain(leaf) else leaf

        args = tuple(Slot(self.slots[id(one)]) if id(one) in lists else map_leaves(one, template) for one in node.args)
        args = _with_open_end(node, self._with_row_count(node, args), self.n_rows)
        kwargs = map_leaves(dict(node.kwargs), template)
        outs = tuple(self._new(value) for value in _writes(node))
        simple = not any(isinstance(one, list | tuple | dict | slice) for one in (*args, *kwargs.values()))
        module = self.module_name(node.func) if node.call and self.module_name is not None else None
        return Step(node.name, node.func, args, kwargs, outs, node.grad_enabled, module, simple, id(node) in self.picks)

    def _with_row_count(self, node: Node, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """``view(32, 1)`` and ``/ 32`` follow the number of rows when the batch had 32."""
        name, rows = node.name, self.n_rows
        if rows < 2 or not (name in ROW_COUNT_FUNCTIONS or name in DIVISIONS):
            return args
        at = 0 if args and not isinstance(args[0], Slot) else 1
        if len(args) <= at:
            return args
        first = args[at]
        if type(first) is int and first == rows:
            return (*args[:at], RowCount, *args[at + 1 :])
        if isinstance(first, tuple | list) and first and type(first[0]) is int and first[0] == rows:
            return (*args[:at], (RowCount, *first[1:]), *args[at + 1 :])
        return args


def _with_open_end(node: Node, args: tuple[Any, ...], rows: int) -> tuple[Any, ...]:
    """``y[:len(out)]``, which took all rows of its batch, takes all of any batch."""
    source = node.args[0] if node.args else None
    if node.name != "__getitem__" or len(args) < 2 or not isinstance(source, torch.Tensor):
        return args
    index = args[1] if isinstance(args[1], tuple) else (args[1],)
    first = index[0] if index else None
    if not isinstance(first, slice) or source.shape[:1] != (rows,) or type(first.stop) is not int:
        return args
    if first.start not in (None, 0) or first.step not in (None, 1) or first.stop < rows:
        return args
    return (args[0], (slice(None), *index[1:]), *args[2:])


def _tracked_plain(value: Any) -> bool:
    return type(value).__name__ in ("float", "ndarray", "list")


def slots_in(step: Step) -> list[int]:
    """Slots that a step reads, in order."""
    found: list[int] = []

    def look(leaf: Any) -> Any:
        if type(leaf) is Slot:
            found.append(leaf.index)
        return leaf

    map_leaves((step.args, step.kwargs), look)
    return found


def derived(steps: Sequence[Step], roots: Sequence[int]) -> set[int]:
    """Slots that depend on any of ``roots``."""
    found = set(roots)
    for step in steps:
        if found & set(slots_in(step)):
            found |= set(step.outs)
    return found


def _meetings(steps: Sequence[Step], leaves: Sequence[Leaf]) -> frozenset[int]:
    from_output = derived(steps, [leaf.slot for leaf in leaves if leaf.kind == "output"])
    from_label = derived(steps, [leaf.slot for leaf in leaves if leaf.kind == "label"]) - from_output
    return frozenset(
        i for i, step in enumerate(steps) if set(slots_in(step)) & from_output and set(slots_in(step)) & from_label
    )

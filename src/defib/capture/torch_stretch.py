"""A step of a network whose weights belong to no module, cut in two: what the weights do to the rows, and the loss.

Where a module is called, the call itself says where the network ends. Here only what ran can say it: the network is
everything up to the last use of a weight on something that comes from rows, and on to the tensor through which all of
that reaches the labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import torch

from defib.adapters.torch.arrays import leaf_tensors, tensors_in
from defib.adapters.torch.batches import without_picking
from defib.adapters.torch.masks import masks
from defib.adapters.torch.ops import LOSSES
from defib.adapters.torch.program import Leaf, Node, Program, compile_nodes, slice_nodes, tracked, uses

SQUASHING: Final = frozenset({"sigmoid", "expit", "softmax", "log_softmax", "logsigmoid"})
WRITTEN_OUT: Final = (
    torch.sigmoid,
    torch.nn.functional.logsigmoid,
    lambda z: torch.softmax(z, -1),
    lambda z: torch.log_softmax(z, -1),
)
SAME: Final = 1e-4
"""A small number in the program's own denominator or logarithm makes no other function of it."""
Signature = tuple[tuple[str, tuple[str, ...]], ...]
"""Calls that take a weight, or what comes from one, in order: name, and the weights taken."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """The network's part of one step."""

    program: Program
    rows: tuple[Any, ...]
    out: Any
    outer: tuple[Node, ...]
    """What else the loss is made of."""
    signature: Signature
    n_rows: int


def split(nodes: Sequence[Node], loss: Any, weights: Mapping[int, str]) -> Stretch | None:
    """Cut the calls before a loss; ``weights``: name by ``id``. ``None`` where no single tensor stands between them."""
    kept = slice_nodes([node for node in nodes if not _writes_weights(node, weights)], [loss])
    first = _first_rows(kept, weights)
    if first is None:
        return None
    alone = _is_one_row(first, kept, weights)
    n_rows = 1 if alone else int(first.shape[0])
    if not alone:
        kept = without_picking(kept, set(weights), n_rows)
    flow = _Flow(kept, weights, n_rows, alone=alone)
    at = flow.end()
    if at is None:
        return None
    out = kept[at].out
    inner = slice_nodes(kept[: at + 1], [out])
    inside = {id(node) for node in inner}
    outer = tuple(node for node in kept if id(node) not in inside)
    return _stretch(inner, outer, out, weights, n_rows, alone=alone)


def again(nodes: Sequence[Node], weights: Mapping[int, str], like: Stretch) -> list[tuple[Stretch, int]]:
    """Where the same calls ran once more (an evaluation), and the position of the last of them among ``nodes``."""
    alive = [i for i, node in enumerate(nodes) if _writes_weights(node, weights) is False]
    live = _live(nodes, weights)
    alive = [i for i in alive if id(nodes[i]) in live]
    found, start, length = [], 0, len(like.signature)
    while start + length <= len(alive):
        chosen = alive[start : start + length]
        if tuple(_signed(nodes[i], weights) for i in chosen) != like.signature:
            start += 1
            continue
        start += length
        stretch = _found_again(nodes[: chosen[-1] + 1], [nodes[i] for i in chosen], weights)
        if stretch is not None and len(stretch.rows) == len(like.rows):
            found.append((stretch, chosen[-1]))
    return found


def _found_again(before: Sequence[Node], chosen: Sequence[Node], weights: Mapping[int, str]) -> Stretch | None:
    out = chosen[-1].out
    if not isinstance(out, torch.Tensor):
        return None
    inner = slice_nodes([node for node in before if not _writes_weights(node, weights)], [out])
    first = _first_rows(inner, weights)
    if first is None or not first.dim():
        return None
    alone = _is_one_row(first, inner, weights)
    n_rows = 1 if alone else int(first.shape[0])
    return _stretch(without_picking(inner, set(weights), n_rows), (), out, weights, n_rows, alone=alone)


def _stretch(
    inner: Sequence[Node], outer: tuple[Node, ...], out: Any, weights: Mapping[int, str], n_rows: int, *, alone: bool
) -> Stretch | None:
    leaves = _Leaves(weights, n_rows, alone=alone)
    program = compile_nodes(inner, [out], leaves, n_rows=n_rows)
    live = _live(inner, weights)
    signature = tuple(_signed(node, weights) for node in inner if id(node) in live)
    return Stretch(program, tuple(leaves.rows), out, outer, signature, n_rows) if leaves.rows else None


class _Leaves:
    """Weights by name, row tensors by position, everything else as it was."""

    def __init__(self, weights: Mapping[int, str], n_rows: int, *, alone: bool) -> None:
        self.weights, self.n_rows, self.alone = weights, n_rows, alone
        self.rows: list[Any] = []

    def __call__(self, value: Any, slot: int) -> Leaf:
        if id(value) in self.weights:
            return Leaf("parameter", slot, self.weights[id(value)])
        if _is_rows(value, self.n_rows, alone=self.alone):
            self.rows.append(value)
            return Leaf("input", slot, len(self.rows) - 1)
        kept = value.detach().clone() if isinstance(value, torch.Tensor) else value
        return Leaf("constant", slot, value=kept)


@final
class _Flow:
    """Which of the calls carry rows that weights have worked on, and where all of that is one tensor."""

    def __init__(self, kept: Sequence[Node], weights: Mapping[int, str], n_rows: int, *, alone: bool) -> None:
        self.kept, self.n_rows, self.alone = kept, n_rows, alone
        self.made: dict[int, int] = {}
        """Position of the call that last gave a tensor of worked-on rows, by ``id``."""
        self.last = -1
        """The last call in which a weight works on rows."""
        self.meeting = len(kept)
        """The first call after it in which the rows meet something of their number that no weight worked on."""
        self._walk(weights)

    def _walk(self, weights: Mapping[int, str]) -> None:
        picks = masks(self.kept)
        derived, rows, meetings = set(weights), set[int](), list[int]()
        produced = {id(one) for node in self.kept for one in tracked(node.out)}
        for i, node in enumerate(self.kept):
            used = [one for one in uses(node) if isinstance(one, torch.Tensor)]
            rows |= {id(o) for o in used if id(o) not in produced | derived and self._row_like(o)}
            taken = {id(one) for one in used}
            outs = {id(one) for one in tracked(node.out)}
            carried = taken & self.made.keys()
            by_weight = taken & derived - self.made.keys()
            if by_weight and self._works(used, derived, carried):
                self.last = i
            if carried or (by_weight and taken & rows):
                if carried and (taken & rows - picks - self.made.keys() or node.name in LOSSES):
                    meetings.append(i)
                self.made.update(dict.fromkeys(outs, i))
            if taken & derived:
                derived |= outs
            elif taken & rows:
                rows |= outs
        self.meeting = next((i for i in meetings if i > self.last), len(self.kept))

    def _works(self, used: Sequence[Any], derived: set[int], carried: set[int]) -> bool:
        """Whether a weight works on something of the program's here; a penalty on weights alone, added up, does not."""
        others = [one for one in used if id(one) not in derived or id(one) in carried]
        return any(one.dim() for one in others)

    def _row_like(self, value: Any) -> bool:
        if not isinstance(value, torch.Tensor):
            return False
        return self.alone or bool(value.dim() and value.shape[0] == self.n_rows)

    def end(self) -> int | None:
        """Position of the call that gives the prediction; ``None`` when there is no such single tensor."""
        if self.last < 0:
            return None
        for i in range(self.meeting - 1, self.last - 1, -1):
            out = self.kept[i].out
            if self._row_like(out) and id(out) in self.made and self._passes(i, id(out)):
                return self._unsquashed(i)
        return None

    def _unsquashed(self, at: int) -> int:
        """Before a sigmoid or softmax at the end: predictions may be read without it, and the loss is read with it."""
        while at > self.last and self.kept[at].name in SQUASHING:
            before = next((i for i in range(at - 1, self.last - 1, -1) if _gives(self.kept[i], self.kept[at])), None)
            if before is None or not self._passes(before, id(self.kept[before].out)):
                break
            at = before
        return next((i for i in range(max(self.last, 0), at) if self._written_out(i, at)), at)

    def _written_out(self, before: int, at: int) -> bool:
        """Whether the calls between two tensors are a sigmoid or softmax written out, or its logarithm."""
        given, out = self.kept[before].out, self.kept[at].out
        if not self._row_like(given) or given.shape != out.shape or not given.is_floating_point():
            return False
        if id(given) not in self.made or not self._passes(before, id(given)):
            return False
        inner = slice_nodes(self.kept[before + 1 : at + 1], [out])
        program = compile_nodes(inner, [out], lambda value, slot: _leaf(value, slot, given), n_rows=self.n_rows)
        asked = torch.linspace(-3, 3, given.numel(), dtype=given.dtype).reshape(given.shape)
        try:
            with torch.no_grad():
                (answer,) = program.run(lambda leaf: asked if leaf.kind == "input" else leaf.value, n_rows=self.n_rows)
        except Exception:  # what does not run again is no squashing
            return False
        return any(torch.allclose(answer, known(asked), atol=SAME) for known in WRITTEN_OUT)

    def _passes(self, at: int, key: int) -> bool:
        """Whether everything after call ``at`` takes of the worked-on rows only this tensor, or what comes of it."""
        later = {id(one) for node in self.kept[at + 1 :] for one in tracked(node.out)}
        seen = {key}
        for node in self.kept[at + 1 :]:
            taken = {id(one) for one in uses(node)} & self.made.keys()
            if taken - seen - later:
                return False
            if taken:
                seen |= {id(one) for one in tracked(node.out)}
        return len(seen) > 1


def _leaf(value: Any, slot: int, given: Any) -> Leaf:
    return Leaf("input", slot, 0) if value is given else Leaf("constant", slot, value=value)


def _gives(first: Node, second: Node) -> bool:
    """Whether the second call takes what the first one gave."""
    return any(one is first.out for one in uses(second))


def _writes_weights(node: Node, weights: Mapping[int, str]) -> bool:
    """An update by hand (``w -= lr * w.grad``): what made a weight is no part of the network."""
    return any(id(one) in weights for one in tensors_in(node.out)) or (
        node.name in ("__setitem__", "__set__") and bool(node.args) and id(node.args[0]) in weights
    )


def _live(nodes: Sequence[Node], weights: Mapping[int, str]) -> set[int]:
    """``id`` of every call that takes a weight, or what comes from one."""
    derived, found = set(weights), set[int]()
    for node in nodes:
        if any(id(one) in derived for one in uses(node)) and not _writes_weights(node, weights):
            found.add(id(node))
            derived |= {id(one) for one in tracked(node.out)}
    return found


def _signed(node: Node, weights: Mapping[int, str]) -> tuple[str, tuple[str, ...]]:
    return node.name, tuple(weights[id(one)] for one in uses(node) if id(one) in weights)


def _first_rows(nodes: Sequence[Node], weights: Mapping[int, str]) -> Any:
    """The first tensor that a weight, or what comes from one, works on."""
    derived = set(weights)
    for node in nodes:
        used = leaf_tensors((node.args, dict(node.kwargs)))
        if any(id(one) in derived for one in used):
            others = [one for one in used if id(one) not in derived and one.dim()]
            if others:
                return others[0]
            derived |= {id(one) for one in tracked(node.out)}
    return None


def _is_one_row(first: Any, nodes: Sequence[Node], weights: Mapping[int, str]) -> bool:
    """Whether the program sends one row at a time, without a batch axis: nothing that comes of it is as long."""
    if first.dim() != 1 or not first.is_floating_point():
        return False
    live = _live(nodes, weights)
    outs = [node.out for node in nodes if id(node) in live and isinstance(node.out, torch.Tensor)]
    rows = {id(first)}
    for node in nodes:
        if any(id(one) in rows for one in uses(node)):
            rows |= {id(one) for one in tracked(node.out)}
    return not any(id(one) in rows and one.dim() and one.shape[0] == first.shape[0] for one in outs)


def _is_rows(value: Any, n_rows: int, *, alone: bool) -> bool:
    if not isinstance(value, torch.Tensor) or not value.dim():
        return False
    return alone or value.shape[0] == n_rows

"""What the user had the model evaluate: rows, outputs and, where they meet in torch, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from defib.adapters.torch.arrays import tensors_in, to_numpy
from defib.adapters.torch.door import Door, plain_parts
from defib.adapters.torch.inside import NOTHING_BESIDE, Beside
from defib.adapters.torch.layout import Lie, led_array, moving_axis
from defib.adapters.torch.network import rows_first
from defib.adapters.torch.ops import activation_of, kind_of
from defib.adapters.torch.program import Node, slice_nodes
from defib.capture.torch_axis import door_of, known_together
from defib.capture.torch_buffers import SharedMemory, buffer_of
from defib.capture.torch_call import Call
from defib.capture.torch_labels import label_array, meeting_label, rows_second
from defib.capture.torch_lengths import Lengths
from defib.capture.torch_rows import evenly, row_keys
from defib.subject import AnyArray, FloatArray, NotAvailable

MAX_ROWS = 20_000
MAX_BYTES = 64 * 2**20
MAX_GROUPS = 8
SQUASHING = frozenset({"sigmoid", "softmax"})
HARMLESS = frozenset({"detach", "cpu", "to", "float", "double", "clone", "contiguous", "__getitem__"})
"""Calls that hand an output on as it is."""


@dataclass(eq=False)
class Group:
    """Calls from one line of the program, in one mode, with no training step in between."""

    line: str
    steps: int
    X: list[AnyArray] = field(default_factory=list)
    outputs: list[list[Any]] = field(default_factory=list)
    """Output tensors per call, detached."""
    lies: list[tuple[Lie, ...]] = field(default_factory=list)
    """How rows lie in them, per call."""
    y: list[AnyArray | None] = field(default_factory=list)
    n_rows: int = 0
    n_bytes: int = 0
    training: bool = False
    """They ran in training mode."""
    order: int = field(default_factory=count().__next__)
    """Running number over all models of the program."""
    place: tuple[str, ...] = ()
    """The user's frames of the last call."""
    memory: SharedMemory = field(default_factory=SharedMemory)
    applied: list[tuple[str, ...]] = field(default_factory=list)
    """Per call: the squashings (``sigmoid``, ``softmax``) that the program then applied to the output."""

    put_in: Mapping[str, Any] | None = None
    """Weights that were put into the module for the last call."""
    lengths: Lengths | None = None
    """Where rows of different lengths can be brought to one."""

    @property
    def squashed(self) -> tuple[str, ...]:
        """Those of every call, where all agree."""
        return self.applied[0] if len(set(self.applied)) == 1 else ()

    @property
    def kept(self) -> list[int]:
        """Calls whose rows have the shape of the first one's: padded sequences of another length have not."""
        pieces = self._aligned()
        return [i for i, one in enumerate(pieces) if one.shape[1:] == pieces[0].shape[1:]]

    def _aligned(self) -> list[AnyArray]:
        return self.X if self.lengths is None else self.lengths.align(self.X)

    @property
    def n_seen(self) -> int | None:
        """How many rows there were, where some are left out; ``None`` when all are here."""
        n_kept = sum(len(self.X[i]) for i in self.kept)
        return None if n_kept == self.n_rows else self.n_rows

    def rows(self) -> AnyArray:
        """All rows of one shape, in order."""
        pieces = self._aligned()
        return np.concatenate([pieces[i] for i in self.kept])

    def keys(self) -> NDArray[np.uint64]:
        """One number per row, as the training's rows have them."""
        return row_keys(self.rows()) if self.lengths is None else self.lengths.keys(self.rows())

    def labels(self) -> AnyArray | None:
        """Their labels, where every call had some."""
        found = [one for one in self.y if one is not None]
        complete = len(found) == len(self.y)
        found = [one for one in (self.y[i] for i in self.kept) if one is not None]
        if not complete or not found or any(one.shape[1:] != found[0].shape[1:] for one in found):
            return None
        return np.concatenate(found)

    def predictions(self, selected: int) -> FloatArray | None:
        """The prediction of every row, ``(n_rows, ...)``."""
        pieces = []
        for i in self.kept:
            X, outputs = self.X[i], self.outputs[i]
            if not outputs:
                return None
            try:
                at = min(selected, len(outputs) - 1)
                lie = self.lies[i][at] if at < len(self.lies[i]) else "first"
                pieces.append(rows_first(led_array(to_numpy(outputs[at]), len(X), lie), len(X)))
            except NotAvailable:
                return None
        return np.concatenate(pieces) if pieces and len({one.shape[1:] for one in pieces}) == 1 else None


@final
class EvalLog:
    """The last groups of one model, and the last one with labels."""

    def __init__(self) -> None:
        self.groups: list[Group] = []

    def add(
        self,
        calls: Sequence[Call],
        nodes: Sequence[Node],
        steps: int,
        beside: Beside | None = None,
        lengths: Lengths | None = None,
    ) -> None:
        """One evaluation: one call, or several whose last one gives the output.

        ``beside``: where the label, and what else is no input, stands among the arguments.
        """
        last = calls[-1]
        if self._is_full(last.line, steps, last.training):
            return
        found, given = _door(calls, nodes), last.as_called
        if found is None or given is None or not found[1] or found[0].n_rows == 0:
            return
        group = self._group(last.line, steps, last.training)
        door, rows = found
        outputs = [one.detach() for one in given[2]]
        door, rows, label = (beside or NOTHING_BESIDE).taken_off(door, rows)
        if label is not None:
            outputs = [one for one in outputs if one.dim() > 0]
        after = [node for node in nodes if not node.call]
        X = door.rows_of(rows, copy=False)
        if label is None:
            known = [*rows, *tensors_in((last.args, last.kwargs))]
            n_labels = len(rows[0]) if door.unbatched and door.integers and rows[0].dim() else door.n_rows
            label = meeting_label(after, last.outputs, known, n_labels, door.time_first)
        second = label is not None and rows_second(label, door.n_rows, door.time_first)
        y = label_array(label, len(X), False, door.unbatched, "second" if second else "first")
        group.n_rows += len(X)
        X, y, outputs = _sampled(X, y, outputs)
        group.X.append(X)
        group.lengths = lengths if lengths is not None and len(door.parts) == lengths.n_parts else None
        group.outputs.append(outputs)
        group.lies.append(door.lies)
        group.y.append(y)
        group.applied.append(squashings(after, last.outputs))
        group.n_bytes += X.nbytes
        group.place, group.put_in = last.place, last.put_in
        group.memory.add(last.out)
        buffer = buffer_of(after, last.outputs)
        if buffer is not None:
            group.memory.filled(buffer)

    def _open(self, line: str, steps: int, training: bool) -> Group | None:
        """The group that a call goes on with; behind the last one where a line asks in both modes by turns."""
        for one in reversed(self.groups):
            if (one.line, one.steps) != (line, steps):
                return None
            if one.training == training:
                return one
        return None

    def _is_full(self, line: str, steps: int, training: bool) -> bool:
        found = self._open(line, steps, training)
        return found is not None and (found.n_rows >= MAX_ROWS or found.n_bytes >= MAX_BYTES)

    def _group(self, line: str, steps: int, training: bool) -> Group:
        if (found := self._open(line, steps, training)) is not None:
            return found
        now = [one for one in self.groups if one.steps == steps]
        labelled = [one for one in self.groups if one.steps != steps and one.labels() is not None]
        self.groups = [*labelled[-1:], *now[-(MAX_GROUPS - 1) :], Group(line, steps, training=training)]
        return self.groups[-1]


def _sampled(X: AnyArray, y: AnyArray | None, outputs: list[Any]) -> tuple[AnyArray, AnyArray | None, list[Any]]:
    """Copies of rows, labels and outputs of one call: evenly spaced ones where there are very many."""
    chosen = evenly(len(X), X[:1].nbytes, MAX_BYTES)
    if chosen is None or not all(one.dim() and len(one) == len(X) for one in outputs):
        return X.copy(), y, outputs
    index = torch.from_numpy(chosen)
    return X[chosen], None if y is None else y[chosen], [one[index.to(one.device)] for one in outputs]


def squashings(nodes: Sequence[Node], outputs: Sequence[Any]) -> tuple[str, ...]:
    """Sigmoids and softmaxes applied to the outputs one after the other, whatever was reshaped or moved in between."""
    current = {id(one) for one in outputs}
    found: list[str] = []
    for node in nodes:
        if not any(id(one) in current for one in tensors_in((node.args, dict(node.kwargs)))):
            continue
        name = activation_of(node.name)
        if name in SQUASHING:
            found.append(name)
            current = {id(one) for one in tensors_in(node.out)}
        elif node.name in HARMLESS or kind_of(node.name) == "reshape":
            current |= {id(one) for one in tensors_in(node.out)}
    return tuple(found)


def _door(calls: Sequence[Call], nodes: Sequence[Node]) -> tuple[Door, list[Any]] | None:
    """The door of the first call; for several, of the tensors that the last output comes from."""
    first = calls[0]
    if len(calls) == 1:
        given = first.as_called
        return None if given is None else door_of(first.module, *given)
    kept = slice_nodes(nodes, calls[-1].outputs)
    made = {id(one) for node in kept for one in tensors_in(node.out)}
    lead = next((one for one in tensors_in((first.args, first.kwargs)) if one.dim()), None)
    layout = known_together(calls[-1].module, lead)
    axis = 0 if layout is None else layout.axis or 0
    found: dict[int, Any] = {}
    for node in kept:
        for one in tensors_in((node.args, dict(node.kwargs))):
            if id(one) not in made and lead is not None and moving_axis(one, lead, axis) is not None:
                found[id(one)] = one
    rows = list(found.values())
    n_rows = 0 if lead is None else int(lead.shape[axis])
    return plain_parts(rows, n_rows, False, None if layout is None else replace(layout, lies=layout.lies[-1:])), rows


def share_seen(group: Group, seen: frozenset[int]) -> float:
    """Share of a group's rows that the training saw, in [0, 1]."""
    keys = group.keys()
    return sum(1 for key in keys.tolist() if key in seen) / max(len(keys), 1)

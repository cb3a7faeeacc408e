"""One training step, read from the recorded calls: which modules, which rows, which labels, which loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import torch

from defib.adapters.torch.arrays import tensors_in, to_numpy
from defib.adapters.torch.batches import without_picking
from defib.adapters.torch.choices import TWIN, is_twin, one_kind, why_no_labels
from defib.adapters.torch.composite import Composite
from defib.adapters.torch.door import Door, batch_rows, entry_width, plain_parts, read_door
from defib.adapters.torch.earlier import with_earlier_penalties
from defib.adapters.torch.inside import NOTHING_BESIDE, Beside, label_paths, own_loss, read_inside, without_label
from defib.adapters.torch.layout import Lie
from defib.adapters.torch.ops import DETACHING
from defib.adapters.torch.pairwise import ALL_PAIRS, compares_all
from defib.adapters.torch.partners import Pairs, in_place
from defib.adapters.torch.program import Node, Program, compile_nodes, slice_nodes, tracked
from defib.adapters.torch.reading import Reading, Scene, read_loss
from defib.capture.torch_axis import door_of, layout_together
from defib.capture.torch_call import Call, is_episode, key_of, unique
from defib.capture.torch_carried import carried
from defib.capture.torch_labels import any_label, label_array, meeting_label
from defib.capture.torch_parts import DoorLeaves, part_names_of
from defib.capture.torch_rows import evenly
from defib.capture.torch_scale import scale_of
from defib.capture.torch_targets import without_makers
from defib.subject import AnyArray

UNKNOWN_OWN_LOSS: Final = (
    "the model computes its loss itself, and it is none of the well-known ones: it could not be replayed"
)
OWN_INPUT: Final = (
    "its labels are its own input, as a language model's are, which shifts them by itself: which of them belongs to "
    "which output is not known"
)

Names = Callable[[Any], Mapping[int, str]]
"""Module → name by ``id`` of its parameters."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """What one step of the user's loop was."""

    calls: tuple[Call, ...]
    """The calls that the loss depends on, in order."""
    positions: tuple[int, ...]
    """Theirs among all calls of the step."""
    n_calls: int
    door: Door
    rows: Sequence[Any]
    """The live row tensors at the door."""
    reading: Reading | None
    label: Any = None
    flat_label: bool = False
    composite: Program | None = None
    part_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    scale: float = 1.0
    """By what the mean loss was multiplied before the backward pass (gradient accumulation)."""
    output_names: tuple[str, ...] = ()
    """Of the output tensors, where the network answers with a dictionary."""
    beside: Beside = NOTHING_BESIDE
    """Where the label, and what else is no input, stands among the arguments of the call."""
    live: frozenset[int] = frozenset()
    """``id`` of the calls that the gradient of the loss reaches."""
    target_makers: tuple[Any, ...] = ()
    """Modules whose outputs the step took for labels."""
    compares: bool = False
    """The loss compares what the network answered for several rows: pairs, triplets, two views of one."""
    joined: Reading | None = None
    """The loss over the answers for several rows, where its labels are none of a row (`reading` is ``None`` then)."""
    handed: tuple[Any, ...] = ()
    """The live answers that it takes."""
    pairs: Pairs | None = None
    """What it wants of the rows that it joins."""
    stacked: AnyArray | None = None
    """Rows of many calls of one row each, where the loss joins them."""

    @property
    def label_lie(self) -> Lie:
        """How the rows lie in the label."""
        return "first" if self.reading is None else self.reading.label_lie

    @property
    def key(self) -> tuple[int, ...]:
        """Identity of the modules involved."""
        return key_of(self.calls)

    def slim(self) -> Analysis:
        """Without the live tensors."""
        reading, joined = (None if one is None else one.slim() for one in (self.reading, self.joined))
        return replace(
            self,
            calls=(),
            rows=(),
            label=None,
            reading=reading,
            joined=joined,
            handed=(),
            live=frozenset(),
            stacked=None,
        )

    def arrays(self) -> tuple[AnyArray, AnyArray | None]:
        """Rows and labels as arrays, both ``(n_rows, ...)``; copied, unless so many that only a sample is kept."""
        if self.stacked is not None:
            return self.stacked, None
        X = self.door.rows_of(self.rows, copy=False)
        kept = evenly(len(X), X[:1].nbytes) is None
        if self.label is not None and self.rows and self.label is self.rows[0] and len(self.rows) == 1:
            return (X.copy(), X.copy()) if kept else (X, X)
        of_rows = self.label if self.joined is None else self.joined.label
        label = label_array(of_rows, len(X), self.flat_label, self.door.unbatched, self.label_lie)
        if self.reading is not None and self.reading.label_picked:
            label = _at_their_rows(to_numpy(self.label), self.reading.program.picked, len(X))
        return (X.copy() if kept else X), label

    def extras(self) -> tuple[AnyArray, ...] | None:
        """The other values per row that the loss takes, copied; ``None`` where one is not by row."""
        others = () if self.reading is None else self.reading.others
        leaves = {int(leaf.key): leaf for leaf in self.reading.program.of("label")} if self.reading else {}
        n_rows, unbatched = self.door.n_rows, self.door.unbatched
        found = [
            label_array(one, n_rows, leaf is not None and leaf.flat, unbatched, "first" if leaf is None else leaf.lie)
            for i, one in enumerate(others)
            for leaf in [leaves.get(i + 1)]
        ]
        known = [one for one in found if one is not None]
        return tuple(known) if len(known) == len(others) else None

    def module(self) -> Any:
        """The one module, or all of them as one."""
        if self.composite is None:
            return self.calls[0].module
        parts = dict(zip(self.part_names, unique([call.module for call in self.calls]), strict=True))
        return Composite(parts, self.composite, self.door.n_rows, self.door.axis)


def _at_their_rows(labels: AnyArray, picked: AnyArray | None, n_rows: int) -> AnyArray | None:
    """Labels of picked rows at their places among all rows, 0 elsewhere: no other row's label is ever read."""
    if picked is None or len(picked) != len(labels):
        return None
    spread = np.zeros((n_rows, *labels.shape[1:]), dtype=labels.dtype)
    spread[picked] = labels
    return spread


def analyse(calls: Sequence[Call], nodes: Sequence[Node], loss: Any, names: Names) -> Analysis | None:
    """Read one step; ``None`` when no call is there. Without a visible way to the loss, the last call is taken."""
    kept = slice_nodes(nodes, [loss]) if loss is not None else []
    used = _used_calls(kept, calls)
    if not used and loss is not None:
        found = _cut_from(nodes, loss)
        if found is not None:
            loss, kept = found, slice_nodes(nodes, [found])
            used = _used_calls(kept, calls)
    if not used:
        return _unlinked(calls, nodes, loss)
    known = {key: name for i in used for key, name in names(calls[i].module).items()}
    nodes = with_earlier_penalties(nodes, kept, known)
    kept = slice_nodes(nodes, [loss])
    live = _live(nodes, calls, loss)
    used, kept, makers = without_makers(kept, calls, used, live, loss)
    kept = _from_call_on(calls[used[0]], nodes, kept)
    if len(used) == 1:
        found = _single(calls, used[0], kept, loss, names)
    elif is_episode([calls[i] for i in used]):
        found = _episode(calls, used)
    else:
        found = _composed(calls, used, kept, loss, names)
    return replace(found, live=live, target_makers=makers)


def _live(nodes: Sequence[Node], calls: Sequence[Call], loss: Any) -> frozenset[int]:
    """Calls that the loss depends on by a way that nothing cuts."""
    way = slice_nodes([node for node in nodes if node.name not in DETACHING], [loss])
    return frozenset(id(calls[i]) for i in _used_calls(way, calls))


def _episode(calls: Sequence[Call], used: list[int]) -> Analysis:
    """Rows that came one by one, a loss over all of them: what the rows were is known, the loss is not repeated."""
    chosen = [calls[i] for i in used]
    width = entry_width(chosen[0].module)
    doors = [read_door(call.args, call.kwargs, call.outputs, width) for call in chosen]
    door, rows = doors[0]
    pieces = [one.rows_of(tensors) for one, tensors in doors if one.parts == door.parts]
    note = (
        f"the loss joins {len(used)} calls of the model with one row each (an episode, or a sequence step by step): it "
        "could not be repeated, and what needs the loss was not assessed"
    )
    stacked = np.concatenate(pieces)
    return Analysis(tuple(chosen[:1]), tuple(used), len(calls), door, rows, None, notes=(note,), stacked=stacked)


def _from_call_on(call: Call, nodes: Sequence[Node], kept: list[Node]) -> list[Node]:
    """Without what ran before the first call: how rows and labels were made ready is seen in some steps only."""
    at = next((i for i, node in enumerate(nodes) if node.call and node.out is call.out), 0)
    early = {id(node) for node in nodes[:at]}
    return [node for node in kept if id(node) not in early]


def _used_calls(kept: Sequence[Node], calls: Sequence[Call]) -> list[int]:
    outs = {id(node.out) for node in kept if node.call}
    return [i for i, call in enumerate(calls) if id(call.out) in outs]


def _cut_from(nodes: Sequence[Node], loss: Any) -> Any:
    """The recorded scalar that an unconnected loss was made from: the same memory, or the same number."""
    if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
        return None
    value = float(loss.detach())
    for node in reversed(nodes):
        if node.call:
            continue
        for one in tracked(node.out):
            if _same_scalar(one, loss, value) and any(n.call for n in slice_nodes(nodes, [one])):
                return one
    return None


def _same_scalar(one: Any, loss: Any, value: float) -> bool:
    if isinstance(one, torch.Tensor):
        if one.numel() != 1 or one is loss:
            return False
        return bool(one.data_ptr() == loss.data_ptr()) or float(one.detach()) == value
    return isinstance(one, float) and (one == value or float(torch.tensor(one)) == value)


def _unlinked(calls: Sequence[Call], nodes: Sequence[Node], loss: Any) -> Analysis | None:
    """The loss does not come from any output that can be seen (computed outside of torch)."""
    if not calls:
        return None
    at = max((i for i, call in enumerate(calls) if call.training), default=len(calls) - 1)
    door, rows = read_door(calls[at].args, calls[at].kwargs, calls[at].outputs)
    label = meeting_label(nodes, calls[at].outputs, rows, door.n_rows)
    if label is None:
        label = any_label(nodes, calls[at].outputs, rows, door.n_rows)
    reading = None
    if isinstance(loss, torch.Tensor) and loss.numel() == 1:
        reading = read_inside(calls[at].outputs, loss, label, door.n_rows, name="the loss", cut=True)
    note = "the loss is not computed from the model's output by torch: it could not be replayed"
    if reading is not None:
        words = reading.facts.kind.replace("_", " ")
        note = (
            f"the loss is not computed from the model's output by torch; its value is that of {words}, which stands in"
        )
    return Analysis((calls[at],), (at,), len(calls), door, rows, reading, label, notes=(note,))


def _single(calls: Sequence[Call], at: int, kept: Sequence[Node], loss: Any, names: Names) -> Analysis:
    call = calls[at]
    outputs = call.outputs
    door, rows = door_of(call.module, call.args, call.kwargs, outputs)
    after = [node for node in kept if not node.call]
    own = own_loss(loss, outputs, after)
    if own is not None:
        return _own_loss(calls, at, door, rows, own, loss)

    def read() -> Reading | None:
        return read_loss(after, loss, Scene(outputs, rows, names(call.module), door.n_rows, door.time_first))

    reading = read()
    beside = carried(call, door, rows, after, None if reading is None else reading.label)
    if beside is not NOTHING_BESIDE:
        door, rows, _ = beside.taken_off(door, rows)
        reading = read()
    if reading is not None and is_twin(reading.program, rows, outputs):
        notes = (TWIN, *one_kind(reading.label))
        found = Analysis((call,), (at,), len(calls), door, rows, None, notes=notes, compares=True)
        found = replace(found, joined=in_place(reading), handed=tuple(outputs))
    elif compares_all(after, outputs, door.n_rows):
        found = Analysis((call,), (at,), len(calls), door, rows, None, notes=(ALL_PAIRS,), compares=True)
    else:
        found = replace(_analysis((call,), (at,), len(calls), door, rows, reading), scale=scale_of(after, loss))
    return replace(found, beside=beside, output_names=_output_names(call.out))


def _output_names(out: Any) -> tuple[str, ...]:
    return tuple(map(str, out)) if isinstance(out, Mapping) and len(list(tensors_in(out))) == len(out) else ()


def _own_loss(calls: Sequence[Call], at: int, door: Door, rows: Sequence[Any], own: Any, loss: Any) -> Analysis:
    """The label is the argument with which a well-known loss gives the model's number; else the likeliest one."""
    outputs, value = calls[at].outputs, float(own.detach())
    factor = float(loss.detach()) / value if value else 1.0
    found: Analysis | None = None
    for path in label_paths(door):
        fewer, others, label = without_label(door, rows, path)
        reading = read_inside(outputs, own, label, fewer.n_rows, factor=factor)
        if reading is None and _says_its_input(label, others):
            told = (f"{UNKNOWN_OWN_LOSS}; {OWN_INPUT}",)
            return Analysis((calls[at],), (at,), len(calls), fewer, others, None, None, notes=told, beside=Beside(path))
        notes = () if reading is not None else (UNKNOWN_OWN_LOSS,)
        made = Analysis(
            (calls[at],), (at,), len(calls), fewer, others, reading, label, notes=notes, beside=Beside(path)
        )
        made = replace(made, scale=factor)
        if reading is not None:
            return made
        found = found or made
    return found or Analysis((calls[at],), (at,), len(calls), door, rows, None, None, notes=(UNKNOWN_OWN_LOSS,))


def _says_its_input(label: Any, rows: Sequence[Any]) -> bool:
    """Whether the label is what goes in, but for the places that the loss leaves out (-100): it is shifted inside."""
    if label.is_floating_point() or label.dim() < 2:
        return False
    alike = (one for one in rows if one.shape == label.shape and one.dtype == label.dtype)
    return any(bool(((one == label) | (label < 0)).all()) for one in alike)


def _analysis(
    used: tuple[Call, ...],
    positions: tuple[int, ...],
    n: int,
    door: Door,
    rows: Sequence[Any],
    reading: Reading | None,
    composite: Program | None = None,
    names: tuple[str, ...] = (),
) -> Analysis:
    why = why_no_labels(reading.program, reading.others) if reading is not None else None
    if why is not None:
        return Analysis(used, positions, n, door, rows, None, None, False, composite, names, (why,))
    label = reading.label if reading is not None else None
    flat = reading.flat_label if reading is not None else False
    notes = reading.notes if reading is not None else ()
    return Analysis(used, positions, n, door, rows, reading, label, flat, composite, names, notes)


def _composed(calls: Sequence[Call], used: list[int], kept: Sequence[Node], loss: Any, names: Names) -> Analysis:
    chosen = tuple(calls[i] for i in used)
    modules = unique([call.module for call in chosen])
    part_names = part_names_of(modules)
    by_id = {id(module): name for module, name in zip(modules, part_names, strict=True)}
    wanted = [tensor for call in chosen for tensor in call.outputs]
    first = next(iter(tensors_in((chosen[0].args, chosen[0].kwargs))), None)
    batch = int(first.shape[0]) if first is not None and first.dim() else 0
    inner = slice_nodes(without_picking(list(kept), set(), batch), wanted)
    inside = {id(node) for node in inner}
    outer = [node for node in kept if id(node) not in inside and not node.call]
    outputs = _handed_on(inner, outer, loss)
    n_rows, _, unbatched = batch_rows([first], outputs) if first is not None else (0, 0, False)
    leaves = DoorLeaves(n_rows)

    def compiled(into: DoorLeaves) -> Program:
        return compile_nodes(inner, outputs, into, n_rows=into.n_rows, module_name=lambda module: by_id[id(module)])

    program, layout = compiled(leaves), None
    if leaves.rows and leaves.rows[0] is first:
        parts = dict(zip(part_names, modules, strict=True))
        whole = Composite(parts, program, n_rows)
        layout = layout_together(modules[-1], whole, leaves.rows, outputs)
        if layout is not None and layout.axis:
            n_rows = int(first.shape[1])
            leaves = DoorLeaves(n_rows, first)
            program = compiled(leaves)
    door = plain_parts(leaves.rows, n_rows, unbatched, layout)
    parameters = {key: f"{by_id[id(module)]}.{name}" for module in modules for key, name in names(module).items()}
    reading = read_loss(outer, loss, Scene(outputs, leaves.rows, parameters, n_rows, door.time_first))
    found = _analysis(chosen, tuple(used), len(calls), door, leaves.rows, reading, program, part_names)
    if compares_all(outer, outputs, n_rows):
        joined = None if reading is None else in_place(reading)
        found = replace(found, reading=None, label=None, notes=(ALL_PAIRS,), compares=True)
        return replace(found, joined=joined, handed=tuple(outputs))
    each = len(chosen) == len(leaves.rows) * len(modules)  # every module was asked about every one of the rows
    twin = reading is not None and each and is_twin(reading.program, leaves.rows, outputs)
    if reading is None or not twin:
        return found
    return replace(found, compares=True, joined=in_place(reading), handed=tuple(outputs))


def _handed_on(inner: Sequence[Node], outer: Sequence[Node], loss: Any) -> list[Any]:
    """Tensors of the modules' part that the loss takes."""
    made = {id(one) for node in inner for one in tensors_in(node.out)}
    found: dict[int, Any] = {}
    for node in outer:
        for one in tensors_in((node.args, dict(node.kwargs))):
            if id(one) in made:
                found[id(one)] = one
    if id(loss) in made:
        found[id(loss)] = loss
    return list(found.values())

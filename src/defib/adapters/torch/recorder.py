"""The model's real graph: every call of torch that rows go through, in the order in which it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, final

import torch
from torch.overrides import TorchFunctionMode

from defib.adapters.torch.arrays import leaf_tensors, tensors_in, to_numpy
from defib.adapters.torch.clone import hidden_parameters
from defib.adapters.torch.ops import activation_of, kind_of, layer_name
from defib.adapters.torch.pooled import PACKS, PICKS
from defib.subject import AnyArray, Layer, LayerKind, LayerOutput, NotAvailable

RECURRENT = frozenset({"lstm", "gru", "rnn_tanh", "rnn_relu"})
ADDITIONS = frozenset({"add", "__add__", "__radd__", "__iadd__"})
MATMULS = frozenset({"matmul", "mm", "addmm", "bmm", "__matmul__", "__rmatmul__", "einsum", "baddbmm"})
SCRIPTED = "the layers of a network that torch.jit.script has not compiled (train it first, then compile it)"
MERGES = frozenset({*ADDITIONS, "mul", "__mul__", "sub", "__sub__"})


ELEMENTWISE = frozenset(
    {"sub", "isub", "mul", "imul", "div", "truediv", "itruediv", "true_divide", "floordiv", "floor_divide", "remainder"}
    | {"clamp", "clip", "round", "floor", "ceil", "trunc", "sign", "masked_fill", "where", "fmod", "mod", "nan_to_num"}
)
"""Steps without weights that change single cells, by name without underscores: a clone may go without one."""


@dataclass(eq=False)
class OpRecord:
    """One call on the path of the rows."""

    name: str
    kind: LayerKind
    activation: str | None
    owner: str
    """Path of the module that ran it, ``""`` for the model itself."""
    parameters: tuple[str, ...]
    values: AnyArray | None
    tensor: Any
    inputs: tuple[int, ...] = ()
    """Positions of the records that its tensor arguments come from."""
    in_user_code: bool = True
    place: tuple[str, int] | None = None
    """Group and running number of the call (see `group_of`): how a `Surgery` finds it again."""
    in_shape: tuple[int, ...] = ()
    """Shape of its first tensor argument."""
    shape: tuple[int, ...] = ()
    stacked: int = 1
    """How many layers a recurrent module is in one."""
    unregistered: str = ""
    """Path of the layer whose weights it used, where the model does not know it: a layer in a plain list."""

    along_rows: bool = False
    """It takes for time the axis along which the rows lie, and the rows' own steps for a batch."""

    def hidden_from_report(self) -> bool:
        """Calls inside torch's own modules that are no layer of their own, and memory that is only got ready."""
        if self.name.endswith("_like") or self.name.startswith("new_"):
            return True
        return self.kind == "other" and not self.in_user_code


@final
@dataclass
class Stack:
    """Which module is running, kept by hooks on a clone."""

    paths: list[str] = field(default_factory=list)
    modules: list[Any] = field(default_factory=list)

    @contextmanager
    def watching(self, module: Any) -> Iterator[None]:
        """Put hooks on every submodule of a clone, and take them off again.

        Raises `NotAvailable` for what ``torch.jit.script`` has compiled, whose parts take no hooks.
        """
        if any(isinstance(one, torch.jit.ScriptModule) for one in module.modules()):
            raise NotAvailable(SCRIPTED)
        handles = []
        for path, one in module.named_modules():
            handles.append(one.register_forward_pre_hook(self._enter(path)))
            handles.append(one.register_forward_hook(self._leave, always_call=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            self.paths.clear()
            self.modules.clear()

    def _enter(self, path: str) -> Any:
        def hook(module: Any, args: Any) -> None:
            self.paths.append(path)
            self.modules.append(module)

        return hook

    def _leave(self, module: Any, args: Any, out: Any) -> None:
        if self.paths:
            self.paths.pop()
            self.modules.pop()

    @property
    def path(self) -> str:
        """Of the innermost module."""
        return self.paths[-1] if self.paths else ""

    @property
    def module(self) -> Any:
        """The innermost module."""
        return self.modules[-1] if self.modules else None


class Recorder(TorchFunctionMode):  # type: ignore[misc]  # torch is Any to mypy
    """Records every call whose arguments come from the rows."""

    def __init__(self, module: Any, stack: Stack, inputs: Any, n_rows: int, *, keep_values: bool = True) -> None:
        TorchFunctionMode.__init__(self)
        self.stack = stack
        self.n_rows = n_rows
        self.keep_values = keep_values
        self.unbatched = False
        self.time_first = False
        self.records: list[OpRecord] = []
        self.names = {id(parameter): name for name, parameter in module.named_parameters(remove_duplicate=False)}
        self.unregistered = {id(one): name for name, one in hidden_parameters(module)}
        self.source: dict[int, int] = {id(tensor): -1 for tensor in tensors_in(inputs)}
        self.alive: list[Any] = list(tensors_in(inputs))
        self.counts: dict[str, int] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the call and record it."""
        name = layer_name(func, args, kwargs or {})
        place = next_place(name, args, self.counts)
        shape = tuple(args[0].shape) if args and isinstance(args[0], torch.Tensor) else ()
        out = func(*args, **(kwargs or {}))
        first = out[0] if isinstance(out, tuple) and out and isinstance(out[0], torch.Tensor) else out
        if isinstance(first, torch.Tensor):
            before = len(self.records)
            self._record(name, args, kwargs or {}, out, first)
            if self.records and (len(self.records) > before or self.records[-1].tensor is first):
                last = self.records[-1]
                last.place = place or last.place
                last.in_shape, last.shape = last.in_shape or shape, tuple(first.shape)
        return out

    def _record(self, name: str, args: Any, kwargs: Any, out: Any, first: Any) -> None:
        used = leaf_tensors((args, kwargs))
        sources = [self.source[id(one)] for one in used if id(one) in self.source]
        if not sources:
            self._note_view(name, used, first)
            return
        parameters = tuple(self.names[id(one)] for one in used if id(one) in self.names)
        kind = self._kind(name, parameters, sources)
        if kind is None:  # a bias added to the product before it: one dense step
            product = self.records.pop()
            kind, name, parameters = "dense", product.name, (*product.parameters, *parameters)
            sources = list(product.inputs)
            merged = product
        else:
            merged = None
        record = OpRecord(
            name, kind, activation_of(name), self.stack.path, parameters, self._values(name, out, first), first,
            tuple(sorted({one for one in sources if 0 <= one < len(self.records)})), self._in_user_code(),
        )  # fmt: skip
        record.unregistered = next((self.unregistered[id(one)] for one in used if id(one) in self.unregistered), "")
        record.along_rows = _time_leads(name, first, self.stack.module) and self._rows_only_lead(first)
        if kind == "recurrent":
            record.stacked = int(getattr(self.stack.module, "num_layers", 1))
        if merged is not None:
            record.place, record.in_shape = merged.place, merged.in_shape
        self.records.append(record)
        for tensor in tensors_in(out):
            self.source[id(tensor)] = len(self.records) - 1
            self.alive.append(tensor)

    def _note_view(self, name: str, used: list[Any], first: Any) -> None:
        """``x @ w.T``: the transposed weight is the weight."""
        if len(used) == 1 and id(used[0]) in self.names and kind_of(name) == "reshape":
            self.names[id(first)] = self.names[id(used[0])]
            self.alive.append(first)

    def _kind(self, name: str, parameters: tuple[str, ...], sources: list[int]) -> LayerKind | None:
        if name in MATMULS:
            return "dense" if parameters else "merge"
        if name in ADDITIONS and parameters and self.records and sources[0] == len(self.records) - 1:
            last = self.records[-1]
            if last.kind == "dense" and last.name in MATMULS:
                return None
        if name in MERGES and len([one for one in sources if one >= 0]) > 1:
            return "merge"
        return kind_of(name)

    def _in_user_code(self) -> bool:
        module = self.stack.module
        return module is None or not type(module).__module__.startswith("torch.")

    def _values(self, name: str, out: Any, first: Any) -> AnyArray | None:
        if not self.keep_values or not (first.is_floating_point() or first.is_complex()):
            return None
        if self.unbatched:
            return to_numpy(first)[None]
        ours = name == "movedim"  # at the door, and no layer of the network's
        within = _time_leads(name, first, self.stack.module) and first.shape[1] == self.n_rows
        if within or (self.time_first and not ours and self._rows_second(first)):
            first = first.transpose(0, 1)
        if first.dim() == 0 or first.shape[0] != self.n_rows:
            return None
        return to_numpy(first)

    def _rows_only_lead(self, value: Any) -> bool:
        """Whether rows lie along the first axis and, as their number tells, not along the second, which is no dummy."""
        n_second = int(value.shape[1])
        return not self.time_first and int(value.shape[0]) == self.n_rows and n_second not in (1, self.n_rows)

    def _rows_second(self, value: Any) -> bool:
        """Whether rows lie along the second axis, where the rows that go in do."""
        if value.dim() < 2 or value.shape[1] != self.n_rows:
            return False
        return value.dim() > 2 or bool(value.shape[0] != self.n_rows)


def _time_leads(name: str, first: Any, module: Any) -> bool:
    """Whether a layer takes the first axis of three for time, as those of PyTorch do without ``batch_first``."""
    recurrent = name in RECURRENT and not getattr(module, "batch_first", True)
    return first.dim() == 3 and (recurrent or name == "multi_head_attention_forward")


GROUPS: dict[str, str] = {
    "activation": "activation",
    "dense": "dense",
    "conv": "dense",
    "dropout": "dropout",
    "norm": "norm",
}


def next_place(name: str, args: Any, counts: dict[str, int]) -> tuple[str, int] | None:
    """Group and running number of a call that an edit may change; ``counts`` goes on from call to call."""
    if name in MATMULS:
        group = "dense" if any(_is_weight(one) for one in args) else None
    elif name in (*PICKS, PACKS):
        group = "pick"
    else:
        group = GROUPS.get(kind_of(name)) or ("elementwise" if name.strip("_") in ELEMENTWISE else None)
    if group is None:
        return None
    counts[group] = counts.get(group, -1) + 1
    return group, counts[group]


def _is_weight(value: Any) -> bool:
    """A parameter, or a view of one."""
    return isinstance(value, torch.nn.Parameter) or isinstance(getattr(value, "_base", None), torch.nn.Parameter)


def last_weights(records: list[OpRecord]) -> int:
    """Position of the last dense, conv, recurrent or attention step; −1 when there is none."""
    with_weights = ("dense", "conv", "recurrent", "attention", "embedding")
    return max((i for i, record in enumerate(records) if record.kind in with_weights), default=-1)


def on_path(records: list[OpRecord], output: Any) -> list[int]:
    """Positions of the records that ``output`` depends on, in order."""
    last = [i for i, record in enumerate(records) if record.tensor is output]
    todo, found = last[-1:], set()
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo.extend(records[one].inputs)
    return sorted(found) or list(range(len(records)))


def named_layers(records: list[OpRecord]) -> list[str]:
    """A name per record: the module's path, ``fc1:relu`` for a functional call, ``#2`` when it ran before."""
    names: list[str] = []
    last_linear = ""
    for record in records:
        name = _base_name(record, last_linear, names)
        if record.kind in ("dense", "conv", "recurrent", "embedding", "attention"):
            last_linear = name
        count = sum(1 for one in names if one.split("#")[0] == name)
        names.append(f"{name}#{count + 1}" if count else name)
    return names


def _base_name(record: OpRecord, last_linear: str, names: list[str]) -> str:
    step = record.activation or record.name.strip("_")
    if record.parameters and record.kind in ("dense", "conv", "embedding", "norm", "recurrent"):
        owner = record.parameters[0].rpartition(".")[0]
        return owner or record.parameters[0]
    if record.unregistered and record.kind in ("dense", "conv", "embedding", "norm", "recurrent"):
        return record.unregistered.rpartition(".")[0] or record.unregistered
    if record.in_user_code or record.kind == "other":
        place = last_linear or record.owner or "input"
        return f"{place}:{step}"
    if record.owner in names and record.kind == "activation":
        return f"{last_linear or record.owner}:{step}"
    return record.owner or step


def layers_of(records: list[OpRecord], output: Any) -> tuple[LayerOutput, ...]:
    """The records as `LayerOutput`, up to the one that gave the output."""
    last = max((i for i, record in enumerate(records) if record.tensor is output), default=len(records) - 1)
    kept = records[: last + 1]
    names = named_layers(kept)
    found = []
    for name, record in zip(names, kept, strict=True):
        if record.values is None or (record.hidden_from_report() and record.tensor is not output):
            continue
        units = record.values.shape[1] if record.kind == "conv" else record.values.shape[-1]
        layer = Layer(
            name, record.kind, record.activation, int(units), record.parameters, record.stacked, record.along_rows
        )
        found.append(LayerOutput(layer, record.values))
    return tuple(found)

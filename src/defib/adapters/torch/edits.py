"""Every `Edit` on a clone of any torch module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

import torch

from defib.adapters.only_one import ONLY_IN_JAX
from defib.adapters.torch.depth import halve_recurrent
from defib.adapters.torch.initial import draw, reinitialize
from defib.adapters.torch.network import Network
from defib.adapters.torch.pooled import PACKS, PICKS, in_full, pooled
from defib.adapters.torch.recorder import OpRecord, last_weights, named_layers, on_path
from defib.adapters.torch.rounds import fewer_rounds
from defib.adapters.torch.rows_lead import rows_lead
from defib.adapters.torch.surgery import FUNCTIONS, ChannelNorm, DoorNorm, followed_by, instead, left_out, with_rate
from defib.adapters.torch.turned import TurnedMasks
from defib.adapters.torch.width import dense_like, double_width, replace_last
from defib.recipe import Edit
from defib.subject import AnyArray

DRY_ROWS = 4
"""Rows that a clone is run on to read its graph."""
REPLACEABLE: Final[frozenset[str]] = frozenset(
    {"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "sigmoid", "hard_sigmoid", "tanh", "log_sigmoid"}
)


class Impossible(Exception):
    """An edit cannot be made on this model; the message is the reason as a clause."""


@final
class Graph:
    """The path from the rows to the prediction, as recorded on a few rows."""

    def __init__(self, network: Network, X: AnyArray) -> None:
        network.eval()
        self.records, output = network.record(X[:DRY_ROWS], keep_values=False)
        self.output = output
        path = on_path(self.records, output)
        self.path = [self.records[i] for i in path]
        self.head = last_weights(self.path)

    @property
    def hidden(self) -> list[OpRecord]:
        """The records before the last step with weights."""
        return self.path[: self.head] if self.head >= 0 else []

    def users_of(self, record: OpRecord) -> list[OpRecord]:
        """Records that take this one's tensor."""
        at = self.records.index(record)
        return [one for one in self.records if at in one.inputs]

    def source_of(self, record: OpRecord, kinds: tuple[str, ...]) -> OpRecord | None:
        """The nearest record before this one, along first inputs, of one of these kinds."""
        while record.inputs:
            record = self.records[record.inputs[-1]]
            if record.kind in kinds:
                return record
            if record.kind == "activation":
                return None
        return None

    def is_gate(self, record: OpRecord) -> bool:
        """Whether an activation is multiplied onto something else (attention, squeeze and excitation)."""
        return any(one.name in ("mul", "__mul__") and len(one.inputs) > 1 for one in self.users_of(record))


def apply_edits(network: Network, edits: tuple[Edit, ...], X: AnyArray) -> None:
    """Make the edits on a clone, structural ones first. Raises `Impossible`.

    ``X`` are raw training rows as they reach the door (after the arm's input transform).
    """
    for edit in sorted(edits, key=lambda one: ORDER.index(one.op) if one.op in ORDER else len(ORDER)):
        if edit.op in LOSS_ONLY:
            continue
        change = EDITS.get(edit.op)
        if change is None:
            raise Impossible(ONLY_IN_JAX.get(edit.op, f"the PyTorch adapter knows no edit {edit.op!r}"))
        change(network, edit.value, X)


def _hidden_activation(network: Network, value: Any, X: AnyArray) -> None:
    graph = Graph(network, X)
    found = [one for one in graph.hidden if one.activation in REPLACEABLE and one.place and not graph.is_gate(one)]
    parameters = dict(network.module.named_parameters())
    if not found:
        _activations_where_none_is(network, graph, parameters, str(value))
    for record in found:
        assert record.place is not None
        network.plan[record.place] = instead(FUNCTIONS[str(value)])
        source = graph.source_of(record, ("dense", "conv"))
        if source is None or record.activation == value:
            continue
        weights = [parameters[name] for name in source.parameters if name in parameters]
        _drawn_for(source, weights, str(value))


def _drawn_for(source: OpRecord, weights: list[Any], activation: str) -> None:
    for weight in weights:
        if weight.dim() >= 2:
            draw(weight.T if source.name.endswith(("matmul", "mm", "__matmul__")) else weight, None, activation)
        else:
            torch.nn.init.zeros_(weight)


def _activations_where_none_is(network: Network, graph: Graph, parameters: dict[str, Any], activation: str) -> None:
    """Behind every hidden dense step of a network that has no activation at all."""
    dense = [one for one in graph.hidden if one.kind == "dense" and one.place]
    if not dense or any(one.kind == "activation" for one in graph.hidden):
        raise Impossible("the model has no hidden activation to replace")
    for record in dense:
        assert record.place is not None
        network.plan[record.place] = followed_by(FUNCTIONS[activation])
        _drawn_for(record, [parameters[name] for name in record.parameters if name in parameters], activation)


def _batch_norm(network: Network, value: Any, X: AnyArray) -> None:
    graph = Graph(network, X)
    found = [one for one in graph.hidden if one.kind in ("dense", "conv") and one.place and len(one.shape) >= 2]
    if not found:
        raise Impossible("the model has no hidden dense or convolution layer")
    like = next(network.module.parameters())
    for record in found:
        assert record.place is not None
        axis = 1 if record.kind == "conv" else -1
        norm = ChannelNorm(record.shape[axis], axis, like=like)
        network.extras.append(norm)
        network.plan[record.place] = followed_by(norm)


def _halve_depth(network: Network, value: Any, X: AnyArray) -> None:
    graph = Graph(network, X)
    same = [one for one in graph.hidden if one.kind in ("dense", "conv") and one.place and one.in_shape == one.shape]
    recurrent = [one.owner for one in graph.path if one.kind == "recurrent"]
    if halve_recurrent(network.module, list(dict.fromkeys(recurrent))):
        _still_runs(network, X, "with fewer recurrent layers")
    elif not same:
        raise Impossible("no hidden layer has inputs and outputs of the same shape")
    for record in same[::2] if len(same) % 2 else same[1::2]:
        _leave_out(network, graph, record)


def _fewer_rounds(network: Network, value: Any, X: AnyArray) -> None:
    def steps() -> int | None:
        try:
            return len(network.record(X[:DRY_ROWS], keep_values=False)[0])
        except Exception:  # the clone does not run with that change: another one is tried
            return None

    network.eval()
    reason = fewer_rounds(network.module, int(value), steps)
    if reason is not None:
        raise Impossible(reason)


def _leave_out(network: Network, graph: Graph, record: OpRecord) -> None:
    """A dense or conv step, and the norm and activation behind it."""
    current: OpRecord | None = record
    while current is not None and current.place is not None:
        network.plan[current.place] = instead(FUNCTIONS["linear"])
        if current.kind == "activation":
            break
        users = graph.users_of(current)
        current = users[0] if len(users) == 1 and users[0].kind in ("norm", "activation", "dropout") else None


def _double_width(network: Network, value: Any, X: AnyArray) -> None:
    graph = Graph(network, X)
    reason = double_width(network.module, graph.path, None if value is None else int(value))
    if reason is not None:
        raise Impossible(reason)
    _still_runs(network, X)


def _output_units(network: Network, value: Any, X: AnyArray) -> None:
    if isinstance(network.module, torch.nn.Linear):
        network.module = dense_like(network.module, network.module.in_features, int(value))
        return
    reason = replace_last(network.module, Graph(network, X).path, int(value))
    if reason is not None:
        raise Impossible(reason)
    _still_runs(network, X)


def _still_runs(network: Network, X: AnyArray, how: str = "with other layer sizes") -> None:
    try:
        network.eval().predict(X[:DRY_ROWS])
    except Exception as error:
        raise Impossible(f"the model's code does not run {how} ({type(error).__name__})") from error


def _reinitialize(network: Network, value: Any, X: AnyArray) -> None:
    if not reinitialize(network.module, str(value or "default")):
        raise Impossible("the model has no layer that can be drawn anew")


def _head(network: Network, value: Any, X: AnyArray) -> None:
    graph = Graph(network, X)
    for record in graph.path[graph.head + 1 :]:
        if record.kind == "activation" and record.place is not None:
            network.plan[record.place] = instead(FUNCTIONS["linear"])
    network.folded = [] if value == "linear" else [str(value)]


def _unfreeze(network: Network, value: Any, X: AnyArray) -> None:
    for parameter in network.module.parameters():
        parameter.requires_grad_(parameter.is_floating_point())


def _dropout(network: Network, value: Any, X: AnyArray) -> None:
    graph = Graph(network, X)
    found = [one for one in graph.records if one.kind == "dropout" and one.place]
    if not found:
        raise Impossible("the model has no dropout")
    for record in found:
        assert record.place is not None
        network.plan[record.place] = with_rate(float(value or 0.0))


def _input_norm(network: Network, value: Any, X: AnyArray) -> None:
    if network.door.integers and X.dtype.kind in "iub":
        raise Impossible("the inputs are integers")
    network.at_door = DoorNorm(network.tensors(X)[0]).to(network.device)


def _in_32_bits(network: Network, value: Any, X: AnyArray) -> None:
    network.module.float()
    network.door, network.floating = network.door.wide(), torch.float32
    _still_runs(network, X, "in 32 bits")


def _turned_masks(network: Network, value: Any, X: AnyArray) -> None:
    if network.plan:
        raise Impossible("another change to the steps is made already")
    network.eval()
    network.turned = TurnedMasks()
    network.record(X[: 8 * DRY_ROWS], keep_values=False)
    if not network.turned.turned:
        raise Impossible("no step of the model masks positions of its rows")


def _picks(record: OpRecord) -> bool:
    return record.name in PICKS and len(record.shape) < len(record.in_shape)


def _pooled(network: Network, value: Any, X: AnyArray) -> None:
    graph = Graph(network, X)
    names = dict(zip(map(id, graph.records), named_layers(graph.records), strict=True))
    picks = [one for one in graph.path if one.place and (one.name == PACKS or _picks(one))]
    if value is None:
        picks = [one for one in picks if any(graph.records[i].kind == "recurrent" for i in one.inputs)]
    else:
        picks = [one for one in picks if names[id(one)] == value]
    if not picks:
        raise Impossible("no step of the model is seen to pick one position of a sequence")
    for record in picks:
        assert record.place is not None
        network.plan[record.place] = in_full if record.name == PACKS else pooled
    _still_runs(network, X, "with the mean over all positions")


def _keeps_shape(record: OpRecord) -> bool:
    return len(record.shape) >= 2 and record.in_shape == record.shape


def _left_out(network: Network, value: Any, X: AnyArray) -> None:
    graph = Graph(network, X)
    names = zip(named_layers(graph.records), graph.records, strict=True)
    found = [one for name, one in names if name == value and one.place and _keeps_shape(one)]
    if not found:
        raise Impossible("the step is none that the model's code runs without")
    like = next(network.module.parameters())
    for record in found:
        assert record.place is not None
        norm = ChannelNorm(record.shape[axis := 1 if len(record.shape) == 4 else -1], axis, like=like)
        network.extras.append(norm)
        network.plan[record.place] = left_out(norm)
    _still_runs(network, X, "without that step")


def _rows_lead(network: Network, value: Any, X: AnyArray) -> None:
    # Of two numbers of rows, one is not that of the steps.
    passes = [Graph(network, X[:n]).records for n in (DRY_ROWS, DRY_ROWS - 1)]
    if not any([rows_lead(network.module, records) for records in passes]):
        raise Impossible("no layer of the model takes its rows for the steps of a sequence")
    _still_runs(network, X, "with rows along the first axis")


EDITS: Final[dict[str, Callable[[Network, Any, AnyArray], None]]] = {
    "hidden_activation": _hidden_activation,
    "batch_norm": _batch_norm,
    "halve_depth": _halve_depth,
    "fewer_rounds": _fewer_rounds,
    "double_width": _double_width,
    "reinitialize": _reinitialize,
    "head": _head,
    "output_units": _output_units,
    "unfreeze": _unfreeze,
    "dropout": _dropout,
    "input_norm": _input_norm,
    "turned_masks": _turned_masks,
    "pooled": _pooled,
    "left_out": _left_out,
    "rows_lead": _rows_lead,
    "in_32_bits": _in_32_bits,
}
ORDER: Final[tuple[str, ...]] = (
    *("in_32_bits", "rows_lead", "fewer_rounds", "double_width", "output_units"),
    *("reinitialize", "hidden_activation"),
)
"""Structural edits go first, and weights are drawn before an activation draws its own."""
LOSS_ONLY: Final[frozenset[str]] = frozenset({"loss", "match_shapes", "side_terms", "part", "woken_rate"})

"""Edits of the network, as changes to single layers. See `defib.recipe.Edit` for what each means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from defib.adapters.keras.clone import Change, Changes
from defib.adapters.keras.flavor import (
    Flavor,
    activation_name,
    is_builtin,
    is_operation,
    layer_activation,
    layer_kind,
    own_variables,
    to_numpy,
    walk,
)
from defib.adapters.keras.functions import LEFT
from defib.adapters.keras.order import Function, Run
from defib.adapters.keras.weights import is_degenerate
from defib.adapters.only_one import ONLY_IN_JAX, ONLY_IN_TORCH
from defib.recipe import Edit

CORES = ("dense", "conv")
OUTSIDE = frozenset({"loss", "match_shapes", "unfreeze", "input_norm", "woken_rate"})
"""Edits that leave the layers as they are."""
RELU_LIKE = frozenset({"relu", "leaky_relu", "elu", "selu", "gelu", "silu"})


class CannotEdit(Exception):
    """The edit cannot be made on this model; the message is the reason as a clause."""


@dataclass(frozen=True)
class Plan:
    """The leaf layers in order, and which of them carry the hidden and the output step."""

    flavor: Flavor
    layers: list[Any]
    functions: tuple[Function, ...] = ()
    """Activations that a class of the user's applies as functions, in order."""

    @property
    def hidden_functions(self) -> list[Function]:
        """Those before the head."""
        before = {id(one) for one in self.before_head()}
        return [one for one in self.functions if id(one.after) in before and one.kind not in LEFT]

    @property
    def output_functions(self) -> list[Function]:
        """Those behind the head."""
        before = {id(one) for one in self.before_head()}
        return [one for one in self.functions if id(one.after) not in before]

    @property
    def cores(self) -> list[Any]:
        """Dense and convolution layers, in order."""
        return [layer for layer in self.layers if layer_kind(layer) in CORES and not is_operation(layer)]

    @property
    def head(self) -> Any:
        """The last dense or convolution layer."""
        if not self.cores:
            raise CannotEdit("the model has no dense or convolution layer")
        return self.cores[-1]

    @property
    def hidden(self) -> list[Any]:
        """All cores but the head."""
        return self.cores[:-1]

    def before_head(self) -> list[Any]:
        """Leaf layers that ran before the head."""
        return self.layers[: self._index(self.head)]

    def after_head(self) -> list[Any]:
        """Leaf layers behind the head."""
        return self.layers[self._index(self.head) + 1 :]

    def followers(self, core: Any) -> list[Any]:
        """Leaf layers from this core to the next core or recurrent layer."""
        found = []
        for layer in self.layers[self._index(core) + 1 :]:
            if layer_kind(layer) in (*CORES, "recurrent", "attention", "merge"):
                break
            found.append(layer)
        return found

    def applied_behind(self, core: Any) -> bool:
        """Whether a function follows this hidden core before the next one."""
        own = {id(one) for one in (core, *self.followers(core))}
        return any(id(one.after) in own for one in self.hidden_functions)

    def _index(self, layer: Any) -> int:
        return next(i for i, one in enumerate(self.layers) if one is layer)


@dataclass
class Planned:
    """What becomes of the layers, and of activations applied as functions."""

    head: Any
    changes: Changes
    hidden: str | None = None
    """What hidden functions become; ``None``: as they are."""
    output: str | None = None
    """What the function behind the head becomes."""


def plan_changes(flavor: Flavor, model: Any, edits: tuple[Edit, ...], run: Run | None = None) -> Planned:
    """Changes for these edits together. ``run``: the order in which the layers run, where their places do not tell it.

    Raises `CannotEdit`.
    """
    plan = Plan(flavor, walk(model)) if run is None else Plan(flavor, run.layers, tuple(run.functions))
    changes: Changes = {}
    planned = Planned(plan.cores[-1] if plan.cores else None, changes)
    for edit in edits:
        if edit.op in OUTSIDE:
            continue
        make = _MAKERS.get(edit.op)
        if make is None:
            raise CannotEdit({**ONLY_IN_TORCH, **ONLY_IN_JAX}.get(edit.op, f"the edit {edit.op} is not known"))
        for layer, change in make(plan, edit.value):
            changes[id(layer)] = _merge(changes.get(id(layer)), change)
        if edit.op == "hidden_activation" and plan.hidden_functions:
            planned.hidden = str(edit.value)
        if edit.op == "head" and plan.output_functions:
            planned.output = str(edit.value)
    return planned


def _merge(old: Change | None, new: Change) -> Change:
    if old is None:
        return new
    return Change(
        config={**old.config, **new.config},
        norm=old.norm or new.norm,
        replace=new.replace or old.replace,
        fresh=old.fresh or new.fresh,
    )


Made = list[tuple[Any, Change]]


def _fused(layer: Any) -> str:
    """The fused activation's neutral name."""
    return activation_name(getattr(layer, "activation", None))


def _activation_layer(name: str) -> Callable[[Flavor, str], Any]:
    return lambda flavor, layer: flavor.keras.layers.Activation(name, name=layer)


def _identity(flavor: Flavor, name: str) -> Any:
    return flavor.keras.layers.Activation("linear", name=name)


def _hidden_activation(plan: Plan, value: Any) -> Made:
    name = str(value)
    initializer = "he_normal" if name in RELU_LIKE else "glorot_uniform"
    made: Made = []
    for core in plan.hidden:
        followers = [f for f in plan.followers(core) if layer_activation(f) not in (None, "linear", "softmax")]
        fused = _fused(core) != "linear"
        if not fused and not followers and not plan.applied_behind(core):
            continue
        config: dict[str, Any] = dict(_initializers(core, initializer))
        if fused:
            config["activation"] = name
        made.append((core, Change(config=config, fresh=True)))
        made += [(follower, Change(replace=_activation_layer(name))) for follower in followers]
    return made or _activations_where_none_is(plan, name, initializer)


def _activations_where_none_is(plan: Plan, name: str, initializer: str) -> Made:
    dense = [core for core in plan.hidden if layer_kind(core) == "dense" and "activation" in core.get_config()]
    if not dense:
        raise CannotEdit("the model has no hidden activation")
    return [(one, Change(config={**_initializers(one, initializer), "activation": name}, fresh=True)) for one in dense]


def _initializers(core: Any, initializer: str) -> dict[str, str]:
    """Config entries that hold the kernels' initializers of this layer."""
    config = core.get_config()
    names = [key for key in config if key.endswith("_initializer") and "bias" not in key and "recurrent" not in key]
    return {key: initializer for key in names}


def _batch_norm(plan: Plan, value: Any) -> Made:
    del value
    made: Made = [
        (core, Change(norm=True))
        for core in plan.hidden
        if not any(type(f).__name__ == "BatchNormalization" for f in plan.followers(core))
    ]
    if not made:
        raise CannotEdit("there is no hidden dense or convolution layer without a batch normalization")
    return made


def _keeps_shape(core: Any) -> bool:
    """Whether a layer's output has the shape of its input."""
    if layer_kind(core) == "recurrent":
        return _hands_sequence_on(core)
    kernel = getattr(core, "kernel", None)
    if kernel is None or kernel.shape[-2] != kernel.shape[-1]:
        return False
    if layer_kind(core) == "dense":
        return True
    strides = getattr(core, "strides", 1)
    flat = strides if isinstance(strides, (tuple, list)) else (strides,)
    return getattr(core, "padding", "") in ("same", "causal") and all(s == 1 for s in flat)


def _hands_sequence_on(layer: Any) -> bool:
    """A recurrent layer between two others: a sequence in, one of the same width out."""
    kernel = getattr(getattr(layer, "cell", None), "kernel", None)
    plain = not (getattr(layer, "return_state", False) or getattr(layer, "stateful", False))
    whole = plain and bool(getattr(layer, "return_sequences", False))
    return whole and kernel is not None and len(kernel.shape) == 2 and kernel.shape[0] == layer.cell.units


def _halve_depth(plan: Plan, value: Any) -> Made:
    del value
    depth = [one for one in plan.before_head() if layer_kind(one) in (*CORES, "recurrent") and not is_operation(one)]
    eligible = [core for core in depth if _keeps_shape(core)]
    if not eligible:
        raise CannotEdit("no hidden layer has an input and an output of the same shape, so none can be left out")
    made: Made = []
    for core in eligible[::2]:
        made.append((core, Change(replace=_identity)))
        own = [f for f in plan.followers(core) if layer_kind(f) in ("activation", "norm", "dropout")]
        made += [(f, Change(replace=_identity)) for f in own]
    return made


def _double_width(plan: Plan, value: Any) -> Made:
    made: Made = []
    for core in plan.hidden:
        units = core.get_config().get("units")
        if isinstance(units, int):
            wider = 2 * units if value is None else max(units, int(value))
            made.append((core, Change(config={"units": wider}, fresh=True)))
    if not made:
        raise CannotEdit("the model has no hidden dense layer")
    return [*made, (plan.head, Change(fresh=True))]


def _reinitialize(plan: Plan, value: Any) -> Made:
    made: Made = []
    for layer in plan.layers:
        if is_operation(layer):
            continue
        if _tells_no_token(layer):
            made.append((layer, Change(config={"embeddings_initializer": "uniform", "trainable": True}, fresh=True)))
        if _units_alike(layer):
            made.append((layer, Change(fresh=True)))
        elif layer_kind(layer) in (*CORES, "recurrent", "attention"):
            made.append((layer, Change(config=_defaults(layer, str(value)), fresh=True)))
    if not made:
        raise CannotEdit("the model has no dense, convolution or recurrent layer")
    return made


def _units_alike(layer: Any) -> bool:
    """A layer of the user's own class whose matrices are all one number, or the same for each unit."""
    if is_builtin(layer):
        return False
    matrices = [to_numpy(one) for one in own_variables(layer)[0] if len(one.shape) > 1]
    return bool(matrices) and all(is_degenerate(one) for one in matrices)


def _tells_no_token(layer: Any) -> bool:
    """An embedding with one vector for all tokens: a matrix of zeros that no pretrained vector was written into."""
    if layer_kind(layer) != "embedding" or not layer.weights:
        return False
    table = to_numpy(layer.weights[0])
    return len(table) > 1 and bool((table == table[:1]).all())


def _defaults(layer: Any, how: str) -> dict[str, str]:
    """The framework's default initializers for the config entries a layer has."""
    config = layer.get_config()
    kernel = "he_normal" if how == "he" else "glorot_uniform"
    defaults: dict[str, str] = {}
    for key in config:
        if key == "recurrent_initializer":
            defaults[key] = "orthogonal"
        elif key == "bias_initializer":
            defaults[key] = "zeros"
        elif key.endswith(("kernel_initializer", "depthwise_initializer", "pointwise_initializer")):
            defaults[key] = kernel
    return defaults


def _head(plan: Plan, value: Any) -> Made:
    name = str(value)
    core = plan.head
    behind = [f for f in plan.after_head() if layer_activation(f) not in (None, "linear")]
    if len(plan.output_functions) > 1:
        raise CannotEdit("more than one activation is applied behind the last layer")
    if plan.output_functions:  # it becomes the activation: what stands before it goes
        idle: Made = [(f, Change(replace=_identity)) for f in behind]
        return [*idle, *([(core, Change(config={"activation": "linear"}))] if _fused(core) != "linear" else [])]
    if behind:
        last = behind[-1]
        others: Made = [(f, Change(replace=_identity)) for f in behind[:-1]]
        fused: Made = [(core, Change(config={"activation": "linear"}))] if _fused(core) != "linear" else []
        return [*fused, *others, (last, Change(replace=_activation_layer(name)))]
    if "activation" not in core.get_config():
        raise CannotEdit("the last layer takes no activation")
    return [(core, Change(config={"activation": name}))]


def _output_units(plan: Plan, value: Any) -> Made:
    core = plan.head
    config = core.get_config()
    key = next((k for k in ("units", "filters") if k in config), None)
    if key is None:
        raise CannotEdit("the last layer has no number of units")
    return [(core, Change(config={key: int(value)}, fresh=True))]


def _dropout(plan: Plan, value: Any) -> Made:
    rate = float(value)
    made: Made = []
    for layer in plan.layers:
        if is_operation(layer):
            continue
        keys = [k for k in ("rate", "dropout", "recurrent_dropout") if k in layer.get_config()]
        if keys and layer_kind(layer) in ("dropout", "recurrent", "attention"):
            made.append((layer, Change(config=dict.fromkeys(keys, rate))))
    if not made:
        raise CannotEdit("the model has no dropout")
    return made


def _fewer_rounds(plan: Plan, value: Any) -> Made:
    raise CannotEdit("rounds are written out in a Keras model, and which calls make one is not known")


_MAKERS: dict[str, Callable[[Plan, Any], Made]] = {
    "hidden_activation": _hidden_activation,
    "batch_norm": _batch_norm,
    "halve_depth": _halve_depth,
    "fewer_rounds": _fewer_rounds,
    "double_width": _double_width,
    "reinitialize": _reinitialize,
    "head": _head,
    "output_units": _output_units,
    "dropout": _dropout,
}

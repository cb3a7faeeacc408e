"""A second model of the same structure, layer by layer, with a change to some layers if asked for.

Sequential and functional models are rebuilt from their layers' configs. A subclassed model is rebuilt
from its own config; where that does not give the same outputs, the user's model itself is borrowed and put back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import (
    Flavor,
    activation_name,
    everything,
    is_builtin,
    is_operation,
    own_variables,
    to_numpy,
)
from defib.adapters.keras.graft import composite
from defib.adapters.keras.structure import Copier, constructed, same_variables
from defib.adapters.keras.trace import call_model, first_output
from defib.subject import AnyArray

AGREEMENT = 1e-4
"""Relative difference of outputs below which a rebuilt model counts as the same (float32 sums in another order)."""
CHECK_ROWS = 4
PLAIN = (bool, int, float, str, type(None))
"""Attributes of a borrowed model that its own step may count up."""


class Unclonable(Exception):
    """The model cannot be built a second time; the message says why."""


@dataclass(frozen=True)
class Change:
    """What becomes of one layer in a clone. The default is: the same again."""

    config: Mapping[str, Any] = field(default_factory=dict)
    """Entries of the layer's config to replace."""
    norm: bool = False
    """A batch normalization behind its linear step, before its fused activation."""
    replace: Callable[[Flavor, str], Any] | None = None
    """Build another layer with this name instead."""
    fresh: bool = False
    """Its weights are drawn anew."""

    @property
    def keeps_weights(self) -> bool:
        """Whether captured weights still belong to it."""
        return self.replace is None and not self.fresh


Changes = dict[int, Change]
"""``id`` of a layer of the user's model to its change."""


@dataclass
class Clone:
    """A model to work on, and where each of its weights comes from."""

    flavor: Flavor
    model: Any
    sources: list[int | None]
    """Per entry of ``model.weights``: index into the user's ``model.weights``, or ``None`` when it is new."""
    borrowed: bool = False
    """It *is* the user's model: everything must be put back (`Clone.entered`)."""
    ends_in: str | None = None
    """The activation that gives its output, where the layers' places do not tell it."""
    part: Clone | None = None
    """What gives the one output looked at, where ``model`` gives several that are trained together."""
    number: int = 0
    """Of that output."""

    @property
    def shown(self) -> Clone:
        """What is looked at."""
        return self if self.part is None else self.part

    @property
    def all_outputs(self) -> Any:
        """Symbols of the outputs of a functional model, in its own structure."""
        structure = getattr(self.model, "_outputs_struct", None)
        return getattr(self.model, "_nested_outputs", None) if structure is None else structure

    def answer(self, outputs: Any) -> Any:
        """The output looked at, among what ``model`` gave."""
        if self.part is None:
            return first_output(outputs)
        return outputs[sorted(outputs)[self.number]] if isinstance(outputs, dict) else outputs[self.number]

    def answers(self, outputs: Any) -> Any:
        """What the loss takes: the output looked at, or all that are trained together."""
        return first_output(outputs) if self.part is None else outputs

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Work on the model; a borrowed one is put back bit for bit."""
        if not self.borrowed:
            yield
            return
        layers = everything(self.model)
        flags = [(layer, layer.trainable) for layer in layers]
        variables = _all_variables(self.model)
        values = [to_numpy(v) for v in variables]
        plain = {k: v for k, v in vars(self.model).items() if isinstance(v, PLAIN)}
        try:
            yield
        finally:
            vars(self.model).update(plain)
            for layer, flag in flags:
                if layer.trainable != flag:
                    layer.trainable = flag
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def assign(self, values: list[AnyArray]) -> None:
        """Set every weight, in the order of ``model.weights``."""
        for variable, value in zip(self.model.weights, values, strict=True):
            variable.assign(value)
        for layer in everything(self.model):
            if type(layer).__name__ == "Normalization" and hasattr(layer, "finalize_state"):
                layer.finalize_state()


def _all_variables(model: Any) -> list[Any]:
    """Weights, seed generators and metrics: all that a training step can move."""
    found = list(model.variables)
    for part in [*getattr(model, "metrics", []), *_attributes(model)]:
        variables = part.variables
        found += list(variables() if callable(variables) else variables)
    return list({id(v): v for v in found}.values())


def _attributes(model: Any) -> list[Any]:
    """Optimizers and metrics the user keeps on the model."""
    return [one for one in list(vars(model).values()) if _is_state(one)]


def _is_state(value: Any) -> bool:
    names = {base.__name__ for base in type(value).__mro__}
    return bool(names & {"Metric", "BaseOptimizer", "Optimizer", "OptimizerV2"})


def clone_model(flavor: Flavor, model: Any, changes: Changes | None = None) -> Clone:
    """A clone of a Sequential or functional model. Raises `Unclonable`."""
    changes = changes or {}
    if not _is_graph(flavor, model):
        raise Unclonable("the model is subclassed: its layers cannot be rearranged from outside")
    pairs: dict[int, tuple[Any, Any]] = {}
    try:
        clone = _rebuild(flavor, model, changes, pairs)
    except Unclonable:
        raise
    except Exception as error:
        raise Unclonable(f"the model cannot be rebuilt ({type(error).__name__}: {_first_line(error)})") from error
    return Clone(flavor, clone, _sources(model, clone, pairs, changes))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]


def _is_graph(flavor: Flavor, model: Any) -> bool:
    if isinstance(model, flavor.keras.Sequential):
        return bool(model.built)
    if flavor.v3:
        return hasattr(model, "_run_through_graph") and hasattr(model, "operations")
    return bool(getattr(model, "_is_graph_network", False))


def _rebuild(flavor: Flavor, model: Any, changes: Changes, pairs: dict[int, tuple[Any, Any]]) -> Any:
    """One level of the model; nested models recurse, shared layers are made once."""
    made: dict[int, Any] = {}

    def copy(layer: Any) -> Any:
        if id(layer) not in made:
            made[id(layer)] = _copy(flavor, layer, changes, pairs)
        return made[id(layer)]

    if isinstance(model, flavor.keras.Sequential):
        layers = [copy(layer) for layer in model.layers]
        clone = flavor.keras.Sequential([_input(flavor, model), *layers], name=model.name)
    elif flavor.v3:
        inputs = [_keras_input(flavor, x) for x in model.inputs]
        outputs = model._run_through_graph(inputs, operation_fn=copy, call_fn=_call)
        clone = of_same_class(flavor, model, _one(inputs), _one_of(outputs))
    else:
        clone = flavor.keras.models.clone_model(model, clone_function=copy)
    clone.trainable = model.trainable
    _flags(pairs)
    return clone


def of_same_class(flavor: Flavor, model: Any, inputs: Any, outputs: Any) -> Any:
    """A functional model of the user's own class, which may have a ``train_step``; a plain one if it cannot be."""
    if type(model).__module__.split(".")[0] != flavor.name:
        try:
            return type(model)(inputs, outputs, name=model.name)
        except (TypeError, ValueError):
            pass
    return flavor.keras.Model(inputs, outputs, name=model.name)


def _flags(pairs: dict[int, tuple[Any, Any]]) -> None:
    """Flags set one by one below a model come back after the model's own was set."""
    for old, new in pairs.values():
        if getattr(new, "trainable", None) != getattr(old, "trainable", None) and hasattr(new, "_flatten_layers"):
            new.trainable = old.trainable


def _call(operation: Any, *args: Any, **kwargs: Any) -> Any:
    return operation(*args, **kwargs)


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _one_of(outputs: Any) -> Any:
    return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs


def _keras_input(flavor: Flavor, tensor: Any) -> Any:
    return flavor.keras.Input(batch_shape=(None, *tensor.shape[1:]), dtype=tensor.dtype, name=tensor.name)


def _input(flavor: Flavor, model: Any) -> Any:
    """The door of a Sequential model, whatever batch size it was built for."""
    tensor = model.inputs[0] if getattr(model, "inputs", None) else None
    if tensor is None:
        raise Unclonable("the model was built without a known input shape")
    shape = tuple(tensor.shape)[1:]
    if flavor.v3:
        return flavor.keras.Input(batch_shape=(None, *shape), dtype=tensor.dtype)
    return flavor.keras.Input(shape=shape, dtype=tensor.dtype)


def _copy(flavor: Flavor, layer: Any, changes: Changes, pairs: dict[int, tuple[Any, Any]]) -> Any:
    if not is_operation(layer) and _is_graph(flavor, layer):
        return _rebuild(flavor, layer, changes, pairs)
    change = changes.get(id(layer), Change())
    made = new_layer(flavor, layer, change)
    if change.replace is None:
        pairs[id(layer)] = (layer, made.layers[0] if change.norm else made)
    return made


def new_layer(flavor: Flavor, layer: Any, change: Change) -> Any:
    """A layer from the user's with its change; with a normalization behind it, a block whose first layer it is."""
    if change.replace is not None:
        return change.replace(flavor, str(layer.name))
    core = _remake(flavor, layer, change)
    return _with_norm(flavor, layer, core) if change.norm else core


def _remake(flavor: Flavor, layer: Any, change: Change) -> Any:
    if isinstance(layer, flavor.keras.layers.Lambda):
        return _remake_lambda(flavor, layer)
    if hasattr(layer, "get_vocabulary") and not getattr(layer, "weights", ()):
        return layer  # what it looks up is no part of its config
    try:
        return type(layer).from_config({**layer.get_config(), **change.config})
    except Exception:  # a class of the user's whose constructor wants what its config does not hold
        if composite(layer):
            return copier(flavor).layer(layer)
        try:
            return constructed(layer, change.config)
        except TypeError:  # it wants what no config of its holds: its attributes do
            if is_builtin(layer) or change.config:
                raise
            return copier(flavor).layer(layer)


def copier(flavor: Flavor) -> Copier:
    """What makes objects of the user's classes again."""

    def graph(layer: Any) -> Any:
        return clone_model(flavor, layer).model if _is_graph(flavor, layer) else None

    return Copier(flavor, graph)


def _remake_lambda(flavor: Flavor, layer: Any) -> Any:
    """A function in a layer does not survive its config; it has no weights and is taken over as it is."""
    shape = layer._output_shape
    arguments = dict(layer.arguments or {})
    return flavor.keras.layers.Lambda(layer.function, output_shape=shape, arguments=arguments, name=layer.name)


def _with_norm(flavor: Flavor, layer: Any, core: Any) -> Any:
    """Linear step, batch normalization, activation, as one layer named after the user's."""
    layers = flavor.keras.layers
    parts = [core, layers.BatchNormalization(name=f"{layer.name}_norm")]
    activation = getattr(layer, "activation", None)
    if activation is not None and activation_name(activation) != "linear":
        core.activation = flavor.keras.activations.get("linear")
        parts.append(layers.Activation(activation, name=f"{layer.name}_activation"))
    return flavor.keras.Sequential(parts, name=f"{layer.name}_block")


def _sources(model: Any, clone: Any, pairs: dict[int, tuple[Any, Any]], changes: Changes) -> list[int | None]:
    """Match the clone's weights with the user's, layer by layer, by shape."""
    index = {id(v): i for i, v in enumerate(model.weights)}
    source: dict[int, int] = {}
    for key, (old, new) in pairs.items():
        if not changes.get(key, Change()).keeps_weights:
            continue
        before, after = list(getattr(old, "weights", ())), list(getattr(new, "weights", ()))
        if [tuple(v.shape) for v in before] != [tuple(v.shape) for v in after]:
            continue
        source.update({id(b): index[id(a)] for a, b in zip(before, after, strict=True) if id(a) in index})
    return [source.get(id(v)) for v in clone.weights]


def clone_or_borrow(flavor: Flavor, model: Any, sample: AnyArray | None, *, same_class: bool = False) -> Clone:
    """A clone that gives the same outputs on a few rows; else the user's model itself, borrowed.

    ``same_class``: a clone that is not of the user's own class will not do.
    """
    for attempt in (_clone_graph, _clone_from_constructor, _clone_from_config, _clone_from_attributes):
        try:
            clone = attempt(flavor, model, sample)
            _check(clone, model, sample)
            if same_class and type(clone.model) is not type(model):
                continue
        except Exception:  # whatever a user's class raises here means: it cannot be rebuilt
            continue
        return clone
    return borrowed(flavor, model)


def borrowed(flavor: Flavor, model: Any) -> Clone:
    """The user's model itself."""
    return Clone(flavor, model, list(range(len(model.weights))), borrowed=True)


def _clone_graph(flavor: Flavor, model: Any, sample: AnyArray | None) -> Clone:
    del sample
    return clone_model(flavor, model)


def _clone_from_constructor(flavor: Flavor, model: Any, sample: AnyArray | None) -> Clone:
    """Call the user's constructor again, with the arguments Keras noted, if it noted any."""
    if sample is None:
        raise Unclonable("there are no rows to build it on")
    noted = dict(getattr(getattr(model, "_auto_config", None), "config", None) or {})
    takes = inspect.signature(type(model).__init__).parameters
    clone = type(model)(**{key: value for key, value in noted.items() if key in takes})
    call_model(clone, sample[:CHECK_ROWS], training=False)
    return Clone(flavor, clone, list(range(len(model.weights))))


def _clone_from_config(flavor: Flavor, model: Any, sample: AnyArray | None) -> Clone:
    """Build a subclassed model again from its own config."""
    if sample is None:
        raise Unclonable("there are no rows to build it on")
    clone = type(model).from_config(model.get_config())
    call_model(clone, sample[:CHECK_ROWS], training=False)
    return Clone(flavor, clone, list(range(len(model.weights))))


def _clone_from_attributes(flavor: Flavor, model: Any, sample: AnyArray | None) -> Clone:
    """A new object of the class with new layers in the places of the old ones."""
    if sample is None:
        raise Unclonable("there are no rows to build it on")
    clone = copier(flavor).layer(model)
    call_model(clone, sample[:CHECK_ROWS], training=False)
    if same_variables(clone, model):
        raise Unclonable("it holds layers where they cannot be found")
    return Clone(flavor, clone, list(range(len(model.weights))))


def _draws(model: Any) -> list[Any]:
    """What the layers draw by, as variables (Keras 3)."""
    return [one.state for layer in everything(model) for one in getattr(layer, "_seed_generators", ())]


def _check(clone: Clone, model: Any, sample: AnyArray | None) -> None:
    """Same weights, same flags, same outputs."""
    old, new = list(model.weights), list(clone.model.weights)
    if [tuple(v.shape) for v in old] != [tuple(v.shape) for v in new] or None in clone.sources:
        raise Unclonable("its weights differ")
    clone.assign([to_numpy(old[i]) for i in clone.sources if i is not None])
    for a, b in zip(everything(model), everything(clone.model), strict=True):
        if a.trainable != b.trainable:
            b.trainable = a.trainable
    if sample is None:
        return
    drawn = [to_numpy(one) for one in _draws(model)]
    expected = to_numpy(call_model(model, sample[:CHECK_ROWS], training=False))
    for states in (_draws(model), _draws(clone.model)):  # put back; and the same dropped, where it is dropped always
        for state, value in zip(states, drawn, strict=True):
            state.assign(value)
    found = to_numpy(call_model(clone.model, sample[:CHECK_ROWS], training=False))
    scale = float(np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))) + 1e-6
    if expected.shape != found.shape or not np.allclose(
        expected, found, rtol=0, atol=AGREEMENT * scale, equal_nan=True
    ):
        raise Unclonable("its outputs differ")


def new_variables(clone: Clone) -> list[Any]:
    """Trainable-by-design variables that an edit made."""
    design = {id(v) for layer in everything(clone.model) for v in own_variables(layer)[0]}
    return [v for v, s in zip(clone.model.weights, clone.sources, strict=True) if s is None and id(v) in design]

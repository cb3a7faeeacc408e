"""How the trained model is called: in the training step, and in evaluation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jax
import jax.numpy as jnp

from defib.adapters.jax.captured import Apply, Arrays, flat_arrays
from defib.capture.jax_probe import ModelCall
from defib.capture.jax_study import Study, weights_in

TRAINING: Final = frozenset({"train", "training", "is_training", "mutable"})
EVALUATION: Final = frozenset({"deterministic", "eval", "use_running_average", "inference"})


@dataclass
class Applied:
    """The model as pure functions, with its weights and state at the end."""

    apply: Apply
    weights: dict[str, Any]
    name: str
    state: dict[str, Any] = field(default_factory=dict)
    initial_state: dict[str, Any] = field(default_factory=dict)
    redraw: Callable[[int], Arrays] | None = None
    statistics: Mapping[str, str] = field(default_factory=dict)
    pure: Any = None
    wrt: Any = None
    notes: list[str] = field(default_factory=list)
    fixed_size: bool = False
    """It runs on batches of one size only."""


def applied_of(study: Study) -> Applied:
    """The model of this training."""
    if study.model is not None:
        return _of_nnx(study)
    call = study.step.probe.call
    if call is not None and call.module is not None and call.count == 1:
        return _of_linen(study, call)
    return _of_functions(study)


def _of_nnx(study: Study) -> Applied:
    from flax import nnx

    from defib.adapters.jax.nnx import Pure

    first, end = Pure(study.step.module()), Pure(study.model)
    call = study.step.probe.call
    notes: list[str] = []
    if call is None or call.count != 1:
        notes.append("the loss does not call the model as model(x), once: it was run as its training step runs it")
        return Applied(
            lambda weights, state, X, training: (study.step.head(weights, X), {}),
            dict(end.weights),
            type(study.model).__name__,
            redraw=first.redraw,
            pure=end,
            wrt=nnx.Param,
            notes=notes,
        )
    signature = _signature(type(study.model).__call__)

    def function(module: Any, X: Any, training: bool) -> Any:
        args, kwargs = again(call, X, training, signature)
        return module(*args, **kwargs)

    state = dict(end.state)
    return Applied(
        first.apply(function, call.modes),
        dict(end.weights),
        type(study.model).__name__,
        state,
        dict(first.state),
        first.redraw,
        first.statistics,
        first,
        nnx.Param,
        notes,
    )


def _of_linen(study: Study, call: ModelCall) -> Applied:
    structure = study.step.probe.structure
    leaves, treedef = jax.tree_util.tree_flatten(structure)
    names = tuple(jax.tree_util.tree_leaves(_names_like(structure)))
    assert len(names) == len(leaves)
    state = {name: jnp.asarray(value) for name, value in study.step.collections().items()}
    end_state = _kept_state(study.out, state) if state and study.out is not None else None
    signature = _signature(type(call.module).__call__)
    whole = "params" in structure if isinstance(structure, Mapping) else False

    def variables(weights: Arrays, now: Arrays) -> Any:
        params = jax.tree_util.tree_unflatten(treedef, [weights[name] for name in names])
        return {**(params if whole else {"params": params}), **_nested(now)}

    def apply(weights: Arrays, now: Arrays, X: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        args, kwargs = again(call, X, training, signature)
        kwargs.pop("mutable", None)
        if not training or not now:
            kwargs.pop("rngs", None) if not training else None
            return _first(call.module.apply(variables(weights, now), *args, **kwargs)), {}
        out, after = call.module.apply(variables(weights, now), *args, **kwargs, mutable=sorted(_nested(now)))
        return _first(out), {name: value for name, value in flat_arrays(after).items() if name in now}

    statistics = {
        name: name.partition(".")[2].rpartition(".")[0]
        + "."
        + {"mean": "mean", "var": "variance"}[name.rpartition(".")[2]]
        for name in state
        if name.startswith("batch_stats.") and name.rpartition(".")[2] in ("mean", "var")
    }
    return Applied(apply, _end_weights(study), type(call.module).__name__, end_state or state, state, None, statistics)


def _kept_state(out: Any, state: Arrays) -> dict[str, Any] | None:
    """What a step gave back of the collections, whole or each by itself (``new["batch_stats"]``)."""
    if (whole := weights_in(out, state)) is not None:
        return whole
    found: dict[str, Any] = {}
    for collection in dict.fromkeys(name.partition(".")[0] for name in state):
        own = {name.partition(".")[2]: value for name, value in state.items() if name.startswith(f"{collection}.")}
        kept = weights_in(out, own) or own
        found |= {f"{collection}.{name}": value for name, value in kept.items()}
    return found


def _of_functions(study: Study) -> Applied:
    step = study.step
    if step.outputs_of_several:
        raise ValueError("the model is called with several arrays of rows; one can be looked at")
    notes = (
        [] if step.any_size else ["the rows are constants of the compiled step: it runs on batches of one size only"]
    )

    def apply(weights: Arrays, state: Arrays, X: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        return step.head(weights, X), {}

    return Applied(apply, _end_weights(study), step.probe.name or "loss", notes=notes, fixed_size=not step.any_size)


def _end_weights(study: Study) -> dict[str, Any]:
    """After the last step, where its result was seen; else before it."""
    if study.kept_nothing:
        return {name: jnp.asarray(value) for name, value in study.initial.items()}
    found = study.results or dict(study.last)
    if not study.results:
        study.notes.append("the weights after the last step were not seen: those before it were looked at")
    return {name: jnp.asarray(found[name]) for name in study.initial}


def _names_like(structure: Any) -> Any:
    paths, treedef = jax.tree_util.tree_flatten_with_path(structure)
    from defib.adapters.jax.captured import path_name

    return jax.tree_util.tree_unflatten(treedef, [path_name(path) for path, _ in paths])


def _nested(flat: Arrays) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        inner = found
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return found


def _first(out: Any) -> Any:
    return next(one for one in jax.tree_util.tree_leaves(out) if hasattr(one, "shape"))


def _signature(function: Any) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(function).parameters)[1:]
    except (TypeError, ValueError):
        return ()


def again(call: ModelCall, X: Any, training: bool, names: tuple[str, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The recorded arguments with other rows; switches are turned for evaluation, random keys are keys of our own.

    Raises `ValueError` for a model of several inputs.
    """
    state = {"rows": 0}

    def replaced(value: Any, name: str) -> Any:
        if isinstance(value, bool) and not training and name in TRAINING | EVALUATION:
            return name in EVALUATION
        leaves, treedef = jax.tree_util.tree_flatten(value, is_leaf=lambda one: hasattr(one, "fork"))
        made = []
        for leaf in leaves:
            if hasattr(leaf, "fork"):
                made.append(_fresh_rngs())
            elif name in ("rngs", "rng", "key"):
                made.append(jax.random.key(0) if hasattr(leaf, "shape") else leaf)
            elif hasattr(leaf, "shape") and len(leaf.shape):
                state["rows"] += 1
                made.append(X)
            else:
                made.append(leaf if not hasattr(leaf, "aval") else 0)
        return jax.tree_util.tree_unflatten(treedef, made)

    args = tuple(replaced(one, names[i] if i < len(names) else "") for i, one in enumerate(call.args))
    kwargs = {name: replaced(one, name) for name, one in call.kwargs.items()}
    if state["rows"] != 1:
        raise ValueError(f"the model is called with {state['rows']} arrays of rows; one can be looked at")
    return args, kwargs


def _fresh_rngs() -> Any:
    from flax import nnx

    return nnx.Rngs(0)

"""What an optax optimizer is made of, read from its own functions; and the same optimizer with one number changed.

An optax transformation is a pair of functions; its settings are the variables that these functions close over.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jax

from defib.recipe import OptimizerFacts

Change = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""``(name of the transformation, what it closes over) -> what it is to close over instead``."""
DEPTH: Final = 12
SCALES: Final = {
    **{"scale_by_adam": "adam", "scale_by_rms": "rmsprop", "scale_by_rss": "adagrad", "scale_by_lion": "lion"},
    **{"scale_by_adamax": "adamax", "scale_by_amsgrad": "amsgrad", "scale_by_radam": "radam", "scale_by_yogi": "yogi"},
    **{"scale_by_belief": "adabelief", "scale_by_adadelta": "adadelta", "scale_by_stddev": "rmsprop"},
    **{"scale_by_trust_ratio": "lamb", "scale_by_novograd": "novograd", "scale_by_lbfgs": "lbfgs"},
}
SETTINGS: Final = {
    **{"b1": "beta_1", "b2": "beta_2", "eps": "epsilon", "decay": "momentum", "weight_decay": "weight_decay"},
    **{"max_norm": "clip_grad_norm", "max_delta": "clip_grad_value"},
}
CLIPPINGS: Final = {
    "clip": ("max_delta",),
    "clip_by_global_norm": ("max_norm",),
    "clip_by_block_rms": ("threshold",),
    "adaptive_grad_clip": ("clipping",),
}
"""Transformations of optax that clip → the numbers that say where."""


@dataclass(frozen=True)
class Part:
    """One transformation of a chain: its name in optax and the numbers and functions it closes over."""

    name: str
    values: Mapping[str, Any]


def parts_of(tx: Any) -> tuple[Part, ...]:
    """The transformations that an optimizer applies, in order."""
    found: list[Part] = []
    tx = at_once(tx)
    _collect(getattr(tx, "update", tx), found, DEPTH, set())
    return tuple(found)


def at_once(tx: Any) -> Any:
    """What makes the steps, without what puts several gradients together for each (``optax.MultiSteps``)."""
    owner = getattr(getattr(tx, "update", None), "__self__", tx)
    return owner.inner_opt if hasattr(owner, "inner_opt") else tx


def gathers(tx: Any) -> int:
    """Gradients for each step; 1 for what steps at once, or puts ever other numbers together."""
    owner = getattr(getattr(tx, "update", None), "__self__", tx)
    every = getattr(owner, "_every_k_schedule", None)
    return int(every(0)) if callable(every) else 1


def _collect(function: Any, found: list[Part], depth: int, seen: set[int]) -> None:
    if not isinstance(function, types.FunctionType) or depth == 0 or id(function) in seen:
        return
    seen.add(id(function))
    name = transformation_name(function)
    closed = _closed_over(function)
    found.append(Part(name, closed))
    for value in closed.values():
        for inner in _transformations(value):
            _collect(inner, found, depth - 1, seen)


def transformation_name(function: Any) -> str:
    """``scale_by_adam`` for ``scale_by_adam.<locals>.update_fn``."""
    return str(function.__qualname__).partition(".")[0]


def _closed_over(function: Any) -> dict[str, Any]:
    cells = function.__closure__ or ()
    found: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not filled yet
            continue
    return found


def _transformations(value: Any) -> list[Any]:
    """Update functions in what a function closes over: of one transformation, a tuple or a dict of them."""
    if hasattr(value, "update") and hasattr(value, "init") and isinstance(value, tuple):
        return [getattr(value, "update")]  # noqa: B009
    if isinstance(value, tuple | list):
        return [inner for one in value for inner in ([one] if _is_update(one) else _transformations(one))]
    if isinstance(value, dict):
        return [inner for one in value.values() for inner in _transformations(one)]
    return []


def _is_update(value: Any) -> bool:
    return isinstance(value, types.FunctionType) and "update" in value.__name__


def facts_of(tx: Any) -> OptimizerFacts:
    """Name, learning rate and settings; the learning rate is NaN where none can be read."""
    parts = parts_of(tx)
    names = [part.name for part in parts]
    settings = {
        SETTINGS[key]: float(value)
        for part in parts
        for key, value in part.values.items()
        if key in SETTINGS and isinstance(value, int | float) and not isinstance(value, bool)
    }
    kind = next((SCALES[name] for name in names if name in SCALES), None)
    if kind is None:
        kind = "sgd" if any(name in ("scale", "scale_by_schedule", "trace") for name in names) else "other"
    if kind == "adam" and "add_decayed_weights" in names:
        kind = "adamw"
    if kind != "sgd":
        settings.pop("momentum", None)
    return OptimizerFacts(kind, rate_at(tx, 0), settings, gathers=gathers(tx))


def schedule_of(tx: Any) -> Callable[[int], float] | None:
    """The learning rate by the number of steps done, where it is scheduled."""
    for part in parts_of(tx):
        function = part.values.get("step_size_fn")
        if part.name == "scale_by_schedule" and callable(function):
            return lambda count, function=function: abs(float(function(count)))  # type: ignore[misc]
    return None


def rate_at(tx: Any, count: int) -> float:
    """The learning rate after so many steps; a warm-up that begins at 0 gives its first rate above 0."""
    schedule = schedule_of(tx)
    if schedule is not None:
        return next((rate for rate in (schedule(count + i) for i in (0, 1, 10, 100)) if rate > 0), 0.0)
    scales = [
        abs(float(part.values["step_size"]))
        for part in parts_of(tx)
        if part.name == "scale" and isinstance(part.values.get("step_size"), int | float)
    ]
    hyper = next((part.values for part in parts_of(tx) if part.name == "inject_hyperparams"), None)
    if hyper is not None:
        numbers = hyper.get("numeric_hps") or {}
        return float(numbers.get("learning_rate", float("nan")))
    product = 1.0
    for scale in scales:
        product *= scale
    return product if scales else float("nan")


def rates_over(tx: Any, n_updates: int) -> tuple[tuple[float, float], ...]:
    """``(share of the updates done, learning rate)`` wherever a schedule changed it, at most 200 looks."""
    schedule = schedule_of(tx)
    if schedule is None or n_updates < 1:
        return ()
    found: list[tuple[float, float]] = []
    for i in range(min(n_updates, 200)):
        count = i * n_updates // min(n_updates, 200)
        rate = schedule(count)
        if not found or found[-1][1] != rate:
            found.append((count / n_updates, rate))
    return tuple(found) if len(found) > 1 else ()


def rebuilt(tx: Any, change: Change) -> Any:
    """The same transformation, other values in the place of some that its functions close over."""
    if (inner := at_once(tx)) is not tx:
        again = copy.copy(getattr(tx.update, "__self__", tx))
        again._opt = _again(inner, change, DEPTH)
        return again
    return _again(tx, change, DEPTH)


def _again(value: Any, change: Change, depth: int) -> Any:
    if depth == 0:
        return value
    if isinstance(value, types.FunctionType) and value.__closure__:
        if not str(value.__module__).startswith("optax"):
            return value
        return _function_again(value, change, depth)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_again(one, change, depth - 1) for one in value))
    if isinstance(value, tuple | list):
        return type(value)(_again(one, change, depth - 1) for one in value)
    if isinstance(value, dict):
        return {key: _again(one, change, depth - 1) for key, one in value.items()}
    return value


def _function_again(function: Any, change: Change, depth: int) -> Any:
    closed = _closed_over(function)
    replaced = dict(change(transformation_name(function), closed))
    cells = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__, strict=True):
        if name in replaced:
            cells.append(types.CellType(replaced[name]))
        elif name in closed and closed[name] is not function:
            cells.append(types.CellType(_again(closed[name], change, depth - 1)))
        else:
            cells.append(cell)
    made = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, tuple(cells)
    )
    made.__kwdefaults__, made.__qualname__ = function.__kwdefaults__, function.__qualname__
    return made


def with_decay_times(tx: Any, factor: float) -> Any:
    """Every weight decay times a factor."""

    def change(name: str, closed: Mapping[str, Any]) -> Mapping[str, Any]:
        decay = closed.get("weight_decay")
        return {"weight_decay": decay * factor} if isinstance(decay, int | float) else {}

    return rebuilt(tx, change)


def with_constant_rate(tx: Any, n_updates: int) -> Any:
    """The largest learning rate of the schedule all the way."""
    schedule = schedule_of(tx)
    if schedule is None:
        return tx
    largest = max(schedule(count) for count in range(0, max(n_updates, 1), max(1, n_updates // 200)))

    def change(name: str, closed: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"step_size_fn": lambda count: -largest} if name == "scale_by_schedule" else {}

    return rebuilt(tx, change)


def without_clipping(tx: Any) -> Any:
    """Gradients as large as they are: every limit of a clipping is infinite."""

    def change(name: str, closed: Mapping[str, Any]) -> Mapping[str, Any]:
        return {limit: float("inf") for limit in CLIPPINGS.get(name, ()) if limit in closed}

    return rebuilt(tx, change)


def without_masks(tx: Any) -> Any:
    """Everything is updated: masks let all through, labels all mean a transformation that trains."""

    def change(name: str, closed: Mapping[str, Any]) -> Mapping[str, Any]:
        if name == "partition" and isinstance(closed.get("transforms"), dict):
            trains = next((label for label, one in closed["transforms"].items() if _trains(one)), None)
            if trains is not None:
                return {"param_labels": lambda params: jax.tree_util.tree_map(lambda _: trains, params)}
        if name == "masked" and _trains(closed.get("inner")):
            return {"mask": lambda params: jax.tree_util.tree_map(lambda _: True, params)}
        if name == "masked":  # set_to_zero or freeze over a mask
            return {"mask": lambda params: jax.tree_util.tree_map(lambda _: False, params)}
        return {}

    return rebuilt(tx, change)


def leaves_out(tx: Any) -> bool:
    """Whether it trains by labels or by a mask: what stands still may do so for that and not for a rate of 0."""
    return any(
        part.name in ("partition", "set_to_zero") or (part.name == "masked" and _trains(part.values.get("inner")))
        for part in parts_of(tx)
    )


def _trains(tx: Any) -> bool:
    return tx is not None and any(part.name in ("scale", "scale_by_schedule", *SCALES) for part in parts_of(tx))

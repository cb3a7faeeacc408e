"""The optimizer: its facts, and a copy of it with scaled settings for a trial."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import Flavor, to_numpy
from defib.adapters.keras.ops import ops_of
from defib.recipe import Arm, OptimizerFacts

DECAYS = ("weight_decay",)
CLIPPING = frozenset({"clipnorm", "clipvalue", "global_clipnorm"})


def is_schedule(value: Any) -> bool:
    """A learning-rate schedule, as object or as config."""
    return isinstance(value, dict) or (callable(value) and hasattr(value, "get_config"))


def config_of(optimizer: Any) -> dict[str, Any]:
    """The optimizer's settings now; a schedule stays the object it is."""
    inner = getattr(optimizer, "inner_optimizer", None) or optimizer
    if hasattr(inner, "param_groups"):  # of PyTorch, around a Keras model
        group = {key: value for key, value in inner.param_groups[0].items() if key not in ("params", "initial_lr")}
        return {"learning_rate": float(group.pop("lr", float("nan"))), **group}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras copies its own variables in a way that NumPy deprecates
        config = dict(inner.get_config())
    schedule = getattr(inner, "_learning_rate", None)
    if isinstance(config.get("learning_rate"), dict) and schedule is not None:
        config["learning_rate"] = schedule
    return config


def class_of(optimizer: Any) -> type[Any]:
    """The optimizer's class, a loss-scaling wrapper taken off."""
    return type(getattr(optimizer, "inner_optimizer", None) or optimizer)


def first_rate(config: dict[str, Any]) -> float:
    """Learning rate at the first step."""
    rate = config.get("learning_rate", config.get("lr", float("nan")))
    if is_schedule(rate) and not isinstance(rate, dict):
        return float(to_numpy(rate(0)))
    return float("nan") if isinstance(rate, dict) else float(to_numpy(rate))


def facts_of(cls: type[Any], config: dict[str, Any]) -> OptimizerFacts:
    """Name, learning rate and numeric settings."""
    settings = {
        key: float(value)
        for key, value in config.items()
        if isinstance(value, (int, float, np.floating)) and not isinstance(value, bool) and key != "learning_rate"
    }
    return OptimizerFacts(cls.__name__.lower(), first_rate(config), settings)


def rebuild(flavor: Flavor, cls: type[Any], config: dict[str, Any], *, regularization: float, rate: Any) -> Any:
    """A new optimizer of the class; ``rate`` is a float or a schedule of ours."""
    config = {**config, "learning_rate": rate}
    for key in DECAYS:
        if isinstance(config.get(key), (int, float)) and not isinstance(config[key], bool):
            config[key] = config[key] * regularization or None
    config.pop("is_legacy_optimizer", None)
    if not flavor.v3:
        config["jit_compile"] = False
    try:
        return cls.from_config(config)
    except TypeError:
        config.pop("jit_compile", None)
        return cls(**{k: v for k, v in config.items() if k != "name"})


def scaled_schedule(flavor: Flavor, schedule: Any, limits: Callable[[], tuple[Any, Any, Any]]) -> Any:
    """The user's schedule within two bounds, times a factor.

    ``limits()`` gives factor, lower and upper bound: numbers, or variables that a graph reads.
    """
    base: Any = flavor.keras.optimizers.schedules.LearningRateSchedule

    class Scaled(base):  # type: ignore[misc,unused-ignore]
        def __call__(self, step: Any) -> Any:
            ops = ops_of(flavor)
            rate = ops.convert(schedule(step))
            factor, low, high = (ops.cast(one, rate.dtype) for one in limits())
            return ops.clip(rate, low, high) * factor

        def get_config(self) -> dict[str, Any]:
            return {}

    return Scaled()


def variables_of(optimizer: Any) -> list[Any]:
    """The optimizer's own state, moments and step count included."""
    found = optimizer.variables
    return list(found() if callable(found) else found)


def unclipped(plan: Any) -> Any:
    """The plan of an optimizer (class and ``config``) without any clipping."""
    return replace(plan, config={key: None if key in CLIPPING else value for key, value in plan.config.items()})


def planned(plan: Any, arm: Arm) -> Any:
    """The optimizer's plan as an arm has it: without clipping, or at another rate where it stood at 0."""
    plan = plan if arm.clipped else unclipped(plan)
    rate = None if plan is None else plan.config.get("learning_rate", 0.0)
    if arm.woken_rate is None or is_schedule(rate) or float(to_numpy(rate)) != 0.0 or any(plan.rates):
        return plan
    return replace(plan, config={**plan.config, "learning_rate": arm.woken_rate})

"""An optimizer as `OptimizerFacts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from defib.adapters.torch.captured import OptimizerRecord
from defib.recipe import OptimizerFacts, ParameterGroup


def settings_of(group: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of one parameter group, copied, without its parameters."""
    return {
        key: float(value) if isinstance(value, torch.Tensor) and value.numel() == 1 else value
        for key, value in group.items()
        if key not in ("params", "param_names")
    }


def facts_of(kind: type[Any], settings: Mapping[str, Any], extra: Mapping[str, float]) -> OptimizerFacts:
    """Name, learning rate and numeric settings; a pair like ``betas`` becomes ``beta_1`` and ``beta_2``."""
    numbers: dict[str, float] = {}
    for key, value in settings.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and key not in ("lr", "initial_lr"):
            numbers[key] = float(value)
        elif key == "betas":
            numbers.update({f"beta_{i + 1}": float(one) for i, one in enumerate(value)})
    return OptimizerFacts(kind.__name__.lower(), float(settings.get("lr", float("nan"))), {**numbers, **extra})


def parameter_groups(record: OptimizerRecord) -> tuple[ParameterGroup, ...]:
    """Its groups, with the largest learning rate that each had; empty for a single one, or several optimizers."""
    if len(record.groups) < 2 or record.others:
        return ()
    found = []
    for i, (names, settings) in enumerate(record.groups):
        rates = [float(values[i]) for _, values in record.rates if i < len(values)]
        rate = max([float(settings.get("lr", float("nan"))), *rates])
        found.append(ParameterGroup(names, rate, float(settings.get("weight_decay", 0.0) or 0.0)))
    return tuple(found)


def optimizer_facts(optimizer: Any) -> OptimizerFacts:
    """Of a live optimizer, by its first group."""
    return facts_of(type(optimizer), before_schedule(settings_of(optimizer.param_groups[0])), {})


def before_schedule(settings: Mapping[str, Any]) -> dict[str, Any]:
    """With the learning rate that a schedule started from: at the end of the training it may have come down to 0."""
    return {**settings, "lr": settings["initial_lr"]} if "initial_lr" in settings else dict(settings)

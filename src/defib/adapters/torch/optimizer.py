"""The user's optimizer again, over a clone's parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, final

import torch

from defib.adapters.torch.captured import Captured, OptimizerRecord
from defib.adapters.torch.clone import unwrapped
from defib.recipe import Arm
from defib.subject import NotAvailable

NOT_SETTINGS: Final[frozenset[str]] = frozenset({"params", "param_names", "initial_lr", "max_lr", "min_lr", "swa_lr"})
USUAL_RATE: Final = 1e-3
"""Adam's, where it stands in for an optimizer of the program's own that updates nothing."""
FUSED: Final[frozenset[type[Any]]] = frozenset({torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD})
"""Optimizers whose fused form does the same arithmetic in one call."""


def trainable_names(captured: Captured, named: Mapping[str, Any], arm: Arm) -> list[str]:
    """Parameters that an arm updates (see `Arm.loop`)."""
    record = captured.optimizer
    unfrozen = any(edit.op == "unfreeze" for edit in arm.edits)
    frozen = {name for name, one in captured.module.named_parameters() if not one.requires_grad}
    names = [name for name, one in named.items() if one.is_floating_point() and (unfrozen or one.requires_grad)]
    if arm.loop == "canonical" or record is None:
        return names
    if not (record.steps and captured.backward) or captured.without_grad:
        return []
    wakes = frozen if unfrozen else frozenset()
    return [
        name
        for name in names
        if name in wakes
        or (name in record.held and captured.gradients.get(name, "nonzero") not in ("none", "cleared"))
        or (name not in captured.gradients and name not in record.held and name.startswith("extras."))
    ]  # fmt: skip


def build_optimizer(captured: Captured, named: Mapping[str, Any], extras: list[Any], arm: Arm) -> Any:
    """The recorded class with the recorded groups over these parameters; ``None`` when nothing is to be updated."""
    record = captured.optimizer
    if record is None:
        raise NotAvailable("the optimizer")
    if arm.loop == "canonical" and _steps_nothing(captured, record):
        record = OptimizerRecord(torch.optim.Adam, (), {"lr": USUAL_RATE * arm.learning_rate_factor})
    beside = frozenset().union(*(one.held for one in record.others))
    mine = {name: one for name, one in named.items() if name not in beside}
    parts = [(record, _groups(record, mine, extras, arm))]
    for other in record.others:
        parts.append((other, _groups(other, {name: named[name] for name in named if name in other.held}, [], arm)))
    built = [(one, _construct(one, groups)) for one, groups in parts if groups]
    if len(built) < 2:
        return built[0][1] if built else None
    return Several(built)


def _steps_nothing(captured: Captured, record: OptimizerRecord) -> bool:
    """Whether a class that is not torch's had gradients and left every weight as it was."""
    if record.kind.__module__.startswith("torch.") or captured.initial is None:
        return False
    if "nonzero" not in captured.gradients.values():
        return False
    kept = captured.initial
    return all(
        name in kept and torch.equal(torch.as_tensor(kept[name]), one.detach().cpu())
        for name, one in unwrapped(captured.module).named_parameters()
    )


@final
class Several:
    """Optimizers that step together, each over parameters of its own."""

    def __init__(self, parts: list[tuple[OptimizerRecord, Any]]) -> None:
        self.parts = parts

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Those of all."""
        return [group for _, one in self.parts for group in one.param_groups]

    def zero_grad(self) -> None:
        """Clear the gradients of all."""
        for _, one in self.parts:
            one.zero_grad()

    def step(self) -> None:
        """One step of each, in the recorded order."""
        for _, one in self.parts:
            one.step()


def _groups(record: OptimizerRecord, named: Mapping[str, Any], extras: list[Any], arm: Arm) -> list[dict[str, Any]]:
    placed: set[str] = set()
    groups: list[dict[str, Any]] = []
    for names, settings in record.groups:
        here = [named[name] for name in names if name in named]
        placed |= set(names)
        groups.append({"params": here, **_scaled(settings, arm)})
    rest = [one for name, one in named.items() if name not in placed] + extras
    if not groups:
        groups.append({"params": [], **_scaled(record.defaults, arm)})
    if arm.loop == "canonical":
        _wake(groups, float(record.defaults.get("lr", 0.0)))
    for group in groups:
        if group.get("lr") == 0 and arm.woken_rate is not None:
            group["lr"] = arm.woken_rate
    groups[0]["params"] = groups[0]["params"] + rest
    if all(not group["params"] for group in groups):
        return []
    for index, group in enumerate(groups):
        group["defib_index"] = index
    return [group for group in groups if group["params"]]


def _wake(groups: list[dict[str, Any]], default: float) -> None:
    """Groups whose learning rate is 0 get the largest one of the others: in the canonical loop all weights learn.

    Where all are at 0, the optimizer's ``default``.
    """
    largest = max((float(group.get("lr", 0.0)) for group in groups), default=0.0) or default
    for group in groups:
        if group.get("lr") == 0:
            group["lr"] = largest


def _scaled(settings: Mapping[str, Any], arm: Arm) -> dict[str, Any]:
    kept = {key: value for key, value in settings.items() if key not in NOT_SETTINGS}
    if "lr" in kept:
        kept["lr"] = float(kept["lr"]) * arm.learning_rate_factor
    if "weight_decay" in kept:
        kept["weight_decay"] = float(kept["weight_decay"]) * arm.regularization_factor
    return kept


def _construct(record: OptimizerRecord, groups: list[dict[str, Any]]) -> Any:
    """Constructors differ; the recorded defaults are tried as arguments, then without any."""
    arguments = {key: value for key, value in record.defaults.items() if key not in NOT_SETTINGS}
    errors: list[str] = []
    for kwargs in ({"lr": groups[0].get("lr")} if "lr" in groups[0] else {}, arguments, {}):
        try:
            if record.kind in FUSED and not any(group.get("fused") or group.get("foreach") for group in groups):
                return record.kind([{**group, "fused": True, "foreach": None} for group in groups], **kwargs)
            return record.kind([dict(group) for group in groups], **kwargs)
        except (TypeError, ValueError, RuntimeError) as error:
            errors.append(str(error))
    raise NotAvailable(f"an optimizer that can be built again ({errors[0]})")


def rates_of(record: OptimizerRecord | None, optimizer: Any, arm: Arm) -> list[Rates]:
    """The recorded rates of an optimizer, or of each of several, where they ever changed."""
    parts = optimizer.parts if isinstance(optimizer, Several) else [(record, optimizer)]
    return [one for one in (Rates(record, part, arm) for record, part in parts) if one.rates]


class Rates:
    """The recorded learning rates over the course of a training, times the arm's factor."""

    def __init__(self, record: OptimizerRecord | None, optimizer: Any, arm: Arm) -> None:
        self.optimizer = optimizer
        self.factor = arm.learning_rate_factor
        self.cap = math.inf if arm.rate_cap is None else arm.rate_cap
        rates = record.rates if record is not None else ()
        rates = awake(rates) if arm.loop == "canonical" else rates
        if arm.woken_rate is not None and not any(any(values) for _, values in rates):
            rates = ()  # a schedule of nothing but zeros
        self.rates = constant(rates) if arm.constant_rate else rates
        self.next = 0

    def set(self, share: float) -> None:
        """Set the rates of this share of the training, in [0, 1]."""
        while self.next < len(self.rates) and self.rates[self.next][0] <= share + 1e-12:
            values = self.rates[self.next][1]
            for group in self.optimizer.param_groups:
                index = group.get("defib_index", 0)
                if index < len(values):
                    group["lr"] = min(values[index], self.cap) * self.factor
            self.next += 1


def awake(rates: Sequence[tuple[float, tuple[float, ...]]]) -> tuple[tuple[float, tuple[float, ...]], ...]:
    """The schedule with the largest rate of the moment for groups that are at 0 all along.

    >>> awake([(0.0, (0.1, 0.0)), (0.5, (0.01, 0.0))])
    ((0.0, (0.1, 0.1)), (0.5, (0.01, 0.01)))
    """
    asleep = [not any(group) for group in zip(*(values for _, values in rates), strict=False)]
    return tuple(
        (at, tuple(max(values) if off else one for one, off in zip(values, asleep, strict=False)))
        for at, values in rates
    )


def constant(rates: Sequence[tuple[float, tuple[float, ...]]]) -> tuple[tuple[float, tuple[float, ...]], ...]:
    """A schedule that stays at each group's largest rate.

    >>> constant([(0.0, (0.1, 0.0)), (0.5, (0.01, 0.2))])
    ((0.0, (0.1, 0.2)),)
    """
    return ((0.0, tuple(max(group) for group in zip(*(values for _, values in rates), strict=False))),) if rates else ()

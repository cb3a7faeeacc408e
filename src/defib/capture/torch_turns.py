"""Networks that take turns: one is trained through another that judges it, as in adversarial training.

The judge of a GAN, or the critic of an actor, has no right answer to come to: at its best it says the same of
everything. What it gives is no prediction, and is not looked at as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from defib.capture.torch_study import OptimizerWatch

MAX_ROUNDS = 64
"""Rounds that are looked at: who trains whom shows in the first few."""


@final
class Turns:
    """Told of every backward pass and optimizer step; a round ends with the first backward pass after a step."""

    def __init__(self) -> None:
        self._orders: list[list[Any]] = []
        self._steps: list[OptimizerWatch] = []
        self._rounds = 0
        self._trained: set[int] = set()
        self._passed: set[int] = set()

    def backward(self, modules: Sequence[Any]) -> None:
        """The loss depends on these modules, in the order of their calls, and its gradient reaches them."""
        if self._steps:
            self._close()
        if self._rounds < MAX_ROUNDS:
            self._orders.append(list(modules))

    def step(self, watch: OptimizerWatch) -> None:
        """An optimizer is about to step."""
        if self._orders:
            self._steps.append(watch)

    def judges(self) -> frozenset[int]:
        """``id`` of every module that is trained in turn with one whose gradient goes through it."""
        self._close()
        return frozenset(self._trained & self._passed)

    def _close(self) -> None:
        held = set().union(*(watch.held for watch in self._steps))
        for order in self._orders if held else ():
            moved = [bool(held & {id(one) for one in module.parameters()}) for module in order]
            for i, module in enumerate(order):
                if moved[i]:
                    self._trained.add(id(module))
                elif any(moved[:i]) or not any(moved):  # what moves lies before it
                    self._passed.add(id(module))
        self._rounds += bool(held)
        self._orders, self._steps = [], []

"""Numbers of a running training, kept as tensors: nothing is read from the device until the end."""

from __future__ import annotations

from typing import Any, final

import numpy as np
import torch

from defib.subject import FloatArray

KEPT = 4_096


@final
class LossTrace:
    """Losses of all backward passes, evenly thinned to at most 4,096."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.stride = 1
        self.count = 0

    def add(self, loss: Any) -> None:
        """A scalar tensor."""
        if self.count % self.stride == 0:
            self.values.append(loss.detach())
            if len(self.values) >= KEPT:
                self.values = self.values[::2]
                self.stride *= 2
        self.count += 1

    def put_first(self, loss: Any) -> None:
        """A scalar tensor of the backward pass before the first that was added."""
        self.values.insert(0, loss)
        self.count += 1

    def read(self) -> FloatArray:
        """All kept values, in order, in one transfer."""
        scalars = [one.reshape(()).to(torch.float64) for one in self.values if one.numel() == 1]
        return torch.stack(scalars).cpu().numpy() if scalars else np.empty(0)


@final
class RateTrace:
    """Learning rates per group, noted when they change."""

    def __init__(self) -> None:
        self.changes: list[tuple[int, tuple[float, ...]]] = []
        self.last: tuple[Any, ...] = ()

    def add(self, step: int, groups: Any) -> None:
        """The groups before a step."""
        now = tuple([group.get("lr") for group in groups])
        if now == self.last:
            return
        self.last = now
        self.changes.append((step, tuple(float(one) if one is not None else 0.0 for one in now)))
        if len(self.changes) >= KEPT:
            self.changes = [self.changes[0], *self.changes[1::2]]

    def peak(self, group: int = 0) -> float | None:
        """Largest rate of a group; ``None`` when no step was seen."""
        return max((rates[group] for _, rates in self.changes if group < len(rates)), default=None)

    def shares(self, n_steps: int) -> tuple[tuple[float, tuple[float, ...]], ...]:
        """``(share of the training done, rates)``; empty when they never changed."""
        if len(self.changes) < 2:
            return ()
        return tuple((step / max(n_steps, 1), rates) for step, rates in self.changes)


def gradient_word(gradient: Any) -> str:
    """``none``, ``zero``, ``nonzero`` or ``nan``."""
    if gradient is None:
        return "none"
    if gradient.is_sparse:
        gradient = gradient.coalesce().values()
    if not bool(torch.isfinite(gradient).all()):
        return "nan"
    return "nonzero" if bool((gradient != 0).any()) else "zero"


STRENGTH = {"none": 0, "zero": 1, "nonzero": 2, "nan": 3}


def stronger(a: str | None, b: str) -> str:
    """Of two steps, the one that says more: a gradient that was ever there was there."""
    return b if a is None or STRENGTH[b] > STRENGTH[a] else a

"""Training a clone: the recorded recipe with at most one change."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from defib.adapters.torch.captured import Captured
from defib.adapters.torch.clone import forget
from defib.adapters.torch.examined import TorchInside
from defib.adapters.torch.network import Network
from defib.adapters.torch.objective import Objective, link_of_arm
from defib.adapters.torch.optimizer import rates_of
from defib.adapters.torch.quiet import quiet
from defib.adapters.torch.remembered import asked_in_turn, in_calls_of
from defib.adapters.watched import MAX_LOSSES, TrainedClone
from defib.recipe import Arm, TrainingRecipe
from defib.subject import AnyArray, BudgetExceeded, FloatArray, Inside

CHECK_EVERY = 8
"""Updates between two looks at the clock."""


@final
class TorchTrained(TrainedClone):
    """A trained clone."""

    def __init__(self, network: Network, arm: Arm, loss: FloatArray, seconds: float) -> None:
        super().__init__(arm, loss, seconds)
        self.network = network

    @property
    def link(self) -> str:
        """What turns the outputs into probabilities."""
        return link_of_arm(self.network.captured, self.arm)

    def _outputs(self, rows: AnyArray) -> FloatArray:
        with quiet(seed=0):
            return self.network.eval().predict(rows)

    def in_turn(self, X: AnyArray, size: int) -> FloatArray:
        """See `Trained.in_turn`; nothing is remembered yet when the first call is made."""
        rows = self._entered(X)
        with quiet(seed=0):
            forget(self.network.module, self.network.memories)
            return asked_in_turn(self.network, rows, in_calls_of(size, len(rows)))

    def inside(self) -> Inside:
        """The clone with its edits."""
        return TorchInside(self.network, self.arm)


@dataclass(frozen=True)
class Course:
    """How long and in which order."""

    n_rows: int
    batch: int
    updates: int
    accumulation: int
    shuffle: bool
    full: bool = False
    """Batches with fewer rows than the others are left out."""

    def taken(self, arm: Arm) -> int:
        """Updates until the arm stops."""
        most = max(1, round(self.updates * arm.stop_at))
        return most if arm.stop_after is None else min(most, arm.stop_after)

    def batches(self, seed: int) -> Iterator[Any]:
        """Indices of one batch after the other, without end: a permutation per epoch, or slices in order."""
        rng = np.random.default_rng([seed, 20_000])
        while True:
            order = torch.from_numpy(rng.permutation(self.n_rows)) if self.shuffle else None
            for start in range(0, self.n_rows, self.batch):
                stop = min(start + self.batch, self.n_rows)
                if self.n_rows > self.batch > stop - start and (self.full or stop - start == 1):
                    continue  # one row left over: batch statistics need two
                yield slice(start, stop) if order is None else order[start:stop]


def course_of(recipe: TrainingRecipe, captured: Captured, arm: Arm, n_rows: int) -> Course:
    """As many epochs as recorded. Rows that never came twice are one long stream: then as many updates.

    Where the optimizer never stepped, the usual loop steps after every backward pass that there was.
    """
    optimizer = captured.optimizer
    accumulation = optimizer.accumulation if optimizer is not None else 1
    whole = captured.batches_per_epoch == 1
    batch = n_rows if whole else min(recipe.batch_size or 32, n_rows)
    unused = optimizer.unused if optimizer is not None and arm.loop == "canonical" else 0
    updates = float(recipe.n_updates or unused)
    if captured.batches_per_epoch:
        per_epoch = math.ceil(n_rows / max(batch, 1))
        updates = updates * per_epoch / captured.batches_per_epoch
    shuffle = bool(recipe.shuffled) if arm.shuffle is None else arm.shuffle
    n_updates = max(1, round(updates * arm.updates_factor))
    return Course(n_rows, max(batch, 1), n_updates, max(accumulation, 1), shuffle, captured.only_full > 0)


@final
class Loop:
    """Forward, loss, backward, step, over and over."""

    def __init__(
        self, network: Network, objective: Objective, optimizer: Any, arm: Arm, course: Course, deadline: float | None
    ) -> None:
        self.network = network
        self.objective = objective
        self.optimizer = optimizer
        self.arm = arm
        self.course = course
        self.deadline = deadline
        self.record = network.captured.optimizer
        self.clears = self.record is None or self.record.clears_gradients or arm.loop == "canonical"

    def run(self, tensors: Sequence[Any], y: Any, seed: int) -> FloatArray:
        """Train; the loss of every sampled update. Raises `BudgetExceeded`."""
        every = max(1, math.ceil(self.course.updates / MAX_LOSSES))
        losses: list[Any] = []
        batches = self.course.batches(seed)
        rates = rates_of(self.record, self.optimizer, self.arm)
        for update in range(self.course.taken(self.arm)):
            if update % CHECK_EVERY == 0:
                self._check()
            for one in rates:
                one.set(update / self.course.updates)
            loss = self._update(tensors, y, batches)
            if update % every == 0:
                losses.append(loss.detach())
        return np.array([float(one) for one in losses])

    def measure(self, tensors: Sequence[Any], y: Any, seed: int) -> FloatArray:
        """Nothing is to be updated: the loss of one batch, without a step."""
        index = next(self.course.batches(seed))
        with torch.no_grad():
            return np.array([float(self._loss(tensors, y, index))])

    def _check(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise BudgetExceeded("the training ran past its deadline")

    def _update(self, tensors: Sequence[Any], y: Any, batches: Iterator[Any]) -> Any:
        if self.record is not None and self.record.kind is torch.optim.LBFGS:
            index = next(batches)
            return self.optimizer.step(lambda: self._backward(tensors, y, index))
        if self.clears:
            self.optimizer.zero_grad()
        loss = self._gradient(tensors, y, next(batches))
        for _ in range(self.course.accumulation - 1):
            loss = self._gradient(tensors, y, next(batches))
        self._clip()
        self.optimizer.step()
        return loss

    def _backward(self, tensors: Sequence[Any], y: Any, index: Any) -> Any:
        self.optimizer.zero_grad()
        return self._gradient(tensors, y, index)

    def _gradient(self, tensors: Sequence[Any], y: Any, index: Any) -> Any:
        loss = self._loss(tensors, y, index)
        if loss.requires_grad:
            loss.backward()
        return loss

    def _loss(self, tensors: Sequence[Any], y: Any, index: Any) -> Any:
        rows = [one[index] for one in tensors]
        labels = y[index]
        if self.network.door.unbatched:
            labels = labels[0]
        return self.objective(self.network, rows, self.network.outputs(rows), labels)

    def _clip(self) -> None:
        record = self.record
        if record is None or not self.arm.clipped or (record.clip_norm is None and record.clip_value is None):
            return
        parameters = [one for group in self.optimizer.param_groups for one in group["params"]]
        if record.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters, record.clip_norm)
        if record.clip_value is not None:
            torch.nn.utils.clip_grad_value_(parameters, record.clip_value)

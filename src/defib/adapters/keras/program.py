"""One network, one loss, one optimizer, made once and run for any seed, step size and rows."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from defib.adapters.keras.clone import Clone
from defib.adapters.keras.flavor import to_numpy
from defib.adapters.keras.ops import ops_of
from defib.adapters.keras.optimizers import first_rate, is_schedule, rebuild, scaled_schedule, variables_of
from defib.adapters.keras.together import like
from defib.subject import AnyArray, BudgetExceeded, FloatArray

CHUNK = 200
"""Updates between two looks at the clock."""
PREDICT_ROWS = 1024


@dataclass(frozen=True)
class Objective:
    """The loss of one batch: the compiled loss of the model, or a function put in its place."""

    function: Callable[[Any, Any], Any] | None = None
    """``(y, y_pred)``; ``None`` is the model's own compiled loss."""
    own_step: bool = False
    """The model's own ``train_step`` makes the update."""
    reshape: bool = False
    """Bring the targets to the predictions' shape first."""

    def of(self, clone: Clone, x: Any, y: Any, p: Any, weight: Any, regularization: Any) -> Any:
        """Scalar loss, penalties included, these times ``regularization``."""
        ops, model = ops_of(clone.flavor), clone.model
        penalties = list(model.losses)
        if isinstance(y, tuple):  # of several outputs that are trained together
            y, weight = like(p, y), None if weight is None else like(p, weight)
        if self.function is None:
            total = model.compute_loss(x, y, p, weight)
            extra: Any = regularization - 1.0
        else:
            each = self.function(y, p)
            if weight is not None and len(each.shape) > 0:
                each = each * ops.cast(weight, each.dtype)
            total, extra = ops.mean(each), regularization
        if penalties:
            total = total + ops.cast(extra, total.dtype) * ops.total(penalties)
        return total


@dataclass(frozen=True)
class OptimizerPlan:
    """Class and settings of the user's optimizer at the start of the training."""

    cls: type[Any]
    config: dict[str, Any]
    rates: tuple[float, ...] = ()
    """Learning rate of each epoch, where a callback of the user's changed it."""

    @property
    def largest_rate(self) -> float:
        """The largest learning rate: of those read at the epochs' ends, and of a schedule's start."""
        scheduled = is_schedule(self.config.get("learning_rate"))
        return max([*self.rates, *([first_rate(self.config)] if scheduled else [])], default=0.0)


@dataclass(frozen=True)
class Design:
    """What a `Program` is made of."""

    clone: Clone
    objective: Objective
    plan: OptimizerPlan
    variables: Sequence[Any]
    """What the optimizer moves."""
    regularization: float
    """Factor of weight decay inside the optimizer."""
    eager: bool
    training: bool = True
    as_recorded: bool = True
    alone: Objective | None = None
    """The loss of the output looked at, where others are trained with it."""


@dataclass(frozen=True)
class Limits:
    """What one training does to the learning rate and the penalties."""

    factor: float = 1.0
    lowest_rate: float = 0.0
    highest_rate: float = np.inf
    regularization: float = 1.0


class Program(ABC):
    """A network that can be trained again and again from any weights; one final class per backend."""

    def __init__(self, design: Design) -> None:
        self.clone = design.clone
        self.objective = design.objective
        self.plan = design.plan
        self.variables = list(design.variables)
        self.design = design
        self.limits = Limits()
        self._optimizer: Any = None
        self._fresh_state: list[AnyArray] = []
        self._base = 0.0

    # --- what a backend does --------------------------------------------------------------------

    @abstractmethod
    def steps(self, x: Any, y: Any, w: Any, order: AnyArray, batch: int) -> AnyArray:
        """Update on the batches of ``order``, one after the other; the loss of each, ``(n_batches,)``."""

    @abstractmethod
    def outputs(self, x: Any) -> Any:
        """Outputs in evaluation mode."""

    @abstractmethod
    def tensor(self, array: AnyArray) -> Any:
        """Rows as ``fit`` makes them."""

    def limit(self) -> None:
        """A training with other ``limits`` begins."""
        return

    def rate_limits(self) -> tuple[Any, Any, Any]:
        """What a schedule is multiplied by, and its bounds: numbers or variables."""
        return self.limits.factor, self.limits.lowest_rate, self.limits.highest_rate

    @abstractmethod
    def reseed(self, seed: int) -> None:
        """Set every random layer to a state that follows from the seed."""

    # --- training -------------------------------------------------------------------------------

    def train(self, course: Course, values: list[AnyArray], *, seed: int, deadline: float | None) -> FloatArray:
        """Train from ``values``; the clone is left with the trained weights. Returns the loss of every update."""
        self.clone.assign(values)
        self.limits = Limits(course.factor, course.lowest_rate, course.highest_rate, course.regularization)
        self.limit()
        self._reset(course.factor)
        self.reseed(seed)
        x, y = self.tensor(course.X), each(self.tensor, course.y)
        w = None if course.weights is None else each(self.tensor, course.weights)
        losses: list[AnyArray] = []
        for epoch, order in enumerate(course.orders(seed)):
            self._set_rate(course, epoch)
            for start in range(0, len(order), CHUNK * course.batch):
                if deadline is not None and time.monotonic() > deadline:
                    raise BudgetExceeded("the trial ran past its deadline")
                losses.append(self.steps(x, y, w, order[start : start + CHUNK * course.batch], course.batch))
        return np.concatenate(losses) if losses else np.empty(0)

    def _reset(self, factor: float) -> None:
        """The optimizer as new, with another step."""
        if self._optimizer is None and self.variables:
            self._build()
        if self._optimizer is None:
            return
        for variable, value in zip(variables_of(self._optimizer), self._fresh_state, strict=True):
            variable.assign(value)
        self._base = self._first_rate() * factor
        self._rate(self._base)

    def _build(self) -> None:
        rate = self.plan.config.get("learning_rate")
        flavor = self.clone.flavor
        made = scaled_schedule(flavor, rate, self.rate_limits) if is_schedule(rate) else self._first_rate()
        decay = self.design.regularization
        optimizer = rebuild(flavor, self.plan.cls, self.plan.config, regularization=decay, rate=made)
        if hasattr(optimizer, "build"):
            optimizer.build(self.variables)
        else:
            optimizer._create_all_weights(self.variables)
        self._optimizer = optimizer
        self._fresh_state = [to_numpy(v) for v in variables_of(optimizer)]

    def _first_rate(self) -> float:
        rate = self.plan.config.get("learning_rate", 0.0)
        return 0.0 if is_schedule(rate) else float(to_numpy(rate))

    def _rate(self, value: float) -> None:
        if not is_schedule(self.plan.config.get("learning_rate")):
            self._optimizer.learning_rate = value

    def _set_rate(self, course: Course, epoch: int) -> None:
        """Replay what a callback did to the learning rate, stretched over this course."""
        rates = self.plan.rates
        if self._optimizer is None or len(rates) < 2:
            return
        position = epoch / max(course.n_epochs - 1, 1) * (len(rates) - 1)
        rate = rates[min(round(position), len(rates) - 1)]
        self._rate(min(max(rate, course.lowest_rate), course.highest_rate) * course.factor)

    # --- serving --------------------------------------------------------------------------------

    def predict(self, values: list[AnyArray], X: AnyArray) -> FloatArray:
        """Outputs in evaluation mode with these weights."""
        self.clone.assign(values)
        x = self.tensor(X)
        parts = [to_numpy(self.outputs(x[i : i + PREDICT_ROWS])) for i in range(0, max(len(X), 1), PREDICT_ROWS)]
        return np.concatenate(parts)


@dataclass(frozen=True)
class Course:
    """Rows, order and length of one training."""

    X: AnyArray
    y: AnyArray | tuple[AnyArray, ...]
    """A tuple: labels of several outputs that are trained together."""
    weights: AnyArray | tuple[AnyArray, ...] | None
    batch: int
    updates: int
    shuffle: bool
    factor: float
    regularization: float
    lowest_rate: float = 0.0
    highest_rate: float = np.inf
    """No learning rate lies outside of these two, before the factor."""
    stop_at: float = 1.0
    """Share of the updates that are made; the schedule is that of all of them."""
    stop_after: int | None = None

    @property
    def n_epochs(self) -> int:
        """Passes over the rows, the last perhaps not complete."""
        return max(1, -(-self.updates // self.per_epoch))

    @property
    def per_epoch(self) -> int:
        """Batches in one pass."""
        return max(1, -(-len(self.X) // self.batch))

    def orders(self, seed: int) -> Iterator[AnyArray]:
        """The order of rows in each epoch, ``(n_rows,)``; another one every epoch when shuffled."""
        rng = np.random.default_rng([seed, 20_000])
        left = max(1, round(self.updates * self.stop_at))
        left = left if self.stop_after is None else min(left, self.stop_after)
        while left > 0:
            order = rng.permutation(len(self.X)) if self.shuffle else np.arange(len(self.X))
            yield order[: left * self.batch]
            left -= self.per_epoch


def each(do: Callable[[Any], Any], value: Any) -> Any:
    """Done to an array, or to each of a tuple of them."""
    return tuple(do(one) for one in value) if isinstance(value, tuple) else do(value)


def float32(array: AnyArray) -> AnyArray:
    """As ``fit`` hands rows on: float64 becomes float32, whole numbers and half floats stay."""
    array = np.asarray(array)
    return array.astype(np.float32) if array.dtype.kind == "f" and array.dtype != np.float16 else array

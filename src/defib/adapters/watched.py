"""What the Subjects of all frameworks share: a captured network with its recipe and rows, and its trained clones."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np

from defib.numbered import numbered_like
from defib.recipe import Arm, TrainingRecipe
from defib.subject import (
    AnyArray,
    FloatArray,
    ForwardPass,
    LayerOutput,
    NotAvailable,
    Rows,
    Subject,
    Trained,
    TrainingTrace,
)

MAX_LOSSES: Final = 200


class CapturedNetwork(Protocol):
    """What an adapter knows of a network beyond the neutral recipe."""

    @property
    def initial(self) -> Any:
        """Weights before the first step; ``None`` when they are not known."""


C = TypeVar("C", bound=CapturedNetwork)


class WatchedSubject(Subject, Generic[C]):
    """A Subject whose network, recipe and rows came from watching a program, or from its user."""

    def __init__(
        self,
        captured: C,
        recipe: TrainingRecipe,
        trace: TrainingTrace,
        *,
        name: str,
        training: Rows | None = None,
        prediction: Rows | None = None,
        prediction_outputs: FloatArray | None = None,
        held_out: Rows | None = None,
    ) -> None:
        self.captured = captured
        self.recipe = recipe
        self.trace = trace
        self.name = name
        self.training = training
        self.prediction = prediction
        self.prediction_outputs = prediction_outputs
        self.held_out = held_out

    @property
    def has_initial_weights(self) -> bool:
        """Whether weights from before the training are known."""
        return self.captured.initial is not None

    only_in_batches_of: int = 0
    """Rows of a batch, where the network was seen to give an output per row in batches of this size alone; else 0."""

    def _sent(self, X: AnyArray, send: Callable[[AnyArray], ForwardPass]) -> ForwardPass:
        """A pass of all rows at once; in batches as the training had them where the network answers no other ones."""
        size = self.recipe.batch_size or 0
        if not self.only_in_batches_of:
            try:
                found = send(X)
            except NotAvailable:
                if size < 2 or len(X) == size:
                    raise
            else:
                if len(found.outputs) == len(X) or size < 2 or len(X) == size:
                    return found
        found = in_batches(X, size, send)
        self.only_in_batches_of = size
        return found

    def _one_batch(self, X: AnyArray, y: AnyArray) -> tuple[AnyArray, AnyArray]:
        """All rows; where only batches of one size are answered, the first of them. Raises `NotAvailable`."""
        size = self.only_in_batches_of
        if size and len(X) < size:
            raise NotAvailable(f"a batch of {size} rows")
        return (X[:size], y[:size]) if size else (X, y)

    def _why_only_in_batches(self) -> str | None:
        """Why nothing can be trained on other rows, as a clause."""
        size = self.only_in_batches_of
        return f"the network gives an output per row only in batches of {size} rows" if size else None


def in_batches(X: AnyArray, size: int, send: Callable[[AnyArray], ForwardPass]) -> ForwardPass:
    """Rows in batches of exactly ``size``, the last one filled up from the first row on; layers one upon another.

    Raises `NotAvailable` where even such a batch is not answered by row.
    """
    passes = []
    for start in range(0, max(len(X), 1), size):
        batch = np.take(X, range(start, start + size), axis=0, mode="wrap")
        found = send(batch)
        if len(found.outputs) != size:
            raise NotAvailable(f"an output per row (the model returned {found.outputs.shape} for {size} rows)")
        passes.append(found)
    layers = tuple(
        LayerOutput(same[0].layer, np.concatenate([one.values for one in same])[: len(X)])
        for same in zip(*(one.layers for one in passes), strict=True)
    )
    return ForwardPass(np.concatenate([one.outputs for one in passes])[: len(X)], layers)


class TrainedClone(Trained):
    """A clone that one arm trained: raw rows in, outputs in the unit of the user's labels out."""

    def __init__(self, arm: Arm, losses: FloatArray, seconds: float) -> None:
        self.arm = arm
        self._losses = losses
        self._seconds = seconds

    @property
    def loss(self) -> FloatArray:
        """Training loss, evenly sampled over the updates."""
        n = len(self._losses)
        return np.asarray(self._losses[np.linspace(0, max(n - 1, 0), min(n, MAX_LOSSES)).astype(int)])

    @property
    def seconds(self) -> float:
        """Wall time the training took."""
        return self._seconds

    def predict(self, X: AnyArray) -> FloatArray:
        """Outputs in evaluation mode for raw rows; a transform of the targets is undone."""
        outputs = self._outputs(self._entered(X))
        targets = self.arm.targets
        if targets is None:
            return outputs
        return np.asarray(outputs * _like(targets.scale, outputs) + _like(targets.offset, outputs))

    def _entered(self, X: AnyArray) -> AnyArray:
        """Rows at the clone's own door."""
        return np.asanyarray(X) if self.arm.inputs is None else numbered_like(np.asarray(self.arm.inputs(X)), X)

    @abstractmethod
    def _outputs(self, rows: AnyArray) -> FloatArray:
        """What the clone answers for rows at its door."""


def _like(values: Any, outputs: FloatArray) -> Any:
    """One value for all, or one per output on the last axis, whatever lies between it and the rows."""
    array = np.asarray(values, dtype=np.float64)
    return array.reshape(()) if array.size == 1 else array.reshape(1, *([1] * (outputs.ndim - 2)), -1)

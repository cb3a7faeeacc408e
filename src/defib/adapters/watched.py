"""What the Subjects of all frameworks share: a captured network with its recipe and rows, and its trained clones."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np

from defib.numbered import numbered_like
from defib.recipe import Arm, TrainingRecipe
from defib.subject import AnyArray, FloatArray, Rows, Subject, Trained, TrainingTrace

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

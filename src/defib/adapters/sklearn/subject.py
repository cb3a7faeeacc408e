"""A scikit-learn network, its rows and its recipe, behind the Subject protocol."""

from __future__ import annotations

import time
from typing import Final, final

import numpy as np

from defib.adapters.sklearn.captured import Captured, Weights
from defib.adapters.sklearn.network import forward, loss_and_gradients, outputs, parameter_names
from defib.adapters.sklearn.quiet import quiet
from defib.adapters.sklearn.replica import refusal, train
from defib.recipe import Arm, TrainingRecipe
from defib.subject import (
    AnyArray,
    FloatArray,
    ForwardPass,
    Gradient,
    Inside,
    Moment,
    NotAvailable,
    Parameter,
    Rows,
    Subject,
    Trained,
    TrainingTrace,
)

MAX_LOSSES: Final = 200


@final
class SklearnTrained(Trained):
    """The weights one training left."""

    def __init__(self, captured: Captured, weights: Weights, arm: Arm, losses: FloatArray, seconds: float) -> None:
        self._captured = captured
        self._weights = weights
        self._arm = arm
        self._losses = losses
        self._seconds = seconds

    @property
    def loss(self) -> FloatArray:
        """Training loss with the penalty, evenly sampled over the updates."""
        index = np.linspace(0, len(self._losses) - 1, min(len(self._losses), MAX_LOSSES)).astype(int)
        return np.asarray(self._losses[index])

    @property
    def seconds(self) -> float:
        """Wall time the training took."""
        return self._seconds

    @property
    def link(self) -> str:
        """The head squashes already."""
        return "identity"

    def predict(self, X: AnyArray) -> FloatArray:
        """Outputs for raw rows; a transform of the targets is undone."""
        rows = np.asarray(X) if self._arm.inputs is None else self._arm.inputs(X)
        with quiet():
            found = outputs(self._captured, self._weights, rows)
        targets = self._arm.targets
        return found if targets is None else np.asarray(found * targets.scale + targets.offset)

    def inside(self) -> Inside:
        """Everything can be looked at."""
        return SklearnInside(self._captured, self._weights)


@final
class SklearnInside(Inside):
    """A trained network with its weights."""

    def __init__(self, captured: Captured, weights: Weights) -> None:
        self._captured = captured
        self._weights = weights

    def parameters(self) -> tuple[Parameter, ...]:
        """``coefs_[i]`` and ``intercepts_[i]`` of every layer."""
        return tuple(
            Parameter(name, layer, None, values.copy(), True, True)
            for i, layer in enumerate(self._captured.names)
            for name, values in zip(
                parameter_names(i), (self._weights.coefs[i], self._weights.intercepts[i]), strict=True
            )
        )

    def buffers(self) -> dict[str, FloatArray]:
        """None: there is no batch normalization."""
        return {}

    def forward(self, X: AnyArray, *, training: bool = False) -> ForwardPass:
        """All pre-activations and activations."""
        with quiet():
            return forward(self._captured, self._weights, np.asarray(X))

    def gradients(self, X: AnyArray, y: AnyArray) -> tuple[Gradient, ...]:
        """What scikit-learn steps along, without the penalty's part."""
        with quiet():
            _, coefs, intercepts = loss_and_gradients(self._captured, self._weights, X, y)
        return tuple(
            Gradient(name, values)
            for i, pair in enumerate(zip(coefs, intercepts, strict=True))
            for name, values in zip(parameter_names(i), pair, strict=True)
        )

    def loss(self, X: AnyArray, y: AnyArray) -> float:
        """Mean loss without the penalty."""
        with quiet():
            return loss_and_gradients(self._captured, self._weights, X, y)[0]


@final
class SklearnSubject(Subject):
    """See `Subject`. Holds copies only: the user's estimator is not touched again."""

    framework = "sklearn"

    def __init__(
        self,
        captured: Captured,
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

    def _weights(self, moment: Moment) -> Weights:
        if moment == "end":
            return self.captured.end
        if self.captured.initial is None:
            raise NotAvailable("the initial weights")
        return self.captured.initial

    def parameters(self) -> tuple[Parameter, ...]:
        """``coefs_[i]`` and ``intercepts_[i]`` of every layer; scikit-learn trains all of them."""
        end, initial = self.captured.end, self.captured.initial
        found = []
        for i, layer in enumerate(self.captured.names):
            before = (None, None) if initial is None else (initial.coefs[i], initial.intercepts[i])
            for name, first, last in zip(parameter_names(i), before, (end.coefs[i], end.intercepts[i]), strict=True):
                found.append(Parameter(name, layer, None if first is None else first.copy(), last.copy(), True, True))
        return tuple(found)

    def buffers(self, *, moment: Moment = "end") -> dict[str, FloatArray]:
        """None: there is no batch normalization."""
        return {}

    def forward(self, X: AnyArray, *, moment: Moment = "end", training: bool = False) -> ForwardPass:
        """All pre-activations and activations; training mode is no different."""
        with quiet():
            return forward(self.captured, self._weights(moment), np.asarray(X))

    def gradients(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """What scikit-learn steps along, all rows as one batch, without the penalty's part."""
        with quiet():
            _, coefs, intercepts = loss_and_gradients(self.captured, self._weights(moment), X, y)
        pairs = zip(coefs, intercepts, strict=True)
        return tuple(
            Gradient(name, values)
            for i, pair in enumerate(pairs)
            for name, values in zip(parameter_names(i), pair, strict=True)
        )

    def penalties(self, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """What ``alpha`` adds to the gradient of a step: ``alpha * w / rows of a batch``; intercepts go free."""
        factor = float(self.captured.params.get("alpha", 0.0)) / max(self.recipe.batch_size or 1, 1)
        coefs = self._weights(moment).coefs
        return tuple(Gradient(parameter_names(i)[0], factor * np.asarray(w)) for i, w in enumerate(coefs))

    def loss(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> float:
        """Mean loss without the penalty; squared errors whole, tags averaged."""
        with quiet():
            return loss_and_gradients(self.captured, self._weights(moment), X, y)[0]

    def can_train(self, arm: Arm) -> str | None:
        """``None``, or why not, as a clause."""
        if self.training is None or self.training.y is None:
            return "no training rows with labels were seen"
        return refusal(self.captured, arm)

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Trained:
        """Train an estimator of our own by the recipe with the arm's change. See `Subject.train`."""
        reason = refusal(self.captured, arm)
        if reason is not None or rows.y is None:
            raise NotAvailable(reason or "the labels")
        started = time.monotonic()
        with quiet():
            weights, made, losses = train(self.captured, arm, rows, seed=seed, deadline=deadline)
        return SklearnTrained(made, weights, arm, losses, time.monotonic() - started)

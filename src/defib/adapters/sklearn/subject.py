"""A scikit-learn network, its rows and its recipe, behind the Subject protocol."""

from __future__ import annotations

import time
from typing import final

import numpy as np

from defib.adapters.sklearn.captured import Captured, Weights
from defib.adapters.sklearn.network import forward, loss_and_gradients, outputs, parameter_names
from defib.adapters.sklearn.quiet import quiet
from defib.adapters.sklearn.replica import refusal, train
from defib.adapters.watched import TrainedClone, WatchedSubject
from defib.recipe import Arm
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
    Trained,
)
from defib.wrapped import Wrapped, as_written


@final
class SklearnTrained(TrainedClone):
    """The weights one training left."""

    def __init__(self, captured: Captured, weights: Weights, arm: Arm, losses: FloatArray, seconds: float) -> None:
        super().__init__(arm, losses, seconds)
        self._captured = captured
        self._weights = weights

    @property
    def link(self) -> str:
        """The head squashes already."""
        return "identity"

    def _outputs(self, rows: AnyArray) -> FloatArray:
        with quiet():
            return outputs(self._captured, self._weights, rows)

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
class SklearnSubject(WatchedSubject[Captured]):
    """See `Subject`. Holds copies only: the user's estimator is not touched again."""

    framework = "sklearn"
    wrapped = Wrapped()
    """How the estimator that the user fits holds the network."""

    def as_written(self, code: str) -> str:
        """With settings named as a pipeline or search calls them."""
        return as_written(code, self.wrapped, self.captured.params)

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

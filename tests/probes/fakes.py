"""A Subject made of canned answers, for shapes and layers that the NumPy network does not have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from defib.adapters.numpy import NumpySubject, draw, trained_subject
from defib.adapters.numpy_network import Activation
from defib.evidence import Book
from defib.recipe import Arm, LossFacts, OptimizerFacts, TrainingRecipe
from defib.subject import (
    AnyArray,
    FloatArray,
    ForwardPass,
    Gradient,
    Layer,
    LayerOutput,
    Moment,
    NotAvailable,
    Parameter,
    Rows,
    Subject,
    Trained,
    TrainingTrace,
)

Step = tuple[Layer, Callable[[Any], Any]]


class FakeSubject(Subject):
    """Layers are given as functions from the previous values; both moments are the same unless told otherwise."""

    def __init__(
        self,
        steps: Sequence[Step],
        X: AnyArray | None,
        y: AnyArray | None = None,
        *,
        loss: LossFacts | None = None,
        framework: Literal["keras", "torch", "numpy"] = "numpy",
        training_steps: Sequence[Step] | None = None,
        parameters: tuple[Parameter, ...] = (),
        gradients: dict[Moment, tuple[Gradient, ...]] | None = None,
        buffers: dict[str, FloatArray] | None = None,
        prediction: Rows | None = None,
        prediction_outputs: FloatArray | None = None,
        trace: TrainingTrace | None = None,
        recipe: TrainingRecipe | None = None,
        initial: bool = True,
    ) -> None:
        self.name = "fake"
        self.framework = framework
        self.recipe = recipe or TrainingRecipe(loss=loss, optimizer=OptimizerFacts("adam", 1e-3), n_updates=10)
        self.trace = trace or TrainingTrace(n_updates=10)
        self.training = None if X is None else Rows(X, y)
        self.prediction = prediction
        self.prediction_outputs = prediction_outputs
        self.held_out = None
        self._steps = steps
        self._training_steps = training_steps or steps
        self._parameters = parameters
        self._gradients = gradients or {}
        self._buffers = buffers or {}
        self._initial = initial

    @property
    def has_initial_weights(self) -> bool:
        return self._initial

    def parameters(self) -> tuple[Parameter, ...]:
        return self._parameters

    def buffers(self, *, moment: Moment = "end") -> dict[str, FloatArray]:
        return self._buffers

    def forward(self, X: AnyArray, *, moment: Moment = "end", training: bool = False) -> ForwardPass:
        values: Any = np.asarray(X)
        layers = []
        for layer, apply in self._training_steps if training else self._steps:
            values = apply(values)
            layers.append(LayerOutput(layer, values))
        return ForwardPass(np.asarray(values), tuple(layers))

    def gradients(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        if moment not in self._gradients:
            raise NotAvailable("the loss")
        return self._gradients[moment]

    def loss(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> float:
        raise NotAvailable("the loss")

    def can_train(self, arm: Arm) -> str | None:
        return "it is a fake"

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Trained:
        raise NotAvailable("a real network")


def dense(name: str, weights: FloatArray, *, kind: Any = "dense") -> Step:
    """A linear step on flattened rows."""
    layer = Layer(name, kind, units=weights.shape[1], parameters=(f"{name}.w",))
    return layer, lambda values: values.reshape(len(values), -1) @ weights


def act(name: str, activation: str, apply: Callable[[FloatArray], FloatArray]) -> Step:
    """An activation."""
    return Layer(name, "activation", activation), apply


def small(
    *activations: Activation,
    n: int = 120,
    d: int = 4,
    width: int = 8,
    units: int = 1,
    seed: int = 0,
    X: FloatArray | None = None,
    y: AnyArray | None = None,
    rate: float = 1e-2,
    **settings: Any,
) -> NumpySubject:
    """A trained NumPy network: hidden activations and the head's, on separable data unless given."""
    rows = np.random.default_rng(seed).normal(size=(n, d)) if X is None else X
    labels = (rows[:, 0] > rows[:, 1]).astype(int) if y is None else y
    sizes = (rows.shape[1], *([width] * (len(activations) - 1)), units)
    settings.setdefault("optimizer", OptimizerFacts("adam", rate))
    settings.setdefault("n_updates", 200)
    return trained_subject(draw(sizes, activations, seed), rows, labels, seed=seed, **settings)


EMPTY = Book()

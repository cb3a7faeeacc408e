"""Forward pass, back-propagation and optimizer steps of a small dense network, written out in NumPy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from defib.measures.outputs import to_probabilities
from defib.recipe import LossFacts, OptimizerFacts
from defib.subject import AnyArray, FloatArray

Activation = Literal["linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax"]
LEAK = 0.01
CLIP = 1e-7
"""Probabilities are clipped to [1e-7, 1 - 1e-7] inside a cross-entropy that takes probabilities."""


@dataclass(frozen=True)
class Dense:
    """``activation(x @ weights + bias)``; weights ``(n_in, n_out)``, bias ``(n_out,)``."""

    weights: FloatArray
    bias: FloatArray
    activation: Activation = "linear"


Network = tuple[Dense, ...]


def draw(sizes: tuple[int, ...], activations: tuple[Activation, ...], seed: int) -> Network:
    """A network of these layer sizes (inputs first), Glorot-uniform weights, zero biases.

    >>> [layer.weights.shape for layer in draw((3, 4, 1), ("relu", "sigmoid"), seed=0)]
    [(3, 4), (4, 1)]
    """
    rng = np.random.default_rng(seed)
    return tuple(
        draw_layer(rng, n_in, n_out, activation)
        for n_in, n_out, activation in zip(sizes[:-1], sizes[1:], activations, strict=True)
    )


def draw_layer(rng: np.random.Generator, n_in: int, n_out: int, activation: Activation, *, he: bool = False) -> Dense:
    """One layer, Glorot- or He-uniform weights ``(n_in, n_out)`` and zero biases."""
    limit = np.sqrt(6.0 / n_in) if he else np.sqrt(6.0 / (n_in + n_out))
    return Dense(rng.uniform(-limit, limit, (n_in, n_out)), np.zeros(n_out), activation)


def activate(z: FloatArray, name: Activation) -> FloatArray:
    """The activation, row by row for softmax; same shape.

    >>> activate(np.array([-1.0, 2.0]), "relu").tolist()
    [0.0, 2.0]
    """
    if name == "relu":
        return np.maximum(z, 0.0)
    if name == "leaky_relu":
        return np.asarray(np.where(z > 0, z, LEAK * z))
    if name == "tanh":
        return np.tanh(z)
    return np.asarray(to_probabilities(z, name if name in ("sigmoid", "softmax") else "identity"))


def pull_back(gradient: FloatArray, z: FloatArray, a: FloatArray, name: Activation) -> FloatArray:
    """Gradient with respect to the pre-activation ``z`` from the gradient with respect to ``a = activate(z)``."""
    if name == "relu":
        return gradient * (z > 0)
    if name == "leaky_relu":
        return np.asarray(gradient * np.where(z > 0, 1.0, LEAK))
    if name == "sigmoid":
        return gradient * a * (1 - a)
    if name == "tanh":
        return gradient * (1 - a**2)
    if name == "softmax":
        return np.asarray(a * (gradient - (gradient * a).sum(axis=-1, keepdims=True)))
    return gradient


def run_forward(network: Network, X: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    """Pre-activation and activation of every layer, ``(n_rows, n_out)`` each."""
    values: list[tuple[FloatArray, FloatArray]] = []
    a = X
    for layer in network:
        z = a @ layer.weights + layer.bias
        a = activate(z, layer.activation)
        values.append((z, a))
    return values


def loss_and_gradient(outputs: FloatArray, y: FloatArray, loss: LossFacts) -> tuple[float, FloatArray]:
    """Mean loss over rows and its gradient with respect to the outputs ``(n, k)``; targets ``(n, k)``."""
    n = len(outputs)
    if loss.kind == "squared_error":
        difference = outputs - y
        return float((difference**2).mean()), 2 * difference / difference.size
    softmax = loss.kind == "categorical_cross_entropy"
    if loss.takes == "logits":
        p = to_probabilities(outputs, "softmax" if softmax else "sigmoid")
        return _cross_entropy(p, y, softmax), (p - y) / (n if softmax else outputs.size)
    clipped = np.clip(outputs, CLIP, 1 - CLIP)
    inside = (outputs >= CLIP) & (outputs <= 1 - CLIP)
    if softmax:
        return _cross_entropy(clipped, y, True), -(inside * y) / clipped / n
    return _cross_entropy(clipped, y, False), inside * (clipped - y) / (clipped * (1 - clipped)) / outputs.size


def _cross_entropy(p: FloatArray, y: FloatArray, softmax: bool) -> float:
    p = np.clip(p, CLIP, 1 - CLIP)
    if softmax:
        return float(-(y * np.log(p)).sum(axis=1).mean())
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def run_backward(network: Network, X: FloatArray, y: FloatArray, loss: LossFacts) -> tuple[float, list[FloatArray]]:
    """Loss, and gradients of weights and bias of every layer in order: ``[w0, b0, w1, b1, …]``."""
    values = run_forward(network, X)
    value, gradient = loss_and_gradient(values[-1][1], y, loss)
    found: list[FloatArray] = []
    for depth in range(len(network) - 1, -1, -1):
        z, a = values[depth]
        gradient = pull_back(gradient, z, a, network[depth].activation)
        below = values[depth - 1][1] if depth else X
        found = [below.T @ gradient, gradient.sum(axis=0), *found]
        gradient = gradient @ network[depth].weights.T
    return value, found


@dataclass
class Stepper:
    """SGD (with momentum) or Adam over a list of arrays; mutable by nature."""

    optimizer: OptimizerFacts
    first: list[FloatArray] = field(default_factory=list)
    second: list[FloatArray] = field(default_factory=list)
    steps: int = 0

    def step(self, weights: list[FloatArray], gradients: list[FloatArray]) -> list[FloatArray]:
        """The weights after one update."""
        self.first = self.first or [np.zeros_like(w) for w in weights]
        self.second = self.second or [np.zeros_like(w) for w in weights]
        self.steps += 1
        rate, settings = self.optimizer.learning_rate, self.optimizer.settings
        if self.optimizer.name == "sgd":
            momentum = settings.get("momentum", 0.0)
            self.first = [momentum * v + g for v, g in zip(self.first, gradients, strict=True)]
            return [w - rate * v for w, v in zip(weights, self.first, strict=True)]
        b1, b2 = settings.get("beta_1", 0.9), settings.get("beta_2", 0.999)
        self.first = [b1 * m + (1 - b1) * g for m, g in zip(self.first, gradients, strict=True)]
        self.second = [b2 * v + (1 - b2) * g * g for v, g in zip(self.second, gradients, strict=True)]
        corrected = rate * np.sqrt(1 - b2**self.steps) / (1 - b1**self.steps)
        small = settings.get("epsilon", 1e-8)
        return [
            w - corrected * m / (np.sqrt(v) + small) for w, m, v in zip(weights, self.first, self.second, strict=True)
        ]


def weights_of(network: Network) -> list[FloatArray]:
    """``[w0, b0, w1, b1, …]``."""
    return [array for layer in network for array in (layer.weights, layer.bias)]


def with_weights(network: Network, weights: list[FloatArray]) -> Network:
    """The network with these arrays in place of its own."""
    pairs = zip(weights[::2], weights[1::2], strict=True)
    return tuple(replace(layer, weights=w, bias=b) for layer, (w, b) in zip(network, pairs, strict=True))


def as_targets(y: AnyArray, loss: LossFacts, k: int) -> FloatArray:
    """Labels as ``(n, k)`` floats; class ids become one-hot for a categorical loss.

    >>> as_targets(np.array([1, 0]), LossFacts("ce", "categorical_cross_entropy", "logits"), 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    array = np.asarray(y, dtype=np.float64)
    if loss.kind == "categorical_cross_entropy" and array.size == len(array):
        return np.asarray(array.reshape(-1, 1) == np.arange(k), dtype=np.float64)
    return array.reshape(len(array), k)


def activation_named(value: object) -> Activation:
    """The activation of this name. Raises `ValueError` for another."""
    for name in ("linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax"):
        if value == name:
            return name
    raise ValueError(f"the NumPy network knows no activation {value!r}")


CANONICAL_LOSSES = {
    "bce_logits": LossFacts("bce_logits", "binary_cross_entropy", "logits"),
    "bce": LossFacts("bce", "binary_cross_entropy", "probabilities", clips_probabilities=True),
    "ce_logits": LossFacts("ce_logits", "categorical_cross_entropy", "logits"),
    "ce": LossFacts("ce", "categorical_cross_entropy", "probabilities", clips_probabilities=True),
    "mse": LossFacts("mse", "squared_error", "values"),
}
"""By the names that `defib.recipe.Edit` gives them."""

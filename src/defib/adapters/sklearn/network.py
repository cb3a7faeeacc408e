"""Passes through a network of scikit-learn with given weights: activations layer by layer, loss and gradients."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn.neural_network._base import ACTIVATIONS

from defib.adapters.sklearn.captured import Captured, Weights, columns_of, loss_unit
from defib.subject import AnyArray, FloatArray, ForwardPass, Layer, LayerOutput

NAMES = {"logistic": "sigmoid", "relu": "relu", "tanh": "tanh", "softmax": "softmax", "identity": "linear"}
"""scikit-learn's names of activations → ours; what is not here is ``other``."""


def parameter_names(i: int) -> tuple[str, str]:
    """What the user would write for the weights of layer ``i``."""
    return f"coefs_[{i}]", f"intercepts_[{i}]"


def rows_of(X: AnyArray, weights: Weights) -> AnyArray:
    """Rows ``(n, columns)`` in the type the network computes in."""
    return np.asarray(X).reshape(len(X), -1).astype(weights.dtype, copy=False)


def forward(captured: Captured, weights: Weights, X: AnyArray) -> ForwardPass:
    """Pre-activations and activations of every layer, by scikit-learn's own functions."""
    values = rows_of(X, weights)
    layers: list[LayerOutput] = []
    last = len(weights.coefs) - 1
    for i, (name, w, b) in enumerate(zip(captured.names, weights.coefs, weights.intercepts, strict=True)):
        values = values @ w + b
        layers.append(LayerOutput(Layer(name, "dense", units=w.shape[1], parameters=parameter_names(i)), values))
        theirs = captured.out_activation if i == last else captured.hidden_activation
        if theirs != "identity":
            values = values.copy()
            ACTIVATIONS[theirs](values)  # in place
            ours = NAMES.get(theirs, "other")
            layers.append(LayerOutput(Layer(f"{name}:{ours}", "activation", ours, w.shape[1]), values))
    return ForwardPass(values, tuple(layers))


def outputs(captured: Captured, weights: Weights, X: AnyArray) -> FloatArray:
    """What the network answers: probabilities ``(n, 1)`` of the second class, ``(n, K)``, or values."""
    return forward(captured, weights, X).outputs


def with_weights(captured: Captured, weights: Weights) -> Any:
    """An estimator of scikit-learn's own that has these weights, no penalty, and no training behind it."""
    estimator = captured.base(**{**captured.params, "alpha": 0.0})
    estimator.coefs_ = [np.array(w) for w in weights.coefs]
    estimator.intercepts_ = [np.array(b) for b in weights.intercepts]
    estimator.n_layers_ = len(weights.coefs) + 1
    estimator.n_outputs_ = weights.intercepts[-1].size
    estimator.out_activation_ = captured.out_activation
    return estimator


def loss_and_gradients(
    captured: Captured, weights: Weights, X: AnyArray, y: AnyArray
) -> tuple[float, list[AnyArray], list[AnyArray]]:
    """Mean loss without the penalty, and the gradients scikit-learn steps along: of coefficients and of intercepts."""
    estimator, rows = with_weights(captured, weights), rows_of(X, weights)
    n = len(weights.coefs)
    weighted = "sample_weight" in inspect.signature(estimator._backprop).parameters  # since scikit-learn 1.7
    columns = columns_of(y, captured).astype(weights.dtype)
    given = (rows, columns, None) if weighted else (rows, columns)
    coefs = [np.empty_like(w) for w in weights.coefs]
    intercepts = [np.empty_like(b) for b in weights.intercepts]
    value, coefs, intercepts = estimator._backprop(
        *given, [rows, *[None] * n], [None] * n, list(coefs), list(intercepts)
    )
    unit = loss_unit(captured.kind, str(estimator.loss), captured.n_outputs)
    return float(value) * unit, coefs, intercepts

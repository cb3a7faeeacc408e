"""A fitted skorch network in memory: the PyTorch module inside it, with the loss, optimizer and epochs it knows."""

from __future__ import annotations

from typing import Any

import numpy as np

from defib.errors import ModelError
from defib.recipe import Recipe
from defib.subject import AnyArray, Subject


def subject_from_model(model: Any, X: AnyArray, y: AnyArray | None, X_predict: AnyArray | None) -> Subject:
    """A Subject of ``net.module_``.

    Args:
        model: a fitted ``skorch.NeuralNet``.
        X: the rows it was fitted on, ``(n_rows, ...)``, as they arrive at ``fit``.
        y: their labels, ``(n_rows, ...)``.
        X_predict: other rows whose predictions look constant.

    Raises:
        ModelError: for a network that was not fitted.
    """
    from defib.adapters.torch import subject_from_model as torch_subject

    if not getattr(model, "initialized_", False) or not len(model.history):
        raise ModelError(
            "uninitialized-model",
            came=f"the {type(model).__name__} was not fitted",
            expected="a network after fit",
            write="net.fit(X, y); defib.diagnose(net, X, y)",
        )
    recipe = recipe_of(model)
    X, y = _arrays(X, y)
    subject: Subject = torch_subject(
        model.module_,
        X,
        None if y is None else np.asarray(y),
        X_predict=X_predict,
        loss=recipe.loss,
        optimizer=recipe.optimizer,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
    )
    return subject


def _arrays(X: Any, y: Any) -> tuple[Any, Any]:
    """Rows out of a dataset, as ``net.fit(dataset)`` takes it."""
    from defib.capture.torch_handed import drawn, is_dataset, joined

    found = joined(drawn(X)) if is_dataset(X) else None
    return (X, y) if found is None else (found[0], found[1] if y is None else y)


def recipe_of(net: Any) -> Recipe:
    """How a fitted network was trained; its own ``get_loss`` knows that a classifier takes logarithms first."""

    def loss(prediction: Any, target: Any) -> Any:
        return net.get_loss(prediction, target, training=False)

    size = int(net.batch_size)
    return Recipe(loss=loss, optimizer=net.optimizer_, epochs=len(net.history), batch_size=size if size > 0 else None)


def inside(model: Any, X: Any, X_predict: Any) -> tuple[Any, Any, Any]:
    """The network in which a fitted search or pipeline ends, and the rows as they arrive at it; else what was given."""
    from sklearn.pipeline import Pipeline
    from skorch import NeuralNet

    found = getattr(model, "best_estimator_", model)
    if isinstance(found, NeuralNet):
        return found, X, X_predict
    if not isinstance(found, Pipeline) or not isinstance(found.steps[-1][1], NeuralNet):
        return model, X, X_predict
    front = found[:-1]
    return found.steps[-1][1], front.transform(X), None if X_predict is None else front.transform(X_predict)

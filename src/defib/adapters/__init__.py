"""The code that knows frameworks, one file each, and the lookup that finds the right one.

A framework is never imported here: a model of it can only be handed to us when the user has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from defib.errors import ModelError
from defib.recipe import Recipe
from defib.subject import AnyArray, Subject


def _is_a(model: Any, module: str, *names: str) -> bool:
    """Whether the model is an instance of a class of a framework that the user has imported."""
    framework = sys.modules.get(module)
    classes = [getattr(framework, name, None) for name in names] if framework is not None else []
    return any(isinstance(one, type) and isinstance(model, one) for one in classes)


def _keras(model: Any, X: AnyArray, y: AnyArray | None, X_predict: AnyArray | None, recipe: Recipe) -> Subject:
    from defib.adapters.keras import subject_from_model

    subject: Subject = subject_from_model(
        model, X, y, X_predict=X_predict, epochs=recipe.epochs, batch_size=recipe.batch_size
    )
    return subject


def _torch(model: Any, X: AnyArray, y: AnyArray | None, X_predict: AnyArray | None, recipe: Recipe) -> Subject:
    from defib.adapters.torch import subject_from_model

    subject: Subject = subject_from_model(
        model,
        X,
        y,
        X_predict=X_predict,
        loss=recipe.loss,
        optimizer=recipe.optimizer,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
    )
    return subject


Builder = Callable[[Any, AnyArray, "AnyArray | None", "AnyArray | None", Recipe], Subject]

# Keras stands first: with its PyTorch backend a Keras model is a torch module, too.
FRAMEWORKS: tuple[tuple[str, tuple[str, ...], Builder], ...] = (
    ("keras", ("Model",), _keras),
    ("tf_keras", ("Model",), _keras),
    ("torch.nn", ("Module",), _torch),
)


def subject_of(
    model: Any, X: AnyArray, y: AnyArray | None = None, *, X_predict: AnyArray | None = None, recipe: Recipe
) -> Subject:
    """A Subject for a model in memory. Raises `defib.errors.ModelError` for a model of no known framework."""
    if isinstance(model, Subject):
        return model
    for module, names, build in FRAMEWORKS:
        if _is_a(model, module, *names):
            return build(model, X, y, X_predict, recipe)
    raise ModelError(
        "unknown-model",
        came=f"the model is a {type(model).__module__}.{type(model).__qualname__}",
        expected="a keras.Model, a torch.nn.Module, or your own defib.Subject",
        write="defib.diagnose(model, X_train, y_train)",
    )

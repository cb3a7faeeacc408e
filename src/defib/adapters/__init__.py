"""The code that knows frameworks, one file each, and the lookup that finds the right one.

A framework is never imported here: a model of it can only be handed to us when the user has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from defib.adapters.unknown import unknown_model
from defib.errors import InputError
from defib.named_columns import named_as
from defib.recipe import Recipe
from defib.subject import AnyArray, Subject


def _is_a(model: Any, module: str, *names: str) -> bool:
    """Whether the model is an instance of a class of a framework that the user has imported."""
    framework = sys.modules.get(module)
    classes = [getattr(framework, name, None) for name in names] if framework is not None else []
    return any(isinstance(one, type) and isinstance(model, one) for one in classes)


def _keras(model: Any, X: AnyArray, y: AnyArray | None, X_predict: AnyArray | None, recipe: Recipe) -> Subject:
    from defib.adapters.keras import subject_from_model
    from defib.adapters.keras.iterated import rows_out_of

    X, y = rows_out_of(X, y)
    X_predict = rows_out_of(X_predict, None)[0]
    several = _one_of_several(model, X, y, X_predict, recipe)
    if several is not None:
        return several
    lent = recipe.loss is not None and "torch" in sys.modules and _is_lent(model, recipe.loss)
    found = subject_from_model(
        model,
        X,
        y,
        X_predict=X_predict,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        loss=None if lent else recipe.loss,
        optimizer=recipe.optimizer,
    )
    subject: Subject = _with_lent_loss(found, recipe.loss, y) if lent else found
    return subject


def _one_of_several(model: Any, X: Any, y: Any, X_predict: Any, recipe: Recipe) -> Subject | None:
    from defib.capture.keras_several import subject_of_several

    return subject_of_several(model, X, y, X_predict, recipe)


def _is_lent(model: Any, loss: Any) -> bool:
    from defib.capture.keras_lent import is_lent

    return is_lent(model, loss)


def _with_lent_loss(subject: Any, loss: Any, y: Any) -> Subject:
    from defib.capture.keras_lent import with_lent_loss

    return with_lent_loss(subject, loss, getattr(y, "dtype", None) if type(y).__module__ == "torch" else None)


def _torch(model: Any, X: AnyArray, y: AnyArray | None, X_predict: AnyArray | None, recipe: Recipe) -> Subject:
    from defib.adapters.torch import subject_from_model
    from defib.capture.torch_given import subject_from_batches

    found: Subject | None = subject_from_batches(model, X, y, X_predict, recipe)
    if found is not None:
        return found
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


def _skorch(model: Any, X: AnyArray, y: AnyArray | None, X_predict: AnyArray | None, recipe: Recipe) -> Subject:
    from defib.adapters.skorch import subject_from_model

    return subject_from_model(model, X, y, X_predict)


def _sklearn(model: Any, X: AnyArray, y: AnyArray | None, X_predict: AnyArray | None, recipe: Recipe) -> Subject:
    from defib.adapters.sklearn import subject_from_model

    subject: Subject = subject_from_model(model, X, y, X_predict=X_predict, recipe=recipe)
    return subject


def _nnx(model: Any, X: AnyArray, y: AnyArray | None, X_predict: AnyArray | None, recipe: Recipe) -> Subject:
    from defib.adapters.jax import subject_from_model

    subject: Subject = subject_from_model(model, X, y, X_predict=X_predict, recipe=recipe)
    return subject


def _check_numbers(name: str, value: Any, *, strings_too: bool) -> None:
    """Raise for an array of nothing but NaN, and for text, which only Keras and pipelines can take."""
    if value is None or isinstance(value, list | tuple | dict) or not hasattr(value, "shape"):
        return
    array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    came = f"{name} has the dtype {array.dtype} and the shape {array.shape}"
    if strings_too and array.dtype.kind in "OSUM":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise InputError("not-numbers", came=came, expected="an array of numbers", write=ENCODE) from None
    if array.dtype.kind == "f" and array.size and np.isnan(array).all():
        came = f"{came}, and every cell is NaN"
        raise InputError("all-nan", came=came, expected="rows of numbers", write=LOOK)


ENCODE = "X_train = pandas.get_dummies(X_train).to_numpy(dtype='float32')  # or what the training did"
LOOK = "np.isnan(X_train).mean(axis=0)  # which columns are lost, and in which step before this one"

LIGHTNING = ("lightning.pytorch.core.module", "pytorch_lightning.core.module")
TRAINERS = ("transformers.trainer", "lightning.pytorch.trainer.trainer", "pytorch_lightning.trainer.trainer")


def _is_a_trainer(model: Any) -> bool:
    return any(_is_a(model, module, "Trainer") for module in TRAINERS)


Builder = Callable[[Any, AnyArray, "AnyArray | None", "AnyArray | None", Recipe], Subject]

SKLEARN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sklearn.neural_network", ("MLPClassifier", "MLPRegressor")),
    ("sklearn.pipeline", ("Pipeline",)),
    ("sklearn.model_selection._search", ("BaseSearchCV",)),
    ("sklearn.compose", ("TransformedTargetRegressor",)),
)
"""Estimators that are a network or may end in one."""

# Keras stands first: with its PyTorch backend a Keras model is a torch module, too.
FRAMEWORKS: tuple[tuple[str, tuple[str, ...], Builder], ...] = (
    ("keras", ("Model",), _keras),
    ("tf_keras", ("Model",), _keras),
    ("torch.nn", ("Module",), _torch),
    ("skorch.net", ("NeuralNet",), _skorch),
    ("flax.nnx", ("Module",), _nnx),
    *((module, names, _sklearn) for module, names in SKLEARN),
)


def subject_of(model: Any, X: Any, y: Any = None, *, X_predict: Any = None, recipe: Recipe) -> Subject:
    """A Subject for a model in memory.

    Raises `defib.errors.ModelError` for a model of no known framework, and `defib.errors.InputError` for rows or labels
    that are no numbers, or all NaN.
    """
    if isinstance(model, Subject):
        return model
    if "skorch.net" in sys.modules:
        from defib.adapters.skorch import inside

        model, X, X_predict = inside(model, X, X_predict)
    if _is_a_trainer(model):
        from defib.capture.torch_given import subject_from_trainer

        return subject_from_trainer(model, X, y, X_predict, recipe)
    if X is None and not any(_is_a(model, module, "LightningModule") for module in LIGHTNING):
        raise InputError(
            "no-rows",
            came=f"a {type(model).__name__} was given without rows",
            expected="the rows it was trained on",
            write="defib.diagnose(model, X_train, y_train)",
        )
    texts = _is_a(model, "keras", "Model") or any(_is_a(model, module, *names) for module, names in SKLEARN)
    for name, value in (("X", X), ("y", y), ("X_predict", X_predict)):
        _check_numbers(name, value, strings_too=not texts)
    for module, names, build in FRAMEWORKS:
        if _is_a(model, module, *names):
            subject = build(model, X, y, X_predict, recipe)
            subject.training = named_as(subject.training, X)
            return subject
    raise unknown_model(model)

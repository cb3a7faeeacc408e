"""A Subject from a compiled model in memory, with what the user gives beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from defib.adapters.keras.flavor import Flavor, flavor_of, to_numpy
from defib.adapters.keras.losses import LossReading, read_loss
from defib.adapters.keras.optimizers import class_of, config_of, facts_of
from defib.adapters.keras.own_step import overrides
from defib.adapters.keras.program import OptimizerPlan
from defib.adapters.keras.quiet import quiet
from defib.adapters.keras.subject import Captured, KerasSubject
from defib.errors import InputError, ModelError
from defib.recipe import TrainingRecipe
from defib.subject import AnyArray, Rows, TrainingTrace

WRITE = "defib.diagnose(model, X_train, y_train)"
MAX_ROWS = 20_000
MAX_SHOWN = 256
DEFAULT_BATCH = 32
"""What ``fit`` takes when no ``batch_size`` is given."""


def subject_from_model(
    model: Any,
    X: Any,
    y: Any = None,
    X_predict: Any = None,
    epochs: int | None = None,
    batch_size: int | None = None,
) -> KerasSubject:
    """A trained Keras model as a Subject; loss and optimizer are read from what it was compiled with.

    Args:
        model: a built ``keras.Model`` or ``tf_keras.Model`` with one input and one output.
        X: rows ``(n_rows, ...)`` as given to ``fit``.
        y: labels ``(n_rows, ...)`` as given to ``fit``.
        X_predict: rows whose predictions look constant; ``X`` when not given.
        epochs: how many the training took; read from ``model.history`` when not given.
        batch_size: rows per step; read from ``model.history`` when not given, else 32.

    Raises:
        ModelError: for a model that is not built, or has several inputs or outputs.
        InputError: for no rows, or labels of another length.
    """
    flavor = flavor_of(model)
    if flavor is None:
        raise ModelError(
            "unknown-model",
            came=f"the model is a {type(model).__module__}.{type(model).__qualname__}",
            expected="a keras.Model",
            write=WRITE,
        )
    _check_model(model)
    rows, labels = _check_rows(X, y)
    others = None if X_predict is None else _array(X_predict)
    optimizer, loss = getattr(model, "optimizer", None), getattr(model, "loss", None)
    plan = None if optimizer is None else OptimizerPlan(class_of(optimizer), config_of(optimizer))
    epochs = epochs if epochs is not None else _epochs_of(model)
    batch = batch_size or _batch_of(model, len(rows)) or DEFAULT_BATCH
    kept = _thinned(len(rows))
    n_updates = (epochs or 0) * -(-len(rows) // batch)
    captured = Captured(
        flavor=flavor,
        model=model,
        optimizer=plan,
        loss=loss,
        epochs=float(epochs) if epochs else None,
        own_step=overrides(flavor, model, "train_step"),
        unknown=why_untrainable(flavor, model),
    )
    notes = ("the initial weights are not known: trials draw them from the layers' own initializers",)
    subject = KerasSubject(
        captured,
        TrainingRecipe(
            optimizer=None if plan is None else facts_of(plan.cls, plan.config),
            batch_size=batch,
            n_updates=n_updates,
            n_epochs=epochs,
            shuffled=True,
        ),
        TrainingTrace(n_updates=n_updates, n_epochs=epochs, notes=notes),
        name=str(model.name),
        training=Rows(
            rows[kept], None if labels is None else labels[kept], len(rows) if len(rows) > MAX_ROWS else None, "X"
        ),
        prediction=None if others is None else Rows(others, None, None, "X_predict"),
    )
    return with_loss(subject)


def with_loss(subject: KerasSubject) -> KerasSubject:
    """The subject with its loss read from a few rows sent through a clone."""
    from dataclasses import replace

    reading = _read(subject)
    if reading is not None:
        subject.captured = replace(subject.captured, reading=reading)
        subject.recipe = replace(subject.recipe, loss=reading.facts)
    return subject


def _read(subject: KerasSubject) -> LossReading | None:
    captured, rows = subject.captured, subject.training
    own = captured.own_step or overrides(captured.flavor, captured.model, "compute_loss")
    if captured.loss is None and not own:
        return None
    with quiet():
        base = subject.base()
        with base.entered():
            n = _shown_rows(subject)
            if own and rows is not None and rows.y is not None and captured.flavor.backend == "tensorflow":
                facts = subject._workshop.own_facts(base, rows.X[:n], rows.y[:n])
                if facts.kind != "other" or captured.loss is None:
                    return LossReading(facts, cached_logits=False)
            X = None if rows is None else subject._workshop.rows(rows.X[:n])
            return read_loss(base, captured.loss, X, None if rows is None else rows.y)


def _shown_rows(subject: KerasSubject) -> int:
    """As many rows as one batch of the training had, so that shapes are those the user would see."""
    return max(2, min(subject.recipe.batch_size or DEFAULT_BATCH, MAX_SHOWN))


def why_untrainable(flavor: Flavor, model: Any) -> str | None:
    """Why the compiled loss and a plain step would not repeat the user's training; ``None`` when they would."""
    if overrides(flavor, model, "make_train_function"):
        return "the model has its own make_train_function"
    own = overrides(flavor, model, "train_step") or overrides(flavor, model, "compute_loss")
    if getattr(model, "loss", None) is None and not own:
        return "the model is not compiled with a loss"
    return None


def _check_model(model: Any) -> None:
    if not model.built or not model.weights:
        raise ModelError(
            "uninitialized-model",
            came=f"{type(model).__name__} {model.name!r} is not built: it has no weights yet",
            expected="a model that was fitted, or called once",
            write="model.build((None, X_train.shape[1]))  # or model(X_train[:1])",
        )
    if _several(model, "inputs"):
        raise ModelError(
            "several-inputs",
            came=f"the model has {len(model.inputs)} inputs",
            expected="a model with one input and one output",
            write="keras.layers.Concatenate()(inputs)  # one input, or diagnose the parts by themselves",
        )
    if _several(model, "outputs"):
        raise ModelError(
            "several-outputs",
            came=f"the model has {len(model.outputs)} outputs",
            expected="a model with one input and one output",
            write="defib.diagnose(keras.Model(model.inputs, model.outputs[0]), X_train, y_train)",
        )


def _several(model: Any, what: str) -> bool:
    found = getattr(model, what, None)
    return isinstance(found, (list, tuple, dict)) and len(found) > 1


def _check_rows(X: Any, y: Any) -> tuple[AnyArray, AnyArray | None]:
    if isinstance(X, (list, tuple, dict)) and any(hasattr(one, "shape") for one in _values(X)) and len(X) > 1:
        raise InputError(
            "several-inputs",
            came=f"X is a {type(X).__name__} of {len(X)} arrays",
            expected="one array of rows (n_rows, ...)",
            write=WRITE,
        )
    rows = _array(X)
    if rows.ndim == 0 or len(rows) == 0:
        raise InputError(
            "no-rows", came=f"X has the shape {rows.shape}: 0 rows", expected="at least 2 rows", write=WRITE
        )
    labels = None if y is None else _array(y)
    if labels is not None and (labels.ndim == 0 or len(labels) != len(rows)):
        raise InputError(
            "unequal-lengths",
            came=f"X has {len(rows)} rows and y has {labels.shape[0] if labels.ndim else 1} labels",
            expected="one label per row",
            write=WRITE,
        )
    return rows, labels


def _values(X: Any) -> list[Any]:
    return list(X.values()) if isinstance(X, dict) else list(X)


def _array(value: Any) -> AnyArray:
    array: AnyArray = to_numpy(value) if hasattr(value, "numpy") else np.asarray(value)
    return array


def _thinned(n: int) -> Any:
    return slice(None) if n <= MAX_ROWS else np.linspace(0, n - 1, MAX_ROWS).astype(int)


def _epochs_of(model: Any) -> int | None:
    epochs = getattr(getattr(model, "history", None), "epoch", None)
    return len(epochs) if epochs else None


def _batch_of(model: Any, n_rows: int) -> int | None:
    params = getattr(getattr(model, "history", None), "params", None) or {}
    steps = params.get("steps")
    return None if not steps else max(1, round(n_rows / steps)) if steps > 1 else n_rows

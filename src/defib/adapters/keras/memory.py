"""A Subject from a compiled model in memory, with what the user gives beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from defib.adapters.given import check_given
from defib.adapters.keras.flavor import Flavor, flavor_of, to_numpy
from defib.adapters.keras.losses import LossReading, read_loss
from defib.adapters.keras.optimizers import class_of, config_of, facts_of
from defib.adapters.keras.own_step import can_step_inside, overrides
from defib.adapters.keras.packing import CannotPack, Packing, packed_model, packing_of, parts_of
from defib.adapters.keras.program import OptimizerPlan
from defib.adapters.keras.quiet import quiet
from defib.adapters.keras.subject import Captured, KerasSubject
from defib.adapters.keras.text import TextDoor, is_text, text_door
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
    loss: Any = None,
    optimizer: Any = None,
) -> KerasSubject:
    """A trained Keras model as a Subject; loss and optimizer are those it was compiled with, unless given.

    Args:
        model: a built ``keras.Model`` or ``tf_keras.Model`` with one output.
        X: rows ``(n_rows, ...)`` as given to ``fit``; a list, tuple or dict of them for a model of several inputs.
        y: labels ``(n_rows, ...)`` as given to ``fit``.
        X_predict: rows whose predictions look constant; ``X`` when not given.
        epochs: how many the training took; read from ``model.history`` when not given.
        batch_size: rows per step; read from ``model.history`` when not given, else 32.
        loss: of a loop of the user's own: what ``compile`` would take.
        optimizer: likewise; one of PyTorch's where Keras runs on it.

    Raises:
        ModelError: for a model that is not built, or has several inputs and ``X`` is one array.
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
    parts = parts_of(X)
    _check_model(model, n_arrays=1 if parts is None else len(parts))
    packing = None if parts is None else _packing(X, parts)
    rows, labels = _check_rows(_packed(X, packing), y)
    others = None if X_predict is None else _array(_packed(X_predict, packing))
    door = _door(flavor, model, rows) if packing is None else None
    if door is not None:
        with quiet():
            rows, others = door.read(rows), None if others is None else door.read(others)
    if optimizer is None:
        optimizer = getattr(model, "optimizer", None)
    known = loss is not None
    loss = loss if known else getattr(model, "loss", None)
    plan = None if optimizer is None else OptimizerPlan(class_of(optimizer), config_of(optimizer))
    epochs, batch = trained_in_memory(model, len(rows), epochs, batch_size)
    kept = _thinned(len(rows))
    n_updates = (epochs or 0) * -(-len(rows) // batch)
    captured = Captured(
        flavor=flavor,
        model=_network(flavor, model, packing, door),
        optimizer=plan,
        packing=packing,
        view=packing is not None or door is not None,
        loss=loss,
        epochs=float(epochs) if epochs else None,
        own_step=overrides(flavor, model, "train_step") and not _cannot_step(flavor, model, packing, door),
        unknown=None if known else _why_not(flavor, model, view=_cannot_step(flavor, model, packing, door)),
    )
    notes: tuple[str, ...] = ("the initial weights are not known: trials draw them from the layers' own initializers",)
    if door is not None:
        notes = (*notes, door.describe())
    if packing is not None:
        notes = (*notes, f"the inputs were laid side by side: {packing.describe()}")
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
            if own and rows is not None and rows.y is not None:
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


def _packing(X: Any, parts: Mapping[str, Any]) -> Packing:
    try:
        return packing_of(X, {key: _array(one) for key, one in parts.items()})
    except CannotPack as error:
        raise _several_inputs(f"X is a {type(X).__name__} of {len(parts)} arrays: {error}") from None


def _packed(X: Any, packing: Packing | None) -> Any:
    """Rows of several inputs as one array; other rows as they are."""
    if packing is None:
        return X
    parts = parts_of(X)
    if parts is None or len(parts) != len(packing.keys):
        raise _several_inputs(f"X_predict holds {1 if parts is None else len(parts)} inputs, X {len(packing.keys)}")
    keys = packing.keys if set(packing.keys) == set(parts) else tuple(parts)
    return packing.pack([_array(parts[key]) for key in keys])


def _behind_a_door(flavor: Flavor, model: Any, packing: Packing) -> Any:
    try:
        with quiet():
            return packed_model(flavor, model, packing)
    except CannotPack as error:
        raise _several_inputs(f"X holds {len(packing.keys)} arrays, and {error}") from None


def _several_inputs(came: str) -> InputError:
    return InputError(
        "several-inputs",
        came=came,
        expected="one array of rows (n_rows, ...), or one per input of the model with equally many rows",
        write="defib.diagnose(model, [X_numbers, X_tokens], y_train)",
    )


def _network(flavor: Flavor, model: Any, packing: Packing | None, door: TextDoor | None) -> Any:
    """The user's model, or the view of it that takes one array of numbers."""
    if packing is not None:
        return _behind_a_door(flavor, model, packing)
    return model if door is None else door.model


def _door(flavor: Flavor, model: Any, rows: AnyArray) -> TextDoor | None:
    if not is_text(rows):
        return None
    with quiet():
        return text_door(flavor, model)


def _cannot_step(flavor: Flavor, model: Any, packing: Packing | None, door: TextDoor | None) -> bool:
    if door is not None:
        return type(door.model) is not type(model)
    return packing is not None and not can_step_inside(flavor, packing)


def _why_not(flavor: Flavor, model: Any, *, view: bool) -> str | None:
    if view and overrides(flavor, model, "train_step"):
        return "the model has a train_step of its own, and several inputs or texts"
    return why_untrainable(flavor, model)


def _check_model(model: Any, *, n_arrays: int) -> None:
    if not model.built or not model.weights:
        raise ModelError(
            "uninitialized-model",
            came=f"{type(model).__name__} {model.name!r} is not built: it has no weights yet",
            expected="a model that was fitted, or called once",
            write="model.build((None, X_train.shape[1]))  # or model(X_train[:1])",
        )
    n_inputs = _how_many(model, "inputs")
    if n_inputs not in (0, n_arrays):
        raise ModelError(
            "several-inputs",
            came=f"inputs of the model: {n_inputs}; arrays in X: {n_arrays}",
            expected="as many arrays of rows as the model has inputs",
            write="defib.diagnose(model, [X_first, X_second], y_train)  # as in model.fit",
        )


def _how_many(model: Any, what: str) -> int:
    """Number of inputs or outputs; 0 when the model does not know (it is subclassed)."""
    found = getattr(model, what, None)
    return len(found) if isinstance(found, (list, tuple, dict)) else int(found is not None)


def _check_rows(X: Any, y: Any) -> tuple[AnyArray, AnyArray | None]:
    rows, labels = _array(X), None if y is None else _array(y)
    check_given(rows, labels, WRITE)
    return rows, labels


def _array(value: Any) -> AnyArray:
    array: AnyArray = to_numpy(value) if hasattr(value, "numpy") else np.asarray(value)
    return array


def _thinned(n: int) -> Any:
    return slice(None) if n <= MAX_ROWS else np.linspace(0, n - 1, MAX_ROWS).astype(int)


def trained_in_memory(
    model: Any, n_rows: int, epochs: int | None = None, batch_size: int | None = None
) -> tuple[int | None, int]:
    """Epochs and rows per step of the last ``fit`` as ``model.history`` has them, where they are not given."""
    found = epochs if epochs is not None else _epochs_of(model)
    return found, batch_size or _batch_of(model, n_rows) or DEFAULT_BATCH


def _epochs_of(model: Any) -> int | None:
    epochs = getattr(getattr(model, "history", None), "epoch", None)
    return len(epochs) if epochs else None


def _batch_of(model: Any, n_rows: int) -> int | None:
    params = getattr(getattr(model, "history", None), "params", None) or {}
    steps = params.get("steps")
    return None if not steps else max(1, round(n_rows / steps)) if steps > 1 else n_rows

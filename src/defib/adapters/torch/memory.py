"""A Subject from a trained model in memory, with what the user gives beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from defib.adapters.given import check_given
from defib.adapters.torch.arrays import tensors_in, to_numpy, to_tensor
from defib.adapters.torch.captured import Captured, OptimizerRecord
from defib.adapters.torch.clone import clone_module, device_of, floating_of, is_uninitialized, unwrapped
from defib.adapters.torch.door import plain_door
from defib.adapters.torch.facts import before_schedule, optimizer_facts, settings_of
from defib.adapters.torch.quiet import quiet
from defib.adapters.torch.reading import Reading, Scene, read_loss
from defib.adapters.torch.subject import TorchSubject
from defib.adapters.torch.tape import Tape
from defib.errors import InputError, ModelError
from defib.recipe import TrainingRecipe
from defib.subject import AnyArray, Rows, TrainingTrace

WRITE = "defib.diagnose(model, X_train, y_train, recipe=defib.Recipe(loss=loss_fn, optimizer=optimizer, epochs=20))"
SAMPLE_ROWS = 8
MAX_ROWS = 20_000


def subject_from_model(
    model: Any,
    X: Any,
    y: Any = None,
    X_predict: Any = None,
    loss: Callable[[Any, Any], Any] | None = None,
    optimizer: Any = None,
    epochs: int | None = None,
    batch_size: int | None = None,
) -> TorchSubject:
    """A trained ``torch.nn.Module`` as a Subject.

    Args:
        model: the module; it is called as ``model(X)``.
        X: rows ``(n_rows, ...)`` as they arrive at the model, array or tensor.
        y: labels ``(n_rows, ...)`` as they arrive at the loss.
        X_predict: rows whose predictions look constant; ``X`` when not given.
        loss: ``(prediction, target) -> scalar``.
        optimizer: as built for the model; its settings and its parameter groups are read.
        epochs: how many the training took.
        batch_size: rows per step; all rows when not given.

    Raises:
        ModelError: for a lazy module that has seen no rows, or a module that does not take ``model(X)``.
        InputError: for no rows, labels of another length, several inputs.
    """
    rows, labels, others = _checked(model, X, y, X_predict)
    label_dtype = _label_dtype(model, y)
    reading, notes = _read(model, rows, labels, loss, label_dtype)
    if reading is None and notes and labels is not None and labels.ndim == 1:
        standing = labels[:, None]
        reading, again = _read(model, rows, standing, loss, label_dtype)
        if reading is not None:
            labels, notes = standing, (f"y was given to the loss as {standing.shape}, which it takes", *again)
    size = len(rows) if batch_size is None else min(batch_size, len(rows))
    per_epoch = -(-len(rows) // size)
    captured = Captured(
        module=model,
        door=plain_door(rows, _door_dtype(model, X)),
        program=reading.program if reading is not None else None,
        selected=reading.selected if reading is not None else 0,
        folded=reading.folded if reading is not None else (),
        link=reading.link if reading is not None else "identity",
        optimizer=_record(model, optimizer),
        label_dtype=label_dtype,
        epoch_rows=len(rows),
        batches_per_epoch=per_epoch,
    )
    recipe = TrainingRecipe(
        loss=reading.facts if reading is not None else None,
        optimizer=optimizer_facts(optimizer) if optimizer is not None and epochs else None,
        batch_size=size,
        n_updates=per_epoch * (epochs or 0),
        n_epochs=epochs,
        shuffled=True,
    )
    unknown = "the initial weights are not known: trials draw them from the layers' own initializers"
    trace = TrainingTrace(n_updates=recipe.n_updates, n_epochs=epochs, notes=(unknown, *notes))
    kept = _thinned(len(rows))
    return TorchSubject(
        captured,
        recipe,
        trace,
        name=type(unwrapped(model)).__name__,
        training=Rows(rows[kept], None if labels is None else labels[kept], len(rows), "X"),
        prediction=Rows(others, None, None, "X_predict") if others is not None else None,
    )


def _thinned(n: int) -> Any:
    return slice(None) if n <= MAX_ROWS else np.linspace(0, n - 1, MAX_ROWS).astype(int)


def _checked(model: Any, X: Any, y: Any, X_predict: Any) -> tuple[AnyArray, AnyArray | None, AnyArray | None]:
    if is_uninitialized(model):
        raise ModelError(
            "uninitialized-model",
            came=f"{type(model).__name__} has lazy layers that have not seen any rows, so they have no weights yet",
            expected="a model that was called at least once",
            write="model(X_train[:1])  # before defib.diagnose(model, X_train, y_train)",
        )
    if _is_several(X, y):
        raise InputError(
            "several-inputs",
            came=f"X is a {type(X).__name__} of {len(X)} arrays",
            expected="one array of rows (n_rows, ...) for a model that is called as model(X)",
            write="defib run train.py  # watches the call itself, whatever its arguments",
        )
    rows = _array(X)
    labels = None if y is None else _array(y)
    check_given(rows, labels, WRITE)
    return rows, labels, None if X_predict is None else _array(X_predict)


def _is_several(X: Any, y: Any) -> bool:
    """Whether it holds arrays, which are not one row each."""
    if not isinstance(X, list | tuple | dict):
        return False
    rows = y is not None and not isinstance(X, dict) and len(X) == len(y)
    return not rows and any(isinstance(one, np.ndarray | torch.Tensor) for one in _values(X))


def _values(X: Any) -> list[Any]:
    return list(X.values()) if isinstance(X, dict) else list(X)


def _array(value: Any) -> AnyArray:
    return to_numpy(value) if isinstance(value, torch.Tensor) else np.asarray(value)


def _door_dtype(model: Any, X: Any) -> Any:
    if isinstance(X, torch.Tensor):
        return floating_of(model) if X.is_floating_point() else X.dtype
    kind = np.asarray(X).dtype.kind
    return floating_of(model) if kind == "f" else torch.tensor(np.asarray(X)[:1]).dtype


def _label_dtype(model: Any, y: Any) -> Any:
    """As given for tensors; NumPy's float64 becomes the model's floating type, as the user had to do as well."""
    if y is None or isinstance(y, torch.Tensor):
        return None if y is None else y.dtype
    return floating_of(model) if np.asarray(y).dtype.kind == "f" else torch.tensor(np.asarray(y)[:1]).dtype


def _read(
    model: Any, X: AnyArray, y: AnyArray | None, loss: Any, label_dtype: Any
) -> tuple[Reading | None, tuple[str, ...]]:
    """Run a few rows through a clone, and the loss on them with the tape on."""
    with quiet(seed=0):
        clone = clone_module(unwrapped(model)).eval()
        rows = to_tensor(X[:SAMPLE_ROWS], floating=floating_of(clone), device=device_of(clone))
        try:
            outputs = list(tensors_in(clone(rows)))
        except Exception as error:
            raise ModelError(
                "model-does-not-run",
                came=f"model(X) raised {type(error).__name__}: {_first_line(error)} (X is {X.dtype}, {X.shape})",
                expected="rows as the model takes them, one array for its one input",
                write=WRITE,
            ) from None
        if loss is None or y is None or not outputs:
            return None, ()
        labels = to_tensor(y[:SAMPLE_ROWS], device=device_of(clone)).to(label_dtype)
        tape = Tape()
        try:
            with tape:
                value = loss(outputs[0], labels)
        except Exception as error:
            return None, (f"the loss could not be run on the model's output ({type(error).__name__}: {error})",)
        return read_loss(tape.nodes, value, Scene(outputs, [rows], {}, len(rows))), ()


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


def _record(model: Any, optimizer: Any) -> OptimizerRecord | None:
    if optimizer is None:
        return None
    names = {id(one): name for name, one in unwrapped(model).named_parameters()}
    groups = tuple(
        (tuple(names[id(one)] for one in group["params"] if id(one) in names), before_schedule(settings_of(group)))
        for group in optimizer.param_groups
    )
    return OptimizerRecord(type(optimizer), groups, dict(optimizer.defaults))

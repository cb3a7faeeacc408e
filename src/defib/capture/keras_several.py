"""A Keras model of several outputs in memory, one of which is looked at: as the watching would have seen it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import flavor_of
from defib.adapters.keras.memory import trained_in_memory
from defib.adapters.keras.optimizers import class_of, config_of
from defib.adapters.keras.packing import CannotPack, Packing, entries, output_keys
from defib.adapters.keras.subject import KerasSubject
from defib.capture.keras_build import build
from defib.capture.keras_rows import SeveralArrays
from defib.capture.keras_study import Study
from defib.errors import InputError, ModelError
from defib.recipe import Recipe
from defib.subject import AnyArray, Rows

LOOK_ROWS = 256
"""Rows by which the output that varies least is found."""


def subject_of_several(model: Any, X: Any, y: Any, X_predict: Any, recipe: Recipe) -> KerasSubject | None:
    """A Subject for ``recipe.output``, else for the output that varies least; ``None`` for a model of one output.

    ``y`` holds labels for every output, as ``fit`` takes them.

    Raises `InputError` for labels that are not by output, `ModelError` for an output that the model does not have.
    """
    flavor = flavor_of(model)
    if flavor is None or not getattr(model, "built", False):
        return None
    if not output_keys(model) and (getattr(model, "outputs", None) is not None or entries(model, y) is None):
        return None
    if recipe.loss is not None:
        raise _refused(f"Recipe(loss={type(recipe.loss).__name__}) for a model of several outputs", "losses in compile")
    study = Study(flavor, model)
    epochs, batch = recipe.epochs, recipe.batch_size
    try:
        rows, labels = study.rows_of(X), study.labels_of(y)
        others = None if X_predict is None else study.rows_of(X_predict)
    except SeveralArrays as error:
        raise _refused(f"X or y cannot be laid side by side: {error}", "arrays with equally many rows") from None
    if rows is None or (y is not None and study.answers is None):
        shape = None if labels is None else labels.shape
        raise _refused(f"y is one array of the shape {shape}", f"labels for each of {', '.join(output_keys(model))}")
    if study.answers is None:
        keys = output_keys(model)
        study.answers, labels = Packing("list", keys, ((),) * len(keys), ("float32",) * len(keys)), None
    study.training.add_arrays(rows, labels, None)
    _as_trained(study, model, len(rows), epochs, batch, recipe.optimizer)
    try:
        subjects = build(study)
    except CannotPack as error:
        raise _refused(str(error), "a functional model") from None
    chosen = _chosen(subjects, recipe.output)
    chosen.prediction = None if others is None else Rows(others, None, None, "X_predict")
    return chosen


def _as_trained(study: Study, model: Any, n: int, epochs: int | None, batch: int | None, optimizer: Any) -> None:
    """What the model itself still knows of its training."""
    optimizer = optimizer if optimizer is not None else getattr(model, "optimizer", None)
    if optimizer is not None:
        study.optimizer_class, study.optimizer_config = class_of(optimizer), config_of(optimizer)
    found, study.batch_size = trained_in_memory(model, n, epochs, batch)
    study.n_epochs = found or 0
    study.n_updates = study.n_epochs * -(-n // study.batch_size)


def _chosen(subjects: list[KerasSubject], output: str | int | None) -> KerasSubject:
    names = [one.recipe.output for one in subjects]
    if output is None:
        chosen = min(subjects, key=_spread)
        others = ", ".join(f'Recipe(output="{name}")' for name in names if name != chosen.recipe.output)
        _note(chosen, f"of {len(names)} outputs {chosen.recipe.output}, which varies least, is looked at; {others}")
        return chosen
    place = names.index(str(output)) if str(output) in names else output
    if not isinstance(place, int) or not 0 <= place < len(names):
        raise ModelError(
            "several-outputs",
            came=f"Recipe(output={output!r}) for a model whose outputs are {', '.join(names)}",
            expected="the name or the number of one of them",
            write=f'defib.diagnose(model, X_train, y_train, recipe=defib.Recipe(output="{names[0]}"))',
        )
    return subjects[place]


def _note(subject: KerasSubject, text: str) -> None:
    subject.trace = replace(subject.trace, notes=(text, *subject.trace.notes))


def _spread(subject: KerasSubject) -> float:
    """Standard deviation over the rows of the column that varies most; of values in that of their labels."""
    assert subject.training is not None
    rows = subject.training
    found = np.asarray(subject.forward(rows.X[:LOOK_ROWS]).outputs, dtype=np.float64)
    with np.errstate(all="ignore"):
        spread = float(np.max(np.std(found.reshape(len(found), -1), axis=0)))
    unit = 1.0 if rows.y is None or np.asarray(rows.y).dtype.kind in "iub" else _size(rows.y)
    return 0.0 if not np.isfinite(spread) else spread / unit


def _size(y: AnyArray) -> float:
    size = float(np.nanstd(np.asarray(y, dtype=np.float64)))
    return size if size > 0 else 1.0


def _refused(came: str, expected: str) -> InputError:
    return InputError(
        "several-outputs",
        came=came,
        expected=expected,
        write='defib.diagnose(model, X_train, {"first": y_first, "second": y_second})  # as in model.fit',
    )

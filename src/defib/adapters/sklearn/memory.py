"""A Subject from a fitted estimator in memory: a network, a pipeline or a search that ends in one."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelBinarizer

from defib.adapters.sklearn.captured import (
    MOST_AUTOMATIC,
    Captured,
    batch_of,
    kind_of,
    loss_facts,
    loss_unit,
    optimizer_facts,
    plain_labels,
    weights_of,
)
from defib.adapters.sklearn.quiet import quiet
from defib.adapters.sklearn.replica import drawn_again
from defib.adapters.sklearn.subject import SklearnSubject
from defib.errors import InputError, ModelError
from defib.recipe import Recipe, TrainingRecipe
from defib.subject import AnyArray, Rows, TrainingTrace
from defib.wrapped import wrapped_in

WRITE: Final = "defib.diagnose(pipeline.fit(X_train, y_train), X_train, y_train)"
MAX_ROWS: Final = 20_000
__all__ = ["MOST_AUTOMATIC", "base_of", "dense", "describe", "subject_from_model"]


@dataclass(frozen=True)
class _Found:
    """The network inside what was given, and what stands in front of it."""

    network: Any
    steps: tuple[Any, ...] = ()
    """Fitted transformers, in order."""
    targets: Any = None
    """Fitted transformer of the targets."""


def subject_from_model(
    model: Any, X: Any, y: Any = None, *, X_predict: Any = None, recipe: Recipe | None = None
) -> SklearnSubject:
    """A fitted ``MLPClassifier`` or ``MLPRegressor`` as a Subject; alone, or the last step of a pipeline or search.

    Args:
        model: the estimator; its settings say how it was trained.
        X: rows ``(n_rows, n_columns)`` as ``fit`` of this estimator takes them; a pipeline's steps are applied to them.
        y: their labels, as ``fit`` takes them.
        X_predict: rows whose predictions look constant; ``X`` when not given.
        recipe: ``epochs`` and ``batch_size`` where they were others than the settings say (``partial_fit``).

    Raises:
        ModelError: for an estimator that is not fitted, or that ends in no network.
        InputError: for no rows, labels of another length, or rows that the estimator refuses.
    """
    found = _opened(model)
    rows, labels, others = _arrived(found, model, X, y, X_predict)
    captured, training = _captured(found.network, rows, labels, recipe or Recipe())
    trace = _trace(found.network, captured, len(rows), found.steps)
    kept = slice(None) if len(rows) <= MAX_ROWS else np.linspace(0, len(rows) - 1, MAX_ROWS).astype(int)
    batch = captured.batch_size or batch_of(captured.params, len(rows))
    subject = SklearnSubject(
        captured,
        TrainingRecipe(
            loss=loss_facts(captured, batch),
            optimizer=optimizer_facts(captured.params),
            batch_size=batch,
            n_updates=trace.n_updates,
            n_epochs=trace.n_epochs,
            shuffled=bool(captured.params["shuffle"]) and captured.solver != "lbfgs",
            seed=captured.params["random_state"],
        ),
        trace,
        name=type(found.network).__name__,
        training=Rows(rows[kept], None if training is None else training[kept], len(rows), "X"),
        prediction=None if others is None else Rows(others, None, None, "X_predict"),
    )
    subject.wrapped = wrapped_in(model, found.network)
    return subject


def _opened(model: Any) -> _Found:
    """The network inside, and the fitted steps in front of it. Raises `ModelError`."""
    best = getattr(model, "best_estimator_", None)
    if best is not None:
        return _opened(best)
    if isinstance(model, TransformedTargetRegressor) and hasattr(model, "regressor_"):
        return replace(_opened(model.regressor_), targets=model.transformer_)
    if isinstance(model, Pipeline):
        inner = _opened(model.steps[-1][1])
        steps = [step for _, step in model.steps[:-1] if step is not None and not isinstance(step, str)]
        return replace(inner, steps=(*steps, *inner.steps))
    came = f"the model is a {type(model).__module__}.{type(model).__qualname__}"
    if not isinstance(model, MLPClassifier | MLPRegressor):
        raise ModelError("unknown-model", came=came, expected="an estimator that ends in a fitted MLP", write=WRITE)
    if not hasattr(model, "coefs_"):
        raise ModelError(
            "uninitialized-model", came=f"{came} that is not fitted", expected="a fitted estimator", write=WRITE
        )
    return _Found(model)


def dense(X: Any, rows: Any = slice(None)) -> AnyArray:
    """These rows of an array, table, list or sparse matrix as an array ``(n, columns)``."""
    if hasattr(X, "tocsr"):
        return np.asarray(X.tocsr()[rows].toarray())
    return np.asarray(np.asarray(X)[rows])


def _arrived(
    found: _Found, model: Any, X: Any, y: Any, X_predict: Any
) -> tuple[AnyArray, AnyArray | None, AnyArray | None]:
    """Rows at the network's own door; the steps are copies, so that nothing of the user's is touched."""
    n = X.shape[0] if hasattr(X, "shape") and len(X.shape) else len(X)
    if n == 0 or (hasattr(X, "shape") and len(X.shape) != 2):
        came = f"X has the shape {getattr(X, 'shape', (n,))}"
        raise InputError("no-rows", came=came, expected="rows (n_rows, n_columns)", write=WRITE)
    if y is not None and len(y) != n:
        raise InputError(
            "unequal-lengths",
            came=f"X has {n} rows and y has {len(y)} labels",
            expected="one label per row",
            write=WRITE,
        )
    with quiet():
        steps = copy.deepcopy(found.steps)
        rows, others = _through(steps, X, model), None if X_predict is None else _through(steps, X_predict, model)
        if y is not None and found.targets is not None:
            values = np.asarray(y, dtype=np.float64).reshape(n, -1)
            y = copy.deepcopy(found.targets).transform(values)
    width = found.network.coefs_[0].shape[0]
    if rows.shape[1] != width:
        came = f"X has {rows.shape[1]} columns at the network's door"
        raise InputError("no-rows", came=came, expected=f"{width} columns, as in the training", write=WRITE)
    return rows, None if y is None else np.asarray(y), others


def _through(steps: tuple[Any, ...], X: Any, model: Any) -> AnyArray:
    try:
        for step in steps:
            X = step.transform(X)
    except Exception as error:
        raise InputError(
            "no-rows",
            came=f"a step of the {type(model).__name__} refused X: {type(error).__name__}: {str(error)[:200]}",
            expected="rows as its fit takes them",
            write=WRITE,
        ) from None
    return dense(X)


def base_of(estimator: Any) -> tuple[type[Any], dict[str, Any]]:
    """A class that can be built from its settings alone, and the settings; the user's own class where that is so."""
    own = type(estimator)
    base = MLPClassifier if isinstance(estimator, MLPClassifier) else MLPRegressor
    names = base._get_param_names()
    params = {name: getattr(estimator, name) for name in names}
    state = params["random_state"]
    params["random_state"] = int(state) if isinstance(state, int | np.integer) else None
    if own is not base:
        try:
            own(**params)
        except Exception:  # a constructor of the user's with other arguments
            own = base
    return own, params


def describe(estimator: Any) -> Captured:
    """What a fitted network tells by itself."""
    base, params = base_of(estimator)
    n_outputs = int(estimator.intercepts_[-1].size)
    classifier = isinstance(estimator, MLPClassifier)
    return Captured(
        base=base,
        params=params,
        end=weights_of(estimator),
        kind=kind_of(estimator.out_activation_, n_outputs, classifier=classifier),
        out_activation=str(estimator.out_activation_),
        binarizer=copy.deepcopy(getattr(estimator, "_label_binarizer", None)),
        epochs=float(getattr(estimator, "n_iter_", 0) or 0),
        planned=int(params["max_iter"]),
    )


def _captured(
    network: Any, rows: AnyArray, labels: AnyArray | None, recipe: Recipe
) -> tuple[Captured, AnyArray | None]:
    captured = describe(network)
    initial = drawn_again(captured, rows.shape[1])
    captured = replace(captured, initial=initial, batch_size=recipe.batch_size)
    if recipe.epochs is not None:
        captured = replace(captured, epochs=float(recipe.epochs), planned=None)
    if labels is None:
        return captured, None
    if captured.kind == "regression":
        return captured, plain_labels(labels.astype(np.float64), captured.kind)
    binarizer = captured.binarizer if captured.binarizer is not None else LabelBinarizer().fit(labels)
    return captured, plain_labels(np.asarray(binarizer.transform(labels)), captured.kind)


def _trace(network: Any, captured: Captured, n_rows: int, steps: tuple[Any, ...]) -> TrainingTrace:
    """From the estimator's own notes: the loss of every epoch, how many there were, and whether it stopped early."""
    unit = loss_unit(captured.kind, str(network.loss), captured.n_outputs)
    curve = np.asarray(getattr(network, "loss_curve_", ()), dtype=np.float64) * unit
    scores = getattr(network, "validation_scores_", None)
    epochs = int(captured.epochs)
    per_epoch = -(-n_rows // (captured.batch_size or batch_of(captured.params, n_rows)))
    notes = [] if captured.initial is not None else [UNKNOWN]
    if steps:
        notes.append(behind([type(step).__name__ for step in steps]))
    return TrainingTrace(
        loss_per_epoch=curve[-epochs:] if epochs else curve,
        n_updates=per_epoch * epochs,
        n_epochs=epochs or None,
        planned_epochs=captured.planned,
        restored_epoch=int(np.argmax(scores)) + 1 if network.early_stopping and scores else None,
        restored_by=RESTORED if network.early_stopping and scores else "",
        notes=tuple(notes),
    )


UNKNOWN: Final = "the initial weights are not known (random_state is no whole number): trials draw them anew"
RESTORED: Final = "early_stopping, the largest validation score"


def behind(names: list[str]) -> str:
    """Where the network stands in a pipeline, as a sentence.

    >>> behind(["StandardScaler", "PCA"])
    'the network stands behind StandardScaler and PCA: its rows are what these return'
    """
    return f"the network stands behind {' and '.join(names)}: its rows are what these return"

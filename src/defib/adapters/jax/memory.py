"""A Subject from functions and arrays in memory: plain JAX functions, or a Flax NNX module."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from defib.adapters.given import check_given
from defib.adapters.jax.captured import Apply, Arrays, Captured, OptimizerRecord, as_numpy, flat_arrays, structure_of
from defib.adapters.jax.losses import element_shape, link_of, loss_facts
from defib.adapters.jax.network import Network
from defib.adapters.jax.optimizer import facts_of, leaves_out, rates_over
from defib.adapters.jax.quiet import quiet
from defib.adapters.jax.subject import JaxSubject
from defib.errors import ModelError
from defib.recipe import LossFacts, Recipe, TrainingRecipe
from defib.subject import AnyArray, FloatArray, Rows, TrainingTrace

MAX_ROWS: Final = 20_000
SAMPLE_ROWS: Final = 8
WRITE: Final = (
    "defib.jax.subject(apply, params, X_train, y_train, loss=loss, optimizer=optax.adam(1e-3), epochs=20)\n"
    "# apply(params, X) -> outputs; loss(outputs, y) -> a number, or one per row"
)
WRITE_NNX: Final = (
    "defib.diagnose(model, X_train, y_train, recipe=defib.Recipe(loss=loss, optimizer=optax.adam(1e-3), epochs=20))\n"
    "# loss(outputs, y) -> a number, or one per row"
)


def subject(
    apply: Callable[[Any, Any], Any],
    params: Any,
    X: Any,
    y: Any = None,
    *,
    loss: Callable[[Any, Any], Any] | None = None,
    optimizer: Any = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    init_params: Any = None,
    init: Callable[[Any], Any] | None = None,
    apply_training: Callable[[Any, Any, Any], Any] | None = None,
    shuffled: bool = True,
    X_predict: Any = None,
    prediction_outputs: Any = None,
    held_out: tuple[Any, Any] | None = None,
    losses: Any = None,
    name: str = "",
) -> JaxSubject:
    """Plain JAX functions as a Subject, for `defib.diagnose`.

    ::

        subject = defib.jax.subject(predict, params, X_train, y_train, loss=optax.sigmoid_binary_cross_entropy,
                                    optimizer=optax.adam(1e-3), epochs=20, batch_size=32, init_params=first_params)
        print(defib.diagnose(subject))

    Args:
        apply: ``apply(params, X) -> outputs``, pure; ``(n_rows, ...)`` in and out. For Flax Linen
            ``lambda params, X: model.apply({"params": params}, X)``.
        params: the trained weights, any pytree of arrays.
        X: rows ``(n_rows, ...)`` as they arrive at ``apply``.
        y: labels ``(n_rows, ...)`` as they arrive at the loss.
        loss: ``loss(outputs, y)``, a number or one value per row (then the mean is taken).
        optimizer: the optax transformation that made the steps.
        epochs: how many the training took.
        batch_size: rows per step; all rows when not given.
        init_params: the weights that the training started from.
        init: ``init(key) -> params``, for trials with other seeds.
        apply_training: ``apply_training(params, X, key) -> outputs`` where training differs (dropout).
        shuffled: whether rows came in a new order every epoch.
        X_predict: rows whose predictions look constant; ``X`` when not given.
        prediction_outputs: what the program's own predictions for ``X_predict`` were.
        held_out: other rows with their labels.
        losses: training losses, one per update, as the program saw them.
        name: for the report; the function's name when not given.

    Raises:
        ModelError: when ``apply(params, X)`` does not run, or ``params`` holds no arrays.
        InputError: for no rows, or labels of another length.
    """
    structured, flat = structure_of(params)
    weights = {key: jnp.asarray(value) for key, value in flat(params).items()}
    if not weights:
        came = f"params is a {type(params).__name__} without arrays"
        raise ModelError("no-parameters", came=came, expected="a pytree of arrays", write=WRITE)
    initial = None if init_params is None else {k: jnp.asarray(v) for k, v in flat_arrays(init_params).items()}
    if initial is not None and {k: v.shape for k, v in initial.items()} != {k: v.shape for k, v in weights.items()}:
        raise ModelError(
            "other-parameters",
            came=f"init_params has the arrays {_shapes(initial)}, params {_shapes(weights)}",
            expected="the same structure and shapes before and after the training",
            write="init_params = params  # before the first update; JAX arrays are never changed in place",
        )

    def pure(own: Arrays, state: Arrays, rows: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        if training and apply_training is not None:
            key, after = jax.random.split(state["key"])
            return apply_training(structured(own), rows, key), {"key": after}
        return apply(structured(own), rows), {}

    return _subject(
        pure,
        weights,
        {} if apply_training is None else {"key": jax.random.key(0)},
        (structured, flat, frozenset(weights)),
        (X, y, X_predict),
        Recipe(loss, optimizer, epochs, batch_size),
        initial=initial,
        redraw=None if init is None else lambda seed: flat_arrays(init(jax.random.key(seed))),
        shuffled=shuffled,
        prediction_outputs=None if prediction_outputs is None else np.asarray(prediction_outputs),
        held_out=held_out,
        losses=losses,
        name=name or getattr(apply, "__name__", "") or type(apply).__name__,
        write=WRITE,
    )


def _shapes(arrays: Arrays) -> str:
    return "{" + ", ".join(f"{name}: {value.shape}" for name, value in list(arrays.items())[:6]) + "}"


def subject_from_model(
    model: Any, X: Any, y: Any = None, *, X_predict: Any = None, recipe: Recipe | None = None
) -> JaxSubject:
    """A trained ``nnx.Module`` as a Subject; it is called as ``model(X)``.

    ``recipe.optimizer`` is an optax transformation, or the ``nnx.Optimizer`` of the training.
    Raises as `subject` does.
    """
    from flax import nnx

    from defib.adapters.jax.nnx import Pure

    recipe = recipe or Recipe()
    pure = Pure(model)
    optimizer, wrt = recipe.optimizer, nnx.Param
    if isinstance(optimizer, nnx.Optimizer):
        optimizer, wrt = optimizer.tx, optimizer.wrt
    return _subject(
        pure.apply(lambda module, rows, training: module(rows)),
        pure.weights,
        pure.state,
        pure.structured(wrt),
        (X, y, X_predict),
        Recipe(recipe.loss, optimizer, recipe.epochs, recipe.batch_size),
        redraw=pure.redraw,
        statistics=pure.statistics,
        name=type(model).__name__,
        write=WRITE_NNX,
    )


def _subject(
    apply: Apply,
    weights: dict[str, Any],
    state: dict[str, Any],
    structure: tuple[Any, Any, frozenset[str]],
    arrays: tuple[Any, Any, Any],
    recipe: Recipe,
    *,
    name: str,
    write: str,
    initial: Arrays | None = None,
    redraw: Any = None,
    statistics: Any = None,
    shuffled: bool = True,
    prediction_outputs: FloatArray | None = None,
    held_out: tuple[Any, Any] | None = None,
    losses: Any = None,
) -> JaxSubject:
    X, y, X_predict = arrays
    rows, labels = _checked(X, y, write)
    n = len(rows)
    batch = n if recipe.batch_size is None else min(recipe.batch_size, n)
    n_updates = math.ceil(n / batch) * (recipe.epochs or 0)
    tail = _tail(recipe.loss)
    captured = Captured(
        apply=apply,
        weights=weights,
        state=state,
        initial=initial,
        initial_state=state,
        redraw=redraw,
        tail=tail if labels is not None else None,
        optimizer=_record(recipe.optimizer, structure),
        frozen=masked(recipe.optimizer, structure, weights),
        statistics=statistics or {},
    )
    with quiet():
        outputs = _first_outputs(captured, rows, write)
        facts = None if tail is None or labels is None else _facts(tail, outputs, labels[:SAMPLE_ROWS], captured, rows)
    captured = _with(
        captured,
        link=link_of(facts if isinstance(facts, LossFacts) else None),
        tail=None if isinstance(facts, str) else captured.tail,
    )
    known = facts if isinstance(facts, LossFacts) else None
    notes = [facts] if isinstance(facts, str) else []
    if initial is None:
        notes.append("the initial weights are not known: trials draw them anew")
    full = TrainingRecipe(
        loss=known,
        optimizer=facts_of(recipe.optimizer) if recipe.optimizer is not None and recipe.epochs else None,
        batch_size=batch,
        n_updates=n_updates,
        n_epochs=recipe.epochs,
        shuffled=shuffled,
    )
    trace = TrainingTrace(
        loss_per_update=np.empty(0) if losses is None else np.asarray(losses, dtype=np.float64)[:2_000],
        n_updates=n_updates,
        n_epochs=recipe.epochs,
        rates=rates_over(recipe.optimizer, n_updates) if recipe.optimizer is not None else (),
        label_order=None if shuffled or labels is None else labels[:MAX_ROWS],
        notes=tuple(notes),
    )
    kept = slice(None) if n <= MAX_ROWS else np.linspace(0, n - 1, MAX_ROWS).astype(int)
    return JaxSubject(
        captured,
        full,
        trace,
        name=name,
        training=Rows(rows[kept], None if labels is None else labels[kept], n, "X"),
        prediction=None if X_predict is None else Rows(_array(X_predict), None, None, "X_predict"),
        prediction_outputs=prediction_outputs,
        held_out=None if held_out is None else Rows(_array(held_out[0]), _array(held_out[1]), None, "held_out"),
        full_batch=batch == n,
    )


def _with(captured: Captured, **changes: Any) -> Captured:
    return Captured(**{**vars(captured), **changes})


def _array(value: Any) -> AnyArray:
    return as_numpy(value)


def _checked(X: Any, y: Any, write: str) -> tuple[AnyArray, AnyArray | None]:
    rows, labels = _array(X), None if y is None else _array(y)
    check_given(rows, labels, write)
    return rows, labels


def _first_outputs(captured: Captured, rows: AnyArray, write: str) -> FloatArray:
    """A few rows sent through. Raises `ModelError` when that does not work."""
    came = ""
    try:
        outputs = Network(captured, captured.weights, captured.state).predict(rows[:SAMPLE_ROWS])
        if outputs.shape[:1] == (min(len(rows), SAMPLE_ROWS),):
            return outputs
        came = f"the model gave outputs of shape {outputs.shape} for {min(len(rows), SAMPLE_ROWS)} rows"
    except Exception as error:
        came = f"the model raised {_first_line(error)} (X is {rows.dtype}, {rows.shape})"
    raise ModelError(
        "model-does-not-run", came=came, expected="rows as the model takes them, one output per row", write=write
    )


def _tail(loss: Any) -> Any:
    if loss is None:
        return None
    return lambda outputs, y, weights, X: jnp.mean(loss(outputs, y))


def _facts(tail: Any, outputs: FloatArray, y: AnyArray, captured: Captured, rows: AnyArray) -> LossFacts | str:
    try:
        float(tail(jnp.asarray(outputs), jnp.asarray(y), captured.weights, rows[:SAMPLE_ROWS]))
        elements = element_shape(y, outputs.shape)
        return loss_facts(tail, outputs, y, captured.weights, rows[:SAMPLE_ROWS], elements)
    except Exception as error:
        return f"the loss could not be run on the model's output ({_first_line(error)})"


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:160]}"


def _record(tx: Any, structure: tuple[Any, Any, frozenset[str]]) -> OptimizerRecord | None:
    return None if tx is None else OptimizerRecord(tx, structure[0], structure[1], structure[2])


def masked(tx: Any, structure: tuple[Any, Any, frozenset[str]], weights: Arrays) -> frozenset[str]:
    """Weights that this optimizer does not move, whatever their gradient: one update with gradients of 1 shows them."""
    if tx is None:
        return frozenset()
    structured, flat, held = structure
    own = {name: value for name, value in weights.items() if name in held}
    with quiet():
        ones = structured({name: jnp.ones_like(value) for name, value in own.items()})
        state = tx.init(structured(own))
        still = frozenset(own)
        for _ in range(3):  # a warm-up begins at 0
            moves, state = tx.update(ones, state, structured(own))
            still &= {name for name, move in flat(moves).items() if not bool(jnp.any(move != 0))}
    return still if still != frozenset(own) or leaves_out(tx) else frozenset()

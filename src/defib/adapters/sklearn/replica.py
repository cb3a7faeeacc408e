"""From an `Arm` to an estimator of scikit-learn's own that trains it: settings, initial weights, rows."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from defib.adapters.sklearn.captured import Captured, Weights, columns_of, loss_unit, row_key, weights_of
from defib.recipe import Arm, Edit
from defib.subject import AnyArray, BudgetExceeded, FloatArray, Rows

TRIAL_SEEDS: Final = 20_000
"""Added to a trial's seed: its draws are none of the user's likely ones (0, 1, 42)."""
ACTIVATIONS: Final = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "linear": "identity"}
REDRAWS: Final = frozenset({"hidden_activation", "double_width", "halve_depth", "reinitialize"})
REFUSED: Final[Mapping[str, str]] = {
    "batch_norm": "scikit-learn's networks have no batch normalization",
    "head": "scikit-learn chooses the output's activation from the labels",
    "loss": "scikit-learn chooses the loss itself",
    "output_units": "scikit-learn sizes the output by the labels",
    "match_shapes": "scikit-learn brings labels and outputs to one shape itself",
    "dropout": "scikit-learn's networks have no dropout",
    "unfreeze": "scikit-learn trains all weights",
    "input_norm": "scikit-learn's networks have no normalization layer",
}


def refusal(captured: Captured, arm: Arm) -> str | None:
    """Why scikit-learn cannot train this arm, as a clause; ``None`` when it can."""
    if captured.untried:
        return captured.untried
    for edit in arm.edits:
        reason = REFUSED.get(edit.op) or _refused(captured, edit)
        if reason is not None:
            return reason
    if captured.solver == "lbfgs" and (arm.learning_rate_factor != 1.0 or arm.constant_rate):
        return "L-BFGS finds the length of its steps by itself"
    if arm.rate_cap is not None:
        return "scikit-learn's learning rate never rises"
    if captured.solver == "lbfgs" and arm.shuffle is not None:
        return "L-BFGS takes all rows in every step"
    if arm.labels is not None:
        return "scikit-learn numbers the classes itself"
    if arm.targets is not None and captured.kind != "regression":
        return "the labels are classes"
    return None


def _refused(captured: Captured, edit: Edit) -> str | None:
    if edit.op == "hidden_activation":
        name = ACTIVATIONS.get(str(edit.value))
        if name is None:
            return f"scikit-learn has no activation {edit.value}"
        if name == captured.hidden_activation and captured.drawn:
            return f"the hidden layers are {edit.value} already, drawn by scikit-learn's own rule"
        return None
    if edit.op == "reinitialize" and edit.value == "he" and captured.drawn:
        return "scikit-learn draws the weights by a rule of its own"
    if edit.op in REDRAWS:
        return None
    return f"scikit-learn's networks have no {edit.op.replace('_', ' ')}"


def settings(captured: Captured, arm: Arm) -> dict[str, Any]:
    """The estimator's settings for this arm."""
    found = dict(captured.params)
    found.update(verbose=False, warm_start=False)
    found["learning_rate_init"] *= arm.learning_rate_factor
    found["alpha"] *= arm.regularization_factor
    if arm.constant_rate:
        found["learning_rate"] = "constant"
    if arm.shuffle is not None:
        found["shuffle"] = arm.shuffle
    if captured.batch_size is not None:
        found["batch_size"] = captured.batch_size
    for edit in arm.edits:
        found.update(_edited(found, edit))
    return {**found, **_length(captured, arm)}


def _length(captured: Captured, arm: Arm) -> dict[str, Any]:
    """How long it trains.

    As the program would with the change made, its own rule for stopping included; or, where the length is what is
    changed, or no such rule was in force, so many epochs and no stop.
    """
    length = arm.updates_factor * arm.stop_at
    if length == 1.0 and captured.planned is not None:
        return {"max_iter": captured.planned}
    epochs = max(1, round(captured.epochs * length))
    free: dict[str, Any] = {"max_iter": epochs, "n_iter_no_change": np.inf}
    return {**free, "tol": 0.0, "max_fun": 15_000 + 10 * epochs} if captured.solver == "lbfgs" else free


def _edited(found: Mapping[str, Any], edit: Edit) -> dict[str, Any]:
    sizes = found["hidden_layer_sizes"]
    sizes = list(sizes) if np.ndim(sizes) else [sizes]
    if edit.op == "hidden_activation":
        return {"activation": ACTIVATIONS[str(edit.value)]}
    if edit.op == "double_width":
        wider = [2 * int(size) if edit.value is None else max(int(size), int(edit.value)) for size in sizes]
        return {"hidden_layer_sizes": tuple(wider)}
    if edit.op == "halve_depth":
        return {"hidden_layer_sizes": tuple(int(size) for size in sizes[::2])}
    return {}


def starts_from(captured: Captured, arm: Arm, seed: int) -> Weights | None:
    """The weights that a seed starts from; ``None``: scikit-learn draws them."""
    if captured.initial is None or any(edit.op in REDRAWS for edit in arm.edits):
        return None
    return captured.initial if seed == 0 or not captured.drawn else None


def train(
    captured: Captured, arm: Arm, rows: Rows, *, seed: int, deadline: float | None
) -> tuple[Weights, Captured, FloatArray]:
    """The trained weights, what they belong to (an edit may have changed the activation), and every step's loss.

    Raises `BudgetExceeded` past the deadline (``time.monotonic``).
    """
    assert rows.y is not None
    start = starts_from(captured, arm, seed)
    same = seed == 0 and start is not None and captured.order is not None
    order = copy.deepcopy(captured.order) if same else TRIAL_SEEDS + seed
    estimator = captured.base(**{**settings(captured, arm), "random_state": order})
    dtype = captured.end.dtype
    X = np.asarray(rows.X if arm.inputs is None else arm.inputs(rows.X)).reshape(len(rows), -1).astype(dtype)
    columns = columns_of(rows.y, captured)
    if arm.targets is not None:
        columns = np.asarray(arm.targets(columns), dtype=dtype)
    losses = _prepare(estimator, captured, X, columns, start, deadline, arm.stop_after)
    weights = _sample_weights(captured, rows)
    try:
        estimator._fit(X, columns, **({} if weights is None else {"sample_weight": weights}))
    except _FarEnough:
        pass
    except ValueError as error:
        if "non-finite" not in str(error):
            raise  # weights that are not finite are the answer
    made = Captured(
        **{**vars(captured), "end": weights_of(estimator), "params": estimator.get_params(deep=False), "initial": None}
    )
    return made.end, made, np.asarray(losses)


class _FarEnough(Exception):
    """So many updates were asked for; the weights are those in front of the next."""


def _prepare(
    estimator: Any,
    captured: Captured,
    X: AnyArray,
    columns: AnyArray,
    start: Weights | None,
    deadline: float | None,
    stop_after: int | None,
) -> list[float]:
    """Set attributes of our own estimator: rows as they are, weights to start from, a clock; gives the loss list."""
    losses: list[float] = []
    estimator._validate_input = lambda X, y, incremental, reset: (X, y)
    if captured.binarizer is not None:
        estimator._label_binarizer = copy.deepcopy(captured.binarizer)
        estimator.classes_ = captured.binarizer.classes_
    estimator.n_features_in_ = X.shape[1]
    if start is not None:
        pairs = iter(list(zip(start.coefs, start.intercepts, strict=True)))
        estimator._init_coef = lambda fan_in, fan_out, dtype: tuple(
            np.array(one).astype(dtype, copy=False) for one in next(pairs)
        )
    unit = loss_unit(captured.kind, str(estimator.loss), captured.n_outputs)
    estimator._backprop = _timed(estimator._backprop, losses, unit, deadline, stop_after)
    return losses


def _timed(
    backprop: Callable[..., Any], losses: list[float], unit: float, deadline: float | None, stop_after: int | None
) -> Callable[..., Any]:
    def step(*args: Any) -> Any:
        if stop_after is not None and len(losses) >= stop_after:
            raise _FarEnough
        if deadline is not None and time.monotonic() > deadline:
            raise BudgetExceeded(f"after {len(losses)} updates")
        found = backprop(*args)
        losses.append(float(found[0]) * unit)
        return found

    return step


def _sample_weights(captured: Captured, rows: Rows) -> FloatArray | None:
    if not captured.sample_weights:
        return None
    assert rows.y is not None
    found = [captured.sample_weights.get(row_key(x, y), 1.0) for x, y in zip(rows.X, rows.y, strict=True)]
    return np.asarray(found)


def drawn_again(captured: Captured, n_features: int) -> Weights | None:
    """The initial weights that a whole number as ``random_state`` gives; ``None`` where they cannot be drawn again."""
    state = captured.params.get("random_state")
    if not isinstance(state, int | np.integer) or captured.params.get("warm_start"):
        return None
    estimator = captured.base(**captured.params)
    estimator._random_state = np.random.RandomState(int(state))
    sizes = [n_features, *(shape[1] for shape in captured.end.shapes)]
    pairs = [estimator._init_coef(a, b, captured.end.dtype) for a, b in itertools.pairwise(sizes)]
    return Weights(tuple(w for w, _ in pairs), tuple(b for _, b in pairs))

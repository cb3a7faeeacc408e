"""One network, one loss, one optimizer, traced once and run for any seed, step size and rows (TensorFlow)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from defib.adapters.keras.clone import Clone
from defib.adapters.keras.flavor import everything, to_numpy
from defib.adapters.keras.optimizers import is_schedule, rebuild, scaled_schedule, variables_of
from defib.adapters.keras.own_step import run_step
from defib.adapters.keras.trace import call_model, swapped
from defib.subject import AnyArray, BudgetExceeded, FloatArray


class _TensorFlow:
    """TensorFlow, looked up when first used: a Keras on another backend must not load it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("tensorflow"), name)


tf: Any = _TensorFlow()
CHUNK = 200
"""Updates between two looks at the clock."""
PREDICT_ROWS = 1024


@dataclass(frozen=True)
class Objective:
    """The loss of one batch: the compiled loss of the model, or a function put in its place."""

    function: Callable[[Any, Any], Any] | None = None
    """``(y, y_pred)``; ``None`` is the model's own compiled loss."""
    own_step: bool = False
    """The model's own ``train_step`` makes the update."""
    reshape: bool = False
    """Bring the targets to the predictions' shape first."""

    def __call__(self, model: Any, x: Any, y: Any, p: Any, weight: Any, regularization: Any) -> Any:
        """Scalar loss, penalties included, these times ``regularization``."""
        penalties = list(model.losses)
        if self.function is None:
            total = model.compute_loss(x, y, p, weight)
            extra: Any = regularization - 1.0
        else:
            each = self.function(y, p)
            if weight is not None and len(each.shape) > 0:
                each = each * tf.cast(weight, each.dtype)
            total, extra = tf.reduce_mean(each), regularization
        if penalties:
            total = total + tf.cast(extra, total.dtype) * tf.add_n([tf.reduce_sum(one) for one in penalties])
        return total


@dataclass(frozen=True)
class OptimizerPlan:
    """Class and settings of the user's optimizer at the start of the training."""

    cls: type[Any]
    config: dict[str, Any]
    rates: tuple[float, ...] = ()
    """Learning rate of each epoch, where a callback of the user's changed it."""


class Program:
    """A network that can be trained again and again from any weights."""

    def __init__(
        self,
        clone: Clone,
        objective: Objective,
        plan: OptimizerPlan,
        variables: Sequence[Any],
        *,
        regularization: float,
        eager: bool,
        training: bool = True,
        as_recorded: bool = True,
    ) -> None:
        self.clone = clone
        self.objective = objective
        self.plan = plan
        self.variables = list(variables)
        self.eager = eager
        self.training = training
        self.as_recorded = as_recorded
        self._factor = tf.Variable(1.0, dtype=tf.float32, trainable=False)
        self._bounds = [tf.Variable(bound, dtype=tf.float32, trainable=False) for bound in (0.0, np.inf)]
        self._regularization = tf.Variable(1.0, dtype=tf.float32, trainable=False)
        self._decay_factor = regularization
        self._optimizer: Any = None
        self._fresh_state: list[AnyArray] = []
        self._functions: dict[Any, Any] = {}

    # --- training -------------------------------------------------------------------------------

    def train(self, course: Course, values: list[AnyArray], *, seed: int, deadline: float | None) -> FloatArray:
        """Train from ``values``; the clone is left with the trained weights. Returns the loss of every update."""
        self.clone.assign(values)
        self._bounds[0].assign(course.lowest_rate)
        self._bounds[1].assign(course.highest_rate)
        self._reset(course.factor)
        self._regularization.assign(course.regularization)
        reseed(self.clone, seed)
        x, y = as_tensor(course.X), as_tensor(course.y)
        w = None if course.weights is None else tf.constant(course.weights, tf.float32)
        step = self._function("train", x, y, w)
        losses: list[AnyArray] = []
        for epoch, order in enumerate(course.orders(seed)):
            self._set_rate(course, epoch)
            for start in range(0, len(order), CHUNK * course.batch):
                if deadline is not None and time.monotonic() > deadline:
                    raise BudgetExceeded("the trial ran past its deadline")
                part = tf.constant(order[start : start + CHUNK * course.batch], tf.int32)
                losses.append(step(x, y, w, part, tf.constant(course.batch)).numpy())
        return np.concatenate(losses) if losses else np.empty(0)

    def _reset(self, factor: float) -> None:
        """The optimizer as new, with another step."""
        if self._optimizer is None and self.variables:
            self._build()
        if self._optimizer is None:
            return
        for variable, value in zip(variables_of(self._optimizer), self._fresh_state, strict=True):
            variable.assign(value)
        self._factor.assign(factor)
        self._base = self._first_rate() * factor
        self._rate(self._base)

    def _build(self) -> None:
        rate = self.plan.config.get("learning_rate")
        flavor = self.clone.flavor
        made = scaled_schedule(flavor, rate, self._factor, self._bounds) if is_schedule(rate) else self._first_rate()
        optimizer = rebuild(flavor, self.plan.cls, self.plan.config, regularization=self._decay_factor, rate=made)
        if hasattr(optimizer, "build"):
            optimizer.build(self.variables)
        else:
            optimizer._create_all_weights(self.variables)
        self._optimizer = optimizer
        self._fresh_state = [to_numpy(v) for v in variables_of(optimizer)]

    def _first_rate(self) -> float:
        rate = self.plan.config.get("learning_rate", 0.0)
        return 0.0 if is_schedule(rate) else float(to_numpy(rate))

    def _rate(self, value: float) -> None:
        if not is_schedule(self.plan.config.get("learning_rate")):
            self._optimizer.learning_rate = value

    def _set_rate(self, course: Course, epoch: int) -> None:
        """Replay what a callback did to the learning rate, stretched over this course."""
        rates = self.plan.rates
        if self._optimizer is None or len(rates) < 2:
            return
        position = epoch / max(course.n_epochs - 1, 1) * (len(rates) - 1)
        rate = rates[min(round(position), len(rates) - 1)]
        self._rate(min(max(rate, course.lowest_rate), course.highest_rate) * course.factor)

    def _function(self, what: str, *tensors: Any) -> Any:
        """The traced function for rows of this shape and type."""
        specs = tuple(None if t is None else tf.TensorSpec([None, *t.shape[1:]], t.dtype) for t in tensors)
        key = (what, specs)
        if key not in self._functions:
            function = self._epoch if what == "train" else self._predict
            if not self.eager:
                extra = (tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)) if what == "train" else ()
                signature = (*specs, *extra)
                function = _compiled(function, signature)
            self._functions[key] = function
        return self._functions[key]

    def _epoch(self, X: Any, Y: Any, W: Any, order: Any, batch: Any) -> Any:
        """All batches of ``order``, one after the other, inside the graph. Returns their losses."""
        total = tf.shape(order)[0]
        steps = -(-total // batch)

        def body(k: Any, losses: Any) -> tuple[Any, Any]:
            index = order[k * batch : tf.minimum((k + 1) * batch, total)]
            weight = None if W is None else tf.gather(W, index)
            loss = self._update(tf.gather(X, index), tf.gather(Y, index), weight)
            return k + 1, losses.write(k, tf.cast(loss, tf.float32))

        losses = tf.TensorArray(tf.float32, size=steps)
        _, losses = tf.while_loop(lambda k, _: k < steps, body, [0, losses], parallel_iterations=1)
        return losses.stack()

    def _update(self, x: Any, y: Any, weight: Any) -> Any:
        model = self.clone.model
        if self.objective.own_step:
            return self._own_update(x, y, weight)
        with tf.GradientTape() as tape:
            p = first_output(call_model(model, x, training=self.training))
            loss = self.objective(model, x, y, p, weight, self._regularization)
        if not self.variables:
            return loss
        gradients = tape.gradient(loss, self.variables)
        pairs = [(g, v) for g, v in zip(gradients, self.variables, strict=True) if g is not None]
        if len(pairs) == len(self.variables):
            self._optimizer.apply_gradients(pairs)
        elif pairs:  # Keras 3 wants every variable it was built for: an unused one gets a zero gradient
            filled = [(tf.zeros_like(v) if g is None else g, v) for g, v in zip(gradients, self.variables, strict=True)]
            self._optimizer.apply_gradients(filled)
        return loss

    def _own_update(self, x: Any, y: Any, weight: Any) -> Any:
        """The user's ``train_step`` with our optimizer; or only its loss, and the update for all variables ours."""
        model = self.clone.model
        if self.objective.reshape:
            shape = tf.shape(first_output(call_model(model, x, training=False)))
            y = tf.reshape(y, shape)
        data = (x, y) if weight is None else (x, y, weight)
        with swapped(model, "optimizer", self._optimizer):
            if self.as_recorded:
                logs = model.train_step(data)
                return tf.cast(tf.reduce_mean(logs.get("loss", 0.0) if isinstance(logs, dict) else 0.0), tf.float32)
            step = run_step(model, data, self.variables)
        pairs = zip(step.gradients, self.variables, strict=True)
        self._optimizer.apply_gradients([(tf.zeros_like(v) if g is None else g, v) for g, v in pairs])
        return step.loss

    # --- serving --------------------------------------------------------------------------------

    def predict(self, values: list[AnyArray], X: AnyArray) -> FloatArray:
        """Outputs in evaluation mode with these weights."""
        self.clone.assign(values)
        x = as_tensor(X)
        function = self._function("predict", x)
        parts = [to_numpy(function(x[i : i + PREDICT_ROWS])) for i in range(0, max(len(X), 1), PREDICT_ROWS)]
        return np.concatenate(parts)

    def _predict(self, X: Any) -> Any:
        return first_output(call_model(self.clone.model, X, training=False))


@dataclass(frozen=True)
class Course:
    """Rows, order and length of one training."""

    X: AnyArray
    y: AnyArray
    weights: FloatArray | None
    batch: int
    updates: int
    shuffle: bool
    factor: float
    regularization: float
    lowest_rate: float = 0.0
    highest_rate: float = np.inf
    """No learning rate lies outside of these two, before the factor."""
    stop_at: float = 1.0
    """Share of the updates that are made; the schedule is that of all of them."""
    stop_after: int | None = None

    @property
    def n_epochs(self) -> int:
        """Passes over the rows, the last perhaps not complete."""
        return max(1, -(-self.updates // self.per_epoch))

    @property
    def per_epoch(self) -> int:
        """Batches in one pass."""
        return max(1, -(-len(self.X) // self.batch))

    def orders(self, seed: int) -> Iterator[AnyArray]:
        """The order of rows in each epoch, ``(n_rows,)``; another one every epoch when shuffled."""
        rng = np.random.default_rng([seed, 20_000])
        left = max(1, round(self.updates * self.stop_at))
        left = left if self.stop_after is None else min(left, self.stop_after)
        while left > 0:
            order = rng.permutation(len(self.X)) if self.shuffle else np.arange(len(self.X))
            yield order[: left * self.batch]
            left -= self.per_epoch


def _compiled(function: Any, signature: Any) -> Any:
    """``tf.function`` with the weights' place left out of the signature where there are none."""
    if None not in signature:
        return tf.function(function, input_signature=signature, autograph=False)
    place = signature.index(None)
    rest = tuple(spec for spec in signature if spec is not None)
    inner = tf.function(
        lambda *args: function(*args[:place], None, *args[place:]), input_signature=rest, autograph=False
    )
    return lambda *args: inner(*[a for a in args if a is not None])


def first_output(outputs: Any) -> Any:
    """The one output of a model that returns a list or dict of one."""
    if isinstance(outputs, dict):
        return next(iter(outputs.values()))
    return outputs[0] if isinstance(outputs, (list, tuple)) else outputs


def as_tensor(array: AnyArray) -> Any:
    """A tensor as ``fit`` makes it: float64 becomes float32, whole numbers stay."""
    array = np.asarray(array)
    if array.dtype.kind == "f" and array.dtype != np.float16:
        array = array.astype(np.float32)
    return tf.convert_to_tensor(array)


def reseed(clone: Clone, seed: int) -> None:
    """Set every random layer of a clone (dropout, noise) to a state that follows from the seed."""
    for number, layer in enumerate(everything(clone.model)):
        state = np.array([seed % 2**31, number], dtype=np.uint32)
        for variable in getattr(layer, "variables", []):
            if "seed_generator_state" in str(getattr(variable, "path", "")):
                variable.assign(state)
        source = getattr(layer, "_random_generator", None)
        if not clone.borrowed and hasattr(source, "_maybe_init"):
            _reseed_legacy(source, seed * 1000 + number)


def _reseed_legacy(source: Any, seed: int) -> None:
    """The legacy Keras draws from TensorFlow's stateful operations, which nothing can reset: use its generators."""
    if source._rng_type != source.RNG_STATEFUL:
        source._rng_type = source.RNG_STATEFUL
        source._built = False
    source._maybe_init()
    source._generator.reset_from_seed(seed)

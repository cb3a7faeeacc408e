"""Keras 3 on JAX: steps are pure functions of the weights, compiled once and scanned over the batches."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any, final

import jax
import jax.numpy as jnp
import keras
import numpy as np

from defib.adapters.keras.backends.abstract import Backend, Report, reseed_generators
from defib.adapters.keras.clone import Clone
from defib.adapters.keras.flavor import ACTIVATIONS, to_numpy
from defib.adapters.keras.optimizers import is_schedule
from defib.adapters.keras.own_step import Meeting, NoLoss, Step, shape_of, thawed
from defib.adapters.keras.program import Design, Program, each, float32
from defib.adapters.keras.trace import call_model, first_output, swapped
from defib.subject import AnyArray

ELEMENTWISE = frozenset({"sub", "add", "mul", "div", "max", "min", "pow", "add_any"})
HOMES = ("keras.src.backend.jax.nn", "keras.src.backend.jax.numpy", "jax.nn", "jax.numpy")
"""Modules whose functions are looked up at each call: ``keras.ops.relu(x)``, ``jax.nn.relu(x)``, ``jnp.tanh(x)``."""


class _Scope(keras.StatelessScope):  # type: ignore[misc,unused-ignore]
    """Gives a variable that was not mapped its own value: Keras asks for all that a regularizer is on."""

    def get_current_value(self, variable: Any) -> Any:
        """The mapped value, else its own."""
        found = super().get_current_value(variable)
        return variable._value if found is None else found


@final
class JaxBackend(Backend):
    """See `Backend`."""

    gives_none = False

    def rows(self, X: AnyArray) -> Any:
        """An array of JAX; texts stay as they are."""
        return as_tensor(X)

    def reseed(self, clone: Clone, seed: int) -> None:
        """Keras' seed generators; JAX itself has no state."""
        reseed_generators(clone, seed)

    def gradients(
        self, clone: Clone, variables: Sequence[Any], compute: Callable[[], Any], *, eager: bool
    ) -> list[Any]:
        """Of a function of the weights; what a layer would assign is dropped."""

        def loss(values: list[Any]) -> Any:
            with _Scope(state_mapping=list(zip(variables, values, strict=True)), collect_losses=True):
                return compute()

        return self.to_numpy(jax.grad(loss)([v.value for v in variables]))

    def value(self, compute: Callable[[], Any], *, eager: bool) -> float:
        """What a layer would assign is dropped."""
        with _Scope(collect_losses=True):
            return float(to_numpy(compute()))

    def run_step(self, model: Any, data: tuple[Any, ...], variables: Sequence[Any]) -> Step:
        """What ``jax.value_and_grad`` gives inside ``train_step(state, data)`` is watched."""
        step = Step()
        _build(model, data)
        asked = list(model.trainable_variables)
        with _differentiation_seen(step), swapped(model.optimizer, "stateless_apply", lambda state, g, v: (v, state)):
            model.train_step(_state_of(model, model.optimizer), data)
        if step.loss is None:
            raise NoLoss("the model's own train_step took no gradient")
        by_id = {id(v): g for v, g in zip(asked, step.gradients, strict=True)}
        step.gradients = [by_id.get(id(v)) for v in variables]
        return step

    def own_gradients(self, model: Any, data: tuple[Any, ...], variables: Sequence[Any], *, eager: bool) -> list[Any]:
        """Layers the user froze are thawed for it."""
        with thawed(model):
            return self.to_numpy(self.run_step(model, data, variables).gradients)

    def program(self, design: Design) -> Program:
        """Compiled."""
        return _Program(design)

    @contextmanager
    def activations_seen(self, report: Report) -> Iterator[None]:
        """Functions are replaced where callers look them up; the outermost call is reported."""
        inside: list[bool] = []

        def told(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
            def activation(x: Any, *args: Any, **kwargs: Any) -> Any:
                inside.append(True)
                try:
                    result = function(x, *args, **kwargs)
                finally:
                    inside.pop()
                if not inside and hasattr(result, "shape"):
                    report(kind, x, result)
                return result

            return activation

        with _replaced({name: kind for name, kind in ACTIVATIONS.items() if kind != "linear"}, told):
            yield

    @contextmanager
    def meeting(self, model: Any, labels: Any) -> Iterator[Meeting]:
        """Only the shapes with which both set out: operations under differentiation are not shown by JAX."""
        found = Meeting(target=shape_of(labels))
        original = model.call

        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if hasattr(result, "shape"):
                found.prediction = shape_of(result)
            return result

        with swapped(model, "call", call):
            yield found

    def broadcasts(self, loss: Callable[[Any, Any], Any], y: Any, p: Any) -> list[tuple[int, ...]]:
        """Read from the loss's expression."""
        try:
            return list(_broadcasts(jax.make_jaxpr(loss)(y, p).jaxpr))
        except Exception:  # labels of a shape the loss rejects
            return []

    def quietly(self) -> nullcontext[None]:
        """JAX records nothing."""
        return nullcontext()


def as_tensor(array: AnyArray) -> Any:
    """An array as ``fit`` makes it; texts stay as they are."""
    array = float32(array)
    return jnp.asarray(array) if array.dtype.kind in "fiub" else array


def _build(model: Any, data: tuple[Any, ...]) -> None:
    """The optimizer's and the metrics' state, as ``fit`` makes it before the first step."""
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    try:
        model._symbolic_build(data_batch=data)
    except Exception:  # a step of the user's own may need none of it
        return


def _state_of(model: Any, optimizer: Any) -> tuple[list[Any], ...]:
    parts = (model.trainable_variables, model.non_trainable_variables, optimizer.variables, model.metrics_variables)
    return tuple([v.value for v in part] for part in parts)


@contextmanager
def _differentiation_seen(step: Step) -> Iterator[None]:
    """Note what ``value_and_grad`` and ``grad`` give for the first function they are called on."""
    originals = {"value_and_grad": jax.value_and_grad, "grad": jax.grad}

    def value_and_grad(function: Any, *args: Any, **kwargs: Any) -> Any:
        inner = originals["value_and_grad"](function, *args, **kwargs)

        def run(*given: Any, **named: Any) -> Any:
            result, gradients = inner(*given, **named)
            if step.loss is None:
                step.loss, step.gradients = (result[0] if kwargs.get("has_aux") else result), list(gradients)
            return result, gradients

        return run

    def grad(function: Any, *args: Any, **kwargs: Any) -> Any:
        inner = value_and_grad(function, *args, **kwargs)

        def run(*given: Any, **named: Any) -> Any:
            result, gradients = inner(*given, **named)
            return (gradients, result[1]) if kwargs.get("has_aux") else gradients

        return run

    with _set({"value_and_grad": value_and_grad, "grad": grad}):
        yield


@contextmanager
def _set(functions: dict[str, Any]) -> Iterator[None]:
    """Functions of JAX replaced for a while."""
    before = {name: getattr(jax, name) for name in functions}
    for name, function in functions.items():
        setattr(jax, name, function)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(jax, name, function)


@contextmanager
def _replaced(names: dict[str, str], told: Callable[[str, Any], Any]) -> Iterator[None]:
    from importlib import import_module

    undo = []
    for home in map(import_module, HOMES):
        for name, kind in names.items():
            if callable(getattr(home, name, None)):
                undo.append((home, name, getattr(home, name)))
                setattr(home, name, told(kind, getattr(home, name)))
    try:
        yield
    finally:
        for home, name, function in reversed(undo):
            setattr(home, name, function)


def _broadcasts(expression: Any) -> Iterator[tuple[int, ...]]:
    """Shapes that came out of element-wise steps on two smaller operands, nested expressions included."""
    for equation in expression.eqns:
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from _broadcasts(inner)
        if equation.primitive.name not in ELEMENTWISE or len(equation.invars) != 2:
            continue
        a, b = (tuple(one.aval.shape) for one in equation.invars)
        out = tuple(equation.outvars[0].aval.shape)
        if a and b and a != b and np.prod(out) > max(np.prod(a), np.prod(b)):
            yield out


@final
class _Program(Program):
    """A scan over the batches of a chunk."""

    def __init__(self, design: Design) -> None:
        Program.__init__(self, design)
        mine = {id(v) for v in self.variables}
        model = design.clone.model
        self._others = [v for v in model.variables if id(v) not in mine]
        self._compiled: dict[Any, Any] = {}
        self._plain_rate = not is_schedule(design.plan.config.get("learning_rate"))

    def tensor(self, array: AnyArray) -> Any:
        """An array of JAX."""
        return as_tensor(array)

    def reseed(self, seed: int) -> None:
        """See `JaxBackend.reseed`."""
        JaxBackend().reseed(self.clone, seed)

    def steps(self, x: Any, y: Any, w: Any, order: AnyArray, batch: int) -> AnyArray:
        """Full batches in one scan, a smaller last one behind it."""
        full = len(order) // batch * batch
        parts = [order[:full].reshape(-1, batch), order[full:][None]]
        state, losses = self._state(x, y), []
        for index in parts:
            if index.size:
                state, found = self._scan()(state, x, y, w, jnp.asarray(index))
                losses.append(np.asarray(found))
        for variable, value in zip(self._all(), [v for part in state for v in part], strict=True):
            variable.assign(value)
        return np.concatenate(losses)

    def _all(self) -> list[Any]:
        metrics = self.clone.model.metrics_variables if self.objective.own_step else []
        state = [] if self._optimizer is None else self._optimizer.variables
        return [*self.variables, *self._others, *state, *metrics]

    def _state(self, x: Any, y: Any) -> tuple[list[Any], ...]:
        if self.objective.own_step:
            _build(self.clone.model, (x[:1], y[:1]))
        metrics = self.clone.model.metrics_variables if self.objective.own_step else []
        state = [] if self._optimizer is None else self._optimizer.variables
        return tuple([v.value for v in part] for part in (self.variables, self._others, state, metrics))

    def _scan(self) -> Any:
        key = (
            replace(self.limits, factor=1.0) if self._plain_rate else self.limits
        )  # a plain rate is state, no constant
        if key not in self._compiled:

            def run(state: Any, x: Any, y: Any, w: Any, order: Any) -> Any:
                def step(state: Any, index: Any) -> Any:
                    pick = operator.itemgetter(index)
                    return self._update(state, x[index], each(pick, y), None if w is None else each(pick, w))

                return jax.lax.scan(step, state, order) if not self.design.eager else _looped(step, state, order)

            self._compiled[key] = run if self.design.eager else jax.jit(run)
        return self._compiled[key]

    def _update(self, state: Any, x: Any, y: Any, weight: Any) -> tuple[Any, Any]:
        if self.objective.own_step:
            return self._own_update(state, x, y, weight)
        values, others, optimizer, metrics = state

        def loss_of(values: list[Any]) -> tuple[Any, list[Any]]:
            mapping = [*zip(self.variables, values, strict=True), *zip(self._others, others, strict=True)]
            with keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
                p = self.clone.answers(call_model(self.clone.model, x, training=self.design.training))
                loss = self.objective.of(self.clone, x, y, p, weight, self.limits.regularization)
            return loss, _now(scope, self._others, others)

        (loss, others), gradients = jax.value_and_grad(loss_of, has_aux=True)(values)
        if self.variables:
            values, optimizer = self._optimizer.stateless_apply(optimizer, gradients, values)
        return (values, others, optimizer, metrics), jnp.asarray(loss, jnp.float32)

    def _own_update(self, state: Any, x: Any, y: Any, weight: Any) -> tuple[Any, Any]:
        """The user's ``train_step`` with our optimizer; or only its loss, and the update for all variables ours."""
        model, (values, others, optimizer, metrics) = self.clone.model, state
        if self.objective.reshape:
            y = y.reshape(_shape_of_outputs(model, x))
        data = (x, y) if weight is None else (x, y, weight)
        with swapped(model, "optimizer", self._optimizer):
            if self.design.as_recorded:
                logs, (values, others, optimizer, metrics) = model.train_step(state, data)
                loss = logs.get("loss", 0.0) if isinstance(logs, dict) else 0.0
                return (list(values), list(others), list(optimizer), list(metrics)), jnp.asarray(loss, jnp.float32)
            seen = Step()
            with _differentiation_seen(seen), swapped(self._optimizer, "stateless_apply", lambda s, g, v: (v, s)):
                _, (_, others, _, metrics) = model.train_step(state, data)
        values, optimizer = self._optimizer.stateless_apply(optimizer, seen.gradients, values)
        return (values, list(others), optimizer, list(metrics)), jnp.asarray(seen.loss, jnp.float32)

    def outputs(self, x: Any) -> Any:
        """Compiled; the weights are arguments."""
        if "outputs" not in self._compiled:
            model = self.clone.model
            variables = list(model.variables)

            def run(values: list[Any], x: Any) -> Any:
                with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
                    return self.clone.answer(call_model(model, x, training=False))

            self._compiled["outputs"] = run if self.design.eager or not hasattr(x, "device") else jax.jit(run)
        return self._compiled["outputs"]([v.value for v in self.clone.model.variables], x)


def _shape_of_outputs(model: Any, x: Any) -> tuple[int, ...]:
    return tuple(jax.eval_shape(lambda rows: first_output(call_model(model, rows, training=False)), x).shape)


def _now(scope: Any, variables: list[Any], before: list[Any]) -> list[Any]:
    """What the variables became inside the scope."""
    found = []
    for variable, value in zip(variables, before, strict=True):
        new = scope.get_current_value(variable)
        found.append(value if new is None else new)
    return found


def _looped(step: Callable[[Any, Any], Any], state: Any, order: Any) -> Any:
    """A scan without compilation, for models that run eagerly."""
    losses = []
    for index in order:
        state, loss = step(state, index)
        losses.append(loss)
    return state, jnp.stack(losses)

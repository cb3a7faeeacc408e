"""Keras 3 and the legacy Keras on TensorFlow: steps are traced once and run inside the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, final

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

from defib.adapters.keras.backends.abstract import Backend, Report, reseed_generators
from defib.adapters.keras.clone import Clone
from defib.adapters.keras.flavor import everything, to_numpy
from defib.adapters.keras.own_step import Meeting, NoLoss, Step, idle, shape_of, thawed
from defib.adapters.keras.program import Design, Program, each, float32
from defib.adapters.keras.trace import call_model, first_output, swapped
from defib.subject import AnyArray

ACTIVATIONS: dict[str, str] = {
    "Relu": "relu",
    "Relu6": "relu",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
}
"""TensorFlow operation to activation name."""
ELEMENTWISE = frozenset({"Sub", "AddV2", "Add", "Mul", "SquaredDifference", "RealDiv", "Maximum", "Minimum", "Xdivy"})


def as_tensor(array: AnyArray) -> Any:
    """A tensor as ``fit`` makes it."""
    return tf.convert_to_tensor(float32(array))


@final
class TensorFlowBackend(Backend):
    """See `Backend`."""

    gives_none = True

    def rows(self, X: AnyArray) -> Any:
        """A tensor."""
        return as_tensor(X)

    def reseed(self, clone: Clone, seed: int) -> None:
        """Seed generators of Keras 3, and the generators of the legacy Keras' layers."""
        reseed(clone, seed)

    def gradients(
        self, clone: Clone, variables: Sequence[Any], compute: Callable[[], Any], *, eager: bool
    ) -> list[Any]:
        """Through the graph, as ``fit`` does."""

        def run() -> Any:
            with tf.GradientTape() as tape:
                for variable in variables:
                    tape.watch(getattr(variable, "value", variable) if clone.flavor.v3 else variable)
                loss = compute()
            found = tape.gradient(loss, variables)
            return [None if g is None else tf.convert_to_tensor(g) for g in found]

        return self.to_numpy(run() if eager else tf.function(run, autograph=False)())

    def value(self, compute: Callable[[], Any], *, eager: bool) -> float:
        """Through the graph."""
        return float(to_numpy(compute() if eager else tf.function(compute, autograph=False)()))

    def run_step(self, model: Any, data: tuple[Any, ...], variables: Sequence[Any]) -> Step:
        """The tape's ``gradient`` is watched: its target is the loss. Works eagerly and while a graph is traced."""
        step = Step()
        original = tf.GradientTape.gradient

        def gradient(tape: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
            wanted = [*variables, *(v for v in tf.nest.flatten(sources) if not _among(v, variables))]
            found = original(tape, target, wanted, *args, **kwargs)
            if step.loss is None:
                step.loss = tf.add_n([tf.reduce_sum(t) for t in tf.nest.flatten(target)])
                step.gradients = found[: len(variables)]
            by_id = {id(v): g for v, g in zip(wanted, found, strict=True)}
            return tf.nest.map_structure(lambda v: by_id[id(v)], sources)

        with idle(model.optimizer), _replaced(tf.GradientTape, "gradient", gradient):
            model.train_step(data)
        if step.loss is None:
            raise NoLoss("the model's own train_step took no gradient")
        return step

    def own_gradients(self, model: Any, data: tuple[Any, ...], variables: Sequence[Any], *, eager: bool) -> list[Any]:
        """What the tape of the user's own step gives; layers the user froze are thawed for it."""

        def run() -> Any:
            found = self.run_step(model, data, variables).gradients
            return [None if g is None else tf.convert_to_tensor(g) for g in found]

        with thawed(model):
            return self.to_numpy(run() if eager else tf.function(run, autograph=False)())

    def program(self, design: Design) -> Program:
        """Traced once per shape of rows."""
        return _Program(design)

    @contextmanager
    def activations_seen(self, report: Report) -> Iterator[None]:
        """Operations of eager TensorFlow."""

        def seen(op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> None:
            kind = ACTIVATIONS.get(_text(op_type))
            if graph is None and kind and len(inputs) == 1:
                report(kind, inputs[0], outputs[0])

        op_callbacks.add_op_callback(seen)
        try:
            yield
        finally:
            op_callbacks.remove_op_callback(seen)

    @contextmanager
    def meeting(self, model: Any, labels: Any) -> Iterator[Meeting]:
        """Through eager operations."""
        found = Meeting()
        predictions: dict[int, Any] = {}
        targets: dict[int, Any] = {id(labels): labels}
        original = model.call

        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            predictions[id(result)] = result
            return result

        def look(op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> None:
            if graph is not None:
                return
            of_model = [one for one in inputs if id(one) in predictions]
            of_labels = [one for one in inputs if id(one) in targets]
            if of_model and of_labels and found.element is None:
                found.operation = _text(op_type)
                found.prediction, found.target = shape_of(of_model[0]), shape_of(of_labels[0])
                found.element = shape_of(outputs[0])
            kept = predictions if of_model else targets if of_labels else None
            if kept is not None:
                kept.update({id(one): one for one in outputs})

        op_callbacks.add_op_callback(look)
        try:
            with swapped(model, "call", call):
                yield found
        finally:
            op_callbacks.remove_op_callback(look)

    def broadcasts(self, loss: Callable[[Any, Any], Any], y: Any, p: Any) -> list[tuple[int, ...]]:
        """Through eager operations."""
        found: list[tuple[int, ...]] = []

        def look(op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> None:
            if graph is not None or len(inputs) != 2 or len(outputs) != 1 or _text(op_type) not in ELEMENTWISE:
                return
            a, b, out = shape_of(inputs[0]), shape_of(inputs[1]), shape_of(outputs[0])
            if a and b and a != b and np.prod(out) > max(np.prod(a), np.prod(b)):
                found.append(out)

        op_callbacks.add_op_callback(look)
        try:
            loss(y, p)
        except Exception:  # labels of a shape the loss rejects: what was seen up to then is the fact
            pass
        finally:
            op_callbacks.remove_op_callback(look)
        return found

    def quietly(self) -> nullcontext[None]:
        """Outside a tape TensorFlow records nothing."""
        return nullcontext()


def _text(op_type: Any) -> str:
    return op_type if isinstance(op_type, str) else str(op_type.decode())


def _among(variable: Any, variables: Sequence[Any]) -> bool:
    return any(variable is one for one in variables)


@contextmanager
def _replaced(cls: Any, name: str, value: Any) -> Iterator[None]:
    before = cls.__dict__[name]
    setattr(cls, name, value)
    try:
        yield
    finally:
        setattr(cls, name, before)


@final
class _Program(Program):
    """A chunk of updates is one call into a graph."""

    def __init__(self, design: Design) -> None:
        Program.__init__(self, design)
        self._limits = [tf.Variable(one, dtype=tf.float32, trainable=False) for one in (1.0, 0.0, np.inf)]
        self._regularization = tf.Variable(1.0, dtype=tf.float32, trainable=False)
        self._functions: dict[Any, Any] = {}

    def rate_limits(self) -> tuple[Any, Any, Any]:
        """Variables, so that other ones need no new trace."""
        factor, low, high = self._limits
        return factor, low, high

    def limit(self) -> None:
        """Into the variables."""
        for variable, value in zip(self._limits, Program.rate_limits(self), strict=True):
            variable.assign(value)
        self._regularization.assign(self.limits.regularization)

    def tensor(self, array: AnyArray) -> Any:
        """A tensor."""
        return as_tensor(array)

    def reseed(self, seed: int) -> None:
        """See `reseed`."""
        reseed(self.clone, seed)

    def steps(self, x: Any, y: Any, w: Any, order: AnyArray, batch: int) -> AnyArray:
        """One call."""
        step = self._function("train", x, y, w)
        found: AnyArray = step(x, y, w, tf.constant(order, tf.int32), tf.constant(batch)).numpy()
        return found

    def outputs(self, x: Any) -> Any:
        """One call."""
        return self._function("predict", x)(x)

    def _function(self, what: str, *tensors: Any) -> Any:
        """The traced function for rows of this shape and type."""

        def spec(tensor: Any) -> Any:
            return tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)

        specs = tuple(None if t is None else each(spec, t) for t in tensors)
        key = (what, specs)
        if key not in self._functions:
            function = self._epoch if what == "train" else self._predict
            if not self.design.eager:
                extra = (tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)) if what == "train" else ()
                function = _compiled(function, (*specs, *extra))
            self._functions[key] = function
        return self._functions[key]

    def _epoch(self, X: Any, Y: Any, W: Any, order: Any, batch: Any) -> Any:
        """All batches of ``order``, one after the other, inside the graph. Returns their losses."""

        def gather(index: Any) -> Callable[[Any], Any]:
            return lambda values: tf.gather(values, index)

        total = tf.shape(order)[0]
        steps = -(-total // batch)

        def body(k: Any, losses: Any) -> tuple[Any, Any]:
            index = order[k * batch : tf.minimum((k + 1) * batch, total)]
            weight, y = None if W is None else each(gather(index), W), each(gather(index), Y)
            loss = self._update(tf.gather(X, index), y, weight)
            return k + 1, losses.write(k, tf.cast(loss, tf.float32))

        losses = tf.TensorArray(tf.float32, size=steps)
        _, losses = tf.while_loop(lambda k, _: k < steps, body, [0, losses], parallel_iterations=1)
        return losses.stack()

    def _update(self, x: Any, y: Any, weight: Any) -> Any:
        model = self.clone.model
        if self.objective.own_step:
            return self._own_update(x, y, weight)
        with tf.GradientTape() as tape:
            p = self.clone.answers(call_model(model, x, training=self.design.training))
            loss = self.objective.of(self.clone, x, y, p, weight, self._regularization)
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
            if self.design.as_recorded:
                logs = model.train_step(data)
                return tf.cast(tf.reduce_mean(logs.get("loss", 0.0) if isinstance(logs, dict) else 0.0), tf.float32)
            step = TensorFlowBackend().run_step(model, data, self.variables)
        pairs = zip(step.gradients, self.variables, strict=True)
        self._optimizer.apply_gradients([(tf.zeros_like(v) if g is None else g, v) for g, v in pairs])
        return step.loss

    def _predict(self, X: Any) -> Any:
        return self.clone.answer(call_model(self.clone.model, X, training=False))


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


def reseed(clone: Clone, seed: int) -> None:
    """Set every random layer of a clone (dropout, noise) to a state that follows from the seed."""
    reseed_generators(clone, seed)
    if clone.borrowed:
        return
    for number, layer in enumerate(everything(clone.model)):
        source = getattr(layer, "_random_generator", None)
        if hasattr(source, "_maybe_init"):
            _reseed_legacy(source, seed * 1000 + number)


def _reseed_legacy(source: Any, seed: int) -> None:
    """The legacy Keras draws from TensorFlow's stateful operations, which nothing can reset: use its generators."""
    if source._rng_type != source.RNG_STATEFUL:
        source._rng_type = source.RNG_STATEFUL
        source._built = False
    source._maybe_init()
    source._generator.reset_from_seed(seed)

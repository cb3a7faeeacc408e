"""Models with a ``train_step`` (or ``compute_loss``) of their own: the loss inside it, found by running it.

The user's step is run on a clone with an optimizer that does nothing, and the tape's ``gradient`` is
watched: its target is the loss, whatever expression that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from defib.adapters.keras.flavor import Flavor, to_numpy
from defib.adapters.keras.trace import swapped
from defib.recipe import LossFacts, LossKind, LossTakes
from defib.subject import AnyArray

CLOSE: Final = 1e-3
"""Relative difference below which a loss value counts as that of a known formula (float32, one batch)."""
CLIP: Final = 1e-7
APPLIERS: Final = ("apply", "apply_gradients")


class NoLoss(Exception):
    """The step took no gradient of anything."""


def overrides(flavor: Flavor, model: Any, method: str) -> bool:
    """Whether the user's class defines a method that Keras' own classes have."""
    for base in type(model).__mro__:
        if method in base.__dict__:
            return bool(base.__module__.split(".")[0] != flavor.name)
    return False


@dataclass
class Step:
    """One run of the user's step without its update."""

    loss: Any = None
    gradients: list[Any] = field(default_factory=list)
    """Of the loss, for the variables asked for."""
    sources: list[Any] = field(default_factory=list)
    """What the user's step took gradients for."""


def run_step(model: Any, data: tuple[Any, ...], variables: Sequence[Any]) -> Step:
    """Run ``model.train_step(data)``, update nothing; works eagerly and while a graph is traced. Raises `NoLoss`."""
    import tensorflow as tf

    step = Step()
    original = tf.GradientTape.gradient

    def gradient(tape: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
        wanted = [*variables, *(v for v in tf.nest.flatten(sources) if not _among(v, variables))]
        found = original(tape, target, wanted, *args, **kwargs)
        if step.loss is None:
            step.loss = tf.add_n([tf.reduce_sum(t) for t in tf.nest.flatten(target)])
            step.gradients = found[: len(variables)]
            step.sources = tf.nest.flatten(sources)
        by_id = {id(v): g for v, g in zip(wanted, found, strict=True)}
        return tf.nest.map_structure(lambda v: by_id[id(v)], sources)

    with _idle(model.optimizer), _replaced(tf.GradientTape, "gradient", gradient):
        model.train_step(data)
    if step.loss is None:
        raise NoLoss("the model's own train_step took no gradient")
    return step


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


@contextmanager
def _idle(optimizer: Any) -> Iterator[None]:
    """An optimizer that takes gradients and does nothing."""
    with ExitStack() as stack:
        for method in APPLIERS:
            if optimizer is not None and hasattr(optimizer, method):
                stack.enter_context(swapped(optimizer, method, lambda *args, **kwargs: None))
        yield


@contextmanager
def evaluation_mode(model: Any) -> Iterator[None]:
    """Every call of the model runs with ``training=False``, whatever its step asks for."""
    original = model.call

    def call(*args: Any, **kwargs: Any) -> Any:
        if "training" in kwargs:
            kwargs["training"] = False
        return original(*args, **kwargs)

    with swapped(model, "call", call):
        yield


# --- what the loss is ---------------------------------------------------------------------------


@dataclass
class Meeting:
    """Where predictions and targets meet for the first time."""

    operation: str = ""
    prediction: tuple[int, ...] | None = None
    target: tuple[int, ...] | None = None
    element: tuple[int, ...] | None = None


@contextmanager
def meeting(model: Any, labels: Any) -> Iterator[Meeting]:
    """Follow the model's output and the labels through eager operations until one takes both."""
    from tensorflow.python.framework import op_callbacks

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
            found.operation = op_type if isinstance(op_type, str) else op_type.decode()
            found.prediction, found.target = _shape(of_model[0]), _shape(of_labels[0])
            found.element = _shape(outputs[0])
        kept = predictions if of_model else targets if of_labels else None
        if kept is not None:
            kept.update({id(one): one for one in outputs})

    op_callbacks.add_op_callback(look)
    try:
        with swapped(model, "call", call):
            yield found
    finally:
        op_callbacks.remove_op_callback(look)


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in tensor.shape)


Formula = tuple[LossKind, LossTakes, Callable[[Any, Any], Any]]


def classify(value: float, y: AnyArray, p: AnyArray) -> tuple[LossKind, LossTakes]:
    """Which well-known loss gives this value on these labels and outputs, element by element or broadcast.

    >>> classify(0.25, np.zeros(4), np.full((4, 1), 0.5))
    ('squared_error', 'values')
    """
    y = np.asarray(y, dtype=np.float64)
    p = np.asarray(p, dtype=np.float64)
    for kind, takes, formula in _formulas(p):
        for target in _aligned(y, p):
            with np.errstate(all="ignore"):
                try:
                    expected = float(formula(target, p))
                except (ValueError, IndexError):
                    continue
            if np.isfinite(expected) and abs(expected - value) <= CLOSE * max(abs(value), 1e-3):
                return kind, takes
    return "other", "values"


def _aligned(y: AnyArray, p: AnyArray) -> list[AnyArray]:
    """The labels in the predictions' shape where they fit, and as they are (a broadcast)."""
    found = [y.reshape(p.shape)] if y.size == p.size else []
    return [*found, y]


def _formulas(p: AnyArray) -> list[Formula]:
    def bce(t: Any, q: Any) -> Any:
        q = np.clip(q, CLIP, 1 - CLIP)
        return -np.mean(t * np.log(q) + (1 - t) * np.log(1 - q))

    def ids(t: Any, log_q: Any) -> Any:
        flat = np.ravel(t).astype(int)
        return -np.mean(log_q.reshape(-1, log_q.shape[-1])[np.arange(len(flat)), flat])

    def log_softmax(z: Any) -> Any:
        z = z - z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))

    def log_of(q: Any) -> Any:
        return np.log(np.clip(q / q.sum(axis=-1, keepdims=True), CLIP, 1 - CLIP))

    found: list[Formula] = [
        ("squared_error", "values", lambda t, q: np.mean((t - q) ** 2)),
        ("squared_error", "values", lambda t, q: np.mean((t - q) ** 2) / 2),
        ("absolute_error", "values", lambda t, q: np.mean(np.abs(t - q))),
        ("binary_cross_entropy", "logits", lambda t, q: np.mean(np.logaddexp(0, q) - t * q)),
    ]
    if p.min(initial=0) >= 0 and p.max(initial=0) <= 1:
        found.append(("binary_cross_entropy", "probabilities", bce))
    if p.ndim > 1 and p.shape[-1] > 1:
        found += [
            ("sparse_categorical_cross_entropy", "probabilities", lambda t, q: ids(t, log_of(q))),
            ("sparse_categorical_cross_entropy", "logits", lambda t, q: ids(t, log_softmax(q))),
            ("categorical_cross_entropy", "probabilities", lambda t, q: -np.mean((t * log_of(q)).sum(-1))),
            ("categorical_cross_entropy", "logits", lambda t, q: -np.mean((t * log_softmax(q)).sum(-1))),
        ]
    return found


def read_own_loss(model: Any, name: str, x: Any, y: Any, run: Callable[[], Any]) -> LossFacts:
    """Facts of the loss that ``run()`` computes on rows ``x`` and labels ``y``, without update."""
    with evaluation_mode(model), meeting(model, y) as met:
        value = float(to_numpy(run()))
    output = to_numpy(_output(model, x))
    penalties = float(sum(float(to_numpy(one)) for one in model.losses))
    kind, takes = classify(value - penalties, to_numpy(y), output)
    if kind == "other":
        kind, takes = classify(value, to_numpy(y), output)
    return LossFacts(name, kind, takes, met.prediction, met.target, met.element)


def _output(model: Any, x: Any) -> Any:
    from defib.adapters.keras.program import first_output
    from defib.adapters.keras.trace import call_model

    return first_output(call_model(model, x, training=False))

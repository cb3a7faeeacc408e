"""Models with a ``train_step`` (or ``compute_loss``) of their own: the loss inside it, found by running it.

The user's step is run on a clone with an optimizer that does nothing, and what it takes the gradient of is watched:
that is the loss, whatever expression it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from defib.adapters.keras.flavor import Flavor, everything, to_numpy
from defib.adapters.keras.packing import Packing, unpacked
from defib.adapters.keras.trace import call_model, first_output, swapped
from defib.recipe import LossFacts, LossKind, LossTakes
from defib.subject import AnyArray

if TYPE_CHECKING:
    from defib.adapters.keras.backends.abstract import Backend

CLOSE: Final = 1e-3
"""Relative difference below which a loss value counts as that of a known formula (float32, one batch)."""
CLIP: Final = 1e-7
INNER: Final = "_defib_inner"
"""Attribute of a view that holds the user's model with a step of its own."""
APPLIERS: Final = ("apply", "apply_gradients")


class NoLoss(Exception):
    """The step took no gradient of anything."""


def overrides(flavor: Flavor, model: Any, method: str) -> bool:
    """Whether the user's class defines a method that Keras' own classes have."""
    for base in type(model).__mro__:
        if method in base.__dict__:
            return bool(base.__module__.split(".")[0] != flavor.name)
    return False


def stepping(model: Any) -> Any:
    """Whose ``train_step`` runs: the user's model inside a view that packs its inputs, else the model itself."""
    return vars(model).get(INNER, model)


def steps_inside(flavor: Flavor, view: Any, packing: Packing) -> bool:
    """Give a view of packed inputs the ``train_step`` of the user's model inside it; whether there is one.

    The user's step gets the inputs as ``fit`` gave them, and the optimizer of the view.
    """
    inner = next((one for one in view.layers if overrides(flavor, one, "train_step")), None)
    if inner is None:
        return False

    def train_step(data: Any) -> Any:
        x, *rest = data
        with swapped(inner, "optimizer", view.optimizer):
            return inner.train_step((unpacked(packing, x), *rest))

    vars(view)["train_step"] = train_step
    vars(view)[INNER] = inner
    return True


def can_step_inside(flavor: Flavor, packing: Packing | None) -> bool:
    """On JAX a step takes the state of the very model that it belongs to."""
    return packing is not None and flavor.backend != "jax"


@dataclass
class Step:
    """One run of the user's step without its update."""

    loss: Any = None
    gradients: list[Any] = field(default_factory=list)
    """Of the loss, for the variables asked for; ``None`` where it does not depend on one."""


@contextmanager
def idle(optimizer: Any) -> Iterator[None]:
    """An optimizer that takes gradients and does nothing."""
    with ExitStack() as stack:
        for method in APPLIERS:
            if optimizer is not None and hasattr(optimizer, method):
                stack.enter_context(swapped(optimizer, method, lambda *args, **kwargs: None))
        yield


@contextmanager
def thawed(model: Any) -> Iterator[None]:
    """Every layer trainable for a while."""
    flags = [(layer, layer.trainable) for layer in everything(model)]
    try:
        for layer, flag in flags:
            if not flag:
                layer.trainable = True
        yield
    finally:
        for layer, flag in flags:
            if layer.trainable != flag:
                layer.trainable = flag


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


def shape_of(tensor: Any) -> tuple[int, ...]:
    """Sizes of a tensor."""
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


def read_own_loss(backend: Backend, model: Any, name: str, x: Any, y: Any, run: Callable[[], Any]) -> LossFacts:
    """Facts of the loss that ``run()`` computes on rows ``x`` and labels ``y``, without update."""
    with evaluation_mode(stepping(model)), backend.meeting(stepping(model), y) as met:
        value = float(to_numpy(run()))
    with backend.quietly():
        output = to_numpy(first_output(call_model(model, x, training=False)))
    penalties = float(sum(float(to_numpy(one)) for one in model.losses))
    kind, takes = classify(value - penalties, to_numpy(y), output)
    if kind == "other":
        kind, takes = classify(value, to_numpy(y), output)
    return LossFacts(name, kind, takes, met.prediction, met.target, met.element)

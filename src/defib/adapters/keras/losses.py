"""The compiled loss: what it is, what it was given, and losses to put in its place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from defib.adapters.keras.backends import backend_of
from defib.adapters.keras.backends.abstract import Backend
from defib.adapters.keras.clone import Clone
from defib.adapters.keras.flavor import Flavor, activation_name, layer_activation, to_numpy, walk
from defib.adapters.keras.ops import ops_of
from defib.adapters.keras.trace import call_model
from defib.recipe import Edit, LossFacts, LossKind, LossTakes
from defib.subject import AnyArray

KINDS: dict[str, LossKind] = {
    "binary_crossentropy": "binary_cross_entropy",
    "bce": "binary_cross_entropy",
    "binary_focal_crossentropy": "binary_cross_entropy",
    "categorical_crossentropy": "categorical_cross_entropy",
    "categorical_focal_crossentropy": "categorical_cross_entropy",
    "sparse_categorical_crossentropy": "sparse_categorical_cross_entropy",
    "mean_squared_error": "squared_error",
    "mse": "squared_error",
    "mean_squared_logarithmic_error": "other",
    "mean_absolute_error": "absolute_error",
    "mae": "absolute_error",
    "huber": "huber",
    "huber_loss": "huber",
    "log_cosh": "huber",
    "hinge": "hinge",
    "squared_hinge": "hinge",
    "categorical_hinge": "hinge",
    "poisson": "poisson",
    "kl_divergence": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "kld": "kl_divergence",
}
CROSS_ENTROPIES = ("binary_cross_entropy", "categorical_cross_entropy", "sparse_categorical_cross_entropy")
SQUASHED = ("sigmoid", "softmax")


def single_loss(loss: Any) -> Any:
    """The one loss inside a list or dict of one.

    >>> single_loss(["mse"]), single_loss({"out": "mse"}), single_loss("mse")
    ('mse', 'mse', 'mse')
    """
    if isinstance(loss, dict) and len(loss) == 1:
        return next(iter(loss.values()))
    if isinstance(loss, (list, tuple)) and len(loss) == 1:
        return loss[0]
    return loss


def loss_name(loss: Any) -> str:
    """The framework's name for a loss given as string, function or object.

    >>> loss_name("mse"), loss_name(lambda y, p: 0)
    ('mse', '<lambda>')
    """
    if isinstance(loss, str):
        return loss
    function = getattr(loss, "fn", None)
    if function is not None and hasattr(function, "__name__"):
        return str(function.__name__)
    if hasattr(loss, "__name__"):
        return str(loss.__name__)
    return str(getattr(loss, "name", None) or type(loss).__name__)


def snake(name: str) -> str:
    """Snake case, as Keras makes it of a class name.

    >>> snake("BinaryCrossentropy"), snake("mse")
    ('binary_crossentropy', 'mse')
    """
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def from_logits(loss: Any) -> bool:
    """Whether the loss was told that it is given logits."""
    keywords = getattr(loss, "_fn_kwargs", None) or {}
    return bool(keywords.get("from_logits", getattr(loss, "from_logits", False)))


def loss_kind(flavor: Flavor, loss: Any) -> LossKind:
    """Neutral kind by name; a hand-made loss is ``other`` unless it computes a squared or absolute error."""
    if loss is None:
        return "other"
    known = KINDS.get(snake(loss_name(loss)))
    if known is not None and not _handmade(loss):
        return known
    return _numeric_kind(loss) or known or "other"


def _handmade(loss: Any) -> bool:
    return callable(loss) and type(loss).__module__.split(".")[0] not in ("keras", "tf_keras") and _module(loss)


def _module(loss: Any) -> bool:
    return str(getattr(loss, "__module__", "")).split(".")[0] not in ("keras", "tf_keras")


def _numeric_kind(loss: Any) -> LossKind | None:
    """Try a hand-made loss on numbers: does it compute a well-known one?"""
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, size=(7, 1)).astype(np.float32)
    guess = rng.uniform(0.1, 0.9, size=(7, 1)).astype(np.float32)
    try:
        value = float(np.mean(to_numpy(loss(target, guess))))
    except Exception:  # it may want tensors of another kind; then it stays "other"
        return None
    error = target - guess
    cross = -(target * np.log(guess) + (1 - target) * np.log(1 - guess))
    for kind, expected in (
        ("squared_error", error**2),
        ("absolute_error", abs(error)),
        ("binary_cross_entropy", cross),
    ):
        if np.isclose(value, float(np.mean(expected)), rtol=1e-4):
            return kind  # type: ignore[return-value]
    return None


def head_activation(model: Any) -> str:
    """The last activation on the way to the output, read from the layers; ``linear`` when there is none."""
    for layer in reversed(walk(model)):
        own = layer_activation(layer)
        if own is not None:
            return own
        fused = getattr(layer, "activation", None)
        if fused is not None and not getattr(fused, "weights", None):
            return activation_name(fused)
        if getattr(layer, "weights", None):
            return "linear"
    return "linear"


@dataclass(frozen=True)
class LossReading:
    """The loss as it acted on the model's real output."""

    facts: LossFacts
    cached_logits: bool
    """Keras went behind the head's sigmoid or softmax and took its input."""

    @property
    def link(self) -> str:
        """What turns the model's outputs into probabilities."""
        return link_of(self.facts.kind, self.facts.takes)


def link_of(kind: LossKind, takes: LossTakes) -> str:
    """``sigmoid`` or ``softmax`` when the loss takes logits, else ``identity``.

    >>> link_of("binary_cross_entropy", "logits"), link_of("squared_error", "values")
    ('sigmoid', 'identity')
    """
    if takes != "logits":
        return "identity"
    return "sigmoid" if kind == "binary_cross_entropy" else "softmax"


def read_loss(clone: Clone, loss: Any, X: AnyArray | None, y: AnyArray | None) -> LossReading:
    """What the loss is and what one batch of rows gave it. ``clone`` holds the user's structure."""
    loss = single_loss(loss)
    flavor = clone.flavor
    kind = loss_kind(flavor, loss)
    backend = backend_of(flavor)
    with backend.quietly():
        output = None if X is None else call_model(clone.model, X, training=False)
    cached = kind in CROSS_ENTROPIES and takes_cached_logits(clone, output)
    takes: LossTakes = "values"
    if kind in CROSS_ENTROPIES:
        takes = "logits" if from_logits(loss) and not cached else "probabilities"
    elif kind == "kl_divergence":
        takes = "probabilities"
    seen = _Seen()
    if output is not None and y is not None and loss is not None:
        seen = _shapes(flavor, backend, loss, output, y[: len(output)])
    clips = kind in CROSS_ENTROPIES and takes == "probabilities" and not cached and not _handmade(loss)
    name = loss_name(loss) if loss is not None else "add_loss"
    facts = LossFacts(name, kind, takes, seen.prediction, seen.target, seen.element, clips)
    return LossReading(facts, cached)


def takes_cached_logits(clone: Clone, output: Any) -> bool:
    """Whether Keras' cross-entropies recover the logits behind this output (TensorFlow backend only)."""
    if clone.flavor.backend != "tensorflow":
        return False
    return hasattr(output, "_keras_logits")


@dataclass
class _Seen:
    """Shapes of one batch inside the loss."""

    prediction: tuple[int, ...] | None = None
    target: tuple[int, ...] | None = None
    element: tuple[int, ...] | None = None


def _shape(value: Any) -> tuple[int, ...] | None:
    shape = getattr(value, "shape", None)
    return None if shape is None else tuple(int(n) for n in shape)


def _shapes(flavor: Flavor, backend: Backend, loss: Any, output: Any, y: AnyArray) -> _Seen:
    """Run the loss on one batch as ``fit`` does and look at the shapes as they meet."""
    seen = _Seen()
    try:
        broadcast = backend.broadcasts(_spied(flavor, loss, seen), _as_tensor(flavor, backend, y), output)
    except Exception:  # a loss that wants something else: what was seen up to then is the fact
        return seen
    if broadcast:
        seen.element = max(broadcast, key=lambda shape: int(np.prod(shape)))
    return seen


def _as_tensor(flavor: Flavor, backend: Backend, y: AnyArray) -> Any:
    """Labels as they reach the compiled loss; the legacy Keras makes a column of a plain list of labels first."""
    tensor = backend.rows(y)
    return tensor[:, None] if not flavor.v3 and len(tensor.shape) == 1 else tensor


def _spied(flavor: Flavor, loss: Any, seen: _Seen) -> Callable[[Any, Any], Any]:
    """A copy of the loss object whose innermost function notes its arguments' shapes."""
    resolved = flavor.keras.losses.get(loss) if isinstance(loss, str) else loss
    inner = getattr(resolved, "fn", None)

    def note(function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
            seen.target, seen.prediction = _shape(y_true), _shape(y_pred)
            result = function(y_true, y_pred, *args, **kwargs)
            shape = _shape(result)
            seen.element = shape if shape else seen.element
            return result

        return noted

    if isinstance(resolved, flavor.keras.losses.Loss):
        spy: Callable[[Any, Any], Any] = copy.copy(resolved)
        target: Any = spy
        if inner is not None:
            target.fn = note(inner)
        else:
            target.call = note(resolved.call)
        return spy
    wrapped: Callable[[Any, Any], Any] = _wrapper(flavor, note(resolved))
    return wrapped


def _wrapper(flavor: Flavor, function: Callable[..., Any]) -> Any:
    """What ``compile`` makes of a bare function."""
    if not flavor.v3:
        from tf_keras.src.losses import LossFunctionWrapper
    else:
        from keras.src.losses.losses import LossFunctionWrapper
    return LossFunctionWrapper(function, name="spied")


LossFunction = Callable[[Any, Any], Any]
"""``(y, y_pred) -> per-row loss or scalar``."""


def canonical_loss(flavor: Flavor, name: str) -> LossFunction:
    """The losses that the edit ``loss`` names: ``bce_logits``, ``bce``, ``ce_logits``, ``ce``, ``mse``."""
    ops, losses = ops_of(flavor), flavor.keras.losses
    logits = name.endswith("_logits")

    def bce(y: Any, p: Any) -> Any:
        return losses.binary_crossentropy(ops.like(y, p), p, from_logits=logits)

    def ce(y: Any, p: Any) -> Any:
        one_hot = len(y.shape) == len(p.shape) and y.shape[-1] == p.shape[-1] and p.shape[-1] != 1
        if one_hot:
            return losses.categorical_crossentropy(ops.cast(y, p.dtype), p, from_logits=logits)
        ids = ops.reshape(y, ops.shape(p)[:-1])
        return losses.sparse_categorical_crossentropy(ids, p, from_logits=logits)

    def mse(y: Any, p: Any) -> Any:
        return losses.mean_squared_error(ops.like(y, p), p)

    return {"bce": bce, "ce": ce, "mse": mse}[name.removesuffix("_logits")]


def matched(loss: Any, flavor: Flavor) -> Any:
    """The user's loss with the targets brought to the predictions' shape first."""
    ops, resolved = ops_of(flavor), flavor.keras.losses.get(loss) if isinstance(loss, str) else loss

    def same_shape(y: Any, p: Any) -> Any:
        return resolved(ops.like(y, p), p)

    return same_shape


def loss_edit(edits: tuple[Edit, ...]) -> str | None:
    """The canonical loss an arm asks for."""
    return next((str(edit.value) for edit in reversed(edits) if edit.op == "loss"), None)


CANONICAL: dict[str, tuple[LossKind, LossTakes]] = {
    "bce_logits": ("binary_cross_entropy", "logits"),
    "bce": ("binary_cross_entropy", "probabilities"),
    "ce_logits": ("categorical_cross_entropy", "logits"),
    "ce": ("categorical_cross_entropy", "probabilities"),
    "mse": ("squared_error", "values"),
}

"""Which Keras a model belongs to, and its layers in neutral words."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from defib.subject import LayerKind

ROOTS = ("keras", "tf_keras")

KINDS: dict[str, LayerKind] = {
    "Dense": "dense",
    "EinsumDense": "dense",
    "MultiHeadAttention": "attention",
    "GroupedQueryAttention": "attention",
    "Attention": "attention",
    "AdditiveAttention": "attention",
    "Embedding": "embedding",
    "Bidirectional": "recurrent",
    "RNN": "recurrent",
    "SimpleRNN": "recurrent",
    "LSTM": "recurrent",
    "GRU": "recurrent",
    "ConvLSTM1D": "recurrent",
    "ConvLSTM2D": "recurrent",
    "ConvLSTM3D": "recurrent",
    "TimeDistributed": "other",
    "Flatten": "reshape",
    "Reshape": "reshape",
    "Permute": "reshape",
    "RepeatVector": "reshape",
    "Masking": "other",
}
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
NORMS = ("BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization", "RMSNormalization")
ACTIVATION_LAYERS = {
    "Activation": None,
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "leaky_relu",
    "ELU": "elu",
    "ThresholdedReLU": "relu",
    "Softmax": "softmax",
}
ACTIVATIONS: dict[str, str] = {
    "relu": "relu",
    "relu6": "relu",
    "re_lu": "relu",
    "leaky_relu": "leaky_relu",
    "leakyrelu": "leaky_relu",
    "prelu": "leaky_relu",
    "elu": "elu",
    "celu": "elu",
    "selu": "selu",
    "gelu": "gelu",
    "silu": "silu",
    "swish": "silu",
    "softplus": "softplus",
    "sigmoid": "sigmoid",
    "hard_sigmoid": "hard_sigmoid",
    "hardsigmoid": "hard_sigmoid",
    "tanh": "tanh",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "logsoftmax": "log_softmax",
    "log_sigmoid": "log_sigmoid",
    "logsigmoid": "log_sigmoid",
    "linear": "linear",
}
"""Framework's name, lower case, to the name used above the adapters."""


@dataclass(frozen=True)
class Flavor:
    """One Keras: version 3 (``keras``) or the legacy one (``tf_keras``)."""

    name: str
    keras: Any
    """The module object."""

    @property
    def v3(self) -> bool:
        """Keras 3 (any backend)."""
        return self.name == "keras"

    @property
    def backend(self) -> str:
        """``tensorflow``, ``torch``, ``jax`` or ``numpy``."""
        return str(self.keras.backend.backend())


def flavor_of(model: Any) -> Flavor | None:
    """The Keras that defined the model's base class; ``None`` when it is no Keras model."""
    for base in type(model).__mro__:
        root = base.__module__.split(".")[0]
        if root in ROOTS and root in sys.modules and isinstance(model, sys.modules[root].Model):
            return Flavor(root, sys.modules[root])
    return None


def activation_name(activation: Any) -> str:
    """Neutral name of a fused activation: a function, a layer or a string.

    >>> activation_name("swish"), activation_name(None), activation_name(lambda x: x)
    ('silu', 'linear', 'other')
    """
    if activation is None:
        return "linear"
    name = activation if isinstance(activation, str) else getattr(activation, "__name__", type(activation).__name__)
    return ACTIVATIONS.get(str(name).lower(), "other")


def layer_activation(layer: Any) -> str | None:
    """Name of an activation *layer* (or functional operation); ``None`` when it is something else."""
    kind = type(layer).__name__
    if kind == "Activation":
        return activation_name(layer.activation)
    if ACTIVATION_LAYERS.get(kind):
        return ACTIVATION_LAYERS[kind]
    if is_operation(layer):
        return ACTIVATIONS.get(kind.lower())
    return None


def is_operation(layer: Any) -> bool:
    """A bare operation in a functional graph (``keras.ops.relu(x)``), which is no layer."""
    return type(layer).__module__.startswith("keras.src.ops")


def layer_kind(layer: Any) -> LayerKind:
    """Neutral kind of a layer by its class."""
    name = type(layer).__name__
    if layer_activation(layer) is not None:
        return "activation"
    if name in KINDS:
        return KINDS[name]
    if getattr(getattr(layer, "function", None), "takes_apart", False):
        return "reshape"  # our own door in front of a model of several inputs
    if "Normalization" in name:
        return "norm"
    if "Dropout" in name or name in ("GaussianNoise",):
        return "dropout"
    if "Pooling" in name:
        return "pool"
    if name in MERGES:
        return "merge"
    if "Conv" in name:
        return "conv"
    if name.startswith(("ZeroPadding", "Cropping", "UpSampling")):
        return "reshape"
    return "other"


OPAQUE: frozenset[str] = frozenset({"recurrent", "attention"})
"""Kinds whose inner layers are not shown."""


def is_builtin(layer: Any) -> bool:
    """A layer, loss or function of Keras itself, not of the user's."""
    home = layer.__module__ if hasattr(layer, "__qualname__") else type(layer).__module__
    return str(home).split(".")[0] in ROOTS


def sublayers(layer: Any) -> list[Any]:
    """Direct sublayers (and bare operations of a functional graph), in order."""
    if layer_kind(layer) in OPAQUE or (is_builtin(layer) and type(layer).__name__ == "TimeDistributed"):
        return []
    operations = getattr(layer, "operations", None)
    inner = operations if isinstance(operations, (list, tuple)) else _own_layers(layer)
    return [part for part in inner if type(part).__name__ != "InputLayer"]


def _own_layers(layer: Any) -> list[Any]:
    if not hasattr(layer, "_flatten_layers"):
        return []
    return list(layer._flatten_layers(include_self=False, recursive=False))


def walk(model: Any) -> list[Any]:
    """All leaf layers in order, nested models and composite layers opened, shared ones once."""
    seen: set[int] = set()
    found: list[Any] = []

    def visit(layer: Any) -> None:
        if id(layer) in seen:
            return
        seen.add(id(layer))
        inner = sublayers(layer)
        for part in inner:
            visit(part)
        if not inner:
            found.append(layer)

    visit(model)
    return found


def everything(model: Any) -> list[Any]:
    """The model and all layers below it, opaque ones opened too."""
    return list(model._flatten_layers(include_self=True, recursive=True))


def own_variables(layer: Any) -> tuple[list[Any], list[Any]]:
    """Variables that this very layer created, ``(trainable by design, never trainable)``, whatever is frozen now."""
    if hasattr(layer, "_trainable_variables"):
        trainable, other = layer._trainable_variables, layer._non_trainable_variables
    else:
        trainable = getattr(layer, "_trainable_weights", [])
        other = getattr(layer, "_non_trainable_weights", [])
    return list(trainable), list(other)


def trainable_by_design(model: Any) -> set[int]:
    """``id`` of every variable that can be trained once nothing is frozen."""
    return {id(v) for layer in everything(model) for v in own_variables(layer)[0]}


def to_numpy(tensor: Any) -> Any:
    """A NumPy copy of a tensor or variable of any backend."""
    import numpy as np

    inner = getattr(tensor, "value", None)
    if inner is not None and not callable(inner):  # a variable of Keras 3
        tensor = inner
    if hasattr(tensor, "detach"):
        return np.array(tensor.detach().cpu().numpy())
    if hasattr(tensor, "numpy"):
        return np.array(tensor.numpy())
    return np.array(tensor)

"""What torch's functions are: kind of layer, activation, loss. Read from the function, never from a layer's name."""

from __future__ import annotations

from typing import Any, Final

from defib.recipe import LossKind, LossTakes
from defib.subject import LayerKind

ACTIVATIONS: Final[dict[str, str]] = {
    "relu": "relu",
    "relu6": "relu",
    "threshold": "relu",
    "leaky_relu": "leaky_relu",
    "prelu": "leaky_relu",
    "rrelu": "leaky_relu",
    "elu": "elu",
    "celu": "elu",
    "selu": "selu",
    "gelu": "gelu",
    "silu": "silu",
    "mish": "silu",
    "softplus": "softplus",
    "sigmoid": "sigmoid",
    "expit": "sigmoid",
    "hardsigmoid": "hard_sigmoid",
    "tanh": "tanh",
    "hardtanh": "tanh",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "logsigmoid": "log_sigmoid",
    "log_sigmoid": "log_sigmoid",
    "softsign": "other",
    "hardswish": "other",
    "tanhshrink": "other",
    "hardshrink": "other",
    "softshrink": "other",
    "softmin": "softmax",
    "gumbel_softmax": "softmax",
    "glu": "other",
}
"""Function name (trailing underscores removed) → `Layer.activation`."""

KINDS: Final[dict[str, LayerKind]] = {
    "linear": "dense",
    "bilinear": "dense",
    "conv1d": "conv",
    "conv2d": "conv",
    "conv3d": "conv",
    "conv_transpose1d": "conv",
    "conv_transpose2d": "conv",
    "conv_transpose3d": "conv",
    "_convolution": "conv",
    "lstm": "recurrent",
    "gru": "recurrent",
    "rnn_tanh": "recurrent",
    "rnn_relu": "recurrent",
    "lstm_cell": "recurrent",
    "gru_cell": "recurrent",
    "rnn_tanh_cell": "recurrent",
    "rnn_relu_cell": "recurrent",
    "multi_head_attention_forward": "attention",
    "scaled_dot_product_attention": "attention",
    "embedding": "embedding",
    "embedding_bag": "embedding",
    "batch_norm": "norm",
    "layer_norm": "norm",
    "group_norm": "norm",
    "instance_norm": "norm",
    "local_response_norm": "norm",
    "rms_norm": "norm",
    "normalize": "norm",
    "dropout": "dropout",
    "dropout1d": "dropout",
    "dropout2d": "dropout",
    "dropout3d": "dropout",
    "alpha_dropout": "dropout",
    "feature_alpha_dropout": "dropout",
    "flatten": "reshape",
    "unflatten": "reshape",
    "view": "reshape",
    "view_as": "reshape",
    "reshape": "reshape",
    "permute": "reshape",
    "transpose": "reshape",
    "squeeze": "reshape",
    "unsqueeze": "reshape",
    "movedim": "reshape",
    "contiguous": "reshape",
    "t": "reshape",
    "T": "reshape",
    "mT": "reshape",
    "cat": "merge",
    "concat": "merge",
    "concatenate": "merge",
    "stack": "merge",
    "hstack": "merge",
    "vstack": "merge",
}

LOSSES: Final[dict[str, tuple[LossKind, LossTakes]]] = {
    "binary_cross_entropy_with_logits": ("binary_cross_entropy", "logits"),
    "binary_cross_entropy": ("binary_cross_entropy", "probabilities"),
    "multilabel_soft_margin_loss": ("binary_cross_entropy", "logits"),
    "soft_margin_loss": ("binary_cross_entropy", "logits"),
    "cross_entropy": ("sparse_categorical_cross_entropy", "logits"),
    "cross_entropy_loss": ("sparse_categorical_cross_entropy", "logits"),
    "nll_loss": ("sparse_categorical_cross_entropy", "log_probabilities"),
    "nll_loss_nd": ("sparse_categorical_cross_entropy", "log_probabilities"),
    "mse_loss": ("squared_error", "values"),
    "l1_loss": ("absolute_error", "values"),
    "smooth_l1_loss": ("huber", "values"),
    "huber_loss": ("huber", "values"),
    "hinge_embedding_loss": ("hinge", "values"),
    "multi_margin_loss": ("hinge", "values"),
    "multilabel_margin_loss": ("hinge", "values"),
    "poisson_nll_loss": ("poisson", "values"),
    "kl_div": ("kl_divergence", "log_probabilities"),
    "gaussian_nll_loss": ("other", "values"),
}
ELEMENTWISE_LOSSES: Final[frozenset[str]] = frozenset(
    {"binary_cross_entropy_with_logits", "binary_cross_entropy", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"}
)

DETACHING: Final[frozenset[str]] = frozenset(
    {
        "detach",
        "detach_",
        "numpy",
        "item",
        "__float__",
        "tolist",
        "data",
        "tensor",
        "as_tensor",
        "asarray",
        "from_numpy",
    }
)
"""Functions that hand the value on and cut the graph. ``requires_grad_`` gives a graph of its own to a cut loss."""


def op_name(func: Any) -> str:
    """``relu`` for ``F.relu``, ``torch.relu`` and ``Tensor.relu_``; ``data`` for the getter of ``Tensor.data``."""
    name = getattr(func, "__name__", "") or type(func).__name__
    if name == "__get__":
        return str(getattr(getattr(func, "__self__", None), "__name__", "get"))
    if name == "fn":  # torch's boolean_dispatch hides the name of the pooling functions
        return "pool"
    if name.startswith("__"):
        return name
    return name.rstrip("_") or name


def layer_name(func: Any, args: Any, kwargs: Any) -> str:
    """`op_name` of a call inside a network: ``clamp(min=0)`` without an upper end is ``relu``."""
    name = op_name(func)
    if name not in ("clamp", "clip", "clamp_min"):
        return name
    given = (*args[1:], *kwargs.values())
    lower_only = "max" not in kwargs and len(given) == 1
    return "relu" if lower_only and isinstance(given[0], int | float) and given[0] == 0 else name


def activation_of(name: str) -> str | None:
    """`Layer.activation` of a function, or ``None``."""
    return ACTIVATIONS.get(name)


def kind_of(name: str) -> LayerKind:
    """`Layer.kind` of a function."""
    if name in ACTIVATIONS:
        return "activation"
    if "pool" in name:
        return "pool"
    return KINDS.get(name, "other")

"""Edits of a network while it runs: chosen calls of torch are replaced, whoever wrote them and however."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, final

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from defib.adapters.torch.ops import layer_name
from defib.adapters.torch.recorder import next_place

Place = tuple[str, int]
Replacement = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]

FUNCTIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.1),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: torch.softmax(x, dim=-1 if x.dim() > 1 else 0),
    "log_softmax": lambda x: torch.log_softmax(x, dim=-1 if x.dim() > 1 else 0),
    "linear": lambda x: x,
}
"""Activations by `Layer.activation`."""


class Surgery(TorchFunctionMode):  # type: ignore[misc]  # torch is Any to mypy
    """While active, calls at the planned places do something else. One forward pass per activation."""

    def __init__(self, plan: Mapping[Place, Replacement]) -> None:
        TorchFunctionMode.__init__(self)
        self.plan = dict(plan)
        self.counts: dict[str, int] = {}

    def __enter__(self) -> Surgery:
        """Start counting from the first call."""
        self.counts = {}
        TorchFunctionMode.__enter__(self)
        return self

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the call, or what is planned at its place."""
        place = next_place(layer_name(func, args, kwargs or {}), args, self.counts)
        change = self.plan.get(place) if place is not None else None
        if change is None:
            return func(*args, **(kwargs or {}))
        return change(func, args, kwargs or {})


def instead(function: Callable[[Any], Any]) -> Replacement:
    """Another function of the same input."""

    def replaced(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return function(args[0] if args else kwargs["input"])

    return replaced


def followed_by(module: Any) -> Replacement:
    """The call, then a module on its output."""

    def replaced(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return module(func(*args, **kwargs))

    return replaced


def left_out(norm: Any) -> Replacement:
    """What the call is given, normalized, in place of what it makes of it; the call itself where that has no such."""

    def replaced(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        given = (one for one in args if isinstance(one, torch.Tensor) and one.shape == out.shape)
        found = next((one for one in given if one.is_floating_point()), None)
        return out if found is None else norm(found)

    return replaced


def with_rate(rate: float) -> Replacement:
    """Dropout at another rate."""

    def replaced(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        training = kwargs.get("training", args[2] if len(args) > 2 else True)
        return func(args[0] if args else kwargs["input"], rate, training)

    return replaced


@final
class ChannelNorm(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Batch normalization of any step's output: channels on axis 1 after a convolution, else on the last axis.

    In a training batch with one value per channel the running statistics stand in.
    """

    def __init__(self, channels: int, axis: int, *, like: Any) -> None:
        nn.Module.__init__(self)
        self.axis = axis
        self.norm = nn.BatchNorm1d(channels).to(device=like.device, dtype=like.dtype)

    def forward(self, x: Any) -> Any:
        """Normalize, shape kept."""
        moved = x.movedim(self.axis, -1)
        flat = moved.reshape(-1, moved.shape[-1])
        norm = self.norm
        training = self.training and len(flat) > 1
        done = F.batch_norm(
            flat, norm.running_mean, norm.running_var, norm.weight, norm.bias, training, norm.momentum, norm.eps
        )
        return done.reshape(moved.shape).movedim(-1, self.axis).contiguous()


@final
class DoorNorm(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Standardization at the model's door, with the statistics of the training rows."""

    def __init__(self, rows: Any) -> None:
        nn.Module.__init__(self)
        finite = torch.where(torch.isfinite(rows), rows, torch.nan)
        mean = finite.nanmean(dim=0)
        sd = (finite - mean).square().nanmean(dim=0).sqrt()
        self.register_buffer("mean", mean.nan_to_num())
        self.register_buffer("scale", torch.where(sd > 0, sd, torch.ones_like(sd)).nan_to_num(1.0))

    def forward(self, x: Any) -> Any:
        """Standardize rows ``(n_rows, ...)``."""
        return (x - self.mean) / self.scale

"""Initial weights for another seed: from the same distribution as the captured ones."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

SAME_SCALE = 0.2
"""Captured and freshly drawn standard deviations that agree within a fifth (plus their own sampling error, two
standard errors each) come from the same initializer."""


def redrawn(module: Any, captured: Mapping[str, Any], *, seed: int) -> dict[str, Any]:
    """Arrays like the captured ones, by name.

    The modules' own ``reset_parameters`` where the captured values agree with it, else a permutation
    of the captured values inside each array. Constant arrays and arrays whose units are identical stay. The random
    state is the caller's business (see `defib.adapters.torch.quiet`).
    """
    generator = torch.Generator().manual_seed(seed)
    fresh = fresh_values(module)
    drawn = dict(captured)
    for name, _ in module.named_parameters():
        value = captured.get(name)
        if value is None or degenerate(value) or not value.is_floating_point():
            continue
        candidate = fresh.get(name)
        if candidate is not None and _same_scale(candidate, value):
            drawn[name] = candidate.to(device=value.device, dtype=value.dtype)
        else:
            order = torch.randperm(value.numel(), generator=generator).to(value.device)
            drawn[name] = value.reshape(-1)[order].reshape(value.shape)
    return drawn


def fresh_values(module: Any) -> dict[str, Any]:
    """What ``reset_parameters`` of each submodule draws, by parameter name; the module stays as it is."""
    fresh: dict[str, Any] = {}
    for path, one in module.named_modules():
        if not hasattr(one, "reset_parameters") or type(one).__module__.startswith("torch.nn.modules.lazy"):
            continue
        try:
            twin = copy.deepcopy(one)
            twin.reset_parameters()
        except Exception:  # a user's own method that needs more than it has here
            continue
        for name, value in twin.named_parameters(recurse=False):
            fresh[f"{path}.{name}" if path else name] = value.detach()
    return fresh


def degenerate(value: Any) -> bool:
    """All entries equal, or a matrix whose rows (units) or columns are all the same."""
    value = value.detach()
    if value.numel() < 2 or not value.is_floating_point():
        return True
    flat = value.reshape(value.shape[0], -1)
    if bool((value == value.reshape(-1)[0]).all()):
        return True
    rows = flat.shape[0] > 1 and flat.shape[1] > 1 and bool((flat == flat[:1]).all())
    return rows or (flat.shape[1] > 1 and flat.shape[0] > 1 and bool((flat == flat[:, :1]).all()))


def _same_scale(fresh: Any, captured: Any) -> bool:
    if fresh.shape != captured.shape:
        return False
    a, b = _rms(fresh), _rms(captured)
    slack = SAME_SCALE + 4 / math.sqrt(2 * max(captured.numel(), 1))
    return bool(a > 0 and abs(b / a - 1) <= slack)


def _rms(value: Any) -> float:
    return float(value.double().square().mean().sqrt())


def reinitialize(module: Any, scheme: str) -> int:
    """Draw every dense, conv and recurrent layer of a clone anew; returns how many were drawn.

    ``default``: the framework's own initializer. ``he``: He for matrices and kernels, zero biases. Embeddings with one
    vector for all tokens are drawn, too.
    """
    kinds = (nn.Linear, nn.modules.conv._ConvNd, nn.RNNBase, nn.RNNCellBase, nn.Bilinear, nn.MultiheadAttention)
    count = 0
    for one in module.modules():
        if isinstance(one, nn.Embedding | nn.EmbeddingBag) and bool((one.weight == one.weight[:1]).all()):
            one.reset_parameters()
            count += 1
        if not isinstance(one, kinds):
            continue
        reset = getattr(one, "reset_parameters", None) or one._reset_parameters
        reset()
        if scheme == "he" and isinstance(one, nn.Linear | nn.modules.conv._ConvNd):
            draw(one.weight, one.bias, "relu")
        count += 1
    return count + _reinitialize_plain(module)


def _reinitialize_plain(module: Any) -> int:
    """Matrices that a user's own module holds as bare parameters."""
    count = 0
    for one in module.modules():
        if type(one).__module__.startswith("torch."):
            continue
        for value in one.parameters(recurse=False):
            if value.dim() >= 2:
                draw(value, None, "relu")
                count += 1
    return count


def draw(weight: Any, bias: Any, activation: str) -> None:
    """He for relu-like activations, Glorot for the others, zero bias."""
    with torch.no_grad():
        if activation in ("relu", "leaky_relu", "elu", "gelu", "silu"):
            nn.init.kaiming_uniform_(weight, nonlinearity="relu")
        else:
            nn.init.xavier_uniform_(weight)
        if bias is not None:
            bias.zero_()

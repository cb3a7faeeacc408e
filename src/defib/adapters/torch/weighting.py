"""Weights of the classes in a loss of PyTorch's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from defib.adapters.torch.program import Node

BY_CLASS = ("cross_entropy", "nll_loss", "multi_margin_loss")
"""Losses whose ``weight`` has one number per class, in the order of the class ids."""


def class_weights(nodes: Sequence[Node]) -> tuple[str, tuple[tuple[float, float], ...]]:
    """What weighs them, in words, and ``(class, weight)`` of each class; empty where every row counts the same."""
    for node in nodes:
        found = _of(node)
        if found[1] and len({weight for _, weight in found[1]}) > 1:
            return found
    return "", ()


def _of(node: Node) -> tuple[str, tuple[tuple[float, float], ...]]:
    if node.name in BY_CLASS:
        weight = node.kwargs.get("weight", node.args[2] if len(node.args) > 2 else None)
        return "the loss's weight", tuple((float(k), one) for k, one in enumerate(_numbers(weight)))
    if node.name == "binary_cross_entropy_with_logits":
        positive = _numbers(node.kwargs.get("pos_weight"))
        if len(positive) == 1:
            return "the loss's pos_weight", ((0.0, 1.0), (1.0, positive[0]))
    return "", ()


def _numbers(value: Any) -> list[float]:
    """Of a tensor with at most one axis."""
    known = isinstance(value, torch.Tensor) and value.dim() <= 1
    return [float(one) for one in value.detach().reshape(-1)] if known else []

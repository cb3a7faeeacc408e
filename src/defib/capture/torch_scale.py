"""By how much a program scales a mean loss before the backward pass: accumulation divides it by its batches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import torch

from defib.adapters.torch.arrays import tensors_in
from defib.adapters.torch.ops import LOSSES
from defib.adapters.torch.program import DIVISIONS, Node

SCALINGS: Final = frozenset({*DIVISIONS, "mul", "__mul__", "__rmul__", "multiply"})


def scale_of(nodes: Sequence[Node], loss: Any) -> float:
    """The loss over the mean it was made from by numbers alone; 1 where it was not."""
    current = loss
    for node in reversed(nodes):
        if node.out is not current:
            continue
        if node.name not in SCALINGS:
            return _ratio(loss, current) if current is not loss and _is_mean(node) else 1.0
        scaled = [one for one in tensors_in((node.args, dict(node.kwargs))) if one.requires_grad]
        if len(scaled) != 1 or scaled[0].numel() != 1:
            return 1.0
        current = scaled[0]
    return 1.0


def _is_mean(node: Node) -> bool:
    """A sum that is divided by the number of rows is not scaled, but becomes a mean."""
    return node.name == "mean" or (node.name in LOSSES and node.kwargs.get("reduction", "mean") == "mean")


def _ratio(loss: Any, mean: Any) -> float:
    if not (isinstance(loss, torch.Tensor) and isinstance(mean, torch.Tensor)):
        return 1.0
    top, bottom = float(loss.detach()), float(mean.detach())
    ratio = top / bottom if bottom else 1.0
    return ratio if math.isfinite(ratio) and ratio > 0 else 1.0

"""The loss of an arm: the user's own, run again, or a canonical one that an edit asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch.nn.functional as F

LINKS: Final[dict[str, str]] = {"bce_logits": "sigmoid", "ce_logits": "softmax"}
"""Link of each canonical loss; the others take probabilities or values as they are."""


def canonical(name: str) -> Callable[[Any, Any], Any]:
    """The canonical loss of this name, of outputs and targets prepared by `defib.adapters.canonical.prepare`."""
    losses: dict[str, Callable[[Any, Any], Any]] = {
        "bce_logits": F.binary_cross_entropy_with_logits,
        "bce": lambda p, y: F.binary_cross_entropy(p.clamp(0.0, 1.0), y),
        "ce_logits": lambda z, y: F.cross_entropy(*_flat(z, y)),
        "ce": lambda p, y: F.nll_loss(p.clamp_min(1e-7).log().reshape(-1, p.shape[-1]), y.reshape(-1)),
        "mse": F.mse_loss,
    }
    if name not in losses:
        raise KeyError(f"no canonical loss is called {name!r}; there are {', '.join(losses)}")
    return losses[name]


def _flat(z: Any, y: Any) -> tuple[Any, Any]:
    return z.reshape(-1, z.shape[-1]), y.reshape(-1)

"""Changes of an arm that only one adapter makes, with what the others say of them."""

from __future__ import annotations

from typing import Final

ONLY_IN_TORCH: Final = {
    "turned_masks": "masks are turned around in PyTorch only",
    "pooled": "what a network reads of a sequence is changed in PyTorch only",
    "left_out": "a step is left out of a network in PyTorch only",
    "rows_lead": "what a layer takes for rows is changed in PyTorch only",
    "in_32_bits": "the type of the weights is changed in PyTorch only",
}
ONLY_IN_JAX: Final = {"pass_gradients": "what stops a gradient is let through in JAX only"}

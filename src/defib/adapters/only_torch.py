"""Changes of an arm that only the adapter of PyTorch makes, with what others say of them."""

from __future__ import annotations

from typing import Final

ONLY_IN_TORCH: Final = {
    "turned_masks": "masks are turned around in PyTorch only",
    "pooled": "what a network reads of a sequence is changed in PyTorch only",
    "in_32_bits": "the type of the weights is changed in PyTorch only",
}

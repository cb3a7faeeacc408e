"""Running statistics of batch normalization as plain averages over some rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from defib.adapters.torch.network import Network

CHUNK = 256
"""Rows that are averaged at a time; all chunks are of nearly the same size, so that each weighs the same."""


def recompute_statistics(network: Network, tensors: Sequence[Any]) -> None:
    """Reset every running mean and variance and average them over all rows, everything else in evaluation mode."""
    norms = [one for one in network.module.modules() if isinstance(one, _BatchNorm) and one.track_running_stats]
    network.eval()
    for one in norms:
        one.reset_running_stats()
        one.momentum = None
        one.train()
    n = len(tensors[0])
    with torch.no_grad():
        for rows in torch.arange(n).chunk(max(-(-n // CHUNK), 1)):
            network.outputs([one[rows.to(one.device)] for one in tensors])
    network.eval()

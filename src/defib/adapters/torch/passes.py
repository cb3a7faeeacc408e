"""A recorded pass of some rows through a clone, in whatever mode it is in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from defib.adapters.torch.network import Network, folded_layers
from defib.adapters.torch.recorder import layers_of
from defib.subject import AnyArray, ForwardPass, LayerOutput


def recorded_pass(network: Network, X: AnyArray) -> ForwardPass:
    """Every layer's values for rows ``(n_rows, ...)``; one row at a time where the model takes no batches."""
    X = np.asanyarray(X)
    return _row_by_row(network, X) if network.door.unbatched and len(X) > 1 else _pass(network, X)


def _pass(network: Network, X: AnyArray) -> ForwardPass:
    records, output = network.record(X)
    layers = list(layers_of(records, output))
    with torch.no_grad():
        folded, final = folded_layers(network, output, network.n_sent(X))
    outputs, layers = network.as_rows(final, network.n_sent(X)), [*layers, *folded]
    numbers = network.numbers(X)
    if numbers is None:
        return ForwardPass(outputs, tuple(layers))
    picked = (replace(one, values=one.values[numbers]) for one in layers)
    return ForwardPass(outputs[numbers], tuple(picked))


def _row_by_row(network: Network, X: AnyArray) -> ForwardPass:
    """Layers are laid on top of each other."""
    passes = [_pass(network, X[i : i + 1]) for i in range(len(X))]
    layers = tuple(
        LayerOutput(same[0].layer, np.concatenate([one.values for one in same]))
        for same in zip(*(one.layers for one in passes), strict=False)
        if len({one.values.shape for one in same}) == 1
    )
    return ForwardPass(np.concatenate([one.outputs for one in passes]), layers)

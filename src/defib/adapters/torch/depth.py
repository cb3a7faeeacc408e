"""Fewer recurrent layers in place of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import nn

from defib.adapters.torch.width import put

KINDS = (nn.LSTM, nn.GRU, nn.RNN)


def halve_recurrent(module: Any, paths: Sequence[str]) -> bool:
    """Leave out half of the recurrent layers of a clone; whether there was one to leave out.

    ``paths``: of the modules, in the order in which they run. A module of several layers gets half as many, the first
    ones with their weights. Of modules of one layer each, those that give what they take are passed by, the last one
    left alone: its state may be read.
    """
    found = [(path, one) for path in paths if isinstance(one := _module(module, path), KINDS)]
    stacks = [(path, one) for path, one in found if one.num_layers > 1]
    for path, one in stacks:
        put(module, path, _shorter(one))
    single = [(path, one) for path, one in found if _keeps_shape(one)]
    left_out = [one for one in single if one[0] != found[-1][0]][: len(found) // 2]
    for path, _ in left_out:
        put(module, path, PassedBy())
    return bool(stacks or left_out)


def _module(module: Any, path: str) -> Any:
    try:
        return module.get_submodule(path)
    except AttributeError:
        return None


def _keeps_shape(one: Any) -> bool:
    one_way = one.num_layers == 1 and not one.bidirectional and not one.proj_size
    return one_way and one.input_size == one.hidden_size


def _shorter(one: Any) -> Any:
    given: dict[str, Any] = {"nonlinearity": one.nonlinearity} if isinstance(one, nn.RNN) else {}
    if one.proj_size:
        given["proj_size"] = one.proj_size
    weight = next(one.parameters())
    new = type(one)(
        one.input_size,
        one.hidden_size,
        max(1, one.num_layers // 2),
        bias=one.bias,
        batch_first=one.batch_first,
        dropout=one.dropout if one.num_layers >= 4 else 0.0,
        bidirectional=one.bidirectional,
        device=weight.device,
        dtype=weight.dtype,
        **given,
    )
    with torch.no_grad():
        for name, values in new.named_parameters():
            values.copy_(getattr(one, name))
            values.requires_grad_(getattr(one, name).requires_grad)
    return new


@final
class PassedBy(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Gives a sequence as it came, and no state."""

    def forward(self, x: Any, state: Any = None) -> Any:
        """As a recurrent layer is called."""
        return x, None

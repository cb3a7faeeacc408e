"""Edits that put other layers in place of the user's."""

from __future__ import annotations

import itertools
from typing import Any

from torch import nn

from defib.adapters.torch.recorder import OpRecord


def double_width(module: Any, path: list[OpRecord], at_least: int | None = None) -> str | None:
    """Make hidden dense layers twice as wide, drawn anew; the reason as a clause when that is impossible.

    With ``at_least``, the narrower ones get this width and the others keep theirs.

    A hidden layer is widened when the next step with weights on the path is a dense layer that takes its output.
    """
    chain = [(record, _owner(module, record)) for record in path if record.kind not in ("reshape",)]
    dense = [i for i, (record, _) in enumerate(chain) if record.kind == "dense"]
    if any(not isinstance(chain[i][1][1], nn.Linear) for i in dense):
        return "not every dense step is a torch.nn.Linear"
    paths = [chain[i][1][0] for i in dense]
    if len(set(paths)) != len(paths):
        return "a dense layer is used more than once"
    grown = {i: j for i, j in itertools.pairwise(dense) if _feeds(chain, i, j)}
    if not grown:
        return "no two dense layers follow each other"
    _widen(module, chain, dense, grown, at_least)
    return None


def _widen(module: Any, chain: list[Any], dense: list[int], grown: dict[int, int], at_least: int | None) -> None:
    units = {i: chain[i][1][1].out_features for i in dense}
    wider = {i: 2 * units[i] if at_least is None else max(units[i], at_least) for i in grown}
    fed_by = {j: i for i, j in grown.items()}
    for i in dense:
        path, linear = chain[i][1]
        inputs = wider[fed_by[i]] if i in fed_by else linear.in_features
        put(module, path, dense_like(linear, inputs, wider.get(i, units[i])))
    for i, j in grown.items():
        for record, (path, one) in chain[i + 1 : j]:
            if record.kind == "norm" and one is not None:
                put(module, path, _wider_norm(one, wider[i]))


def _feeds(chain: list[Any], i: int, j: int) -> bool:
    first, second = chain[i][1][1], chain[j][1][1]
    between = chain[i + 1 : j]
    if first.out_features != second.in_features:
        return False
    return all(
        record.kind in ("activation", "dropout")
        or (record.kind == "norm" and isinstance(owner[1], nn.BatchNorm1d | nn.LayerNorm))
        for record, owner in between
    )


def _wider_norm(norm: Any, units: int) -> Any:
    if isinstance(norm, nn.BatchNorm1d):
        new: Any = nn.BatchNorm1d(units, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    else:
        new = nn.LayerNorm(units, norm.eps, norm.elementwise_affine)
    like = next(norm.parameters(), None)
    return new if like is None else new.to(device=like.device, dtype=like.dtype)


def replace_last(module: Any, path: list[OpRecord], units: int) -> str | None:
    """A new last layer with ``units`` outputs, drawn anew; the reason as a clause when that is impossible."""
    weighted = [record for record in path if record.kind in ("dense", "conv", "recurrent", "attention")]
    if not weighted:
        return "the model has no layer with weights"
    place, last = _owner(module, weighted[-1])
    if not isinstance(last, nn.Linear):
        return "the last layer is not a torch.nn.Linear"
    put(module, place, dense_like(last, last.in_features, units))
    return None


def dense_like(like: Any, inputs: int, outputs: int) -> Any:
    """A fresh dense layer with the bias, device and dtype of another."""
    return nn.Linear(inputs, outputs, bias=like.bias is not None, device=like.weight.device, dtype=like.weight.dtype)


def _owner(module: Any, record: OpRecord) -> tuple[str, Any]:
    path = record.parameters[0].rpartition(".")[0] if record.parameters else record.owner
    try:
        return path, module.get_submodule(path)
    except AttributeError:
        return path, None


def put(module: Any, path: str, new: Any) -> None:
    """A module in place of the one at this path, in its mode."""
    parent, _, name = path.rpartition(".")
    new.train(module.training)
    module.get_submodule(parent)._modules[name] = new

"""Targets that a network makes for another one, or for itself, in the same step: a teacher, temporal differences.

What such a call gives is a label: no gradient comes back to it, it feeds no network, and it meets the outputs of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from defib.adapters.torch.arrays import tensors_in
from defib.adapters.torch.program import Node, slice_nodes, tracked, uses
from defib.capture.torch_call import Call, unique


def without_makers(
    kept: Sequence[Node], calls: Sequence[Call], used: Sequence[int], live: frozenset[int], loss: Any
) -> tuple[list[int], list[Node], tuple[Any, ...]]:
    """Calls and nodes of the step without what made its targets, and the modules that made them.

    ``live``: ``id`` of the calls that the gradient of the loss reaches.
    """
    alive = [i for i in used if id(calls[i]) in live and calls[i].grad]
    fed = _feeding(kept, calls, alive)
    makers = [i for i in used if i not in alive and i not in fed]
    if not alive or not makers:
        return list(used), list(kept), ()
    left = _cut(kept, {id(calls[i].out) for i in makers}, [one for i in alive for one in calls[i].outputs])
    if left is None:
        return list(used), list(kept), ()
    rest = [i for i in used if i not in makers]
    return rest, slice_nodes(left, [loss]), tuple(unique([calls[i].module for i in makers]))


def _feeding(kept: Sequence[Node], calls: Sequence[Call], alive: Sequence[int]) -> set[int]:
    """Calls whose outputs are the inputs of living ones, at any remove."""
    wanted = [one for i in alive for one in tensors_in((calls[i].args, calls[i].kwargs))]
    outs = {id(node.out) for node in slice_nodes(kept, wanted) if node.call}
    return {i for i, call in enumerate(calls) if id(call.out) in outs}


def _cut(kept: Sequence[Node], making: set[int], outputs: Sequence[Any]) -> list[Node] | None:
    """The nodes without those that only make targets; ``None`` where no target, row by row, meets the outputs."""
    made: set[int] = set()
    derived = {id(one) for one in outputs}
    left, met = [], False
    for node in kept:
        if node.call and id(node.out) in making:
            made |= {id(one) for one in tensors_in(node.out)}
            continue
        taken = uses(node)
        if any(id(one) in derived for one in taken):
            met = met or any(id(one) in made and isinstance(one, torch.Tensor) and one.dim() > 0 for one in taken)
            derived |= {id(one) for one in tracked(node.out)}
        elif any(id(one) in made for one in taken):
            made |= {id(one) for one in tracked(node.out)}
            continue
        left.append(node)
    return left if met else None

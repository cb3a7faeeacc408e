"""A top-level call of a module, as it was: what the program overwrites afterwards is not taken for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from defib.adapters.torch.arrays import map_leaves, tensors_in
from defib.adapters.torch.door import batch_rows, entry_width
from defib.adapters.torch.program import Node, tracked, uses


@dataclass(frozen=True, eq=False)
class Call:
    """A top-level call of a module with parameters."""

    module: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: Any
    grad: bool
    training: bool
    line: str = ""
    copied: tuple[tuple[Any, ...], dict[str, Any], list[Any]] | None = None
    """Arguments and output tensors as they were, where the program may change them before they are looked at."""
    version: int = 0
    """Sum of the version counters of the tensors, where they were not copied."""
    place: tuple[str, ...] = ()
    """The user's frames of an evaluation, innermost first, each ``file:line``."""
    put_in: Mapping[str, Any] | None = None
    """Weights that were put into the module for it (see `Entry.put_in`)."""

    @property
    def as_called(self) -> tuple[tuple[Any, ...], dict[str, Any], list[Any]] | None:
        """Arguments and outputs as they were at the call; ``None`` when they were overwritten since."""
        if self.copied is not None:
            return self.copied
        return (
            (self.args, self.kwargs, self.outputs)
            if version_of(self.args, self.kwargs, self.out) == self.version
            else None
        )

    @property
    def outputs(self) -> list[Any]:
        """Its output tensors, in order."""
        return list(tensors_in(self.out))

    @property
    def of_one_row(self) -> bool:
        """Whether a single row was given, with a batch axis or without: a step of an episode, say."""
        first = next(tensors_in((self.args, self.kwargs)), None)
        out = next(tensors_in(self.out), None)
        if first is None or out is None:
            return False
        n_rows, _, unbatched = batch_rows([first], [out], entry_width(self.module))
        return unbatched or n_rows == 1


def version_of(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    """Sum of the counters by which torch knows that a tensor was overwritten; 0 where it does not count."""
    try:
        if not kwargs and len(args) == 1 and type(args[0]) is type(out) is torch.Tensor:  # the common call, quickly
            return int(args[0]._version + out._version)
        return sum(one._version for one in tensors_in((args, kwargs, out)))
    except RuntimeError:  # tensors of inference mode have no counter
        return 0


MAX_COPIED = 64 * 2**20
"""Bytes of one call's tensors beyond which no copy is made: they are looked at if the program leaves them alone."""


def copied(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> tuple[Any, Any, list[Any]] | None:
    """Arguments and outputs of a call that was no training step, copied before the program goes on."""
    if sum(one.numel() * one.element_size() for one in tensors_in((args, kwargs, out))) > MAX_COPIED:
        return None

    def copy(leaf: Any) -> Any:
        return leaf.detach().clone() if isinstance(leaf, torch.Tensor) else leaf

    return map_leaves(args, copy), map_leaves(kwargs, copy), [copy(one) for one in tensors_in(out)]


def key_of(calls: Sequence[Call]) -> tuple[int, ...]:
    """Identity of the modules that were called, each once, in order."""
    return tuple(dict.fromkeys(id(call.module) for call in calls))


def unique(modules: Sequence[Any]) -> list[Any]:
    """Each module once, in order."""
    return list({id(one): one for one in modules}.values())


EPISODE = 3
"""Calls of one row each from which on a loss that joins them is one of an episode, not of a pair or a triplet."""


def is_episode(used: Sequence[Call]) -> bool:
    """Whether one module was called for one row after the other."""
    return len(used) >= EPISODE and len({id(call.module) for call in used}) == 1 and all(c.of_one_row for c in used)


def repeats(calls: Sequence[Call], n: int) -> bool:
    """Whether they are the ``n`` calls of one forward pass over and over."""
    modules = [id(call.module) for call in calls]
    return len(calls) > n and len(calls) % n == 0 and modules == modules[:n] * (len(calls) // n)


def apart(calls: Sequence[Call], nodes: Sequence[Node]) -> bool:
    """Whether nothing that was recorded takes what came of one of these calls together with, or into, another one."""
    if not any(node.call for node in nodes):  # the steps were not recorded: rows that do not go together
        return len({batch_rows([one], call.outputs)[0] for call in calls for one in _first_tensor(call)}) == len(calls)
    outs = {id(call.out) for call in calls}
    origin: dict[int, set[int]] = {}
    for node in nodes:
        met = set[int]().union(*(origin.get(id(one), set()) for one in uses(node)))
        if node.call and id(node.out) in outs:
            if met:
                return False
            met = {id(node.out)}
        elif len(met) > 1:
            return False
        origin.update({id(one): met for one in tracked(node.out)})
    return True


def _first_tensor(call: Call) -> list[Any]:
    return list(tensors_in((call.args, call.kwargs)))[:1]


def between(nodes: Sequence[Node], calls: Sequence[Call], i: int, n: int = 1) -> list[Node]:
    """What was recorded from the ``i``-th module call on, up to the ``n``-th one after it."""
    outs = [id(call.out) for call in calls]
    at = [j for j, node in enumerate(nodes) if node.call and id(node.out) in outs]
    first = next((k for k, j in enumerate(at) if id(nodes[j].out) == outs[i]), None)
    if first is None:
        return []
    stop = at[first + n] if first + n < len(at) else len(nodes)
    return list(nodes[at[first] : stop])


def whole(nodes: Sequence[Node], calls: Sequence[Call]) -> bool:
    """Whether the recording began with the first call that has a gradient, not with one after it."""
    first = next((call for call in calls if call.grad), None)
    return first is None or any(node.call and node.out is first.out for node in nodes)


def last_scalar(nodes: Sequence[Node]) -> Any:
    """The last single number that was computed, where no backward pass says which is the loss."""
    for node in reversed(nodes):
        out = node.out
        scalar = isinstance(out, torch.Tensor) and out.numel() == 1 and out.is_floating_point()
        if scalar and not node.call:
            return out
    return None

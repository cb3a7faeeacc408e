"""What a network keeps between its calls in evaluation mode, and answers other rows from."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from defib.adapters.torch.clone import forget
from defib.adapters.torch.network import Network
from defib.served import Memory
from defib.subject import AnyArray, FloatArray

MOST_CANDIDATES = 24
"""Attributes that are emptied and looked at again, of modules of the program's own classes."""
APART = 1e-5
"""Relative difference of answers that is no rounding."""
OWN = frozenset(vars(nn.Module()))

Kept: TypeAlias = tuple[str, str]
"""Path of a module and the name of its attribute."""


def memories_of(network: Network, first: AnyArray, then: AnyArray) -> tuple[Kept, ...]:
    """Attributes that a call fills, that later calls on other rows leave, and that these are answered from.

    Seen, not guessed: each is emptied on this clone; when a call with the rows ``first`` fills it again, it is a
    memory. A state that goes on with every call (of a recurrent network, say) is none of these: it is not left as it
    was. A table of constants is none either: no answer differs for it.
    """
    network.eval()
    candidates = islice(candidates_in(network.module), MOST_CANDIDATES)
    return tuple(one for one in tuple(candidates) if _is_memory(network, one, first, then))


def candidates_in(module: Any) -> Iterator[Kept]:
    """Attributes of modules of the program's own classes that hold anything a call may have left."""
    for path, one in module.named_modules():
        if _of_a_library(type(one)):
            continue
        for name, value in vars(one).items():
            if name not in OWN and _can_hold(value):
                yield path, name


def _of_a_library(kind: type[Any]) -> bool:
    """Classes that were installed keep what they keep between calls on purpose (a decoder's keys and values)."""
    place = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
    return "site-packages" in place or "dist-packages" in place


def _can_hold(value: Any) -> bool:
    """Something that may have been filled: not a module, a number, a text."""
    if value is True or (isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter)):
        return True
    return isinstance(value, MutableMapping | list | deque | set) and len(value) > 0


def _is_memory(network: Network, one: Kept, first: AnyArray, then: AnyArray) -> bool:
    try:
        with _emptied(network.module, one):
            afresh = network.predict(then)
        with _emptied(network.module, one):
            network.predict(first)
            held = _holds(network.module, one)
            after = network.predict(then)
            stays = held is not None and _left(held, _holds(network.module, one))
    except Exception:  # it needs what was taken away: then no call fills it
        return False
    return stays and bool(np.abs(after - afresh).max() > APART * np.abs(afresh).max())


@contextmanager
def _emptied(module: Any, one: Kept) -> Iterator[None]:
    """The attribute as it was before any call; put back afterwards."""
    owner, name = module.get_submodule(one[0]), one[1]
    value = getattr(owner, name)
    held = value.copy() if hasattr(value, "clear") else value
    forget(module, (one,))
    try:
        yield
    finally:
        if hasattr(value, "clear"):
            value.clear()
            value.update(held) if hasattr(value, "update") else value.extend(held)
        setattr(owner, name, value)


def _holds(module: Any, one: Kept) -> dict[Any, Any] | None:
    """What an attribute holds now, by key or place, copied; ``None`` where it is empty."""
    value = getattr(module.get_submodule(one[0]), one[1])
    if isinstance(value, MutableMapping):
        entries = dict(value)
    elif isinstance(value, list | deque):
        entries = dict(enumerate(value))
    else:
        entries = {0: value} if value is not None and value is not False else {}
    return {key: _copied(entry) for key, entry in entries.items()} or None


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return tuple(_copied(one) for one in value) if isinstance(value, tuple | list) else value


def _left(before: dict[Any, Any], after: dict[Any, Any] | None) -> bool:
    """Whether what was there is there still, as it was; a history that grows by every call is none of it."""
    return (
        after is not None and len(after) == len(before) and all(_equal(before[key], after.get(key)) for key in before)
    )


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.shape == b.shape and bool(torch.equal(a, b))
    if isinstance(a, tuple):
        return (
            isinstance(b, tuple)
            and len(a) == len(b)
            and all(_equal(one, other) for one, other in zip(a, b, strict=True))
        )
    return a is b or bool(a == b)


def in_calls_of(size: int, n_rows: int) -> tuple[int, ...]:
    """Rows of each call, the last one with what is left over.

    >>> in_calls_of(3, 7)
    (3, 3, 1)
    """
    return tuple(min(size, n_rows - at) for at in range(0, n_rows, size))


def asked_in_turn(network: Network, X: AnyArray, sizes: Sequence[int]) -> FloatArray:
    """Outputs of one call after the other, so many rows each, with what the clone remembers."""
    memories, network.memories = network.memories, ()
    try:
        return _in_calls(network.eval(), X, sizes)
    finally:
        network.memories = memories


def _in_calls(network: Network, X: AnyArray, sizes: Sequence[int]) -> FloatArray:
    ends = np.cumsum(sizes)
    return np.concatenate([network.predict(X[end - size : end]) for size, end in zip(sizes, ends, strict=True)])


def memory_of(network: Network, X: AnyArray, sizes: Sequence[int]) -> Memory:
    """The same rows in turn, with the memory as the program left it, and each call with nothing remembered."""
    owners = (type(network.module.get_submodule(path)).__name__ for path, _ in network.memories)
    where = tuple(f"{owner}.{name}" for owner, (_, name) in zip(owners, network.memories, strict=True))
    in_turn = asked_in_turn(network, X, sizes)
    return Memory(where, in_turn, _in_calls(network, X, sizes))

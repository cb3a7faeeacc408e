"""A step of a sequence that the network picks, or steps that it packs: in place of them the mean of all, or all.

Nothing that the network is given is left unread.
"""

from __future__ import annotations

from typing import Any, Final

import torch

PICKS: Final = ("__getitem__", "select")
PACKS: Final = "_pack_padded_sequence"


def axis_picked(x: Any, index: Any) -> int | None:
    """The axis of ``x`` that this index takes one entry of; ``None`` where it does something else.

    >>> axis_picked(torch.zeros(2, 3, 4), (slice(None), -1)), axis_picked(torch.zeros(2, 3, 4), (..., 0))
    (1, 2)
    >>> axis_picked(torch.zeros(2, 3), torch.tensor([0])) is None
    True
    """
    entries = index if isinstance(index, tuple) else (index,)
    if any((not isinstance(one, int | slice) and one is not Ellipsis) or isinstance(one, bool) for one in entries):
        return None
    numbers = [i for i, one in enumerate(entries) if isinstance(one, int)]
    if len(numbers) != 1 or not isinstance(x, torch.Tensor) or len(entries) > x.dim():
        return None
    at = numbers[0]
    return x.dim() - (len(entries) - at) if Ellipsis in entries[:at] else at


def pooled(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The mean over the axis of which the call picks one entry; the call itself where it picks none."""
    x = args[0]
    if len(args) == 3 and not kwargs:  # select(x, axis, place)
        return x.mean(args[1])
    axis = axis_picked(x, args[1]) if len(args) == 2 else None
    if axis is None:
        return func(*args, **kwargs)
    entries = args[1] if isinstance(args[1], tuple) else (args[1],)
    return x[tuple(slice(None) if isinstance(one, int) else one for one in entries)].mean(axis)


def in_full(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Rows packed with all their steps, whatever lengths they were given."""
    rows, lengths, batch_first = args
    return func(rows, torch.full_like(lengths, rows.shape[1 if batch_first else 0]), batch_first, **kwargs)

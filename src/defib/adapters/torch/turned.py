"""Masks that a network makes of its rows, turned around: what was left out takes part, and the other way round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch.overrides import TorchFunctionMode

from defib.adapters.torch.ops import op_name

LEFT_OUT: Final = -1e4
"""Scores below this take no part in a softmax."""
Call = tuple[tuple[Any, ...], dict[str, Any]]


class TurnedMasks(TorchFunctionMode):  # type: ignore[misc]  # torch is Any to mypy
    """While active, masks with an entry for each row are turned around; those that all rows share (causal) are not."""

    def __init__(self) -> None:
        TorchFunctionMode.__init__(self)
        self.turned = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the call with its mask turned around."""
        given: dict[str, Any] = dict(kwargs or {})
        change = CALLS.get(op_name(func))
        found = None if change is None else change(tuple(args), given)
        if found is None:
            return func(*args, **given)
        self.turned += 1
        return func(*found[0], **found[1])


def opposite(mask: Any, *, takes_part: bool = False) -> Any:
    """The mask with the other positions; a row that would be left with nothing keeps all.

    ``mask``: booleans, True where a position takes part or, without ``takes_part``, where it is left out; or what is
    added to scores.

    >>> opposite(torch.tensor([[True, False], [False, False]])).tolist()
    [[False, True], [False, False]]
    """
    if mask.dtype != torch.bool:
        out = mask < LEFT_OUT
        return torch.zeros_like(mask).masked_fill(_never_all(~out), float("-inf"))
    return ~_never_all(mask) if takes_part else _never_all(~mask)


def _never_all(left_out: Any) -> Any:
    return left_out & ~left_out.all(dim=-1, keepdim=True)


def _of_rows(mask: Any, rows: Any) -> bool:
    """Whether it has an entry for each row of the batch."""
    tensors = isinstance(mask, torch.Tensor) and isinstance(rows, torch.Tensor)
    return bool(tensors and mask.dim() > 1 and mask.dim() <= rows.dim() and mask.shape[0] == rows.shape[0] > 1)


def _padding(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
    mask = kwargs.get("key_padding_mask")
    return None if mask is None else (args, {**kwargs, "key_padding_mask": opposite(mask)})


def _attended(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
    mask = kwargs.get("attn_mask", args[3] if len(args) > 3 else None)
    if not _of_rows(mask, args[0] if args else kwargs.get("query")):
        return None
    turned = opposite(mask, takes_part=True)
    return ((*args[:3], turned, *args[4:]), kwargs) if len(args) > 3 else (args, {**kwargs, "attn_mask": turned})


def _filled(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
    """Not of zeros: so attention itself makes numbers of its mask, which is turned where it is used."""
    if len(args) < 2 or not _of_rows(args[1], args[0]) or args[1].dtype != torch.bool or not args[0].any():
        return None
    return (args[0], opposite(args[1]), *args[2:]), kwargs


def _multiplied(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
    """By zeros and ones that no weight is in, one for several cells."""
    for rows, mask, at in ((args[0], args[1], 1), (args[1], args[0], 0)) if len(args) == 2 else ():
        if _of_rows(mask, rows) and mask.shape != rows.shape and not mask.requires_grad:
            zeros, ones = mask == 0, mask == 1
            if bool((zeros | ones).all() & zeros.any()):
                turned = zeros.to(mask.dtype)
                return ((args[0], turned) if at else (turned, args[1])), kwargs
    return None


CALLS: Final[dict[str, Callable[[tuple[Any, ...], dict[str, Any]], Call | None]]] = {
    "multi_head_attention_forward": _padding,
    "scaled_dot_product_attention": _attended,
    "masked_fill": _filled,
    "mul": _multiplied,
}
"""By `op_name`."""

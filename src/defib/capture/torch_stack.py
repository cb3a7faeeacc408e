"""Putting a mode on torch's stack of function modes, and taking exactly that one off again."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import _pop_mode, _push_mode


def _taken_off() -> list[Any]:
    """All modes, the innermost (bottom) one last; the stack is empty afterwards."""
    return [_pop_mode() for _ in range(torch._C._len_torch_function_stack())]


def put_under(mode: Any) -> None:
    """Below every mode of the user's: a ``with`` block of theirs may end while ours is still there.

    Only ``torch.device``'s own mode, which torch keeps at the bottom, stays below ours.
    """
    if torch._C._len_torch_function_stack() == 0:
        _push_mode(mode)
        return
    modes = _taken_off()
    bottom = [modes.pop()] if type(modes[-1]).__name__ == "DeviceContext" else []
    for one in (*bottom, mode, *reversed(modes)):
        _push_mode(one)


def take_off(mode: Any) -> None:
    """Remove this mode, wherever it is; the others stay in order."""
    for one in reversed(_taken_off()):
        if one is not mode:
            _push_mode(one)

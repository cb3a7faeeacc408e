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

    Only the mode of ``torch.set_default_device``, which torch looks for at the bottom, stays below ours; that of
    ``with torch.device(...)`` does not: when it ends, torch takes off whatever is on top.
    """
    if torch._C._len_torch_function_stack() == 0:
        _push_mode(mode)
        return
    modes = _taken_off()
    default = getattr(getattr(torch, "_GLOBAL_DEVICE_CONTEXT", None), "device_context", None)
    bottom = [modes.pop()] if modes[-1] is default else []
    for one in (*bottom, mode, *reversed(modes)):
        _push_mode(one)


def take_off(mode: Any) -> None:
    """Remove this mode, wherever it is; the others stay in order."""
    for one in reversed(_taken_off()):
        if one is not mode:
            _push_mode(one)

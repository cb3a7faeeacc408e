"""The same look at a hand-made loss for Keras on PyTorch: its functions are translated to the names `Look` knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from defib.capture.torch_stack import put_under, take_off

NAMES: Final = {
    "to": "Cast",
    "type": "Cast",
    "float": "Cast",
    "double": "Cast",
    "long": "Cast",
    "reshape": "Reshape",
    "view": "Reshape",
    "view_as": "Reshape",
    "flatten": "Reshape",
    "squeeze": "Squeeze",
    "unsqueeze": "ExpandDims",
    "one_hot": "OneHot",
    "clone": "Identity",
    "detach": "Identity",
    "contiguous": "Identity",
    "zeros_like": "ZerosLike",
    "ones_like": "OnesLike",
    "sub": "Sub",
    "__sub__": "Sub",
    "__rsub__": "Sub",
    "rsub": "Sub",
    "pow": "Pow",
    "__pow__": "Pow",
    "square": "Square",
    "mul": "Mul",
    "__mul__": "Mul",
    "abs": "Abs",
    "mean": "Mean",
}
BROADCAST: Final = frozenset({"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"})
"""Losses in one function that spread their arguments over each other before they average."""

See = Callable[[str, tuple[Any, ...], tuple[Any, ...], tuple[int, ...] | None], None]


class TorchListener(TorchFunctionMode):  # type: ignore[misc,unused-ignore]
    """Shows each function of PyTorch that takes a tensor: name, tensors in, tensor out, shape before an average."""

    def __init__(self, see: See) -> None:
        TorchFunctionMode.__init__(self)
        self._see = see

    def start(self) -> None:
        """Listen."""
        put_under(self)

    def stop(self) -> None:
        """Listen no longer."""
        take_off(self)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        given = tuple(one for one in (*args, *(kwargs or {}).values()) if isinstance(one, torch.Tensor))
        if given and isinstance(result, torch.Tensor):
            name = str(getattr(func, "__name__", ""))
            try:
                self._see(NAMES.get(name, name), given, (result,), _before_the_mean(name, given))
            except Exception:  # a tensor of an unusual kind: it is neither output nor labels
                return result
        return result


def _before_the_mean(name: str, given: tuple[Any, ...]) -> tuple[int, ...] | None:
    """Shape of the loss per element, where a function averages it away."""
    if name in BROADCAST and len(given) >= 2:
        return tuple(int(n) for n in np.broadcast_shapes(tuple(given[0].shape), tuple(given[1].shape)))
    return None

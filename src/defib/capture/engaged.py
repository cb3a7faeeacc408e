"""Whether a library's own training or serving is running; who watches what that library is built on looks away then.

``fit`` of Keras on PyTorch calls ``backward``, and its layers are modules; the Keras watcher sees all of it already.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any, ClassVar, Final, final

KERAS: Final = "defib.adapters.keras.quiet"


CLAIMED: Final[weakref.WeakSet[Any]] = weakref.WeakSet()
"""Optimizers of PyTorch that move the weights of a Keras model: their steps are seen from there."""


KEPT_OUTSIDE: Final[set[str]] = set()
"""Names of Keras models whose weights a loop of JAX keeps for itself (``stateless_call``): what is read from that loop
is no network of JAX. Emptied when a new watching begins."""


@final
class Depth:
    """How many methods of a library are running, one inside the other."""

    value: ClassVar[int] = 0


def engaged() -> bool:
    """Whether somebody watches this from above, or it is a network of our own."""
    ours = sys.modules.get(KERAS)
    return Depth.value > 0 or (ours is not None and ours.busy())

"""Our own use of scikit-learn: no warnings, no floating-point signals, and nothing of it is watched."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_state = threading.local()


def busy() -> bool:
    """Whether this thread is inside `quiet`: what runs now is ours, not the user's."""
    return bool(getattr(_state, "depth", 0))


@contextmanager
def quiet() -> Iterator[None]:
    """Mark what runs as ours; overflow is what is being studied, and a warning of it is not the user's."""
    _state.depth = getattr(_state, "depth", 0) + 1
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        _state.depth -= 1

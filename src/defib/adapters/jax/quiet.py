"""Looking without leaving a trace: global random states, prints and warnings are as they were afterwards."""

from __future__ import annotations

import contextlib
import io
import random
import threading
import warnings
from collections.abc import Iterator

import jax
import numpy as np

_state = threading.local()


def busy() -> bool:
    """Whether defib itself is running a network right now; the watcher then looks away."""
    return getattr(_state, "depth", 0) > 0


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Run code of the user's (a model's call, a loss): nothing it prints is seen, nothing it draws is missed.

    Debugging switches that would stop the program at what is being studied (NaN) are off inside.
    """
    python, numpy = random.getstate(), np.random.get_state()
    _state.depth = getattr(_state, "depth", 0) + 1
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            with jax.debug_nans(False), jax.debug_infs(False):
                yield
    finally:
        _state.depth -= 1
        random.setstate(python)
        np.random.set_state(numpy)

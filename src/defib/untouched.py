"""The program's global random states stay what they are while defib works."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def same_random_state() -> Iterator[None]:
    """Put Python's and NumPy's global states back at the end; importing rich alone draws from Python's.

    >>> import random
    >>> before = random.getstate()
    >>> with same_random_state():
    ...     number = random.random()
    >>> random.getstate() == before
    True
    """
    import numpy as np

    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)

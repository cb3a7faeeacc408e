"""Rows out of what ``fit`` iterates over: a ``tf.data.Dataset``, a ``PyDataset``, a ``DataLoader``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from defib.adapters.keras.flavor import to_numpy
from defib.errors import InputError

MOST_ROWS: Final = 20_000
WRITE: Final = "defib.diagnose(model, X_train, y_train)  # arrays, a row each"


def rows_out_of(X: Any, y: Any) -> tuple[Any, Any]:
    """``(X, y)`` as arrays where ``X`` gives batches, at most 20,000 rows of them; else what was given.

    Raises `InputError` for a generator, which one look would use up, and for batches that cannot be put together.
    """
    if not _gives_batches(X):
        return X, y
    if iter(X) is X:
        raise InputError(
            "used-up",
            came=f"X is a {type(X).__name__}, which gives its batches once",
            expected="arrays, or something that can be gone through again (tf.data, PyDataset, DataLoader)",
            write=WRITE,
        )
    try:
        batches = list(_bounded(X))
        found = _joined([one[0] for one in batches])
        labels = y if y is not None or any(len(one) < 2 for one in batches) else _joined([one[1] for one in batches])
    except Exception as error:
        raise InputError(
            "rows-not-together",
            came=f"the batches of the {type(X).__name__} could not be put together: "
            f"{type(error).__name__}: {str(error)[:160]}",
            expected="batches (rows, labels) of one shape",
            write=WRITE,
        ) from None
    return found, labels


def _gives_batches(X: Any) -> bool:
    if X is None or isinstance(X, list | tuple | Mapping | str) or hasattr(X, "shape") or hasattr(X, "columns"):
        return False
    return hasattr(X, "__iter__") or (hasattr(X, "__len__") and hasattr(X, "__getitem__"))


def _bounded(X: Any) -> Iterator[tuple[Any, ...]]:
    n_rows = 0
    for batch in X if hasattr(X, "__iter__") else (X[i] for i in range(len(X))):
        parts = tuple(batch) if isinstance(batch, list | tuple) else (batch,)
        yield parts
        n_rows += len(_first(parts[0]))
        if n_rows >= MOST_ROWS:
            return


def _first(part: Any) -> Any:
    if isinstance(part, Mapping):
        return _first(next(iter(part.values())))
    return _first(part[0]) if isinstance(part, list | tuple) else part


def _joined(parts: list[Any]) -> Any:
    """One array per input, rows one after the other."""
    if not parts:
        raise ValueError("there is no batch")
    first = parts[0]
    if isinstance(first, Mapping):
        return {name: _joined([one[name] for one in parts]) for name in first}
    if isinstance(first, list | tuple):
        return [_joined([one[i] for one in parts]) for i in range(len(first))]
    return np.concatenate([to_numpy(one) for one in parts])

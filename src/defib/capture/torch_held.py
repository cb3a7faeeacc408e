"""The arrays that a PyTorch program holds while it trains: in its variables, its data sets and loaders."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from defib.adapters.torch.arrays import to_numpy
from defib.capture.beside import Named, library_of, named_copies
from defib.capture.torch_frames import is_foreign, user_frames
from defib.subject import AnyArray

DEPTH: Final = 3
"""A loader's data set's array is three steps away."""
MANY: Final = 64
"""Entries of a list or mapping that are looked at; longer ones are rows, not arrays."""
MAX_BYTES: Final = 128 * 2**20
"""Of all arrays together: until the program ends they are kept alive."""


def held_arrays(least_rows: int) -> list[Any]:
    """Arrays, tensors and tables with at least so many rows that the program's running functions can reach."""
    found: dict[int, Any] = {}
    for frame in user_frames(sys._getframe(1)):
        for value in (*frame.f_locals.values(), *frame.f_globals.values()):
            found.update((id(one), one) for one in _arrays_in(value, DEPTH) if _rows(one) >= max(least_rows, 2))
    return _bounded(found.values())


def copies_held() -> list[Named]:
    """Small copies of the arrays and tensors of two columns and more that the running functions have names for."""
    return named_copies(_numbers)


def _numbers(value: Any) -> AnyArray | None:
    return to_numpy(value, copy=False) if _is_plain(value) else None


def _is_plain(value: Any) -> bool:
    """A tensor that holds data: no weight, and every cell in its place."""
    return isinstance(value, torch.Tensor) and not value.requires_grad and value.layout is torch.strided


def as_arrays(held: list[Any]) -> list[AnyArray]:
    """As NumPy arrays of numbers; what is none is left out."""
    found = []
    for one in held:
        try:
            array = to_numpy(one, copy=False) if isinstance(one, torch.Tensor) else np.asarray(one)
        except (RuntimeError, TypeError, ValueError):  # freed storage, a table of mixed columns
            continue
        if array.ndim >= 1 and array.dtype.kind in "fiub":
            found.append(array)
    return found


def _bounded(values: Any) -> list[Any]:
    kept, total = [], 0
    for one in sorted(values, key=_size):
        total += _size(one)
        if total > MAX_BYTES:
            break
        kept.append(one)
    return kept


def _rows(one: Any) -> int:
    return int(one.shape[0]) if len(one.shape) else 0


def _size(one: Any) -> int:
    if isinstance(one, torch.Tensor):
        return int(one.numel() * one.element_size())
    return int(one.nbytes) if isinstance(one, np.ndarray) else 8 * int(np.prod(one.shape))


def _arrays_in(value: Any, depth: int) -> Iterator[Any]:
    if isinstance(value, np.ndarray) or _is_table(value) or _is_plain(value):
        yield value
    elif depth and not isinstance(value, type | torch.nn.Module | torch.Tensor):
        for one in _inside(value):
            yield from _arrays_in(one, depth - 1)


def _is_table(value: Any) -> bool:
    return library_of(value) == "pandas" and hasattr(value, "iloc")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, DataLoader):
        return [value.dataset]
    if isinstance(value, Mapping):
        return list(value.values()) if len(value) <= MANY else []
    if isinstance(value, list | tuple):
        return list(value) if len(value) <= MANY else []
    if isinstance(value, Dataset) or _is_users(type(value)):
        return list(vars(value).values()) if hasattr(value, "__dict__") else []
    return []


def _is_users(kind: type) -> bool:
    """Whether the program itself defines this class."""
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    return file is not None and not is_foreign(str(file))

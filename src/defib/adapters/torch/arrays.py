"""Between tensors and NumPy arrays, and through nested arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch

from defib.subject import AnyArray


def to_numpy(tensor: Any, *, copy: bool = True) -> AnyArray:
    """A tensor of any device and dtype as a NumPy array of the same shape (bfloat16 becomes float32)."""
    plain = tensor.detach()
    if plain.is_sparse or plain.layout is not torch.strided:
        plain = plain.to_dense()
    if plain.dtype is torch.bfloat16:
        plain = plain.float()
    plain = plain.cpu().resolve_conj().resolve_neg()
    array: AnyArray = plain.numpy()
    return array.copy() if copy else array


def to_tensor(array: AnyArray, *, floating: Any = None, device: Any = None) -> Any:
    """An array as a tensor on ``device``; floating arrays get the dtype ``floating`` where one is given."""
    array = np.ascontiguousarray(array)
    if array.dtype.kind == "f" and array.dtype.itemsize not in (2, 4, 8):
        array = array.astype(np.float64)
    elif array.dtype.kind == "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)
    tensor = torch.tensor(array)
    if tensor.is_floating_point() and floating is not None:
        tensor = tensor.to(floating)
    return tensor if device is None else tensor.to(device)


def map_leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same nest of tuples, lists, dicts and slices with every leaf changed."""
    if isinstance(value, tuple):
        changed = [map_leaves(one, change) for one in value]
        return type(value)(*changed) if hasattr(value, "_fields") else tuple(changed)
    if isinstance(value, list):
        return [map_leaves(one, change) for one in value]
    if isinstance(value, Mapping) and isinstance(value, dict):
        changed_items = {key: map_leaves(one, change) for key, one in value.items()}
        return changed_items if type(value) in (dict,) else _same_mapping(value, changed_items)
    if isinstance(value, slice):
        return slice(*(map_leaves(one, change) for one in (value.start, value.stop, value.step)))
    return change(value)


def _same_mapping(like: Any, items: dict[Any, Any]) -> Any:
    try:
        return type(like)(items)
    except Exception:  # a class of the user's with its own constructor: a plain dict reads the same
        return items


def leaf_tensors(value: Any) -> list[Any]:
    """All tensors that `map_leaves` comes to, in order: those in slices, too."""
    found: list[Any] = []
    map_leaves(value, lambda leaf: found.append(leaf) if isinstance(leaf, torch.Tensor) else None)
    return found


def tensors_in(value: Any) -> Iterator[Any]:
    """All tensors in a nest of tuples, lists, mappings and dataclasses, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tensors_in(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from tensors_in(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from tensors_in(getattr(value, field.name, None))

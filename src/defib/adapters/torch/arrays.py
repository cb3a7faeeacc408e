"""Between tensors and NumPy arrays, and through nested arguments."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch

from defib.subject import AnyArray


class Here:
    """Stands for a tensor of rows in a template of arguments."""

    def __init__(self, index: int) -> None:
        self.index = index


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
    """The same nest of tuples, lists, dicts, slices and objects that carry tensors, with every leaf changed."""
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
    carried = None if isinstance(value, torch.Tensor) else carried_by(value)
    if carried is not None:
        return _carrying(value, {name: map_leaves(one, change) for name, one in carried.items()})
    return change(value)


def carried_by(value: Any) -> dict[Any, Any] | None:
    """What an object of the program's own holds that has tensors as its entries; ``None`` for anything else.

    A batch may be a dataclass, a ``UserDict`` as a tokenizer gives it, or the like of a graph library's ``Data``.
    """
    if isinstance(value, torch.nn.Module | type | str | bytes | np.ndarray):
        return None
    try:
        found = {key: value[key] for key in value.keys()} if _is_keyed(value) else _fields(value)  # noqa: SIM118
    except Exception:  # slots, or an object with its own ideas of keys
        return None
    return found if any(isinstance(one, torch.Tensor | Here) for one in found.values()) else None


def _fields(value: Any) -> dict[Any, Any]:
    return {one.name: getattr(value, one.name, None) for one in fields(value)} if is_dataclass(value) else vars(value)


def _is_keyed(value: Any) -> bool:
    return callable(getattr(value, "keys", None)) and hasattr(value, "__getitem__")


def _carrying(value: Any, entries: Mapping[Any, Any]) -> Any:
    """A shallow copy of the object with other entries; frozen ones as well."""
    made = copy.copy(value)
    for name, one in entries.items():
        if _is_keyed(value):
            made[name] = one
        else:
            object.__setattr__(made, name, one)
    return made


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
    """All tensors in a nest of tuples, lists, mappings and objects that carry tensors, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tensors_in(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from tensors_in(one)
    elif value is not None and not isinstance(value, int | float | str):
        carried = _fields(value) if is_dataclass(value) and not isinstance(value, type) else carried_by(value)
        for one in (carried or {}).values():
            yield from tensors_in(one)

"""What is handed over in memory beside arrays: loaders, datasets, dictionaries, and the trainers that hold them."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
import torch
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    default_collate,
)

from defib.adapters.torch.clone import device_of
from defib.errors import InputError

MOST_ROWS: Final = 4_096
"""Rows of a dataset that are drawn from it, evenly spaced: every one of them is prepared by the program's own code."""
DEFAULT_BATCH: Final = 32
LABELS: Final = ("labels", "label", "label_ids", "targets", "target", "y")
"""Names under which a batch carries what is to be predicted."""
WRITE: Final = "defib.diagnose(model, X_train, y_train)  # arrays or tensors, a row each"


@dataclass(frozen=True)
class Batches:
    """Batches of a bounded number of rows, in the order of the dataset."""

    batches: tuple[Any, ...]
    n_rows: int | None = None
    """Rows there are; ``None`` where that is not known."""
    batch_size: int = DEFAULT_BATCH
    shuffled: bool = True
    notes: tuple[str, ...] = field(default=())


def is_dataset(value: Any) -> bool:
    """Whether it gives rows or batches when it is asked for them by number, or in a loop, and is no array of them."""
    if isinstance(value, DataLoader | Dataset):
        return True
    if isinstance(value, list | tuple):
        return bool(value) and isinstance(value[0], Mapping)
    indexed = hasattr(value, "__len__") and hasattr(value, "__getitem__") and not hasattr(value, "shape")
    return indexed and not isinstance(value, Mapping | str | bytes)


def drawn(value: Any, collate: Callable[[Sequence[Any]], Any] | None = None, batch_size: int | None = None) -> Batches:
    """Batches out of a loader or a dataset; no worker is started, and no sampler of the program's is asked.

    Raises `InputError` where the rows cannot be put together.
    """
    loader = value if isinstance(value, DataLoader) else None
    try:
        if loader is not None and (isinstance(loader.dataset, IterableDataset) or loader.batch_sampler is None):
            return _streamed(loader)
        dataset = value if loader is None else loader.dataset
        own = None if loader is None else loader.collate_fn
        size = batch_size or (None if loader is None else _size_of(loader)) or DEFAULT_BATCH
        n_rows = len(dataset)
        kept = range(n_rows) if n_rows <= MOST_ROWS else np.linspace(0, n_rows - 1, MOST_ROWS).astype(int).tolist()
        plain = DataLoader(Subset(dataset, kept), size, shuffle=False, collate_fn=collate or own or together)
        return Batches(tuple(plain), n_rows, size, _is_shuffled(loader))
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            "rows-not-together",
            came=f"the rows of the {type(value).__name__} could not be put into batches: "
            f"{type(error).__name__}: {str(error).splitlines()[0][:160]}",
            expected="a DataLoader as the training used it, or rows of one shape",
            write=WRITE,
        ) from None


def _streamed(loader: Any) -> Batches:
    """Of a stream, or of a dataset that gives whole batches."""
    plain = DataLoader(loader.dataset, loader.batch_size, collate_fn=loader.collate_fn)
    size = loader.batch_size or DEFAULT_BATCH
    return Batches(tuple(itertools.islice(plain, -(-MOST_ROWS // size))), None, size, shuffled=True)


def _size_of(loader: Any) -> int | None:
    size = loader.batch_size or getattr(loader.batch_sampler, "batch_size", None)
    return size if isinstance(size, int) else None


def _is_shuffled(loader: Any) -> bool:
    sampler = getattr(loader, "sampler", None)
    return not isinstance(sampler, SequentialSampler) or isinstance(sampler, RandomSampler)


def together(items: Sequence[Any]) -> Any:
    """Rows as one batch; lists of numbers in a row are tensors, as a tokenizer gives them."""
    return default_collate([_with_tensors(one) for one in items])


def _with_tensors(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    return {
        name: torch.as_tensor(value) if isinstance(value, list) else value
        for name, value in item.items()
        if not isinstance(value, str)
    }


def cut(X: Any, y: Any, floating: Any, batch_size: int = DEFAULT_BATCH) -> Batches:
    """Batches ``(X, y)`` out of arrays, of which ``X`` may be several, by name or in order."""
    whole = (_tensors(X, floating), None if y is None else _tensors(y, floating))
    sizes = {len(one) for one in _leaves(whole)}
    if len(sizes) != 1:
        raise InputError(
            "unequal-lengths",
            came=f"the arrays of X and y have {', '.join(str(one) for one in sorted(sizes))} rows",
            expected="as many rows in each of them, and one label per row",
            write=WRITE,
        )
    (n_rows,) = sizes
    kept = torch.arange(n_rows) if n_rows <= MOST_ROWS else torch.linspace(0, n_rows - 1, MOST_ROWS).long()
    parts = [_mapped(whole, partial(_picked, at)) for at in kept.split(batch_size)]
    return Batches(tuple(parts), n_rows, batch_size)


def _picked(at: Any, tensor: Any) -> Any:
    return tensor[at]


def _tensors(value: Any, floating: Any) -> Any:
    """Arrays as tensors; NumPy's float64 becomes the model's floating type, as the program had to do as well."""
    if isinstance(value, Mapping):
        return {name: _tensors(one, floating) for name, one in value.items()}
    if isinstance(value, list | tuple) and any(hasattr(one, "shape") for one in value):
        return type(value)(_tensors(one, floating) for one in value) if type(value) in (list, tuple) else value
    if isinstance(value, torch.Tensor):
        return value.detach()
    tensor = torch.as_tensor(np.ascontiguousarray(value))
    return tensor.to(floating) if tensor.is_floating_point() else tensor


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _mapped(one, change) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_mapped(one, change) for one in value)
    return value


def on_device(batch: Any, model: Any) -> Any:
    """A batch where the model is, with the types that it has."""
    device = device_of(model)
    return _mapped(batch, lambda one: one.to(device))


def joined(found: Batches) -> tuple[Any, Any] | None:
    """``(X, y)`` of batches that are one tensor of rows, or a pair with labels; ``None`` for any others."""
    pairs = [one if isinstance(one, list | tuple) else (one,) for one in found.batches]
    if not pairs or any(len(one) not in (1, 2) or not isinstance(one[0], torch.Tensor) for one in pairs):
        return None
    shapes = {one[0].shape[1:] for one in pairs}
    if len(shapes) != 1 or any(len(one) == 2 and not isinstance(one[1], torch.Tensor) for one in pairs):
        return None
    X = torch.cat([one[0] for one in pairs])
    return X, torch.cat([one[1] for one in pairs]) if len(pairs[0]) == 2 else None


@dataclass(frozen=True)
class Called:
    """One batch as the arguments of a call, and what is to be predicted."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    target: Any = None
    takes_labels: bool = False
    """The model is given the labels as well, and answers with its loss."""


def as_call(model: Any, batch: Any) -> Called:
    """How a model takes a batch of a loader, or ``(X, y)``."""
    pair = batch if isinstance(batch, list | tuple) else (batch, None)
    *inputs, target = pair if len(pair) > 1 else (*pair, None)
    names = inspect.signature(model.forward).parameters
    if len(inputs) == 1 and isinstance(inputs[0], Mapping):
        return _by_name(names, dict(inputs[0]), target)
    if len(inputs) == 1 and isinstance(inputs[0], list | tuple):
        return Called(tuple(inputs[0]), {}, target)
    return Called(tuple(inputs), {}, target)


def _by_name(names: Mapping[str, Any], given: dict[str, Any], target: Any) -> Called:
    found = next((name for name in LABELS if name in given), None)
    if target is None and found is not None:
        target = given.pop(found)
    for one in LABELS:
        given.pop(one, None)
    if target is not None and "labels" in names:
        return Called((), {**_taken(names, given), "labels": target}, target, takes_labels=True)
    known = _taken(names, given)
    return Called((), known, target) if known else Called(tuple(given.values()), {}, target)


def _taken(names: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    any_name = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in names.values())
    return {name: value for name, value in given.items() if name in names or (any_name and len(names) == 1)}

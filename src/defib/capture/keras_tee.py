"""See the batches a program draws from a dataset, a generator or a sequence, without drawing one ourselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Receive = Callable[[tuple[Any, ...]], bool]
"""Given one batch as a tuple ``(x[, y[, w]])``; returns whether more are wanted."""


def is_dataset(x: Any) -> bool:
    """A ``tf.data.Dataset``."""
    return any(base.__name__ == "DatasetV2" and base.__module__.startswith("tensorflow") for base in type(x).__mro__)


def is_sequence(x: Any) -> bool:
    """A ``PyDataset`` or a legacy ``Sequence`` of batches."""
    return any(base.__name__ in ("PyDataset", "Sequence") and "keras" in base.__module__ for base in type(x).__mro__)


def is_stream(x: Any) -> bool:
    """Something that yields batches, in place of an array of rows."""
    return is_dataset(x) or is_sequence(x) or inspect.isgenerator(x) or _is_loader(x)


def _is_loader(x: Any) -> bool:
    return any(base.__name__ == "DataLoader" and base.__module__.startswith("torch") for base in type(x).__mro__)


@contextmanager
def teed(x: Any, receive: Receive) -> Iterator[Any]:
    """What to hand on in place of ``x`` so that every batch drawn is also received."""
    if is_dataset(x):
        yield tee_dataset(x, receive)
    elif inspect.isgenerator(x):
        yield tee_generator(x, receive)
    elif is_sequence(x) or _is_loader(x):
        with _observed(x, "__getitem__" if is_sequence(x) else "__iter__", receive):
            yield x
    else:
        yield x


def tee_generator(batches: Any, receive: Receive) -> Iterator[Any]:
    """The same items, each shown to ``receive`` first."""
    wanted = True
    for batch in batches:
        if wanted:
            wanted = bool(receive(_tuple(batch)))
        yield batch


def _tuple(batch: Any) -> tuple[Any, ...]:
    return tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)


@contextmanager
def _observed(x: Any, method: str, receive: Receive) -> Iterator[None]:
    """Watch a special method of this one object's class for a while."""
    cls = type(x)
    original = getattr(cls, method)
    own = method in cls.__dict__
    wanted = [True]
    seen: set[Any] = set()

    def observed(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        if self is not x:
            return result
        if method == "__iter__":
            return tee_generator(result, receive)
        if wanted[0] and args and args[0] not in seen:  # Keras looks at the first batch before it trains on it
            seen.add(args[0])
            wanted[0] = bool(receive(_tuple(result)))
        return result

    setattr(cls, method, observed)
    try:
        yield
    finally:
        if own:
            setattr(cls, method, original)
        else:
            delattr(cls, method)


@dataclass(frozen=True)
class Slices:
    """A dataset that is nothing but arrays, shuffled as a whole or not at all, in batches."""

    arrays: tuple[Any, ...]
    batch_size: int
    shuffled: bool


TRANSPARENT = ("Prefetch", "Repeat", "Options")


def slices(dataset: Any) -> Slices | None:
    """Look through a chain that changes no row; ``None`` for any other, which has to be watched batch by batch.

    A shuffle over a buffer smaller than the arrays is such another: how rows come out of it has to be seen.
    """
    batch, buffer = None, None
    for _ in range(MAX_CHAIN):
        kind = type(dataset).__name__.lstrip("_").removesuffix("Dataset")
        if kind == "Batch" and batch is None and buffer is None:
            batch = int(dataset._batch_size)
        elif kind == "Shuffle" and buffer is None:
            buffer = int(dataset._buffer_size)
        elif kind == "TensorSlice":
            break
        elif kind not in TRANSPARENT:
            return None
        dataset = dataset._input_dataset
    arrays = tuple(getattr(dataset, "_tensors", ()))
    structure = getattr(dataset, "element_spec", None)
    if batch is None or not isinstance(structure, tuple) or len(structure) != len(arrays) or len(arrays) not in (2, 3):
        return None
    n = int(arrays[0].shape[0])
    return None if buffer is not None and buffer < n else Slices(arrays, batch, buffer is not None)


MAX_CHAIN = 20


def tee_dataset(dataset: Any, receive: Receive) -> Any:
    """The same dataset with a look at each batch, until ``receive`` has seen enough.

    The look is a branch on a variable: once it is off, a batch costs a comparison and no Python.
    """
    import tensorflow as tf

    specs = tf.nest.flatten(dataset.element_spec)
    if not all(isinstance(spec, tf.TensorSpec) for spec in specs):
        return dataset
    wanted = tf.Variable(True, trainable=False, name="defib_wanted")
    structure = dataset.element_spec

    def look(*flat: Any) -> Any:
        parts = tf.nest.pack_sequence_as(structure, list(flat))
        if not receive(tuple(_tuple(parts))):
            wanted.assign(False)
        return False

    def show(*parts: Any) -> Any:
        element = parts if isinstance(structure, tuple) else parts[0]
        flat = tf.nest.flatten(element)
        seen = tf.cond(wanted, lambda: tf.numpy_function(look, flat, tf.bool, stateful=True), lambda: False)
        with tf.control_dependencies([seen]):
            return tf.nest.map_structure(tf.identity, element)

    return dataset.map(show)

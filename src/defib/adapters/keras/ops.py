"""The few array operations that losses of ours need, on whichever backend a tensor belongs to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from defib.adapters.keras.flavor import Flavor

Function = Callable[..., Any]


@dataclass(frozen=True)
class Ops:
    """Array operations; shapes may be open while a graph is traced, so they come from `shape`."""

    cast: Function
    reshape: Function
    shape: Function
    size: Function
    mean: Function
    sum: Function
    absolute: Function
    square: Function
    log: Function
    clip: Function
    softplus: Function
    log_softmax: Function
    convert: Function
    pick: Function
    """``(x, ids)``: one entry of the last axis of ``x`` per id."""

    def total(self, parts: Sequence[Any]) -> Any:
        """The sum of several tensors, a scalar."""
        found = self.sum(parts[0])
        for part in parts[1:]:
            found = found + self.sum(part)
        return found

    def like(self, y: Any, p: Any) -> Any:
        """Targets in the shape and type of the predictions, where they are as many."""
        return self.reshape(self.cast(y, p.dtype), self.shape(p))


def ops_of(flavor: Flavor) -> Ops:
    """TensorFlow's own for models on TensorFlow, else those of ``keras.ops``."""
    return tensorflow_ops() if flavor.backend == "tensorflow" else keras_ops(flavor.keras)


def ops_for(tensor: Any) -> Ops:
    """Those for the backend of a tensor; for a NumPy array, of the Keras in use."""
    home = type(tensor).__module__.split(".")[0]
    keras = sys.modules.get("keras")
    other = keras is not None and keras.backend.backend() != "tensorflow"
    if keras is not None and (home in ("torch", "jax", "jaxlib") or (home == "numpy" and other)):
        return keras_ops(keras)
    return tensorflow_ops()


def tensorflow_ops() -> Ops:
    """TensorFlow's."""
    tf: Any = import_module("tensorflow")
    return Ops(
        cast=tf.cast,
        reshape=tf.reshape,
        shape=tf.shape,
        size=tf.size,
        mean=tf.reduce_mean,
        sum=tf.reduce_sum,
        absolute=tf.abs,
        square=tf.square,
        log=tf.math.log,
        clip=tf.clip_by_value,
        softplus=tf.nn.softplus,
        log_softmax=tf.nn.log_softmax,
        convert=tf.convert_to_tensor,
        pick=lambda x, ids: tf.gather(x, tf.cast(ids, tf.int32), axis=-1, batch_dims=len(x.shape) - 1),
    )


def keras_ops(keras: Any) -> Ops:
    """Those of Keras 3, which run on its backend."""
    ops = keras.ops

    def pick(x: Any, ids: Any) -> Any:
        places = ops.expand_dims(ops.cast(ids, "int32"), -1)
        return ops.squeeze(ops.take_along_axis(x, places, axis=-1), -1)

    return Ops(
        cast=lambda x, dtype: ops.cast(x, keras.backend.standardize_dtype(dtype)),
        reshape=ops.reshape,
        shape=ops.shape,
        size=ops.size,
        mean=ops.mean,
        sum=ops.sum,
        absolute=ops.absolute,
        square=ops.square,
        log=ops.log,
        clip=ops.clip,
        softplus=ops.softplus,
        log_softmax=ops.log_softmax,
        convert=ops.convert_to_tensor,
        pick=pick,
    )

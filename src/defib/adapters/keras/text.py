"""Models that take text: the network begins behind the layers that turn texts into numbers.

Texts cannot be measured, standardized or given to a reference learner. A model whose first layers look words up
(``TextVectorization``, ``StringLookup``, ``Hashing``) is looked at from the numbers that the last of these gives; its
layers and weights are the user's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from defib.adapters.keras.clone import of_same_class
from defib.adapters.keras.flavor import Flavor, to_numpy
from defib.subject import AnyArray


@dataclass(frozen=True)
class TextDoor:
    """Where the network of a model that takes text begins."""

    reader: Any
    """The user's layers up to the numbers, as a model."""
    model: Any
    """The user's layers behind them, as a model."""
    layer: str
    """Name of the layer that gives the numbers."""

    def read(self, X: AnyArray) -> AnyArray:
        """Texts ``(n_rows, ...)`` as the numbers the network is given, ``(n_rows, ...)``."""
        import tensorflow as tf

        numbers: AnyArray = to_numpy(self.reader(tf.constant(X.tolist() if X.dtype == object else X), training=False))
        return numbers

    def describe(self) -> str:
        """For a note of the report."""
        return f"the rows are looked at as the numbers that the layer {self.layer} makes of the texts"


def is_text(X: Any) -> bool:
    """Whether these rows are texts.

    >>> is_text(np.array(["a"])), is_text(np.array([b"a"], dtype=object)), is_text(np.ones(2))
    (True, True, False)
    """
    array = np.asarray(X)
    if array.dtype == object:
        return array.size > 0 and isinstance(array.flat[0], (str, bytes))
    return array.dtype.kind in "US"


def text_door(flavor: Flavor, model: Any) -> TextDoor | None:
    """``None`` for a model that is no graph of layers, or in which texts become numbers in several places."""
    graph = getattr(model, "_functional", None) or model
    found = list(_crossings(graph))
    if len(found) != 1 or len(getattr(graph, "inputs", [])) != 1 or len(graph.outputs) != 1:
        return None
    layer, numbers = found[0]
    if getattr(layer, "trainable_weights", None):
        return None
    try:
        reader = flavor.keras.Model(graph.inputs[0], numbers)
        rest = of_same_class(flavor, model, numbers, graph.outputs[0])
    except ValueError:  # a way round the layer leads from the texts to the output
        return None
    return TextDoor(reader, rest, str(layer.name))


def _crossings(graph: Any) -> Iterator[tuple[Any, Any]]:
    """Layers of a graph that are given texts and give numbers, with what they give."""
    for nodes in getattr(graph, "_nodes_by_depth", {}).values():
        for node in nodes:
            layer = getattr(node, "operation", None) or getattr(node, "layer", None)
            given, made = _listed(node.input_tensors), _listed(node.output_tensors)
            if node.is_input or len(made) != 1 or _text(made[0]):
                continue
            if any(_text(one) for one in given):
                yield layer, made[0]


def _listed(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


def _text(tensor: Any) -> bool:
    dtype = getattr(tensor, "dtype", "")
    return str(getattr(dtype, "name", dtype)) == "string"

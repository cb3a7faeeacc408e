"""What the probes share: which rows are looked at, which layer owns a parameter, which axis holds the units."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from defib.evidence import Missing
from defib.measures.rows import spaced_indices
from defib.recipe import TrainingRecipe
from defib.subject import AnyArray, FloatArray, ForwardPass, Layer, LayerOutput, Parameter, Rows, Subject

PROBE_ROWS = 256
"""Most rows that a forward or backward probe sends through the network, evenly spaced."""
WEIGHTED_KINDS = frozenset({"dense", "conv", "recurrent", "attention", "embedding"})
SQUASHINGS = frozenset({"sigmoid", "softmax", "log_softmax", "log_sigmoid", "hard_sigmoid"})


def some_rows(rows: Rows, at_most: int = PROBE_ROWS) -> Rows:
    """At most this many rows, evenly spaced, in order, with their labels.

    >>> some_rows(Rows(np.arange(10)), 3).X.tolist()
    [0, 4, 9]
    """
    index = spaced_indices(len(rows), at_most)
    y = rows.y[index] if rows.y is not None and len(rows.y) == len(rows) else None
    return Rows(np.asanyarray(rows.X)[index], y, rows.n_seen or len(rows), rows.origin, columns=rows.columns)


def training_rows(subject: Subject, asks: str, at_most: int = PROBE_ROWS) -> Rows:
    """Some training rows. Raises `Missing` when there are none."""
    if subject.training is None or len(subject.training) == 0:
        raise Missing(asks, "the training rows")
    return some_rows(subject.training, at_most)


def any_rows(subject: Subject, asks: str) -> Rows:
    """Some training rows, or predict rows where the training was not seen. Raises `Missing` when there are neither."""
    if subject.training is not None and len(subject.training) > 0:
        return some_rows(subject.training)
    if subject.prediction is not None and len(subject.prediction) > 0:
        return some_rows(subject.prediction)
    raise Missing(asks, "rows to look at")


def labelled_rows(subject: Subject, asks: str, at_most: int = PROBE_ROWS) -> tuple[AnyArray, AnyArray]:
    """Some training rows and their labels. Raises `Missing` without them."""
    rows = training_rows(subject, asks, at_most)
    if rows.y is None:
        raise Missing(asks, "the labels")
    return rows.X, rows.y


def number_rows(X: AnyArray, asks: str) -> AnyArray:
    """Rows as a numeric array. Raises `Missing` for text and objects."""
    array = np.asarray(X)
    if array.dtype.kind not in "biuf":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise Missing(asks, "numeric rows") from None
    return array


def is_weighted(layer: Layer) -> bool:
    """Whether the layer multiplies by learnt weights (normalizations do not count)."""
    return layer.kind in WEIGHTED_KINDS or (bool(layer.parameters) and layer.kind not in ("norm", "activation"))


def last_weighted(layers: Sequence[LayerOutput]) -> int | None:
    """Position of the last weighted layer in execution order, ``None`` when there is none."""
    found = [i for i, one in enumerate(layers) if is_weighted(one.layer)]
    return found[-1] if found else None


def owners(layers: Sequence[LayerOutput], parameters: Sequence[Parameter]) -> dict[str, tuple[int, Layer]]:
    """Per parameter name its layer and that layer's place in execution order; parameters without one are left out."""
    by_parameter = {name: (i, one.layer) for i, one in enumerate(layers) for name in one.layer.parameters}
    by_name = {one.layer.name: (i, one.layer) for i, one in reversed(list(enumerate(layers)))}
    found: dict[str, tuple[int, Layer]] = {}
    for parameter in parameters:
        owner = by_parameter.get(parameter.name) or by_name.get(parameter.layer)
        if owner is not None:
            found[parameter.name] = owner
    return found


def is_kernel(parameter: Parameter) -> bool:
    """Weight arrays with two axes or more that are no biases: those of a GRU and of attention have two axes as well."""
    last = re.split(r"[/.]", parameter.name)[-1]
    return bool(np.ndim(parameter.end) >= 2) and not last.startswith("bias")


def unit_axis(subject: Subject, after: str, values: AnyArray) -> int:
    """Axis that counts units: channels first for PyTorch's feature maps, else the last axis.

    ``after`` is the kind of the weighted layer that the values come from.
    """
    channels_first = subject.framework == "torch" and np.ndim(values) >= 3 and (after == "conv" or np.ndim(values) >= 4)
    return 1 if channels_first else -1


def head_name(forward: ForwardPass) -> str:
    """Last activation on the path to the output, ``linear`` when none follows the last weighted layer."""
    last = head_activation(forward)
    return "linear" if last is None else last.layer.activation or "other"


def head_activation(forward: ForwardPass) -> LayerOutput | None:
    """That activation itself; ``None`` when none follows the last weighted layer."""
    behind = forward.layers[(last_weighted(forward.layers) or 0) :]
    found = [one for one in behind if one.layer.kind == "activation" and one.layer.activation != "linear"]
    return found[-1] if found else None


def link_of(recipe: TrainingRecipe, head: str) -> str:
    """What turns the outputs into probabilities: nothing when the head already squashes them."""
    loss = recipe.loss
    if loss is None or loss.takes in ("probabilities", "values") or head in ("sigmoid", "softmax", "hard_sigmoid"):
        return "identity"
    if loss.takes == "log_probabilities" or head == "log_softmax":
        return "exp"
    return "sigmoid" if loss.kind in ("binary_cross_entropy", "hinge") else "softmax"


def asks_for_the_mean(recipe: TrainingRecipe) -> bool:
    """Whether a value that this loss is content with lies at the mean (or the median) of the targets.

    A hand-made loss that is none of the well-known ones may ask for a quantile, or for a location and a scale.
    """
    return recipe.loss is None or recipe.loss.kind != "other"


def finite_only(values: AnyArray) -> FloatArray:
    """The rows that hold neither NaN nor inf, as float64."""
    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        return array
    return np.asarray(array[np.isfinite(array.reshape(len(array), -1)).all(axis=1)])

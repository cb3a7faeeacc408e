"""Numbers about a network's outputs: spread, mode share, distinct rows, probabilities and logits."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

AnyArray: TypeAlias = NDArray[Any]
FloatArray: TypeAlias = NDArray[np.floating[Any]]

PROBABILITY_RESOLUTION = 1e-7
"""Logits are computed from probabilities clipped to [1e-7, 1 - 1e-7]: float32 tells no more near 1."""


def as_columns(outputs: AnyArray) -> FloatArray:
    """``(n, ...)`` to float64 ``(n, columns)``: the trailing axes are flattened, ``(n,)`` becomes ``(n, 1)``.

    >>> as_columns(np.zeros((4, 3, 2))).shape, as_columns(np.zeros(4)).shape
    ((4, 6), (4, 1))
    """
    array = np.asarray(outputs, dtype=np.float64)
    return array.reshape(len(array), int(np.prod(array.shape[1:], dtype=np.int64)))


def finite_rows(columns: FloatArray) -> NDArray[np.bool_]:
    """Which rows of ``(n, columns)`` hold neither NaN nor inf, ``(n,)``.

    >>> finite_rows(np.array([[1.0, 2.0], [np.nan, 0.0]])).tolist()
    [True, False]
    """
    return np.asarray(np.isfinite(columns).all(axis=1), dtype=np.bool_)


def spread(columns: FloatArray) -> FloatArray:
    """Standard deviation across rows, per column: ``(n, k)`` to ``(k,)``, >= 0; exactly 0 for equal rows.

    ``sqrt(mean((x - mean(x))**2))``, taken around the first row so that equal rows give 0 and not rounding.

    >>> spread(np.array([[0.1, 0.0], [0.1, 2.0]])).tolist()
    [0.0, 1.0]
    """
    if len(columns) < 2:
        return np.zeros(columns.shape[1])
    deviations: FloatArray = np.std(columns - columns[:1], axis=0)
    return deviations


def mode_share(columns: FloatArray, tolerance: float | FloatArray = 1e-3) -> float:
    """Share of rows of which every column lies within ``tolerance`` of that column's median, in [0, 1].

    >>> mode_share(np.array([[0.5], [0.5004], [0.9], [0.5]]))
    0.75
    """
    if not len(columns):
        return 0.0
    near = np.abs(columns - np.median(columns, axis=0)) <= tolerance
    return float(near.all(axis=1).mean())


def unique_rows(rows: AnyArray) -> int:
    """How many distinct rows ``(n, ...)`` there are, bit for bit (0.0 and -0.0 are one).

    >>> unique_rows(np.array([[0.0, 1.0], [-0.0, 1.0], [2.0, 1.0]]))
    2
    """
    return len(_counted(rows))


def commonest_row(rows: AnyArray) -> float:
    """Share of the rows ``(n, ...)`` that are bit-equal to the most frequent one, in [0, 1]; 0 of none.

    >>> commonest_row(np.array([[0.0, 1.0], [-0.0, 1.0], [2.0, 1.0], [0.0, 1.0]]))
    0.75
    """
    return max(_counted(rows).values(), default=0) / max(len(rows), 1)


def _counted(rows: AnyArray) -> Counter[str | bytes]:
    """How often each row occurs."""
    array = np.asarray(rows)
    if array.dtype.kind == "f":
        array = array + array.dtype.type(0)
    if array.dtype.kind == "O":
        return Counter(repr(row) for row in array)
    return Counter(row.tobytes() for row in np.ascontiguousarray(array))


def to_probabilities(outputs: AnyArray, link: str = "identity") -> FloatArray:
    """Outputs to probabilities of the same shape: ``identity``, ``sigmoid``, ``softmax`` (last axis) or ``exp``.

    Raises `ValueError` for another link.

    >>> to_probabilities(np.array([0.0]), "sigmoid").tolist()
    [0.5]
    >>> to_probabilities(np.array([[1.0, 1.0]]), "softmax").tolist()
    [[0.5, 0.5]]
    """
    values = np.asarray(outputs, dtype=np.float64)
    if link == "identity":
        return values
    if link == "exp":
        return np.exp(np.minimum(values, 700.0))
    if link == "sigmoid":
        return _sigmoid(values)
    if link == "softmax":
        with np.errstate(invalid="ignore"):
            shifted = np.exp(values - values.max(axis=-1, keepdims=True))
            shares: FloatArray = shifted / shifted.sum(axis=-1, keepdims=True)
        return shares
    raise ValueError(f"link must be identity, sigmoid, softmax or exp, not {link!r}")


def _sigmoid(values: FloatArray) -> FloatArray:
    small = np.exp(-np.abs(values))
    result: FloatArray = np.where(values >= 0, 1.0 / (1.0 + small), small / (1.0 + small))
    return result


def logit(probabilities: FloatArray) -> FloatArray:
    """``log(p / (1 - p))`` of probabilities clipped to the resolution of float32; same shape, in [-16.2, 16.2].

    >>> logit(np.array([0.5, 1.0])).round(3).tolist()
    [0.0, 16.118]
    """
    p = np.clip(probabilities, PROBABILITY_RESOLUTION, 1 - PROBABILITY_RESOLUTION)
    result: FloatArray = np.log(p) - np.log1p(-p)
    return result


def logits_of(outputs: AnyArray, link: str, *, softmax: bool) -> FloatArray:
    """Logits behind the outputs, same shape: the outputs themselves under a link, else from probabilities.

    For a softmax they are centred per row (only differences between columns mean anything).

    >>> logits_of(np.array([[3.0, 1.0]]), "softmax", softmax=True).tolist()
    [[1.0, -1.0]]
    """
    values = np.asarray(outputs, dtype=np.float64)
    if not softmax:
        return values if link == "sigmoid" else logit(to_probabilities(values, link))
    if link != "softmax":
        values = np.log(np.clip(to_probabilities(values, link), PROBABILITY_RESOLUTION, None))
    centred: FloatArray = values - values.mean(axis=-1, keepdims=True)
    return centred


def hard_labels(probabilities: FloatArray, *, threshold: float = 0.5) -> AnyArray:
    """Index of the largest column of ``(n, k)``; for one column whether it exceeds ``threshold``. ``(n,)`` integers.

    >>> hard_labels(np.array([[0.2], [0.7]])).tolist(), hard_labels(np.array([[0.2, 0.8]])).tolist()
    ([0, 1], [1])
    """
    if probabilities.shape[1] == 1:
        return (probabilities[:, 0] > threshold).astype(np.int64)
    return np.asarray(np.argmax(probabilities, axis=1))

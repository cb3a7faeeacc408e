"""Rows of any kind as a table of numbers for the reference learners: standardized, imputed, not too wide."""

from __future__ import annotations

import numpy as np

from defib.measures.outputs import AnyArray, FloatArray
from defib.probes.local_features import image_features, sequence_features
from defib.probes.token_features import token_counts, token_places

MOST_COLUMNS = 200
MOST_PLACES = 50
"""Tokens whose ids are read by their place: columns of category codes, or rows of one length."""
COMPONENTS = 50
CLIP_SD = 5.0
"""Standardized cells are cut here, so that one outlier does not decide a linear fit."""


def feature_table(X: AnyArray, kind: str) -> FloatArray:
    """``(n, ...)`` of kind ``tabular``, ``image``, ``tokens`` or ``sequence`` to float64 ``(n, d)``.

    Tokens become log counts of the 200 commonest ids, and the ids by their place, as numbers; NaN becomes the column's
    mean; constant columns go; images, and tables above 200 columns, are replaced by 50 principal components. Beside
    these stand, for images and sequences, as many components of what they hold somewhere
    (`defib.probes.local_features`).

    >>> feature_table(np.array([[1.0, 7.0], [3.0, 7.0]]), "tabular").tolist()
    [[-1.0], [1.0]]
    """
    if kind == "tokens":
        return standardize(np.concatenate([token_counts(X, MOST_COLUMNS), token_places(X, MOST_PLACES)], axis=1))
    table = _not_too_wide(np.asarray(X).reshape(len(X), -1).astype(np.float64), always=kind == "image")
    local = _local(X, kind)
    return table if local is None else np.concatenate([table, _not_too_wide(local, most=2 * COMPONENTS)], axis=1)


def _not_too_wide(table: AnyArray, most: int = MOST_COLUMNS, *, always: bool = False) -> FloatArray:
    table = standardize(table)
    if always or table.shape[1] > most:
        table = standardize(principal_components(table, COMPONENTS))
    return table


def _local(X: AnyArray, kind: str) -> FloatArray | None:
    """What rows with places hold somewhere; ``None`` for other shapes."""
    if kind == "image" and np.ndim(X) in (3, 4):
        return image_features(X)
    if kind == "sequence" and np.ndim(X) == 3 and X.shape[1] > 2:
        return sequence_features(X)
    return None


def standardize(table: FloatArray) -> FloatArray:
    """Each column to mean 0 and sd 1 over its finite cells, cut at 5 sd; other cells 0; constant columns left out."""
    finite = np.isfinite(table)
    count = np.maximum(finite.sum(axis=0), 1)
    mean = np.where(finite, table, 0.0).sum(axis=0) / count
    centred = np.where(finite, table - np.where(np.isfinite(mean), mean, 0.0), 0.0)
    size = np.abs(centred).max(axis=0, initial=0.0)
    varies = (size > 1e-12 * np.abs(mean)) & (size > 0)
    # Dividing by the largest deviation first keeps columns of 1e200 from overflowing.
    scaled = centred[:, varies] / size[varies]
    sd = np.sqrt((scaled**2).sum(axis=0) / count[varies])
    return np.asarray(np.clip(scaled / sd, -CLIP_SD, CLIP_SD))


def principal_components(table: FloatArray, at_most: int) -> FloatArray:
    """The leading principal components ``(n, k)`` of a centred table, by the smaller of the two Gram matrices."""
    n, d = table.shape
    k = min(at_most, n, d)
    if k == 0:
        return table
    if d <= n:
        vectors = np.linalg.eigh(table.T @ table)[1][:, ::-1][:, :k]
        return np.asarray(table @ vectors)
    values, vectors = np.linalg.eigh(table @ table.T)
    return np.asarray(vectors[:, ::-1][:, :k] * np.sqrt(np.maximum(values[::-1][:k], 0.0)))

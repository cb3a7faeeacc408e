"""Rows of any kind as a table of numbers for the reference learners: standardized, imputed, not too wide."""

from __future__ import annotations

import numpy as np

from defib.measures.outputs import AnyArray, FloatArray

MOST_COLUMNS = 200
COMPONENTS = 50
TOKEN_BINS = 512
CLIP_SD = 5.0
"""Standardized cells are cut here, so that one outlier does not decide a linear fit."""


def feature_table(X: AnyArray, kind: str) -> FloatArray:
    """``(n, ...)`` of kind ``tabular``, ``image``, ``tokens`` or ``sequence`` to float64 ``(n, d)``.

    Tokens become log counts of ids modulo 512; sequences their cells with each channel's mean and sd; NaN becomes the
    column's mean; constant columns go; images, and tables above 200 columns, are replaced by 50 principal components.

    >>> feature_table(np.array([[1.0, 7.0], [3.0, 7.0]]), "tabular").tolist()
    [[-1.0], [1.0]]
    """
    if kind == "tokens":
        table = bag_of_tokens(X)
    elif kind == "sequence":
        table = _with_channel_moments(np.asarray(X, dtype=np.float64))
    else:
        table = np.asarray(X).reshape(len(X), -1).astype(np.float64)
    table = standardize(table)
    if kind == "image" or table.shape[1] > MOST_COLUMNS:
        table = standardize(principal_components(table, COMPONENTS))
    return table


def bag_of_tokens(X: AnyArray) -> FloatArray:
    """Log of one plus how often each token id (modulo 512) occurs in a row, ``(n, bins)``.

    >>> np.exp(bag_of_tokens(np.array([[1, 1, 0]]))).round().tolist()
    [[2.0, 3.0]]
    """
    flat = np.asarray(X).reshape(len(X), -1)
    ids = np.nan_to_num(flat.astype(np.float64)).astype(np.int64) % TOKEN_BINS
    bins = int(ids.max(initial=0)) + 1
    counts = np.zeros((len(ids), bins))
    np.add.at(counts, (np.repeat(np.arange(len(ids)), ids.shape[1]), ids.ravel()), 1.0)
    return np.log1p(counts)


def _with_channel_moments(X: FloatArray) -> FloatArray:
    known = np.where(np.isfinite(X), X, 0.0)
    return np.concatenate([known.reshape(len(X), -1), known.mean(axis=1), known.std(axis=1)], axis=1)


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

"""Location and scale of every input column over the training rows: what an input transform is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defib.evidence import Book, Evidence, Missing, Probe
from defib.subject import AnyArray, Subject


@dataclass(frozen=True)
class ColumnScales(Evidence):
    """Per-column figures, each of shape ``X.shape[1:]``, over the finite cells of the training rows.

    A column that does not vary, or holds no finite cell, has ``sd`` 1, so that dividing by it changes nothing.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    """Population standard deviation (``ddof=0``), in the column's own unit."""
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    """Equal to `minimum` in a column that does not vary."""
    names: tuple[str, ...] = ()
    """Of the columns, where the program gave a table that has them."""


def column_scales(X: AnyArray) -> ColumnScales:
    """Mean, sd, minimum and maximum per column of rows ``(n_rows, ...)``, NaN and inf ignored.

    >>> s = column_scales(np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]]))
    >>> s.mean.tolist(), s.sd.tolist(), s.minimum.tolist(), s.maximum.tolist()
    ([2.0, 5.0], [1.0, 1.0], [1.0, 5.0], [3.0, 5.0])
    """
    values = np.asarray(X, dtype=np.float64)
    finite = np.isfinite(values)
    count = np.maximum(finite.sum(axis=0), 1)
    mean = np.where(finite, values, 0.0).sum(axis=0) / count
    centred = np.where(finite, values - mean, 0.0)
    sd = np.sqrt((centred**2).sum(axis=0) / count)
    # Rounding leaves an sd of about 1e-16 × |mean| in a column of equal numbers.
    constant = sd <= np.abs(mean) * 1e-12
    nothing = ~finite.any(axis=0)
    minimum = np.where(nothing, 0.0, np.where(finite, values, np.inf).min(axis=0))
    maximum = np.where(nothing, 0.0, np.where(finite, values, -np.inf).max(axis=0))
    return ColumnScales(mean, np.where(constant, 1.0, sd), minimum, maximum)


def _measure(subject: Subject, book: Book) -> ColumnScales:
    if subject.training is None or len(subject.training) == 0:
        raise Missing("ColumnScales", "the training rows")
    X = np.asarray(subject.training.X)
    if not (np.issubdtype(X.dtype, np.number) or X.dtype == np.bool_):
        raise Missing("ColumnScales", "numeric rows")
    return replace(column_scales(X), names=subject.training.columns)


PROBE = Probe("columns", ColumnScales, "free", _measure)

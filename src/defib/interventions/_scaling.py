"""Input transforms from the measured columns. Private; not an intervention."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from defib.causes._scale import is_squeezed
from defib.evidence import Book
from defib.interventions._writing import by_framework
from defib.probes.columns import ColumnScales
from defib.probes.inputs import InputFacts
from defib.recipe import InputTransform

CENTRED, LOW_SD, HIGH_SD = 0.2, 0.5, 2.0
"""Columns within these are standardized for any network: |mean|, and sd from LOW_SD to HIGH_SD."""


def _varies(columns: ColumnScales) -> NDArray[np.bool_]:
    return columns.maximum > columns.minimum


def _pooled(columns: ColumnScales, axes: tuple[int, ...] | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and sd over these axes of the columns together, kept for broadcasting (``None``: all axes)."""
    variance = np.where(_varies(columns), columns.sd**2, 0.0)
    mean = columns.mean.mean(axis=axes, keepdims=True)
    second = (variance + columns.mean**2).mean(axis=axes, keepdims=True)
    sd = np.sqrt(np.maximum(second - mean**2, 0.0))
    return mean, np.where(sd > 0, sd, 1.0)


def _shared_axes(kind: str, ndim: int) -> tuple[int, ...] | None:
    """Axes of a row whose cells share a unit: all of an image's, the time of a sequence; ``()`` for a table."""
    if kind == "image":
        return tuple(range(ndim))
    return tuple(range(ndim - 1)) if kind == "sequence" and ndim > 1 else ()


def z_score(book: Book) -> InputTransform:
    """Mean 0 and sd 1 over the training rows, per column, per image or per channel of a sequence."""
    columns, kind = book.get(ColumnScales), book.get(InputFacts).kind
    axes = _shared_axes(kind, columns.mean.ndim)
    mean, sd = (columns.mean, columns.sd) if not axes else _pooled(columns, axes)
    return InputTransform(*_undone(book, mean, sd), "standardize", fill=_fill(book, columns))


def min_max(book: Book) -> InputTransform:
    """Training rows to [0, 1], per column, per image or per channel of a sequence."""
    columns, kind = book.get(ColumnScales), book.get(InputFacts).kind
    axes = _shared_axes(kind, columns.mean.ndim)
    low = columns.minimum if not axes else columns.minimum.min(axis=axes, keepdims=True)
    high = columns.maximum if not axes else columns.maximum.max(axis=axes, keepdims=True)
    width = high - low
    return InputTransform(*_undone(book, low, np.where(width > 0, width, 1.0)), "min-max", fill=_fill(book, columns))


def _undone(
    book: Book, offset: NDArray[np.float64], scale: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Offset and scale with which rows are scaled behind a step of the network's own that squeezes them."""
    step = book.get(InputFacts).door
    if step is None or not is_squeezed(book.get(InputFacts)):
        return offset, scale
    scale = np.where(scale > 0, scale, 1.0)
    return offset + step.shift * scale, step.gain * scale


def fill_missing(book: Book) -> InputTransform:
    """Missing cells replaced by their column's mean, nothing else changed."""
    columns = book.get(ColumnScales)
    one = np.ones_like(columns.mean)
    return InputTransform(0.0 * one, one, "impute", fill=columns.mean)


def _fill(book: Book, columns: ColumnScales) -> NDArray[np.float64] | None:
    """Means of the columns where cells are missing: no scale is measured, or helps, with NaN among the rows."""
    inputs = book.get(InputFacts)
    return columns.mean if inputs.nan_cells + inputs.inf_cells > 0 else None


def filled_first(book: Book, framework: str, code: str) -> str:
    """The code, after lines that fill missing cells where there are any."""
    inputs = book.get(InputFacts) if book.has(InputFacts) else None
    if inputs is None or inputs.nan_cells + inputs.inf_cells == 0:
        return code
    filling = by_framework(
        framework,
        keras="""
        usual = np.nanmean(np.where(np.isfinite(X_train), X_train, np.nan), axis=0)
        X_train, X_new = (np.where(np.isfinite(X), X, usual) for X in (X_train, X_new))
        """,
        torch="""
        usual = torch.where(X_train.isfinite(), X_train, torch.nan).nanmean(dim=0)
        X_train, X_new = (torch.where(X.isfinite(), X, usual) for X in (X_train, X_new))
        """,
    )
    return f"{filling}\n{code}"


def cannot_scale(book: Book) -> str | None:
    """Why scaling the inputs changes nothing here, or ``None``."""
    inputs = book.get(InputFacts)
    if inputs.kind == "tokens":
        return "the inputs are token ids"
    if inputs.normalized_inside:
        return "the model normalizes its inputs at its own door"
    if inputs.constant_fraction == 1.0:
        return "no column varies"
    return None


def is_standardized(book: Book) -> bool:
    """Whether every varying column is near mean 0 and sd 1 already, and still is at the first weights."""
    if is_squeezed(book.get(InputFacts)):
        return False
    columns = book.get(ColumnScales)
    varies = _varies(columns)
    mean, sd = columns.mean[varies], columns.sd[varies]
    return bool((np.abs(mean) < CENTRED).all() and (sd > LOW_SD).all() and (sd < HIGH_SD).all())

"""Numbers about one layer's values on some rows: dead and saturated units, how distinguishable the rows are."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

AnyArray: TypeAlias = NDArray[Any]
FloatArray: TypeAlias = NDArray[np.floating[Any]]

MAX_CELLS_PER_ROW = 4096
"""Feature maps are read at this many evenly spaced cells per row; spread and correlation are means over cells."""


def spaced_indices(n: int, at_most: int) -> NDArray[np.int64]:
    """Evenly spaced distinct indices into ``n`` things, first and last included, ``(min(n, at_most),)``.

    >>> spaced_indices(10, 4).tolist(), spaced_indices(3, 4).tolist()
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if n <= at_most:
        return np.arange(n, dtype=np.int64)
    return np.linspace(0, n - 1, at_most).round().astype(np.int64)


def flat_cells(values: AnyArray) -> FloatArray:
    """``(n, ...)`` to float64 ``(n, cells)``, at most `MAX_CELLS_PER_ROW` evenly spaced cells per row.

    >>> flat_cells(np.ones((2, 100, 100))).shape
    (2, 4096)
    """
    array = np.asarray(values)
    array = array.reshape(len(array), int(np.prod(array.shape[1:], dtype=np.int64)))
    return array[:, spaced_indices(array.shape[1], MAX_CELLS_PER_ROW)].astype(np.float64)


def row_spread(values: AnyArray) -> float:
    """Between-row standard deviation, root mean square over units: ``sqrt(mean_u(var_rows(v_u)))``, >= 0.

    ``values`` is ``(n, ...)``. Rows that are equal give exactly 0.

    >>> round(row_spread(np.array([[0.0, 5.0], [2.0, 5.0]])), 4)
    0.7071
    """
    cells = flat_cells(values)
    if cells.size == 0:
        return 0.0
    return float(np.sqrt(np.var(cells - cells[:1], axis=0).mean()))


def root_mean_square(values: AnyArray) -> float:
    """Over all cells of an array of any shape; 0 where there are none.

    >>> root_mean_square(np.array([[3.0, -3.0], [3.0, 3.0]])), root_mean_square(np.empty((0, 2)))
    (3.0, 0.0)
    """
    cells = np.asarray(values, dtype=np.float64)
    return float(np.sqrt(np.mean(np.square(cells)))) if cells.size else 0.0


def relative_spread(values: AnyArray) -> float:
    """`row_spread` over the root mean square of the values, in [0, 1]: 0 = all rows equal, 1 = centred at 0.

    >>> relative_spread(np.array([[1.0], [-1.0]])), relative_spread(np.array([[3.0], [3.0]]))
    (1.0, 0.0)
    """
    size = root_mean_square(flat_cells(values))
    return row_spread(values) / size if size > 0 else 0.0


def row_correlation(values: AnyArray) -> float:
    """Mean cosine between all pairs of different rows of ``(n, ...)``, in [-1, 1]; 1 when they are equal.

    ``(|sum_i u_i|**2 - n) / (n * (n - 1))`` with unit rows ``u_i``. Two rows of zeros count as equal.

    >>> row_correlation(np.array([[1.0, 0.0], [0.0, 1.0]])), row_correlation(np.zeros((3, 2)))
    (0.0, 1.0)
    """
    cells = flat_cells(values)
    n = len(cells)
    if n < 2:
        return 1.0
    lengths = np.linalg.norm(cells, axis=1)
    alive = lengths > 0
    units = cells[alive] / lengths[alive, None]
    n_zero = int((~alive).sum())
    pairs = float((units.sum(axis=0) ** 2).sum()) - len(units) + n_zero * (n_zero - 1)
    return float(np.clip(pairs / (n * (n - 1)), -1.0, 1.0))


def dead_fraction(values: AnyArray, *, unit_axis: int = -1) -> float:
    """Share of units (channels of a feature map) that are exactly 0 on all rows and positions, in [0, 1].

    >>> dead_fraction(np.array([[0.0, 1.0], [0.0, 0.0]]))
    0.5
    """
    array = np.moveaxis(np.asarray(values), unit_axis, -1)
    if array.ndim < 2 or array.size == 0:
        return 0.0
    return float((array == 0).reshape(-1, array.shape[-1]).all(axis=0).mean())


def saturated_fraction(values: AnyArray, *, low: float, high: float, margin: float = 0.01) -> float:
    """Share of cells within ``margin`` times the width of the range of an end of it, in [0, 1].

    >>> saturated_fraction(np.array([0.001, 0.5, 0.999, 0.98]), low=0.0, high=1.0)
    0.5
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return 0.0
    edge = margin * (high - low)
    return float(((array < low + edge) | (array > high - edge)).mean())

"""The rows a training saw: a bounded, even sample, the length of an epoch, and whether the order changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import final

import numpy as np
from numpy.typing import NDArray

from defib.subject import AnyArray

MAX_ROWS = 20_000
MAX_BYTES = 256 * 2**20
KEPT_ROWS = 2 * MAX_ROWS
"""Two epochs have to be seen before the first is known to be one."""
MAX_HASHED_ROWS = 2_000_000
MAX_HASHED_BATCHES = 20_000
MAX_HASHED_COLUMNS = 64
HASHED_AT_ONCE = 50_000
MAX_BATCHES_OF_FEW = 300
"""Where there are hardly more distinct rows than a batch has, an epoch is looked for this long."""
REPEATS = 4
"""Rows that came this often on average without a period are drawn by a sampler: nothing more is learnt by waiting."""


LEAST_COPIES = 4
"""Rows of a batch that may be copies of each other by chance, and batches that may be."""

Keys = Callable[[AnyArray], NDArray[np.uint64]]
Align = Callable[[Sequence[AnyArray]], list[AnyArray]]


def row_keys(X: AnyArray) -> NDArray[np.uint64]:
    """One number per row, equal for equal rows; at most 64 evenly spaced columns are looked at.

    >>> keys = row_keys(np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]]))
    >>> bool(keys[0] == keys[2]), bool(keys[0] == keys[1])
    (True, False)
    """
    if len(X) > HASHED_AT_ONCE:  # the arithmetic takes several times the memory of the rows
        pieces = [row_keys(X[i : i + HASHED_AT_ONCE]) for i in range(0, len(X), HASHED_AT_ONCE)]
        return np.concatenate(pieces)
    flat = X.reshape(len(X), -1)
    if flat.shape[1] > MAX_HASHED_COLUMNS:
        flat = flat[:, np.linspace(0, flat.shape[1] - 1, MAX_HASHED_COLUMNS).astype(int)]
    flat = np.ascontiguousarray(flat)
    if flat.dtype.kind not in "iub":
        flat = np.ascontiguousarray(flat, dtype=np.float64).view(np.uint64)
    flat = flat.astype(np.uint64)
    weights = _weights(flat.shape[1] + 1)
    mixed = (flat ^ (flat >> np.uint64(29))) * weights[:-1]
    keys: NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(32))).sum(axis=1, dtype=np.uint64) * weights[-1]
    return keys ^ (keys >> np.uint64(31))


def column_weights(n: int) -> NDArray[np.uint64]:
    """``n`` odd numbers, the same ones first whatever ``n`` is."""
    return _weights(n)


@lru_cache(maxsize=64)
def _weights(n: int) -> NDArray[np.uint64]:
    return np.random.default_rng(12345).integers(1, 2**63, size=n, dtype=np.uint64) | np.uint64(1)


def evenly(n_rows: int, row_bytes: int, most_bytes: int = MAX_BYTES) -> AnyArray | None:
    """Which of so many rows are kept: evenly spaced ones, at most 20,000 and at most so many bytes; ``None`` for all.

    >>> evenly(5, 8) is None, evenly(5, 8, 24).tolist()
    (True, [0, 2, 4])
    """
    most = max(2, min(MAX_ROWS, most_bytes // max(row_bytes, 1)))
    return None if n_rows <= most else np.linspace(0, n_rows - 1, most).astype(int)


def _total(keys: NDArray[np.uint64]) -> int:
    return int(keys.sum(dtype=np.uint64))


@final
class RowStore:
    """Fed one batch after the other, in the order of the training."""

    def __init__(self, keys: Keys = row_keys, align: Align = list) -> None:
        """``keys``: one number per row; ``align``: brings arrays of rows to one shape, where that can be done."""
        self._keys_of = keys
        self._align = align
        self.batches: list[tuple[int, AnyArray, AnyArray | None]] = []
        self.labels: list[AnyArray] = []
        self.stride = 1
        self.n_rows = 0
        self.n_batches = 0
        self.period_rows: int | None = None
        self.period_batches: int | None = None
        self.shuffled: bool | None = None
        self.closed = False
        self._keys: list[NDArray[np.uint64]] = []
        self._distinct: set[int] = set()
        self._plain: list[NDArray[np.uint64]] = []
        self._labelled = True
        self._running = 0
        self.sampled = False
        """Rows are drawn, not gone through: an epoch is a manner of speaking."""
        self._of_one_row = 0
        self._of_several = 0
        self._sums: dict[int, tuple[int, int]] = {}
        self._bytes = 0

    @property
    def wants_rows(self) -> bool:
        """Whether the coming batch is one to keep (rows and labels)."""
        return not self.closed and self.n_batches % self.stride == 0

    @property
    def wants_keys(self) -> bool:
        """Whether the coming batch's inputs are still looked at."""
        return not self.closed

    def add(self, X: AnyArray, y: AnyArray | None) -> None:
        """A batch ``(n_rows, ...)`` with its labels; where all rows are kept, the arrays must not change afterwards."""
        at = self.n_rows
        if self.stride == 1 and y is not None and self.n_rows < MAX_ROWS:
            self.labels.append(y[: MAX_ROWS - self.n_rows])
        self._count(X, y)
        chosen = evenly(len(X), X[:1].nbytes)
        if chosen is not None:
            X, y = X[chosen], None if y is None or len(y) != len(X) else y[chosen]
        self.batches.append((at, X, y))
        self._bytes += X.nbytes + (0 if y is None else y.nbytes)
        self._thin()

    def skip(self, X: AnyArray) -> None:
        """A batch that is only counted."""
        self._count(X)

    def _thin(self) -> None:
        while len(self.batches) > 1 and (
            sum(len(X) for _, X, _ in self.batches) > KEPT_ROWS or self._bytes > MAX_BYTES
        ):
            self.batches = self.batches[::2]
            self.stride *= 2
            self._bytes = sum(X.nbytes + (0 if y is None else y.nbytes) for _, X, y in self.batches)

    def _count(self, X: AnyArray, y: AnyArray | None = None) -> None:
        keys = self._keys_of(X)
        self._distinct.update(keys.tolist())
        self._note_copies(keys, y)
        labelled = self._labelled and y is not None and len(y) == len(X)
        if self._labelled and not labelled and self.n_batches:
            self._forget_labels()
        self._labelled = labelled
        self._plain.append(keys)
        self._keys.append(keys ^ (row_keys(y) * np.uint64(0x9E3779B97F4A7C15)) if labelled and y is not None else keys)
        self.n_rows += len(X)
        self.n_batches += 1
        self._running = (self._running + _total(self._keys[-1])) % 2**64
        self._sums[self.n_rows] = (self._running, self.n_batches)
        self._look_for_period()
        if not self.closed:
            self._look_for_end()

    def _note_copies(self, keys: NDArray[np.uint64], y: AnyArray | None) -> None:
        """Whether one row stands for all of a batch, under labels that differ."""
        if y is None or len(y) != len(keys) or len(keys) < LEAST_COPIES or not (y != y[:1]).any():
            return
        self._of_several += 1
        self._of_one_row += bool((keys == keys[0]).all())

    @property
    def of_one_row(self) -> float | None:
        """Share of the batches whose labels differ in which all rows are one row; ``None`` below four such batches."""
        return self._of_one_row / self._of_several if self._of_several >= LEAST_COPIES else None

    def _forget_labels(self) -> None:
        """From here on only inputs are known: the sums go over inputs from the start."""
        self._keys = list(self._plain)
        total, rows, self._sums = 0, 0, {}
        for i, keys in enumerate(self._keys):
            total, rows = (total + _total(keys)) % 2**64, rows + len(keys)
            self._sums[rows] = (total, i + 1)
        self._running = total

    def _look_for_end(self) -> None:
        if self.n_batches >= MAX_HASHED_BATCHES or self.n_rows >= MAX_HASHED_ROWS:
            self._close()
        elif self.n_rows > REPEATS * len(self._distinct) and self.n_batches > 3 * REPEATS:
            few = len(self._distinct) < 2 * len(self._plain[0])
            if not few or self.n_batches >= MAX_BATCHES_OF_FEW:
                self._close()

    def _look_for_period(self) -> None:
        """The same rows again, in whatever order: the sum of the keys has doubled.

        Where most rows are copies of others, that can be chance: then the rows must have come four times.
        """
        times = 4 if len(self._distinct) < self.n_rows / 4 else 2
        period, rest = divmod(self.n_rows, times)
        if rest or period not in self._sums:
            return
        first, n_batches = self._sums[period]
        if any(self._sums.get(k * period, (-1, 0))[0] != k * first % 2**64 for k in range(2, times + 1)):
            return
        keys = np.concatenate(self._keys)
        if not np.array_equal(np.sort(keys[:period]), np.sort(keys[period : 2 * period])):
            return
        self.period_rows, self.period_batches = period, n_batches
        if n_batches > 1:
            self.shuffled = not np.array_equal(keys[:period], keys[period : 2 * period])
        self._close()

    def stop(self) -> None:
        """Look at no further batch; an epoch that has not come twice by now is not known."""
        if not self.closed:
            self._close()

    def _close(self) -> None:
        self.closed = True
        if self.period_rows is None:
            self._periodless()
        self._sums.clear()

    def _periodless(self) -> None:
        """Rows came again without a period (``drop_last``, a sampler): an epoch is as many rows as there are."""
        distinct = len(self._distinct)
        few = bool(self._plain) and 2 * distinct < len(self._plain[0])  # hardly any: rows are copies of each other
        few |= (self.of_one_row or 0.0) > 0.5  # the copies are what is wrong
        if self.n_rows > 1.5 * distinct and self.n_batches > 1 and not few:
            self.sampled = True
            self.period_rows = distinct
            self.period_batches = max(1, round(self.n_batches * distinct / self.n_rows))
            self.shuffled = True

    @property
    def never_repeated(self) -> bool:
        """No row came twice, as far as was looked."""
        return self.n_rows > 0 and len(self._distinct) > 0.95 * self.n_rows

    @property
    def seen(self) -> frozenset[int]:
        """Keys of all rows looked at."""
        return frozenset(self._distinct)

    def finish(self) -> tuple[AnyArray, AnyArray | None] | None:
        """The sample: rows and labels of one epoch, in order of first sight, at most 20,000."""
        if not self.closed:
            self._close()
        if not self.batches:
            return None
        whole = self._epoch()
        X = np.concatenate([X for X, _ in whole])
        labels = [y for _, y in whole if y is not None]
        fit = len(labels) == len(whole) and all(one.shape[1:] == labels[0].shape[1:] for one in labels)
        y = np.concatenate(labels) if fit else None
        kept = self._first_sight(X)
        X, y = X[kept], None if y is None or len(y) != len(X) else y[kept]
        if len(X) > MAX_ROWS:
            chosen = np.linspace(0, len(X) - 1, MAX_ROWS).astype(int)
            X, y = X[chosen], None if y is None else y[chosen]
        return X, y

    def _epoch(self) -> list[tuple[AnyArray, AnyArray | None]]:
        limit = self.period_rows if self.period_rows is not None else self.n_rows
        exact = self.period_rows is not None and not self.sampled
        found = [(X, y) for at, X, y in self.batches if not exact or at < limit]
        found = list(zip(self._align([X for X, _ in found]), [y for _, y in found], strict=True))
        same = [one for one in found if one[0].shape[1:] == found[0][0].shape[1:]]
        return same or found[:1]

    def _first_sight(self, X: AnyArray) -> AnyArray:
        """Without a strict period, each row once."""
        if not self.sampled:
            return np.arange(len(X))
        return np.sort(np.unique(self._keys_of(X), return_index=True)[1])

    def label_order(self) -> AnyArray | None:
        """Labels in the order the training saw them, at most 20,000."""
        same = [one for one in self.labels if one.shape[1:] == self.labels[0].shape[1:]]
        return np.concatenate(same)[:MAX_ROWS] if same else None

"""Rows and labels as a Keras program hands them over: kept as copies, bounded, recognised again by a hash."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from defib.subject import AnyArray, Rows
from defib.symptom_values import stand_in_blocks

MAX_ROWS: Final = 20_000
MAX_BYTES: Final = 256 * 2**20
MAX_HASHED: Final = 200_000
"""Rows of one array that are hashed; of a longer one an even sample."""
SAME_SHARE: Final = 0.9
"""Share of rows found among others from which on they count as the same rows again."""


class SeveralArrays(Exception):
    """More than one array of rows; the message says how many and of what."""


def to_array(value: Any) -> AnyArray | None:
    """A NumPy array of rows from what ``fit`` takes: arrays, tensors, pandas, lists, one array in a list or dict.

    >>> to_array([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    if value is None:
        return None
    if isinstance(value, dict) or (isinstance(value, (list, tuple)) and any(hasattr(one, "shape") for one in value)):
        parts = list(value.values()) if isinstance(value, dict) else list(value)
        if len(parts) != 1:
            raise SeveralArrays(f"a {type(value).__name__} of {len(parts)} arrays")
        return to_array(parts[0])
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    elif hasattr(value, "numpy"):
        value = value.numpy()
    array = np.asarray(value)
    if array.dtype == object:
        array = _plain(array)
    return array


def _plain(array: AnyArray) -> AnyArray:
    """Objects that are numbers, as pandas gives them for mixed columns; texts stay objects."""
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        return array


def hashes(X: AnyArray) -> NDArray[np.uint64]:
    """One number per row, equal for rows that are equal as float32 (``predict`` and ``fit`` may differ in type).

    >>> bool((hashes(np.ones((2, 3))) == hashes(np.ones((2, 3), np.float32))).all())
    True
    """
    flat = np.asarray(X).reshape(len(X), -1)
    if flat.dtype.kind not in "fiub":
        return np.array([hash(tuple(map(_as_text, row))) & (2**64 - 1) for row in flat.tolist()], dtype=np.uint64)
    with np.errstate(over="ignore"):
        words = np.ascontiguousarray(flat, dtype=np.float32).view(np.uint32).astype(np.uint64)
        keys = np.random.RandomState(7).randint(1, 2**62, size=flat.shape[1], dtype=np.int64).astype(np.uint64)
        mixed = (words + keys) * (keys | np.uint64(1))
        mixed ^= mixed >> np.uint64(29)
        return np.asarray(mixed.sum(axis=1, dtype=np.uint64) if flat.shape[1] else np.zeros(len(flat), np.uint64))


def _as_text(cell: Any) -> Any:
    """TensorFlow hands texts back as bytes."""
    return cell.decode(errors="replace") if isinstance(cell, bytes) else cell


def evenly(n: int, at_most: int) -> NDArray[np.int64]:
    """Indices of an even sample in order.

    >>> evenly(10, 3).tolist()
    [0, 4, 9]
    """
    return np.arange(n) if n <= at_most else np.linspace(0, n - 1, at_most).astype(np.int64)


def sampled(X: AnyArray, at_most: int) -> NDArray[np.int64]:
    """Indices of an even sample in order; where it would miss every row that holds a NaN, some of those, too.

    >>> X = np.zeros((10, 1)); X[5] = np.nan
    >>> sampled(X, 3).tolist()
    [0, 4, 5]
    """
    kept = evenly(len(X), at_most)
    if len(kept) in (0, len(X)) or X.dtype.kind != "f":
        return kept
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(X.sum(dtype=np.float64)) or not np.isfinite(X[kept].sum(dtype=np.float64)):
            return kept
    bad = np.flatnonzero(~np.isfinite(X.reshape(len(X), -1)).all(axis=1))[: max(1, min(MAX_BAD, at_most // 2))]
    return np.sort(np.concatenate([kept[: len(kept) - len(bad)], bad]))


FIRST: Final = 4
"""Rows of a batch that tell whether it is new once a pass is known: the rest is not looked at."""
MAX_BAD: Final = 16
"""Rows with a NaN that are kept where an even sample has none: one is enough to ruin all weights."""


def row_limit(X: AnyArray) -> int:
    """How many rows of this size are kept."""
    size = max(1, X[:1].nbytes)
    return int(max(1, min(MAX_ROWS, MAX_BYTES // size)))


@dataclass
class RowStore:
    """Rows of one role (training, validation …) in the order in which they were first seen."""

    origin: str = ""
    X: list[AnyArray] = field(default_factory=list)
    y: list[AnyArray] = field(default_factory=list)
    w: list[AnyArray] = field(default_factory=list)
    n_kept: int = 0
    n_seen: int = 0
    """Different rows seen, as far as that is known."""
    known: set[int] = field(default_factory=set)
    order: list[NDArray[np.uint64]] = field(default_factory=list)
    """Hashes of the first pass, batch by batch."""
    complete: bool = False
    """The rows came again: a pass is known."""
    reordered: bool | None = None
    """Whether the second pass had another order."""
    batches: list[int] = field(default_factory=list)
    by_parts: bool = False
    """Some rows were taken several times before others came."""
    first_part: set[int] = field(default_factory=set)
    """What was known when the first of the others came."""
    came_back: bool = False
    """Rows of the first part came again after the others."""
    parts: list[int] = field(default_factory=list)
    """Rows kept of each ``fit`` that brought rows of its own, in order."""
    calls: int = 0
    """Calls of ``fit`` with arrays."""

    def add_arrays(self, X: AnyArray, y: AnyArray | None, w: AnyArray | None) -> None:
        """All rows of one ``fit`` call; the same rows again are not added twice."""
        self.calls += 1
        found = hashes(X[evenly(len(X), MAX_HASHED)])
        if self.known and self.share_known(found) >= SAME_SHARE:
            return
        if self.known and len(found) == len(X) and len(self.known) >= SAME_SHARE * self.n_seen:
            new = np.array([one not in self.known for one in found.tolist()])
            X, y, w = X[new], None if y is None else y[new], None if w is None else w[new]
        kept = sampled(X, max(0, row_limit(X) - self.n_kept))
        self.parts.append(len(kept))
        self._keep(X[kept], None if y is None else y[kept], None if w is None else w[kept])
        self.n_seen += len(X)
        self.known.update(found.tolist())
        self.complete = True

    def add_batch(self, X: AnyArray, y: AnyArray | None, w: AnyArray | None) -> bool:
        """One batch as the training drew it. Returns whether more batches would tell anything."""
        if self.complete and self.reordered is not None and not self._goes_on(X, y):
            return False
        found = hashes(X)
        # A batch that is one row over and over has few rows that could be new.
        again = self.share_known(found) >= SAME_SHARE and self.share_known(np.unique(found)) >= SAME_SHARE
        if self.known and not self.complete and again and self._comes_again(found):
            self.complete = True
        if self.complete:
            self.reordered = not self.by_parts and not self._starts_with(found)
            return False
        self.batches.append(len(X))
        self.n_seen += len(X)
        if len(self.known) < MAX_HASHED:
            self.known.update(found.tolist())
            self.order.append(found)
        room = row_limit(X) - self.n_kept
        if room > 0:
            self._keep(X[:room], None if y is None else y[:room], None if w is None else w[:room])
        return room > 0 or len(self.known) < MAX_HASHED

    def _goes_on(self, X: AnyArray, y: AnyArray | None) -> bool:
        """Whether rows come that were not in what looked like a whole pass: a part taken several times, then the next.

        The parts stand in the program's order, which is no shuffle's.
        """
        if len(self.known) >= MAX_HASHED or (y is None) != (not self.y):
            return False
        first = hashes(X[:FIRST])
        if self.share_known(first) > 0:
            self.came_back |= any(one in self.first_part for one in first.tolist())
            return False
        self.first_part = self.first_part or set(self.known)
        self.complete, self.reordered, self.by_parts = False, None, True
        return True

    def _comes_again(self, found: NDArray[np.uint64]) -> bool:
        """Constant rows are all known after the first batch: then the number of rows has to repeat, too."""
        distinct = len(self.known) > 1
        return distinct or (len(self.batches) > 1 and len(found) == self.batches[0] != self.batches[-1])

    def _starts_with(self, found: NDArray[np.uint64]) -> bool:
        first = self.order[0] if self.order else found
        n = min(len(first), len(found))
        return bool(np.array_equal(first[:n], found[:n]))

    def _keep(self, X: AnyArray, y: AnyArray | None, w: AnyArray | None) -> None:
        if len(X) == 0:
            return
        self.X.append(np.array(X))
        if y is not None:
            self.y.append(np.array(y))
        if w is not None:
            self.w.append(np.array(w))
        self.n_kept += len(X)

    def share_known(self, found: NDArray[np.uint64]) -> float:
        """Share of these rows, in [0, 1], that are among those seen."""
        sample = found[evenly(len(found), 2_000)].tolist()
        return sum(one in self.known for one in sample) / max(len(sample), 1)

    def rows(self) -> Rows | None:
        """What was kept as `Rows`; ``None`` when nothing was."""
        if not self.X:
            return None
        X = np.concatenate(self.X)
        y = np.concatenate(self.y) if sum(map(len, self.y)) == len(X) else None
        if self.in_blocks:
            order = self._shuffled_inside()
            X, y = X[order], None if y is None else y[order]
        return Rows(X, y, self.n_seen if self.n_seen > len(X) else None, self.origin)

    @cached_property
    def in_blocks(self) -> bool:
        """Whether each ``fit`` brought other classes, so that a shuffle inside each leaves the labels in blocks.

        To be asked when the training is over.
        """
        if len(self.parts) < 2 or sum(self.parts) != self.n_kept or sum(map(len, self.y)) != self.n_kept:
            return False
        return stand_in_blocks(self._numbered_labels()[self._shuffled_inside()])

    @property
    def labels_in_blocks(self) -> bool:
        """Whether the labels stand in blocks as they came."""
        return stand_in_blocks(self._numbered_labels())

    def _numbered_labels(self) -> NDArray[np.int64]:
        labels = np.concatenate([one.reshape(len(one), -1) for one in self.y])
        return np.unique(labels, axis=0, return_inverse=True)[1].ravel()

    @property
    def never_again(self) -> str:
        """Why a replay over all rows is another training, as a clause; empty where it is not.

        Parts of other classes that were each taken for all of their epochs before the next one came: what the first
        parts taught is forgotten, and passes over all rows would bring it back.
        """
        parts = self.in_blocks and self.calls == len(self.parts)
        if self.by_parts and not self.came_back and self.y:
            parts = self.labels_in_blocks
        return "each part of the rows was trained on for itself, and none came again after the next" if parts else ""

    def _shuffled_inside(self) -> NDArray[np.int64]:
        """The parts in their order, the rows of each in any."""
        rng, ends = np.random.default_rng(0), np.cumsum(self.parts)
        return np.concatenate(
            [rng.permutation(np.arange(end - n, end)) for n, end in zip(self.parts, ends, strict=True)]
        )

    def weights(self) -> AnyArray | None:
        """Sample weights of the kept rows, in the order of `rows`, if all have one."""
        if not self.w or sum(map(len, self.w)) != self.n_kept:
            return None
        found = np.concatenate(self.w)
        return found[self._shuffled_inside()] if self.in_blocks else found

    @property
    def batch_size(self) -> int | None:
        """The usual size of a batch."""
        return max(set(self.batches), key=self.batches.count) if self.batches else None

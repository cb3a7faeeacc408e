"""Token ids as a table: which tokens a row holds, which stand side by side, in which order, and at the ends.

A bag of tokens is blind to "not good"; pairs are not. Only marks that several rows share are kept, the commonest first.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from defib.measures.outputs import AnyArray, FloatArray

MOST_MARKS = 3000
LEAST_ROWS = 3
"""Rows that must share a mark: one that fewer share says nothing about others."""
FREQUENT = 24
"""Tokens of which every ordered pair is looked for, at any distance."""

Marks = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Row of each mark, and its number."""


def ids_of(X: AnyArray) -> NDArray[np.int64]:
    """Rows ``(n, steps)`` of ids from 0 on, without gaps."""
    flat = np.nan_to_num(np.asarray(X).reshape(len(X), -1).astype(np.float64)).astype(np.int64)
    return np.asarray(np.unique(flat, return_inverse=True)[1].reshape(flat.shape), dtype=np.int64)


def token_marks(X: AnyArray) -> FloatArray:
    """Which marks each row holds, 0 or 1, ``(n, marks)``."""
    ids = ids_of(X)
    found = [_table(rows, numbers, len(ids)) for rows, numbers in _all_marks(ids)]
    table = np.concatenate(found, axis=1)
    kept = np.argsort(-table.sum(axis=0), kind="stable")[:MOST_MARKS]
    return np.asarray(table[:, np.sort(kept)], dtype=np.float64)


def token_counts(X: AnyArray, most: int) -> FloatArray:
    """Log of one plus how often each of the commonest tokens occurs in a row, ``(n, most)`` at most.

    >>> np.exp(token_counts(np.array([[7, 7, 0], [0, 0, 7]]), 9)).round().tolist()
    [[2.0, 3.0], [3.0, 2.0]]
    """
    ids = ids_of(X)
    size = int(ids.max(initial=0)) + 1
    held = np.zeros(size)
    np.add.at(held, np.concatenate([np.unique(row) for row in ids]) if len(ids) else ids.ravel(), 1.0)
    common = np.sort(np.argsort(-held, kind="stable")[:most])
    place = np.full(size, -1)
    place[common] = np.arange(len(common))
    at = place[ids]
    rows, steps = np.nonzero(at >= 0)
    counts = np.zeros((len(ids), len(common)))
    np.add.at(counts, (rows, at[rows, steps]), 1.0)
    return np.log1p(counts)


def rows_of_unknown(T: AnyArray, P: AnyArray) -> float:
    """Share of the rows ``P`` without any token that tells rows of ``T`` apart, in [0, 1].

    A token tells rows apart when some rows hold it and others do not, and it does not fill them up (padding). Rows of
    a single token are left out: a new one is a new category. So are rows that differ from each other in several tokens
    of ``T``: these are words of its vocabulary, common as they may be there (letters, which every line holds).

    >>> trained_on = np.array([[2, 3, 0, 0], [4, 5, 3, 0], [2, 5, 0, 0], [4, 3, 2, 5]])
    >>> rows_of_unknown(trained_on, np.array([[1, 1, 0, 0], [1, 2, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]]))
    0.75
    >>> rows_of_unknown(np.array([[7, 8, 9, 1], [9, 7, 8, 2]]), np.array([[7, 8], [9, 9], [8, 8]]))
    0.0
    """
    rows, served = (np.asarray(X).reshape(len(X), -1) for X in (T, P))
    if rows.shape[1] < 2 or served.shape[1] < 2 or not len(rows) or not len(served):
        return 0.0
    telling = telling_tokens(rows)
    strange = served[~np.isin(served, telling).any(axis=1)]
    if not len(telling) or _differ_in_known(rows, strange):
        return 0.0
    return len(strange) / len(served)


def _differ_in_known(rows: AnyArray, strange: AnyArray) -> bool:
    """Whether several tokens of ``rows`` stand in some rows of ``strange`` and not in others, padding left out.

    One may: the number of unknown words, which a row without any words lacks.
    """
    if not len(strange):
        return False
    tokens, held = np.unique(np.concatenate([np.unique(row) for row in strange]), return_counts=True)
    parting = tokens[held < len(strange)]
    return int(np.isin(parting, np.setdiff1d(rows, _padding(rows))).sum()) > 1


def _padding(rows: AnyArray) -> list[int]:
    return [*_filling(rows[:, 0], rows[:, 1]), *_filling(rows[:, -1], rows[:, -2])]


def telling_tokens(rows: AnyArray) -> AnyArray:
    """Tokens of rows ``(n, steps)``, steps > 1, that some rows hold and others do not, padding left out."""
    tokens, held = np.unique(np.concatenate([np.unique(row) for row in rows]), return_counts=True)
    apart: AnyArray = tokens[(held < len(rows)) & ~np.isin(tokens, _padding(rows))]
    return apart


def only_lengths(X: AnyArray) -> tuple[int, int] | None:
    """The two ids of which all rows ``(n, steps)`` consist, one in front and one behind it; ``None`` for others.

    Such rows differ in their length alone: every word has become one id, and the other fills up.

    >>> only_lengths(np.array([[0, 0, -1], [0, -1, -1]])), only_lengths(np.array([[9, 1, 1], [9, 9, 1]]))
    ((0, -1), (9, 1))
    >>> only_lengths(np.array([[0, 1, 0], [0, 0, 1]])) is None
    True
    """
    rows = np.asarray(X).reshape(len(X), -1)
    values = np.unique(rows)
    if len(values) != 2:
        return None
    for front, behind in (values, values[::-1]):
        filled = rows == behind
        if bool((filled[:, 1:] >= filled[:, :-1]).all()):
            return int(front), int(behind)
    return None


def _filling(end: AnyArray, beside: AnyArray) -> list[int]:
    """The token that most often stands twice at this end of a row; none where none does."""
    values, counts = np.unique(end[end == beside], return_counts=True)
    return [int(values[np.argmax(counts)])] if len(values) else []


def token_places(X: AnyArray, most: int) -> FloatArray:
    """The ids themselves, by place, ``(n, most)`` at most: of longer rows the first half of the places and the last.

    An id's size says nothing in a text; in columns of codes it often does, and there the place is what counts.

    >>> token_places(np.array([[5, 6, 7, 8]]), 2).tolist()
    [[5.0, 8.0]]
    """
    flat = np.nan_to_num(np.asarray(X).reshape(len(X), -1).astype(np.float64))
    if flat.shape[1] <= most:
        return np.asarray(flat)
    return np.concatenate([flat[:, : most // 2], flat[:, -(most - most // 2) :]], axis=1)


def _all_marks(ids: NDArray[np.int64]) -> Iterator[Marks]:
    n, steps = ids.shape
    size = int(ids.max(initial=0)) + 1
    rows = np.repeat(np.arange(n), steps)
    yield rows, ids.ravel()
    if steps > 1:
        yield np.repeat(np.arange(n), steps - 1), (ids[:, :-1] * size + ids[:, 1:]).ravel()
        yield _ordered(ids)
    yield np.arange(n), ids[:, 0]
    yield np.arange(n), _last(ids)


def _ordered(ids: NDArray[np.int64]) -> Marks:
    """Pairs of frequent tokens, the first of which stands somewhere before the second."""
    steps = ids.shape[1]
    size = int(ids.max(initial=0)) + 1
    shares = np.zeros(size)
    np.add.at(shares, np.concatenate([np.unique(row) for row in ids]), 1.0)
    common = np.argsort(-shares, kind="stable")[:FREQUENT]
    common = common[shares[common] > 0]
    is_it = ids[:, None, :] == common[None, :, None]
    present = is_it.any(axis=2)
    first = np.where(present, is_it.argmax(axis=2), steps)
    last = np.where(present, steps - 1 - is_it[:, :, ::-1].argmax(axis=2), -1)
    rows, before, after = np.nonzero(first[:, :, None] < last[:, None, :])
    return rows, before * len(common) + after


def _last(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The last token of each row in front of what all rows end with, if they do (padding)."""
    values, counts = np.unique(ids[:, -1], return_counts=True)
    padding = values[np.argmax(counts)]
    real = ids != padding
    at = np.where(real.any(axis=1), ids.shape[1] - 1 - real[:, ::-1].argmax(axis=1), 0)
    return np.asarray(ids[np.arange(len(ids)), at], dtype=np.int64)


def _table(rows: NDArray[np.int64], numbers: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    """Marks that enough rows share, ``(n, marks)``."""
    pairs = np.unique(np.stack([numbers, rows]), axis=1)
    marks, at, shared = np.unique(pairs[0], return_inverse=True, return_counts=True)
    kept = (shared >= LEAST_ROWS) & (shared < n)
    commonest = np.argsort(-np.where(kept, shared, 0), kind="stable")[: min(int(kept.sum()), MOST_MARKS)]
    place = np.full(len(marks), -1)
    place[commonest] = np.arange(len(commonest))
    held = place[at] >= 0
    table = np.zeros((n, len(commonest)), dtype=bool)
    table[pairs[1][held], place[at][held]] = True
    return table

"""Labels that the program holds for its training rows beside those it trained on.

An array holds the training rows at known places, and a list of labels is as long as that array: the labels at those
places are these rows' own. Where other ones were trained on, rows and labels were drawn or cut apart; where all of
those are the same, the step that made them lost what tells them apart. Framework-free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from defib.capture.cells import MOST_COLUMNS
from defib.capture.places import KNOWN, Places, places_of
from defib.subject import AnyArray

MOST_CLASSES: Final = 20
DRAWN_SD: Final = 4.0
"""Standard deviations by which the share of a class may differ from that among all labels, in rows drawn of them."""


@dataclass(frozen=True)
class Column:
    """One value per row of a table or a list, ``(n,)``."""

    name: str
    values: AnyArray
    made: bool = False
    """The program's text makes something of it that is compared, mapped or cast."""


@dataclass(frozen=True)
class Held:
    """Labels that the program holds for training rows."""

    name: str
    labels: AnyArray
    """``(n_known, ...)``, as the program's labels are given."""
    at: Places
    """``(n_known,)``: of which training row."""


def held_labels(
    X: AnyArray, y: AnyArray, arrays: Sequence[AnyArray], columns: Sequence[Column], bridges: Sequence[AnyArray] = ()
) -> list[Held]:
    """Labels of the training rows ``X`` ``(n, ...)`` that differ from those trained on, ``y`` ``(n, ...)``.

    ``bridges``: arrays that hold the training rows in their order, in another form. Nothing is given where the labels
    trained on are found at the rows' own places, or where several columns could be meant.
    """
    given = _plain(y)
    if given is None:
        return []
    found: list[Held] = []
    for n in sorted({len(one) for one in arrays if len(one) >= len(X)}, reverse=True):
        mine = [one for one in columns if len(one.values) == n]
        for places in _places(X, [one for one in arrays if len(one) == n], bridges) if mine else ():
            at = np.flatnonzero(places >= 0)
            taken = [Column(one.name, one.values[places[at]], one.made) for one in mine]
            if len(np.unique(given)) > 1:
                fitting = (
                    [] if any(same_labels(one.values, given[at]) for one in taken) else _in_place_of(given, taken, mine)
                )
            else:
                fitting = [one for one in taken if one.made and _has_classes(one.values) and not _told(X[at], one)]
            told = {_ids(one.values).tobytes(): one for one in reversed(fitting)}
            if len(told) == 1:
                (one,) = told.values()
                found += [Held(one.name, labels, at)] if (labels := as_given(y, one.values)) is not None else []
    return found


def of_equal_rows(y: AnyArray, n: int, columns: Sequence[Column]) -> Held | None:
    """Labels of the first of ``n`` rows that are all equal at the network's door: their order there is not known.

    Those of a column whose first values are just the labels trained on, ``y``, in any order.
    """
    given = _plain(y)
    if given is None or given.dtype.kind not in "fiub" or n < len(given):
        return None
    wanted = np.sort(given.astype(np.float64))
    for one in columns:
        first = one.values[: len(given)]
        if len(one.values) == n and first.dtype.kind in "fiub" and np.array_equal(np.sort(first.astype(float)), wanted):
            labels = as_given(y, first)
            return None if labels is None else Held(one.name, labels, np.arange(len(given)))
    return None


def _places(X: AnyArray, arrays: Sequence[AnyArray], bridges: Sequence[AnyArray]) -> Iterator[Places]:
    with np.errstate(all="ignore"):
        found = places_of(X, arrays)
        for bridge in () if found else bridges:
            found = found or places_of(bridge, arrays)
    yield from (one for one in found if (one >= 0).mean() >= KNOWN)


def _plain(y: AnyArray) -> AnyArray | None:
    """One label per row, ``(n,)``: of one-hot rows the hot column; ``None`` where there are several."""
    flat = np.asarray(y).reshape(len(y), -1)
    if flat.shape[1] == 1:
        return np.asarray(flat[:, 0])
    one_hot = flat.dtype.kind in "fiub" and np.isin(flat, (0, 1)).all() and (flat.sum(axis=1) == 1).all()
    return np.asarray(flat.argmax(axis=1)) if one_hot else None


def _ids(values: AnyArray) -> AnyArray:
    """Numbers of the values in the order of their first row."""
    _, first, ids = np.unique(_comparable(values), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[ids.ravel()]


def _comparable(values: AnyArray) -> AnyArray:
    return values if values.dtype.kind in "fiub" else values.astype(str)


def same_labels(one: AnyArray, other: AnyArray) -> bool:
    """The same labels, whatever they are called."""
    return bool(np.array_equal(_ids(one), _ids(other)))


def _has_classes(values: AnyArray) -> bool:
    return 2 <= len(np.unique(_comparable(values))) <= min(MOST_CLASSES, len(values) // 10)


def _in_place_of(given: AnyArray, taken: Sequence[Column], whole: Sequence[Column]) -> list[Column]:
    """Those of which the labels trained on may have been drawn: the same values, in shares that drawing explains."""
    return [one for one, all_of in zip(taken, whole, strict=True) if _drawn_of(given, all_of.values)]


def _drawn_of(given: AnyArray, whole: AnyArray) -> bool:
    if given.dtype.kind not in "fiub" or whole.dtype.kind not in "fiub":
        return False
    wanted, counts = np.unique(given.astype(np.float32), return_counts=True)
    values, all_counts = np.unique(whole.astype(np.float32), return_counts=True)
    at = np.minimum(np.searchsorted(values, wanted), len(values) - 1)
    if not np.array_equal(values[at], wanted):
        return False
    if len(values) > MOST_CLASSES:
        return len(wanted) > MOST_CLASSES
    n, total = len(given), len(whole)
    share = all_counts[at] / total
    sd = np.sqrt(n * share * (1 - share) * (total - n) / max(total - 1, 1))
    return len(values) == len(wanted) and bool((np.abs(counts - n * share) <= DRAWN_SD * sd).all())


def _told(X: AnyArray, column: Column) -> bool:
    """The column is among the rows: as numbers, or as one column for each of its values."""
    table = X.reshape(len(X), -1)
    if table.shape[1] > MOST_COLUMNS:
        return False
    mine = {_ids(one).tobytes() for one in table.T}
    ids = _ids(column.values)
    return ids.tobytes() in mine or all(_ids(ids == k).tobytes() in mine for k in np.unique(ids)[1:])


def as_given(y: AnyArray, values: AnyArray) -> AnyArray | None:
    """The labels ``(n_known,)`` in the form of those trained on; ``None`` where they have no place there."""
    plain = np.unique(np.asarray(_plain(y)))
    classes, ids = np.unique(_comparable(values), return_inverse=True)
    y = np.asarray(y)
    if y.ndim > 1 and y[:1].size > 1:
        hot = np.eye(y[:1].size, dtype=y.dtype)
        return hot[ids.ravel()].reshape(-1, *y.shape[1:]) if len(classes) <= len(hot) else None
    if len(plain) > 1:
        return values.astype(y.dtype).reshape(-1, *y.shape[1:])
    return ids.astype(y.dtype).reshape(-1, *y.shape[1:]) if y.dtype.kind in "fiu" else None

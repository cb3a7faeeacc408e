"""What a program holds of its training rows beside those it trains on: the rows before a mask, an encoding, noise.

Copies are made when a training begins, bounded in bytes, and put beside the training rows by their places once these
are known. Framework-free.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from defib.beside import Beside
from defib.capture.cells import MOST_COLUMNS, as_numbers, may_be_table, rows_of_text, table_of, text_rows
from defib.capture.cells import column as numbers_of
from defib.capture.held_labels import Column, held_labels, of_equal_rows
from defib.capture.left_out import left_out
from defib.capture.orders import LEFT, Order, keys_among, orders_of, reordered
from defib.capture.places import KNOWN, places_of
from defib.capture.torch_frames import user_frames
from defib.label_lines import made_of
from defib.subject import AnyArray

LEAST_ROWS: Final = 20
MOST_ROWS: Final = 20_000
MAX_BYTES: Final = 32 * 2**20
"""Of all copies of one training, the smallest first."""
MANY: Final = 16
"""Entries of a dict, list or tuple that are looked at; longer ones hold rows, not arrays."""
HOLDING: Final = ("pandas", "torch")
"""Libraries whose tables and tensors are looked at, beside NumPy's arrays."""
MOST_TEXTS: Final = 8
"""Texts of files, and lists of rows of texts, that are kept."""
MOST: Final = 8
"""Arrays that are kept beside the rows."""


@dataclass(frozen=True)
class Named:
    """A copy of an array of the program's, ``(n, ...)``, under its name there."""

    name: str
    array: AnyArray
    columns: tuple[str, ...] = ()
    piped: bool = False
    """As `Beside.piped`."""
    texts: str | tuple[tuple[Any, ...], ...] = ()
    """The text of a file, or rows of cells that are texts, in place of ``array``: read only where that matters."""
    read: bool = False
    """As `Beside.read`."""
    is_key: bool = False
    """``array`` ``(n,)`` tells rows from each other, and may know an order of them (`orders_of`), or labels."""
    files: tuple[str, ...] = ()
    """The program's files that were running, in place of all else."""


def named_copies(to_array: Callable[[Any], AnyArray | None] = lambda value: None) -> list[Named]:
    """Copies of arrays and tables of two columns and more that the running functions of the program have names for.

    With what may know an order of rows. ``to_array`` makes an array of a framework's tensor, and ``None`` of
    everything else.
    """
    wanted: dict[int, tuple[str, Any]] = {}
    variables = list(_variables(sys._getframe(1)))
    for name, value in variables:
        with contextlib.suppress(RuntimeError, TypeError, ValueError):  # nested tensors have no shape
            if id(value) not in wanted and _is_wanted(value):
                wanted[id(value)] = (name, value)
    found: list[Named] = []
    left = MAX_BYTES
    for name, value in sorted(wanted.values(), key=lambda one: int(np.prod(one[1].shape))):
        with contextlib.suppress(RuntimeError, TypeError, ValueError):  # freed storage, odd columns
            made = _copied(name, value, to_array, left)
            if made is not None:
                found.append(made)
                left -= made.array.nbytes
    found += _texts(variables)
    files = tuple(dict.fromkeys(frame.f_code.co_filename for frame in user_frames(sys._getframe(1))))
    keys = [Named(name, array, is_key=True) for name, array in keys_among(variables, to_array)]
    return [*found, *keys, Named("", np.empty((0, 0)), files=files)]


def _texts(variables: Sequence[tuple[str, Any]]) -> list[Named]:
    """What the program read from a file, and still holds as texts."""
    found: dict[int, Named] = {}
    for name, value in variables:
        if id(value) in found:
            continue
        if isinstance(value, str) and may_be_table(value, LEAST_ROWS, MOST_ROWS):
            found[id(value)] = Named(name, np.empty((0, 0)), texts=value)
        elif (rows := text_rows(value, LEAST_ROWS, MOST_ROWS)) is not None:
            found[id(value)] = Named(name, np.empty((0, 0)), texts=tuple(tuple(row) for row in rows))
        if len(found) == MOST_TEXTS:
            break
    return list(found.values())


def _read(one: Named) -> Named | None:
    """With the numbers that its texts hold; ``None`` where these hold none."""
    if not one.texts:
        return one
    rows = rows_of_text(one.texts) if isinstance(one.texts, str) else [list(row) for row in one.texts]
    made = None if rows is None else table_of(rows)
    return None if made is None else Named(one.name, made[1], made[0], read=True)


def copied(name: str, value: Any) -> Named | None:
    """A copy of one array or table under this name; ``None`` where it is too large, or holds no rows of numbers."""
    with contextlib.suppress(RuntimeError, TypeError, ValueError):
        return _copied(name, value, lambda other: None, MAX_BYTES) if _is_wanted(value) else None
    return None


def _variables(innermost: Any) -> Iterator[tuple[str, Any]]:
    """Names and values from this frame on, innermost function first, with the entries of short containers."""
    for frame in user_frames(innermost):
        for name, value in (*frame.f_locals.items(), *frame.f_globals.items()):
            if not name.startswith("_") and name != "Out":  # a notebook keeps every answer there
                yield from ((name, value), *_entries(name, value))


def library_of(value: Any) -> str:
    """The top-level package that its class comes from."""
    return type(value).__module__.partition(".")[0]


def _entries(name: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict) and type(value).items is dict.items and len(value) <= MANY:
        return [(f"{name}[{key!r}]", one) for key, one in value.items()]
    if type(value) in (list, tuple) and len(value) <= MANY:
        return [(f"{name}[{i}]", one) for i, one in enumerate(value)]
    return _held_by_dataset(name, value)


def _held_by_dataset(name: str, value: Any) -> list[tuple[str, Any]]:
    """What a data set of the program's own keeps its rows in; a loader is asked for its data set."""
    torch_data = sys.modules.get("torch.utils.data")
    if torch_data is not None and isinstance(value, torch_data.DataLoader):
        name, value = f"{name}.dataset", value.dataset
    if torch_data is None or not isinstance(value, torch_data.Dataset) or len(vars(value)) > MANY:
        return []
    return [(f"{name}.{held}", one) for held, one in vars(value).items()]


def _is_wanted(value: Any) -> bool:
    """Rows of two numbers and more: what has one is labels, weights, indices."""
    if not isinstance(value, np.ndarray) and library_of(value) not in HOLDING:
        return False  # whose shape may be unknown, or costly to ask
    shape = getattr(value, "shape", None) if hasattr(type(value), "shape") else None
    if not isinstance(shape, tuple) or len(shape) < 2:
        return False
    return LEAST_ROWS <= int(shape[0]) <= MOST_ROWS and int(np.prod(shape[1:])) > 1


def _copied(name: str, value: Any, to_array: Callable[[Any], AnyArray | None], left: int) -> Named | None:
    if int(np.prod(value.shape)) > left:
        return None
    columns: tuple[str, ...] = ()
    read = False
    if library_of(value) == "pandas":
        columns, array, read = _table(value)
    else:
        given = value if isinstance(value, np.ndarray) else to_array(value)
        array = None if given is None else np.array(given)
    if array is None or array.dtype.kind not in "fiub" or array.nbytes > left or array[:1].size < 2:
        return None
    return Named(name, array, columns, read=read)


def _table(table: Any) -> tuple[tuple[str, ...], AnyArray | None, bool]:
    """Its columns of numbers, of texts of numbers, of a few categories: as their number among the sorted ones.

    With their names, and whether texts were read as numbers.
    """
    names, found, texts = [], [], False
    for i, name in enumerate(list(table.columns)[:MOST_COLUMNS]):
        given = np.asarray(table.iloc[:, i])
        read = given.astype(np.float64) if given.dtype.kind in "fiub" else numbers_of(given)
        if read is not None:
            names.append(str(name))
            found.append(read)
            texts = texts or (given.dtype.kind not in "fiub" and as_numbers(given) is not None)
    return tuple(names), np.column_stack(found) if found else None, texts


def beside_rows(X: AnyArray, named: Sequence[Named], y: AnyArray | None = None) -> tuple[Beside, ...]:
    """Those of the copies whose rows can be put beside the training rows ``X`` ``(n, ...)``, likest shape first.

    An array as long as one that holds the training rows has its rows in that one's order; an array that holds them by
    itself, some columns aside, in its own; one as long as ``X`` in the order of ``X``. Where that is wrong, no learner
    finds the labels in it. And ``X`` itself with other labels than ``y`` ``(n, ...)``, those trained on, where the
    program holds some (`held_labels`).
    """
    if X.dtype.kind not in "fiub" or len(X) < LEAST_ROWS:
        return ()
    orders: dict[int, tuple[NDArray[np.int64], ...]] = {}
    found: list[Beside] = []
    keys: dict[bytes, int] = {}
    known = orders_of((one.name, one.array) for one in named if one.is_key)
    keyed = [one for one in named if one.is_key]
    files = tuple(file for one in named for file in one.files)
    named = [read for one in named if not (one.is_key or one.files) and (read := _read(one)) is not None]
    for one in sorted(named, key=lambda one: (one.array.shape[1:] != X.shape[1:], one.array[:1].size)):
        n = len(one.array)
        if n not in orders:
            orders[n] = _orders(X, [other.array for other in named if len(other.array) == n])
        for places in orders[n]:
            at = np.flatnonzero(places >= 0)
            rows = one.array[places[at]]
            key = rows[:50].tobytes() + at[:50].tobytes()
            if key in keys and one.piped:  # the program has a name of its own for it
                found[keys[key]] = replace(found[keys[key]], piped=True)
            elif len(at) >= max(LEAST_ROWS, KNOWN * len(X)) and key not in keys and not _equal(X[at], rows):
                keys[key] = len(found)
                found.append(Beside(one.name, rows, at, one.columns, one.piped, read=one.read))
    labelled = () if y is None or len(y) != len(X) else _labelled(X, y, named, keyed, files)
    return (*found[:MOST], *_in_known_orders(X, named, known, set(keys)), *labelled)


def _labelled(
    X: AnyArray, y: AnyArray, named: Sequence[Named], keyed: Sequence[Named], files: Sequence[str]
) -> tuple[Beside, ...]:
    """The rows with other labels that the program holds for them; equal rows as they were, with theirs."""
    made = made_of(files)
    columns = [Column(one.name, one.array, _in_quotes(one.name) in made) for one in keyed]
    for one in named:
        for name, values in zip(one.columns, one.array.T if one.columns else (), strict=True):
            columns.append(Column(f"{one.name}[{name!r}]", values, name in made))
    if not np.ptp(X, axis=0).any():
        tables = [one for one in named if one.columns or one.array[:1].size == X[:1].size]
        equal = ((one, of_equal_rows(y, len(one.array), columns)) for one in tables)
        return tuple(
            Beside(one.name, one.array[found.at], found.at, one.columns, one.piped, found.labels, one.read)
            for one, found in equal
            if found is not None and np.ptp(one.array, axis=0).any()
        )[:MOST]
    arrays = [one.array for one in named if not one.piped]
    bridges = [one.array for one in named if one.piped]
    found = held_labels(X, y, arrays, columns, bridges)
    if not found and (cut := left_out(X, y, arrays, columns)) is not None:
        found = [cut]
    return tuple(Beside(one.name, X[one.at], one.at, labels=one.labels, by="at the rows' own places") for one in found)


def _in_quotes(name: str) -> str:
    """``a`` of ``table['a']``."""
    return name.rpartition("[")[2].strip("'\"]")


def _in_known_orders(
    X: AnyArray, named: Sequence[Named], orders: Sequence[Order], seen: set[bytes]
) -> tuple[Beside, ...]:
    """The rows themselves as orders that the program knows put them beside the labels."""
    found: list[Beside] = []
    for one in reordered(X, [(other.name, other.array) for other in named], orders):
        key = one.rows[:50].tobytes() + one.at[:50].tobytes()
        if len(one.at) >= LEFT * len(X) and key not in seen and not _equal(X[one.at], one.rows):
            seen.add(key)
            found.append(Beside(one.name, one.rows, one.at, by=one.words))
    return tuple(found[: 2 * MOST])


def _orders(X: AnyArray, arrays: Sequence[AnyArray]) -> tuple[NDArray[np.int64], ...]:
    """Where the rows stand in arrays of this length, once per order in which these hold them."""
    if any(_equal(X, one[: len(X)]) for one in arrays):
        return (np.arange(len(X)),)
    with np.errstate(all="ignore"):
        found = places_of(X, arrays)
    return found or ((np.arange(len(X)),) if len(arrays[0]) == len(X) else ())


def _equal(a: AnyArray, b: AnyArray) -> bool:
    if len(a) != len(b) or a.size != b.size or a.dtype.kind not in "fiub":
        return False
    left, right = (one.reshape(len(one), -1).astype(np.float32) for one in (a, b))
    return bool(np.array_equal(left, right, equal_nan=True))

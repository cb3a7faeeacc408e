"""Several outputs that one loss trains together: each is looked at for itself, and trials train them all at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defib.adapters.keras.clone import Clone
from defib.adapters.keras.flavor import Flavor
from defib.adapters.keras.packing import one_output
from defib.adapters.keras.weighing import row_key
from defib.subject import AnyArray, NotAvailable, Rows

Parts = tuple[Any, ...]
"""One entry per output, in the order of ``model.outputs``."""


@dataclass(frozen=True)
class Together:
    """The user's whole model, one of whose outputs is looked at."""

    model: Any
    """With several inputs packed."""
    number: int
    """Of the output that is looked at."""
    initial: list[AnyArray] | None
    """Values of ``model.weights`` before the first step."""
    trained: frozenset[int] | None
    """Indices into ``model.weights`` that the user's steps could change."""
    losses: Parts
    """As given to ``compile``."""
    weights: Parts | None
    """``loss_weights``, where some were given."""
    rows: Rows
    """The training rows, with the labels of the output that is looked at."""
    labels: tuple[AnyArray, ...]
    """Of the same rows, for every output."""
    counts: AnyArray | None = None
    """``sample_weight`` of the same rows, ``(n_rows, n_outputs)``."""

    @cached_property
    def _places(self) -> tuple[dict[bytes, list[int]], dict[bytes, list[int]]]:
        """Where a row stands, by its bytes and its label's, and by its own."""
        labelled: dict[bytes, list[int]] = defaultdict(list)
        plain: dict[bytes, list[int]] = defaultdict(list)
        for i, (x, y) in enumerate(zip(self.rows.X, self.labels[self.number], strict=True)):
            labelled[row_key(x, y)].append(i)
            plain[row_key(x, None)].append(i)
        return dict(labelled), dict(plain)

    def places(self, rows: Rows) -> NDArray[np.int64]:
        """Numbers of these rows among all; of rows that are equal, one after the other.

        Raises `NotAvailable` for rows that were not trained on: nobody knows the other outputs' labels of these.
        """
        labelled, plain = self._places
        turn: dict[int, int] = defaultdict(int)
        found = np.empty(len(rows), dtype=np.int64)
        labels: Any = [None] * len(rows) if rows.y is None else rows.y
        for n, (x, y) in enumerate(zip(rows.X, labels, strict=True)):
            known = labelled.get(row_key(x, y)) or plain.get(row_key(x, None))
            if not known:
                raise NotAvailable("labels of the other outputs for these rows")
            found[n] = known[turn[id(known)] % len(known)]
            turn[id(known)] += 1
        return found

    def all_labels(self, rows: Rows, own: AnyArray) -> tuple[AnyArray, ...]:
        """Labels of these rows for every output; ``own`` are those of the one that is looked at."""
        places = self.places(rows)
        return tuple(own if k == self.number else one[places] for k, one in enumerate(self.labels))

    def all_counts(self, rows: Rows, *, uncounted: bool) -> tuple[AnyArray, ...] | None:
        """What each row counts for at every output; ``uncounted``: at the one looked at each counts for one."""
        if self.counts is None:
            return None
        found = np.array(self.counts[self.places(rows)], dtype=np.float32)
        if uncounted:
            found[:, self.number] = 1.0
        return tuple(found.T)

    def compile(self, clone: Clone, own: Any, *, counted: bool) -> None:
        """Give a clone of the whole model all losses, ``own`` at the output looked at.

        ``counted``: whether that one must count for something whatever its ``loss_weights`` were.
        """
        losses = _at(self.losses, self.number, own)
        weights = self.weights
        if weights is not None and counted and not weights[self.number]:
            weights = _at(weights, self.number, 1.0)
        outputs = clone.all_outputs
        given = {} if weights is None else {"loss_weights": like(outputs, weights)}
        clone.model.compile(optimizer="sgd", loss=like(outputs, losses), **given)


def _at(parts: Parts, number: int, value: Any) -> Parts:
    return (*parts[:number], value, *parts[number + 1 :])


def like(outputs: Any, parts: Sequence[Any]) -> Any:
    """One entry per output in the structure of the outputs: a dict by sorted name, else a list.

    >>> like({"b": 0, "a": 0}, ("of a", "of b")), like([0, 0], ("first", "second"))
    ({'a': 'of a', 'b': 'of b'}, ['first', 'second'])
    """
    return dict(zip(sorted(outputs), parts, strict=True)) if isinstance(outputs, dict) else list(parts)


def seen_alone(flavor: Flavor, whole: Clone, number: int) -> Clone:
    """A clone of a whole model that shows one of its outputs; its layers are those of the clone."""
    seen = one_output(whole.model, flavor, number)
    place = {id(variable): n for n, variable in enumerate(whole.model.weights)}
    part = Clone(flavor, seen, [whole.sources[place[id(one)]] for one in seen.weights], ends_in=whole.ends_in)
    return replace(whole, part=part, number=number)

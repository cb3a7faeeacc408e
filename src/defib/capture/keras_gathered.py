"""Batches of a hand-written loop whose gradients one step takes together: accumulation."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from defib.adapters.keras.packing import parts_of
from defib.capture.keras_look import is_symbolic
from defib.capture.keras_rows import row_limit, to_array
from defib.capture.keras_study import Study
from defib.subject import AnyArray

MOST: Final = 256
"""Batches that are held until a step comes; of longer ones the last."""

Batch = tuple[AnyArray, "AnyArray | None"]


@dataclass
class Gathered:
    """Rows and labels behind the gradients that were computed since a model's last step, as the program holds them."""

    _held: list[tuple[weakref.ref[Any], Any, Any]] = field(default_factory=list)

    def add(self, model: Any, x: Any, labels: Any) -> None:
        """One more gradient; the same batch again (its gradients looked at, say) counts once."""
        if self._held and self._held[-1][1] is x and self._held[-1][0]() is model:
            return
        self._held.append((weakref.ref(model), x, None if labels is None or is_symbolic(labels) else labels))
        del self._held[:-MOST]

    def taken(self, study: Study) -> list[Batch]:
        """The batches of this model, which are let go of; of one alone nothing."""
        mine = [(x, y) for model, x, y in self._held if model() is study.model]
        self._held = [one for one in self._held if one[0]() is not study.model]
        if len(mine) < 2:
            return []
        found: list[Batch] = []
        for x, y in mine:
            X = study.rows_of(x)
            again = X is not None and found and np.array_equal(found[-1][0], X)
            if X is not None and X.ndim > 0 and not again:
                found.append((X, to_array(y)))
        return found


def together(batches: list[Batch]) -> Batch:
    """One batch of all of them, bounded; labels where all have them."""
    X = np.concatenate([x for x, _ in batches])
    labels = [y for _, y in batches if y is not None]
    y = np.concatenate(labels) if len(labels) == len(batches) else None
    most = row_limit(X)
    return X[:most], None if y is None else y[:most]


def one_batch(study: Study, x: Any, labels: Any) -> tuple[AnyArray | None, AnyArray | None]:
    """Rows and labels of one batch, as far as they have values."""
    return study.rows_of(x), None if labels is None or is_symbolic(labels) else to_array(labels)


def any_symbolic(x: Any) -> bool:
    """Whether one of these inputs has no value yet."""
    parts = parts_of(x)
    return is_symbolic(x) if parts is None else any(is_symbolic(one) for one in parts.values())

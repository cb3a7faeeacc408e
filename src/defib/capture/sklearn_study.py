"""What is noted about one scikit-learn network while the user's program fits it and predicts with it."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from defib.adapters.sklearn.captured import Weights, batch_of, weights_of
from defib.adapters.sklearn.memory import base_of, dense
from defib.capture.beside import Named
from defib.capture.keras_rows import RowStore, evenly, row_limit
from defib.capture.sklearn_calls import Place
from defib.subject import AnyArray, FloatArray

MAX_LOSSES: Final = 2_000
MAX_SERVED: Final = 8


class Losses:
    """Every step's loss, thinned as it grows."""

    def __init__(self) -> None:
        self._kept: list[float] = []
        self._stride = 1
        self.count = 0

    def add(self, value: float) -> None:
        """One more step."""
        if self.count % self._stride == 0:
            self._kept.append(value)
            if len(self._kept) >= 2 * MAX_LOSSES:
                self._kept = self._kept[::2]
                self._stride *= 2
        self.count += 1

    def values(self) -> FloatArray:
        """At most 2,000 values, evenly spaced, in order."""
        kept = np.asarray(self._kept, dtype=np.float64)
        return kept[np.linspace(0, len(kept) - 1, min(len(kept), MAX_LOSSES)).astype(int)] if len(kept) else kept


@dataclass
class Served:
    """Rows of one call, and what came out."""

    how: str
    line: str
    X: list[AnyArray]
    outputs: list[AnyArray]
    y: AnyArray | None = None
    n_rows: int = 0
    after_updates: int = 0
    place: tuple[str, ...] = ()
    """The user's frames, innermost first, each ``file:line``."""


@dataclass
class Study:
    """One network from its initial weights on; another fit from new ones opens another study."""

    estimator: Any
    place: Place
    base: type[Any]
    params: dict[str, Any]
    initial: Weights | None = None
    drawn: bool = True
    order: Any = None
    training: RowStore = field(default_factory=lambda: RowStore("fit"))
    copies: list[Named] | None = None
    """Small arrays of the program's as they were when the training began; ``None`` before."""
    held_X: AnyArray | None = None
    held_y: AnyArray | None = None
    sample_weights: list[AnyArray] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)
    epoch_losses: list[float] = field(default_factory=list)
    epoch_sum: float = 0.0
    epoch_rows: int = 0
    rates: list[float] = field(default_factory=list)
    first_update: tuple[tuple[str, float], ...] = ()
    fits: int = 0
    parts: int = 0
    """Calls of ``partial_fit``."""
    planned: int = 0
    batch: int = 0
    """Largest number of rows in a step."""
    seconds: float = 0.0
    sources: dict[str, str] = field(default_factory=dict)
    served: list[Served] = field(default_factory=list)
    last: Weights | None = None
    """Weights when the last fit ended."""
    started: float = 0.0
    siblings: int = 0
    """Networks that the same call fitted before this one."""

    @classmethod
    def of(cls, estimator: Any, place: Place) -> Study:
        """Open one with the settings as they are now."""
        base, params = base_of(estimator)
        return cls(estimator, place, base, params)

    @property
    def n_updates(self) -> int:
        """Steps taken; for L-BFGS, evaluations of the loss."""
        return self.losses.count

    def begin(self) -> None:
        """``fit`` or ``partial_fit`` was called."""
        self.started = time.monotonic()

    def end(self) -> None:
        """It is over, however it ended."""
        self.seconds += time.monotonic() - self.started
        if hasattr(self.estimator, "coefs_"):
            if not self.first_update:
                self.note_first_update()
            self.last = weights_of(self.estimator)

    def keep_start(self) -> None:
        """Weights and the state of the random numbers before the first step."""
        if self.initial is None:
            self.initial = weights_of(self.estimator)
            self.order = copy.deepcopy(getattr(self.estimator, "_random_state", None))

    def note_first_update(self) -> None:
        """Relative size of the first step, from the weights before and after it."""
        if self.initial is None:
            return
        before = (*self.initial.coefs, *self.initial.intercepts)
        after = (*self.estimator.coefs_, *self.estimator.intercepts_)
        n = len(self.initial.coefs)
        names = [f"coefs_[{i}]" for i in range(n)] + [f"intercepts_[{i}]" for i in range(n)]
        self.first_update = tuple((name, _moved(a, b)) for name, a, b in zip(names, before, after, strict=True))

    def serve(self, how: str, place: tuple[str, ...], X: Any, outputs: AnyArray, y: AnyArray | None) -> None:
        """Keep rows that were predicted; single rows in a loop from one line become one entry."""
        line = place[0] if place else ""
        n = X.shape[0] if hasattr(X, "shape") else len(X)
        if n == 0:
            return
        kept = evenly(n, row_limit(dense(X, slice(0, 1))))
        rows, found = dense(X, kept), np.array(outputs)[kept]
        last = self.served[-1] if self.served else None
        same = last is not None and (last.how, last.line, last.after_updates) == (how, line, self.n_updates)
        if last is not None and same and n == 1 and last.n_rows < row_limit(rows) and line:
            last.X.append(rows)
            last.outputs.append(found)
            last.n_rows += 1
            return
        labels = None if y is None else np.asarray(y)[kept]
        self.served.append(Served(how, line, [rows], [found], labels, n, self.n_updates, place))
        del self.served[:-MAX_SERVED]

    @property
    def by_parts(self) -> bool:
        """Trained by ``partial_fit``, or by several fits that went on from each other: nothing stopped it by itself."""
        return self.parts > 0 or self.fits > 1

    @property
    def usual_batch(self) -> int:
        """Rows per step."""
        return batch_of(self.params, self.training.n_seen) if not self.parts else max(self.batch, 1)


def _moved(before: AnyArray, after: AnyArray) -> float:
    size = float(np.linalg.norm(before))
    change = float(np.linalg.norm(np.asarray(after) - before))
    return change / size if size > 0 else (float("inf") if change > 0 else 0.0)

"""Which columns of the input reach the output at all, at the weights before the training, and what the others hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.numbered import numbered_like
from defib.probes.inputs import InputFacts
from defib.probes.looking import is_kernel, is_weighted, some_rows, training_rows
from defib.probes.reference import SignalFacts, find_signal, scored_targets
from defib.subject import AnyArray, FloatArray, ForwardPass, Moment, Subject

ROWS = 64
GROUPS = 8
"""Groups of neighbouring columns that are asked about one by one."""
LARGE = 2_000_000
"""Weights of a network for which only the two halves of the columns are asked about."""


@dataclass(frozen=True)
class ReachFacts(Evidence):
    """From rows whose columns were exchanged between rows: what leaves every output bit-equal is not read."""

    outputs_equal: bool
    """All rows have bit-equal outputs at the initial weights and at the end."""
    cut_after: str | None
    """Layer whose rows still differ although all outputs are equal and no layer behind it made them so."""
    n_columns: int
    unread: tuple[tuple[int, int], ...]
    """First and last column of each stretch that reaches nothing, at neither moment."""
    read_score: float | None = None
    """Reference learner's cross-validated score on the columns that are read; ``None`` when all are."""
    read_has_signal: bool | None = None

    @property
    def unread_columns(self) -> int:
        """How many columns are not read."""
        return sum(last - first + 1 for first, last in self.unread)


def _measure(subject: Subject, book: Book) -> ReachFacts:
    rows = training_rows(subject, "ReachFacts", ROWS)
    X = np.asanyarray(rows.X)
    if not subject.has_initial_weights:
        raise Missing("ReachFacts", "the initial weights")
    if len(X) < 4:
        raise Missing("ReachFacts", "more rows")
    if subject.outputs_joined:
        raise Missing("ReachFacts", "an output of the network that the loss takes alone")
    n_columns = int(np.prod(X.shape[1:]))
    moments: tuple[Moment, ...] = ("initial", "end")
    passes = {moment: subject.forward(X, moment=moment) for moment in moments}
    if all(_equal(one.outputs) for one in passes.values()):
        cut = [cut_after(subject, one) for one in passes.values()]
        return ReachFacts(True, cut[0] if None not in cut else None, n_columns, ())
    if _equal(passes["initial"].outputs) or not np.isfinite(passes["initial"].outputs).all():
        raise Missing("ReachFacts", "initial weights at which the outputs differ")
    unread = _unread(subject, X, passes)
    if not unread:
        return ReachFacts(False, None, n_columns, ())
    score, has_signal = _signal_of_the_read(subject, book, unread)
    return ReachFacts(False, None, n_columns, unread, score, has_signal)


def _equal(values: FloatArray) -> bool:
    array = np.asarray(values)
    return bool((array == array[:1]).all())


def cut_after(subject: Subject, forward: ForwardPass) -> str | None:
    """The last layer whose rows differ, when what follows cannot have made them equal: nothing, or weights beside 0.

    A dead activation, a mask or a pooling in between is a layer of its own, and then this is not a matter of wiring.
    """
    layers = forward.layers
    varied = [i for i, one in enumerate(layers) if not _equal(one.values)]
    if not varied:
        return None
    last = varied[-1]
    if last + 1 == len(layers):
        return layers[last].layer.name
    behind = layers[last + 1].layer
    kernels = [p.end for p in subject.parameters() if p.name in behind.parameters and is_kernel(p)]
    alive = bool(kernels) and all(np.abs(one).max() > 0 for one in kernels)
    return layers[last].layer.name if is_weighted(behind) and alive else None


def _unread(subject: Subject, X: AnyArray, passes: dict[Moment, ForwardPass]) -> tuple[tuple[int, int], ...]:
    """Stretches of columns that change no output when they are exchanged between rows."""
    flat = X.reshape(len(X), -1)
    n = flat.shape[1]
    large = sum(one.end.size for one in subject.parameters()) > LARGE
    edges = np.unique(np.linspace(0, n, min(n, 2 if large else GROUPS) + 1).astype(int))
    found: list[tuple[int, int]] = []
    for start, stop in pairwise(edges.tolist()):
        moved = flat.copy()
        moved[:, start:stop] = np.roll(flat[:, start:stop], len(X) // 2, axis=0)
        if np.array_equal(moved, flat):
            continue  # it does not vary: nothing can be seen
        changed = numbered_like(moved.reshape(X.shape), X)
        if all(_same(subject, changed, moment, one) for moment, one in passes.items()):
            joins = bool(found) and found[-1][1] == start - 1
            found[-1:] = [(found[-1][0], stop - 1)] if joins else [*found[-1:], (start, stop - 1)]
    return tuple(found)


def _same(subject: Subject, X: AnyArray, moment: Moment, before: ForwardPass) -> bool:
    return np.array_equal(subject.forward(X, moment=moment).outputs, before.outputs, equal_nan=True)


def _signal_of_the_read(
    subject: Subject, book: Book, unread: Sequence[tuple[int, int]]
) -> tuple[float | None, bool | None]:
    """What the reference learners find in the other columns."""
    rows = subject.training
    if rows is None or rows.y is None or not book.has(SignalFacts):
        return None, None
    looked = some_rows(rows, 2000)
    columns, metric = scored_targets(subject, book, looked)
    flat = np.asarray(looked.X).reshape(len(looked), -1)
    read = np.ones(flat.shape[1], dtype=bool)
    for first, last in unread:
        read[first : last + 1] = False
    if not read.any():
        return None, None
    kind = book.get(InputFacts).kind if book.has(InputFacts) else "tabular"
    found = find_signal(flat[:, read], columns, metric, "tabular" if kind == "image" else kind, n_all=len(rows))
    return found.best, found.has_signal


PROBE = Probe("reach", ReachFacts, "learners", _measure)

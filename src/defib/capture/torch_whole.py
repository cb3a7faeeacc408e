"""Rows that belong together: found out from a clone, after the training."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from defib.adapters.torch.captured import Captured
from defib.adapters.torch.network import Network
from defib.adapters.torch.quiet import quiet
from defib.adapters.torch.subject import TorchSubject
from defib.adapters.torch.whole import Whole, with_squares_kept
from defib.capture.torch_study import Study
from defib.numbered import numbered
from defib.subject import AnyArray, FloatArray, Rows

SAME: Final = 1e-3
"""Outputs closer than this, relative to their size, are the same computation with fewer rows."""


def taken_together(subject: TorchSubject, study: Study) -> TorchSubject:
    """The Subject of a training whose every step took the same rows at once, some of which its loss may pick.

    Where the network gives a row something else without the others (or cannot run without them), rows that are asked
    about are sent among all the others from here on. Its training rows are those that the loss counts.
    """
    training, captured = subject.training, subject.captured
    if training is None or captured.door is None or not _all_at_once(study):
        return subject
    program = captured.program
    picked = None if program is None else program.picked
    n_rows = captured.door.n_rows
    why = _without_others(captured, training.X, n_rows)
    sizes = {len(one) % n_rows for one in (subject.prediction, subject.held_out) if one is not None}
    if why == "different" and any(sizes):
        why = "alone"  # the program itself sends other sets of rows
    if why == "alone" and picked is None:
        return subject
    if len(training) != n_rows:
        return _too_many(subject, n_rows) if why != "alone" else subject
    return _apart(subject, study, picked, together=why != "alone")


def _all_at_once(study: Study) -> bool:
    """Every step took the same rows in one batch."""
    rows = study.rows
    return not study.first.door.unbatched and not rows.sampled and (rows.period_batches == 1 or rows.n_batches == 1)


def _without_others(captured: Captured, X: AnyArray, n_rows: int) -> str:
    """``alone``: half of the rows get what they get among all; ``different``; ``impossible``: they cannot be sent."""
    half = np.asarray(X)[: max(len(X) // 2, 1)]
    with quiet(seed=0):
        network = Network(captured, captured.initial).eval()
        try:
            whole, again = network.predict(X), network.predict(X)
        except Exception:  # nothing can be said of a network that does not run here, unless rows are missing
            return "alone" if len(X) == n_rows else "impossible"
        try:
            found = network.predict(half)
        except Exception:
            return "impossible"
    if not _same(again, whole):
        return "alone"  # it draws numbers of its own (dropout that is never off): fewer rows draw others
    return "alone" if found.shape[1:] == whole.shape[1:] and _same(found, whole[: len(half)]) else "different"


def _same(found: FloatArray, among: FloatArray) -> bool:
    size = float(np.nanmax(np.abs(among), initial=1e-30))
    return bool(np.allclose(found, among, rtol=0.0, atol=SAME * size, equal_nan=True))


def _too_many(subject: TorchSubject, n_rows: int) -> TorchSubject:
    note = (
        f"the network takes its rows only together, and of {n_rows:,} only {len(subject.training or ()):,} were kept: "
        "what needs the network to be run again was not assessed"
    )
    subject.trace = replace(subject.trace, notes=(*subject.trace.notes, note))
    subject.captured = replace(subject.captured, lacks=f"all {n_rows:,} rows, which the network takes together")
    return subject


def _apart(subject: TorchSubject, study: Study, picked: NDArray[np.int64] | None, *, together: bool) -> TorchSubject:
    """The rows that the loss counts are trained on; the others are predicted, and held out where labels are known."""
    rows, captured = subject.training, subject.captured
    if rows is None or captured.door is None:
        return subject
    X: AnyArray = np.asarray(rows.X)
    if together:
        door, plain = with_squares_kept(captured.door, X)
        captured = replace(captured, door=door, whole=Whole(plain))
        X = numbered(plain)
        subject.rows_together = True
    counted = np.arange(len(X)) if picked is None else np.unique(picked)
    others = np.setdiff1d(np.arange(len(X)), counted)
    known = _labelled(study, rows.y, counted, others)
    training = replace(
        rows,
        X=X[counted],
        y=None if rows.y is None else rows.y[counted],
        n_seen=None,
        places=tuple(one[counted] for one in rows.places),
        in_order=rows.in_order and picked is None,
    )
    _predicted(subject, X, known if len(known) > 1 else others)
    if len(known) > 1 and rows.y is not None and (subject.held_out is None or len(subject.held_out) == len(X)):
        subject.held_out = Rows(X[known], rows.y[known], None, "rows that the loss leaves out")
    if subject.prediction is None or subject.prediction is rows:
        subject.prediction = training
    subject.training, subject.captured = training, replace(captured, picks=picked is not None)
    return subject


def _labelled(study: Study, y: AnyArray | None, counted: AnyArray, others: AnyArray) -> AnyArray:
    """Rows that the loss leaves out and whose labels can be believed: class ids that the counted rows have as well."""
    reading = study.first.reading
    if y is None or not len(others) or reading is None or reading.label_picked:
        return others[:0]
    values = y[others].reshape(len(others), -1)
    believed = np.isin(values, y[counted]) if y.dtype.kind in "iub" else np.isfinite(values)
    return others[believed.all(axis=1)]


def _last_call(subject: TorchSubject, n_rows: int) -> Rows | None:
    """The rows predicted; those of the last call, where one line of the program sent all of them several times."""
    found, outputs = subject.prediction, subject.prediction_outputs
    if found is None or len(found) == n_rows or len(found) % n_rows or len(found) == 0:
        return found
    last = slice(len(found) - n_rows, None)
    if outputs is not None and len(outputs) == len(found):
        subject.prediction_outputs = outputs[last]
    return replace(found, X=found.X[last], y=None if found.y is None else found.y[last], places=())


def _predicted(subject: TorchSubject, X: AnyArray, others: AnyArray) -> None:
    """Of all rows that were predicted, those that the loss leaves out, where there are some."""
    found, rows = _last_call(subject, len(X)), subject.training
    if found is None or rows is None or found is rows or len(found) != len(X):
        return
    subject.prediction = found
    if not np.array_equal(found.X, rows.X, equal_nan=np.asarray(rows.X).dtype.kind == "f"):
        door = subject.captured.door  # other features of the same nodes: sent as they are, all of them
        if door is not None and subject.rows_together:
            subject.prediction = replace(found, X=with_squares_kept(door, np.asarray(found.X))[1])
        return
    chosen = others if len(others) > 1 else np.arange(len(X))
    y = found.y if found.y is not None else rows.y if chosen is others else None
    subject.prediction = Rows(X[chosen], None if y is None else y[chosen], None, found.origin)
    outputs = subject.prediction_outputs
    if outputs is not None and len(outputs) == len(X):
        subject.prediction_outputs = outputs[chosen]

"""The same rows one by one and together, through the trained network in evaluation mode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.outputs import as_columns, spread
from defib.measures.rows import spaced_indices
from defib.probes.looking import any_rows
from defib.subject import AnyArray, FloatArray, ForwardPass, Subject

ROWS = 12
"""Rows sent one by one: enough to see whether they differ."""
MOST = 512
SAME = 1e-3
"""Outputs closer than this, relative to their size, are the same computation in another batch size."""


@dataclass(frozen=True)
class AloneFacts(Evidence):
    """Some rows, each sent alone and all of them in one batch."""

    n_rows: int
    difference: float
    """Largest difference between a row's output alone and among the others, over the size of the outputs; 0 when equal
    to the resolution of float32."""
    spread_alone: float
    """Standard deviation across rows of what they get one by one (largest column)."""
    spread_together: float
    """The same of as many rows as the program served in one batch, at most `MOST`: where each takes a share of the
    others', that counts."""
    served_alone: bool | None
    """The program sent its rows one by one; ``None`` when that was not seen."""
    softmax_over_rows: bool = False
    """Each column sums to 1 over the rows of one batch, and a row alone is 1 everywhere (or all that of logarithms)."""
    rows_pooled: bool = False
    """A batch as the training had them is answered alike in whatever order its rows are, though other rows are not."""
    softmax_over_rows_in: str | None = None
    """A layer inside the network of which the same holds."""
    along_rows: str | None = None
    """The first layer that goes along the rows as through the steps of one sequence, where each row has its own."""


def _measure(subject: Subject, book: Book) -> AloneFacts:
    if subject.rows_together:
        raise Missing("AloneFacts", "rows that stand alone (this network takes its rows only together)")
    rows = any_rows(subject, "AloneFacts")
    X = np.asarray(rows.X)[spaced_indices(len(rows), ROWS)]
    if len(X) < 2:
        raise Missing("AloneFacts", "two rows or more")
    passed = subject.forward(X)
    together = as_columns(np.asarray(passed.outputs))
    try:
        parts = [as_columns(np.asarray(subject.forward(X[i : i + 1]).outputs)) for i in range(len(X))]
    except Exception as error:  # a network that takes no single row, as batch statistics do not
        raise Missing("AloneFacts", f"a network that takes one row ({type(error).__name__})") from None
    alone = np.concatenate(parts)
    if alone.shape != together.shape or not (np.isfinite(alone).all() and np.isfinite(together).all()):
        raise Missing("AloneFacts", "outputs of single rows that are numbers, of the shape that they have together")
    along = _along_rows(subject, X)
    if difference(alone, together) > 0 and along is None and _draws(subject, X, together):
        raise Missing("AloneFacts", "a network that draws no numbers in evaluation")
    calls = subject.serving_calls
    apart = difference(alone, together)
    size = min(max(calls.sizes), MOST) if apart > 0 and calls is not None and calls.sizes else 0
    served = as_columns(np.asarray(subject.forward(rows.X[:size]).outputs)) if size > len(X) else together
    return AloneFacts(
        n_rows=len(X),
        difference=apart,
        spread_alone=float(spread(alone).max()),
        spread_together=float(spread(served).max()),
        served_alone=None if calls is None or not calls.sizes else max(calls.sizes) == 1,
        rows_pooled=apart > 0 and rows_are_pooled(subject, rows.X),
        softmax_over_rows=is_softmax_over_rows(alone, together) or is_softmax_over_rows(_exp(alone), _exp(together)),
        softmax_over_rows_in=_inside(passed, len(X)) if apart > 0 else None,
        along_rows=along,
    )


def _along_rows(subject: Subject, X: AnyArray) -> str | None:
    """Asked with two numbers of rows: one of them may be that of each row's own steps."""
    passes = (subject.forward(some) for some in (X, X[:-1]))
    return next((one.layer.name for passed in passes for one in passed.layers if one.layer.along_rows), None)


def rows_are_pooled(subject: Subject, X: AnyArray) -> bool:
    """Whether the order of a batch's rows changes nothing of its outputs: then none of them is that of a row.

    Asked at the size of the training's batches, turned round by one row; other rows must change something.
    """
    size = subject.recipe.batch_size or ROWS
    batch = np.asarray(X)[:size]
    if len(batch) < max(size, 2):
        return False
    outputs, turned = (
        as_columns(np.asarray(subject.forward(one).outputs)) for one in (batch, np.roll(batch, 1, axis=0))
    )
    if difference(turned, outputs) > 0 or difference(outputs, outputs[:1]) == 0:
        return False
    others = as_columns(np.asarray(subject.forward(np.repeat(batch[:1], len(batch), axis=0)).outputs))
    return difference(others, outputs) > 0


def _draws(subject: Subject, X: AnyArray, together: FloatArray) -> bool:
    """Whether copies of one row come out differently by their place alone: other rows around them change nothing.

    A network that draws numbers in evaluation does so, with the same seed at each call; rows that meet do not.
    """
    copies = as_columns(np.asarray(subject.forward(np.repeat(X[:1], len(X), axis=0)).outputs))
    if difference(copies, copies[:1]) == 0:
        return False
    others = np.array(X)
    others[::2] = X[1]
    around = as_columns(np.asarray(subject.forward(others).outputs))
    return difference(around[1::2], together[1::2]) == 0


def _inside(passed: ForwardPass, n_rows: int) -> str | None:
    """The first layer called a softmax whose cells sum to 1 over the rows, and over no other axis."""
    for one in passed.layers:
        values = np.asarray(one.values)
        if one.layer.activation == "softmax" and values.ndim > 1 and len(values) == n_rows:
            sums = [bool(np.allclose(values.sum(axis=axis), 1.0, atol=SAME)) for axis in range(values.ndim)]
            if sums[0] and not any(sums[1:]):
                return one.layer.name
    return None


def is_softmax_over_rows(alone: FloatArray, together: FloatArray) -> bool:
    """Whether outputs ``(n, k)`` are shares of the rows of their batch: 1 in a batch of one, 1 in sum over all.

    >>> is_softmax_over_rows(np.ones((2, 2)), np.array([[0.3, 0.9], [0.7, 0.1]]))
    True
    """
    return bool(np.allclose(alone, 1.0, atol=SAME) and np.allclose(together.sum(axis=0), 1.0, atol=SAME))


def difference(alone: FloatArray, together: FloatArray) -> float:
    """``max|alone - together|`` over the largest output of either, 0 below the resolution.

    >>> difference(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    0.5
    """
    size = max(float(np.abs(alone).max()), float(np.abs(together).max()), 1e-30)
    found = float(np.abs(alone - together).max()) / size
    return found if found > SAME else 0.0


PROBE = Probe("alone", AloneFacts, "forward", _measure)


def _exp(values: FloatArray) -> FloatArray:
    """Of logarithms of shares, which are at most 0; what is larger is no such thing and need not be exact."""
    return np.asarray(np.exp(np.minimum(values, 1.0)))

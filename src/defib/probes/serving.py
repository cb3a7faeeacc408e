"""Training rows against predict rows, both at the model's door; gives `defib.probes.inputs.ServingFacts`."""

from __future__ import annotations

import numpy as np

from defib.evidence import Book, Missing, Probe
from defib.measures.again import overlap
from defib.measures.outputs import unique_rows
from defib.probes.columns_match import permutation, reconciling_map
from defib.probes.inputs import InputFacts, ServingFacts, column_moments, flat_rows
from defib.probes.labels import LabelFacts
from defib.probes.looking import head_name, link_of, number_rows, some_rows, training_rows
from defib.probes.token_features import rows_of_unknown
from defib.read_symptom import read_symptom
from defib.subject import FloatArray, Rows, Subject

SPREAD_RATIO = 5.0
RESCALED = 100.0
UNSURPRISING = 0.01
"""A column that is constant over the predict rows counts only if training values would rarely all have been equal."""
TAIL = 0.01
CELLS_TOLD = 8
"""Cells of a row that all rows served are: zeros, or unknown tokens, are known by sight."""


def _measure(subject: Subject, book: Book) -> ServingFacts:
    rows = subject.prediction
    if rows is None or not len(rows):
        raise Missing("ServingFacts", "rows that were predicted after the training")
    training = training_rows(subject, "ServingFacts", 20_000)
    T, P = number_rows(training.X, "ServingFacts"), number_rows(rows.X, "ServingFacts")
    tokens = book.has(InputFacts) and book.get(InputFacts).kind == "tokens"
    flat_t, flat_p = _side_by_side(T, P, tokens)
    before, now = column_moments(flat_t), column_moments(flat_p)
    varies = before.sd > 0
    ratio = now.sd[varies] / before.sd[varies] if varies.any() else np.ones(1)
    shift = np.abs(now.mean - before.mean)[varies] / before.sd[varies] if varies.any() else np.zeros(1)
    shifted = shifted_columns(flat_t, flat_p)
    comparable = not tokens and T.shape[1:] == P.shape[1:]
    identical = len(P) > 1 and unique_rows(P) == 1
    return ServingFacts(
        n_rows=rows.n_seen or len(rows),
        unique_rows=unique_rows(P),
        unique_training_rows=unique_rows(T),
        identical_rows=identical,
        one_row=tuple(float(one) for one in flat_rows(P)[0, :CELLS_TOLD]) if identical else (),
        blank=not tokens and _blank(flat_t, flat_p),
        constant_fraction=_constant_fraction(flat_t, flat_p),
        shifted_fraction=float(shifted.mean()) if shifted.size else 0.0,
        median_spread_ratio=float(np.median(ratio)),
        median_shift_sd=float(np.median(shift)),
        affine=reconciling_map(flat_t, flat_p, shifted) if comparable else None,
        permuted_columns=comparable and T.ndim == 2 and permutation(flat_t, flat_p) is not None,
        nan_cells=int((~np.isfinite(P)).sum()) if P.dtype.kind == "f" else 0,
        nan_row_fraction=float((~np.isfinite(flat_p)).any(axis=1).mean()) if P.dtype.kind == "f" else 0.0,
        training_rows_flat=_is_flat(subject, book, training),
        prediction_rows_flat=_is_flat(subject, book, rows),
        rescaled_fraction=_rescaled_fraction(ratio[shifted[varies]], int(varies.sum())),
        others_labelled=_others_labelled(subject, rows),
        unknown_token_rows=rows_of_unknown(T, P) if tokens else 0.0,
    )


def _others_labelled(subject: Subject, served: Rows) -> bool:
    held_out = subject.held_out
    if held_out is None or served.y is not None:
        return False
    X, P = np.asanyarray(held_out.X), np.asanyarray(served.X)
    return X.shape[1:] == P.shape[1:] and not overlap(X, P)


def _blank(T: FloatArray, P: FloatArray) -> bool:
    """Whether ``P`` ``(n, columns)`` is 0 all over, where rows of ``T`` are encoded words or categories and none is.

    >>> _blank(np.eye(3), np.zeros((5, 3))), _blank(np.array([[0.0, 0.0], [0.5, 0.0]]), np.zeros((5, 2)))
    (True, False)
    """
    encoded = bool((T >= 0).all() and (T != 0).any(axis=1).all() and (T == 0).mean() >= 0.5)
    return encoded and len(P) > 1 and not P.any()


def _rescaled_fraction(ratios: FloatArray, n_columns: int) -> float:
    """Share of ``n_columns`` whose spread changed by `RESCALED` or more; ``ratios`` of the shifted columns."""
    alive = ratios[ratios > 0]  # one that does not vary at all is told by `constant_fraction`
    far = (alive <= 1 / RESCALED) | (alive >= RESCALED)
    return float(far.sum()) / max(n_columns, 1)


def _side_by_side(T: FloatArray, P: FloatArray, tokens: bool) -> tuple[FloatArray, FloatArray]:
    """Both as ``(n, columns)``; rows of other shapes, and tokens, as one column of all their cells."""
    flat_t, flat_p = flat_rows(T), flat_rows(P)
    if tokens or T.shape[1:] != P.shape[1:]:
        return flat_t.reshape(-1, 1), flat_p.reshape(-1, 1)
    return flat_t, flat_p


def _constant_fraction(T: FloatArray, P: FloatArray) -> float:
    """Share of the columns that vary in training and hold one value over the predict rows, beyond what chance does."""
    if len(P) < 2 or not T.size:
        return 0.0
    varies = column_moments(T).sd > 0
    if not varies.any():
        return 0.0
    constant = np.flatnonzero((column_moments(P).sd == 0) & varies)
    return sum(_surprising(T[:, k], len(P)) for k in constant) / int(varies.sum())


def _surprising(column: FloatArray, n: int) -> bool:
    """Whether ``n`` training values of this column would rarely have been all equal."""
    finite = column[np.isfinite(column)]
    counts = np.unique(finite, return_counts=True)[1]
    share = float(counts.max() / counts.sum()) if counts.size else 1.0
    return bool(share**n < UNSURPRISING)


def shifted_columns(T: FloatArray, P: FloatArray) -> FloatArray:
    """Which columns of ``P`` do not follow ``T``: median outside its 1-99 % range, or spread beyond 5 times or a fifth.

    ``(columns,)`` bool. The spread must be off by the standard deviation *and* by the 10-90 % range, so that a few
    outliers in one of the two do not count; a rare column that is constant in few rows does not either.
    """
    found = np.zeros(T.shape[1], dtype=bool)
    for k in range(T.shape[1]):
        before, now = T[np.isfinite(T[:, k]), k], P[np.isfinite(P[:, k]), k]
        if len(before) and len(now):
            found[k] = _shifted(before, now)
    return found


def _shifted(before: FloatArray, now: FloatArray) -> bool:
    low, high = np.quantile(before, [TAIL, 1 - TAIL])
    slack = 1e-9 * max(abs(low), abs(high))
    median = float(np.median(now))
    if median < low - slack or median > high + slack:
        return True
    if np.ptp(before) == 0 or len(now) < 3:
        return False
    if np.ptp(now) == 0:
        return _surprising(before, len(now))
    return _beyond(now.std() / before.std()) and _beyond(_middle(now), _middle(before))


def _middle(values: FloatArray) -> float:
    return float(np.subtract(*np.quantile(values, [0.9, 0.1])))


def _beyond(a: float, b: float = 1.0) -> bool:
    """Whether a/b lies beyond 5 or a fifth; two zeros agree."""
    if a == 0 or b == 0:
        return a != b
    return not 1 / SPREAD_RATIO <= a / b <= SPREAD_RATIO


def _is_flat(subject: Subject, book: Book, rows: Rows) -> bool | None:
    looked = some_rows(rows)
    if len(looked) < 2:
        return None
    forward = subject.forward(looked.X)
    labels = book.get(LabelFacts) if book.has(LabelFacts) else None
    return read_symptom(
        np.asarray(forward.outputs),
        link=link_of(subject.recipe, head_name(forward)),
        task=None if labels is None else labels.task,
        training_labels=None if subject.training is None else subject.training.y,
    ).is_flat


PROBE = Probe("serving", ServingFacts, "forward", _measure)

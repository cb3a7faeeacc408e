"""How much a random code, drawn inside the network in training mode, can hold of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.probes.looking import is_weighted, training_rows
from defib.subject import AnyArray, FloatArray, ForwardPass, LayerOutput, Moment, Subject

ROWS, COPIES = 128, 32
"""Rows, and passes of each: the information is then known to about 0.003 nats per unit."""
FEW_ROWS = 8
MOST_CELLS = 4_000_000
"""Cells of all copies together; larger rows are looked at in smaller number."""


@dataclass(frozen=True)
class CodeFacts(Evidence):
    """The step behind which a layer with weights reads noise that the network draws by itself; dropout is none."""

    layer: str | None
    """``None`` where no noise is drawn, or only by dropout."""
    units: int
    nats_end: float
    """Most that the code can tell about which row it was: sum over units of ½ ln(1 + variance between rows / noise),
    the capacity of a Gaussian channel (Cover and Thomas, 9.1)."""
    nats_initial: float | None
    """The same at the initial weights, where these are known."""


NO_CODE = CodeFacts(None, 0, 0.0, None)


def _measure(subject: Subject, book: Book) -> CodeFacts:
    if subject.rows_together:
        raise Missing("CodeFacts", "rows that can be sent twice at once (this network takes its rows only together)")
    X = training_rows(subject, "CodeFacts", ROWS).X
    if find_code(subject.forward(np.repeat(X[:FEW_ROWS], 2, axis=0), training=True), 2) is None:
        return NO_CODE
    cells = max(int(np.prod(np.shape(X)[1:])), 1) * COPIES
    X = X[: max(FEW_ROWS, min(len(X), MOST_CELLS // cells))]
    end = _nats(subject, X, "end")
    if end is None:
        return NO_CODE
    initial = _nats(subject, X, "initial") if subject.has_initial_weights else None
    return CodeFacts(end[0], end[1], end[2], None if initial is None else initial[2])


def _nats(subject: Subject, X: AnyArray, moment: Moment) -> tuple[str, int, float] | None:
    passes = subject.forward(np.repeat(X, COPIES, axis=0), moment=moment, training=True)
    code = find_code(passes, COPIES)
    if code is None:
        return None
    values = _by_row(code, COPIES)
    return code.layer.name, values.shape[2], information(values)


def find_code(passes: ForwardPass, copies: int) -> LayerOutput | None:
    """What the first layer with weights behind the first noise reads; rows stand ``copies`` times each, side by side.

    ``mu + randn * sigma`` are several steps, of which the last one holds both.
    """
    noisy: LayerOutput | None = None
    for one in passes.layers:
        if len(one.values) != len(passes.outputs):
            continue
        # A layer of weights draws nothing: where copies first differ in one, it reads along the rows.
        if noisy is None and (one.layer.kind == "dropout" or is_weighted(one.layer)) and _varies(one, copies):
            return None
        if noisy is not None and is_weighted(one.layer):
            return noisy
        noisy = one if _varies(one, copies) else noisy
    return None


def _by_row(one: LayerOutput, copies: int) -> FloatArray:
    """``(n_rows, copies, n_units)``."""
    return np.asarray(one.values, dtype=np.float64).reshape(len(one.values) // copies, copies, -1)


def _varies(one: LayerOutput, copies: int) -> bool:
    """Whether copies of a row come out differently, by more than rounding."""
    values = _by_row(one, copies)
    return bool((np.abs(values - values[:, :1]) > 1e-4 * (np.abs(values).max() + 1e-12)).any())


def information(values: FloatArray) -> float:
    """Capacity in nats of ``(n_rows, copies, n_units)``, at least 0; an even number of copies.

    The variance between rows is the covariance of the means of two halves of the copies, whose noise is independent:
    it is 0 on average where rows do not differ.

    >>> rng = np.random.default_rng(0)
    >>> noise, rows = rng.normal(size=(2000, 32, 1)), rng.normal(size=(2000, 1, 1))
    >>> round(information(noise), 2), round(information(noise + rows), 1)
    (0.0, 0.3)
    """
    half = values.shape[1] // 2
    first, second = values[:, :half].mean(axis=1), values[:, half:].mean(axis=1)
    between = ((first - first.mean(axis=0)) * (second - second.mean(axis=0))).mean(axis=0)
    noise = values.var(axis=1, ddof=1).mean(axis=0)
    drawn = noise > 0
    ratio = np.maximum(between[drawn] / noise[drawn], -0.5)
    return max(0.0, float(0.5 * np.log1p(ratio).sum()))


PROBE = Probe("code", CodeFacts, "forward", _measure)

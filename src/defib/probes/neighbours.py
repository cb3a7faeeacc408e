"""What rows that are taken together tell of each other: features as the untrained network mixes them."""

from __future__ import annotations

import numpy as np

from defib.measures.rows import relative_spread, spaced_indices
from defib.probes.looking import finite_only
from defib.subject import AnyArray, FloatArray, LayerOutput, Moment, Subject

LAYERS = 3
"""The first rounds hold most: later ones have mixed the neighbours' neighbours in."""
UNITS = 32
"""Units of one layer that are taken, evenly spaced."""
APART = 1e-4
"""Relative spread below which a layer's rows are equal up to rounding."""


def mixed_rows(subject: Subject, X: AnyArray) -> FloatArray | None:
    """Rows ``(n_rows, ...)`` beside what the first layers that differ make of them at random weights, ``(n_rows, k)``.

    A node of a graph may carry its label in its neighbours alone. No learner of tables sees these; random weights in
    the user's own wiring do (an untrained graph network is a fair featurizer: Kipf and Welling 2016, appendix A).
    ``None`` where no layer tells the rows apart.
    """
    moment: Moment = "initial" if subject.has_initial_weights else "end"
    layers = [one for one in subject.forward(X, moment=moment).layers if _tells_apart(one, len(X))]
    mixing = [one for one in layers if not one.layer.parameters and one.layer.kind != "activation"] or layers
    if not mixing:
        return None
    plain = np.asarray(X, dtype=np.float64).reshape(len(X), -1)
    return np.concatenate([plain, *(_columns(one) for one in mixing[:LAYERS])], axis=1)


def _tells_apart(one: LayerOutput, n_rows: int) -> bool:
    values = np.asarray(one.values)
    if values.ndim < 2 or len(values) != n_rows or values.dtype.kind != "f":
        return False
    finite = finite_only(values)
    return len(finite) == n_rows and relative_spread(finite) > APART


def _columns(one: LayerOutput) -> FloatArray:
    flat = np.asarray(one.values, dtype=np.float64).reshape(len(one.values), -1)
    return flat[:, spaced_indices(flat.shape[1], UNITS)]

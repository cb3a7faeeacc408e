"""How much of the gradient the recorded clipping leaves, at the initial weights and at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.probes.looking import labelled_rows
from defib.subject import FloatArray, Gradient, Subject

BY_GLOBAL_NORM = ("clip_grad_norm", "global_clipnorm")
BY_NORM = ("clipnorm",)
BY_VALUE = ("clip_grad_value", "clipvalue")


@dataclass(frozen=True)
class ClippingFacts(Evidence):
    """The clipping of the recorded optimizer or loop, held against gradients over at most 256 training rows."""

    how: str | None
    """Its name (``clip_grad_norm``, ``clipvalue``); ``None`` when nothing is clipped."""
    limit: float | None
    norm_initial: float | None
    """L2 norm of the whole gradient at the initial weights."""
    norm_end: float
    kept_initial: float | None
    """L2 norm after clipping over the norm before, in [0, 1], at the initial weights."""
    kept_end: float


def _measure(subject: Subject, book: Book) -> ClippingFacts:
    optimizer = subject.recipe.optimizer
    if optimizer is None:
        raise Missing("ClippingFacts", "the optimizer")
    how, limit = clipping_in(optimizer.settings)
    if how is None or limit is None:
        return ClippingFacts(None, None, None, 0.0, None, 1.0)
    X, y = labelled_rows(subject, "ClippingFacts")
    end = _arrays(subject.gradients(X, y, moment="end"))
    initial = _arrays(subject.gradients(X, y, moment="initial")) if subject.has_initial_weights else None
    return ClippingFacts(
        how=how,
        limit=limit,
        norm_initial=None if initial is None else _norm(initial),
        norm_end=_norm(end),
        kept_initial=None if initial is None else kept(initial, how, limit),
        kept_end=kept(end, how, limit),
    )


def clipping_in(settings: Mapping[str, float]) -> tuple[str | None, float | None]:
    """The clipping among an optimizer's settings.

    >>> clipping_in({"momentum": 0.9, "clipnorm": 1.0}), clipping_in({})
    (('clipnorm', 1.0), (None, None))
    """
    for name in (*BY_GLOBAL_NORM, *BY_NORM, *BY_VALUE):
        limit = settings.get(name)
        if limit is not None and limit > 0:
            return name, float(limit)
    return None, None


def kept(gradients: Sequence[FloatArray], how: str, limit: float) -> float:
    """Norm after clipping over the norm before, in [0, 1]; 1 for a gradient of 0.

    >>> g = [np.array([3.0, 4.0])]
    >>> kept(g, "clip_grad_norm", 1.0), round(kept(g, "clipvalue", 1.0), 4), kept(g, "clipnorm", 9.0)
    (0.2, 0.2828, 1.0)
    """
    before = _norm(gradients)
    if before == 0 or not np.isfinite(before):
        return 1.0
    if how in BY_GLOBAL_NORM:
        return min(1.0, limit / before)
    if how in BY_VALUE:
        return _norm([np.clip(one, -limit, limit) for one in gradients]) / before
    return _norm([one * min(1.0, limit / max(_norm([one]), 1e-300)) for one in gradients]) / before


def _arrays(gradients: Sequence[Gradient]) -> list[FloatArray]:
    return [np.asarray(one.values, dtype=np.float64) for one in gradients if one.values is not None]


def _norm(arrays: Sequence[FloatArray]) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(sum(float((one**2).sum()) for one in arrays)))


PROBE = Probe("clipping", ClippingFacts, "backward", _measure)

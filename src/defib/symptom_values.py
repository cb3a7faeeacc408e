"""Which trivial predictor a constant equals: the table of DESIGN section 8 as tolerances and precedence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.measures.outputs import AnyArray, FloatArray, logit
from defib.symptom import FLAT_PATTERNS, Pattern
from defib.task import Targets, Task

PRIOR_LOGIT_TOLERANCE = 0.15
"""Distance of a probability to the base rate, in logits: .037 at one half, .0007 at half a percent."""
MEAN_TOLERANCE_SD = 0.05
"""Distance of a constant to mean(y), in sd(y): the step's noise on an output bias."""
HALF_TOLERANCE = 0.01
EXACT = 1e-6
END_TOLERANCE = 0.01
"""Within 1 % of an end of the range counts as that end."""
BLOCK_ROWS = 20
"""Fewer labels than this show no blocks."""


@dataclass(frozen=True)
class Reference:
    """What is known of the labels: prior, scale, range, classes."""

    prior: tuple[float, ...] | None
    """Base rates per class (binary: of both classes), or (mean(y), …) for values."""
    shares: tuple[float, ...] | None
    """Base rate per *output column* (binary with one output: of the upper class)."""
    value_scale: FloatArray
    """sd(y) per output column; 1 where unknown or 0."""
    scale_known: bool
    minimum: float | None
    maximum: float | None
    mean: FloatArray | None
    minority: float | None
    """Share of the smallest class (or of rows off the most common value of y)."""
    classes: FloatArray | None
    middle: float
    """Midway between the lower and the upper classes: a label above it is positive."""
    threshold: float
    """Hard threshold for raw scores of one output."""
    last_class: float | None
    """Class of the last rows, when the labels stand in blocks."""
    task: Task | None


def read_reference(targets: Targets | None, task: Task | None, k: int) -> Reference:
    """Summarize the labels for an output of ``k`` columns; everything unknown without labels."""
    if targets is None:
        nothing = np.ones(k)
        return Reference(None, None, nothing, False, None, None, None, None, None, 0.5, 0.0, None, task)
    y = targets.values[np.isfinite(targets.values).all(axis=1)]
    if not len(y):
        return read_reference(None, task, k)
    if targets.class_ids is None:
        return _of_values(y, targets.task, k)
    ids = targets.class_ids[np.isfinite(targets.values).all(axis=1)]
    return _of_classes(ids, targets.task, k)


def _of_values(y: FloatArray, task: Task, k: int) -> Reference:
    sd = y.std(axis=0)
    fits = y.shape[1] == k
    scale = np.where(sd > 0, sd, 1.0) if fits else np.full(k, float(sd.max()) or 1.0)
    mean = y.mean(axis=0)
    multilabel = task == "multilabel"
    minority = float(np.minimum(mean, 1 - mean).max()) if multilabel else _off_mode(y)
    return Reference(
        prior=tuple(float(value) for value in mean[:50]),
        shares=tuple(float(value) for value in mean) if multilabel and fits else None,
        value_scale=scale,
        scale_known=bool((sd > 0).any()),
        minimum=float(y.min()),
        maximum=float(y.max()),
        mean=mean if fits else None,
        minority=minority,
        classes=None,
        middle=0.5,
        threshold=0.5,
        last_class=None,
        task=task,
    )


def _off_mode(y: FloatArray) -> float:
    """Share of rows off the most common target, in [0, 1]: 1 - 1/n when all differ."""
    counts = np.unique(y, axis=0, return_counts=True)[1]
    return 1.0 - float(counts.max()) / len(y)


def _of_classes(ids: FloatArray, task: Task, k: int) -> Reference:
    classes, counts = np.unique(ids, return_counts=True)
    frequencies = counts / counts.sum()
    middle = 0.5 if set(classes.tolist()) <= {0.0, 1.0} else float((classes[0] + classes[-1]) / 2)
    return Reference(
        prior=tuple(float(value) for value in frequencies[:50]),
        shares=_column_shares(ids, classes, frequencies, k, middle),
        value_scale=np.ones(k),
        scale_known=True,
        minimum=float(classes[0]),
        maximum=float(classes[-1]),
        mean=None,
        minority=float(frequencies.min()) if len(classes) > 1 else None,
        classes=classes,
        middle=middle,
        threshold=middle if len(classes) > 1 else 0.0,
        last_class=float(ids[-1]) if stand_in_blocks(ids) else None,
        task=task,
    )


def _column_shares(
    ids: FloatArray, classes: FloatArray, frequencies: FloatArray, k: int, middle: float
) -> tuple[float, ...] | None:
    if k == 1:
        return (float((ids > middle).mean()),)
    if ids.min() >= 0 and ids.max() < k:
        return tuple(float((ids == column).mean()) for column in range(k))
    return tuple(float(value) for value in frequencies) if len(classes) == k else None


def stand_in_blocks(labels: AnyArray, seed: int = 0) -> bool:
    """Whether classes stand in blocks: at most half as many changes of label as the fewest in 99 shuffles.

    ``labels`` is ``(n,)`` in file order; fewer than 20 labels, or one class, never stand in blocks. For labels in
    random order this is never seen: the number of changes would have to be many standard deviations low.

    >>> stand_in_blocks(np.repeat([0, 1], 50)), stand_in_blocks(np.tile([0, 1], 50))
    (True, False)
    """
    ids = np.unique(np.asarray(labels), return_inverse=True)[1].ravel()
    if len(ids) < BLOCK_ROWS or ids.max(initial=0) == 0:
        return False
    ids = ids[:20_000]
    rng = np.random.default_rng(seed)
    changes = min(int((np.diff(rng.permutation(ids)) != 0).sum()) for _ in range(99))
    seen = int((np.diff(ids) != 0).sum())
    return changes >= 3 and seen <= changes // 2


def match_constant(
    constant: tuple[float, ...] | None,
    raw: FloatArray,
    kind: str,
    link: str,
    reference: Reference,
    pattern: Pattern,
) -> tuple[str | None, float | None]:
    """Name of the trivial predictor and |constant − that predictor|, largest over columns; ``(None, None)`` if none.

    Exact values come first, then the base rate, then ends of the range.
    """
    if constant is None or pattern == "nan":
        return None, None
    values = np.asarray(constant)
    candidates = _of_exact(values, raw, kind, link)
    if not candidates:
        candidates = _values(values, reference) if kind == "value" else _probabilities(values, kind, reference)
    return candidates[0] if candidates else (None, None)


def _of_exact(values: FloatArray, raw: FloatArray, kind: str, link: str) -> list[tuple[str, float]]:
    if link in ("sigmoid", "softmax") and len(raw) and float(np.abs(raw).max()) <= EXACT:
        return [("logit_zero", float(np.abs(raw).max()))]
    if (values == 1.0).all():
        return [("exactly_one", 0.0)]
    if (values == 0.0).all():
        return [("zero", 0.0)]
    return []


def _probabilities(values: FloatArray, kind: str, reference: Reference) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    half = abs(float(values[0]) - 0.5) if len(values) == 1 else 1.0
    even = float(np.abs(values - 1 / len(values)).max()) if len(values) > 1 else 1.0
    if reference.shares is not None and kind != "logit" and len(reference.shares) == len(values):
        found += _prior(values, np.asarray(reference.shares), half, even)
    if half <= HALF_TOLERANCE and kind != "logit":
        found.append(("one_half", half))
    if kind == "classes" and len(values) > 1 and even <= HALF_TOLERANCE / len(values) * 2:
        found.append(("uniform", even))
    if kind == "multilabel" and float(np.abs(values - 0.5).max()) <= HALF_TOLERANCE:
        found.append(("one_half", float(np.abs(values - 0.5).max())))
    return found + _last_class(values, reference) + _ends(values, 0.0, 1.0)


def _prior(values: FloatArray, shares: FloatArray, half: float, even: float) -> list[tuple[str, float]]:
    """The base rate, unless it is one half (or 1/K) itself and the constant is that exactly."""
    distance = np.abs(values - shares)
    near = (np.abs(logit(values) - logit(shares)) <= PRIOR_LOGIT_TOLERANCE) | (distance <= EXACT)
    if not near.all():
        return []
    trivial = min(half, even)
    return [] if trivial <= EXACT else [("class_prior", float(distance.max()))]


def _last_class(values: FloatArray, reference: Reference) -> list[tuple[str, float]]:
    if reference.last_class is None or reference.classes is None:
        return []
    if len(values) == 1:
        upper = reference.last_class > reference.middle
        distance = 1 - float(values[0]) if upper else float(values[0])
        return [("last_class", distance)] if distance < 0.5 else []
    column = int(np.searchsorted(reference.classes, reference.last_class))
    if len(values) > reference.last_class >= 0:
        column = int(reference.last_class)
    if column >= len(values) or int(np.argmax(values)) != column:
        return []
    return [("last_class", 1 - float(values[column]))]


def _ends(values: FloatArray, low: float, high: float) -> list[tuple[str, float]]:
    """All columns at one end of the range, or (classes) one column at the high end and the others at the low one."""
    edge = END_TOLERANCE * (high - low)
    below, above = values - low, high - values
    if (np.abs(below) <= edge).all():
        return [("low_end", float(np.abs(below).max()))]
    if (above <= edge).all() or (len(values) > 1 and ((above <= edge) | (below <= edge)).all()):
        return [("high_end", float(np.minimum(np.abs(above), np.abs(below)).max()))]
    return []


def _values(values: FloatArray, reference: Reference) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    if reference.mean is not None:
        distance = np.abs(values - reference.mean)
        if (distance <= MEAN_TOLERANCE_SD * reference.value_scale).all():
            found.append(("mean_of_y", float(distance.max())))
    if reference.minimum is not None and reference.maximum is not None and reference.maximum > reference.minimum:
        found += _head_ends(values, reference.minimum, reference.maximum)
        found += _target_ends(values, reference.minimum, reference.maximum)
    return found


def _target_ends(values: FloatArray, minimum: float, maximum: float) -> list[tuple[str, float]]:
    """Every column at the smallest target, or at the largest; what lies far beyond them is at no end of anything."""
    edge = END_TOLERANCE * (maximum - minimum)
    found = [("low_end", minimum), ("high_end", maximum)]
    distances = [(name, float(np.abs(values - end).max())) for name, end in found]
    return [(name, distance) for name, distance in distances if distance <= edge]


def _head_ends(values: FloatArray, minimum: float, maximum: float) -> list[tuple[str, float]]:
    """The end of a sigmoid's or tanh's range, where the targets reach past it."""
    tops, bottoms = np.abs(values - 1.0), np.abs(values + 1.0)
    if maximum > 1.0 and tops.max() <= END_TOLERANCE:
        return [("high_end", float(tops.max()))]
    if minimum < -1.0 and bottoms.max() <= END_TOLERANCE:
        return [("low_end", float(bottoms.max()))]
    if minimum < 0.0 and float(np.abs(values).max()) <= END_TOLERANCE:
        return [("low_end", float(np.abs(values).max()))]
    return []


def amiss(flat: tuple[bool, ...], pattern: Pattern, labels: Targets | None) -> tuple[bool, ...]:
    """Of outputs that vary, a column is right to be flat where its targets are (the black rim of images)."""
    if (
        labels is None
        or labels.class_ids is not None
        or pattern in FLAT_PATTERNS
        or labels.values.shape[1] != len(flat)
    ):
        return flat
    varies = np.ptp(labels.values, axis=0) != 0  # NaN among them: not known to be the same
    return tuple(one and bool(other) for one, other in zip(flat, varies, strict=True))

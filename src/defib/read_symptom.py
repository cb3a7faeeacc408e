"""Outputs to `Symptom`: pattern, the constant, what it equals, spread, skill. Pure NumPy.

Flat is judged by the spread against what the prior allows: a calibrated prediction whose standard deviation is 1 % of
``sqrt(p(1-p))`` explains 1e-4 of the label's variance. Rare events stay clear of it (3.3 % positives: sd .10, limit
.0018), and a spread of 5e-5 that ranks well is near_constant *with* skill: both are said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from defib import measures
from defib.measures.outputs import AnyArray, FloatArray
from defib.symptom import FLAT_PATTERNS, Pattern, Skill, Symptom
from defib.symptom_values import Reference, amiss, match_constant, read_reference
from defib.task import Targets, Task, read_targets

OutputKind = Literal["probability", "classes", "multilabel", "value", "logit"]
KnownRows = Literal["held_out", "replayed", "training"]

IDENTICAL = 1e-7
"""Spread at the resolution of float32, relative to the scale: only structure makes rows this equal."""
NEAR_CONSTANT = 0.01
"""Share of the standard deviation that the prior allows (``sqrt(p(1-p))``, sd(y)): 1e-4 of the variance explained."""
NEAR_CONSTANT_UNSKILLED = 0.05
"""The same share where labels show that what spread is left carries no skill: an undertrained network's noise."""
NO_SKILL = {"gini": 0.1, "r2": 0.02}
"""The whole interval of a skill lies below this."""
NEAR_CONSTANT_UNKNOWN = 1e-4
"""For values of which no target is known: equal in the first four digits."""
OFF_MODE = 0.1
"""Rows that leave the most common output must be at least this share of the (known) minority class."""
FEW_VALUES = 5
FEW_VALUES_ROWS = 20
MODE_TOLERANCE = 1e-3
MAX_COLUMNS = 50


@dataclass(frozen=True)
class _Look:
    """The outputs, laid out: rows × (time × columns) for spread, (rows · time) × columns for values."""

    kind: OutputKind
    wide: FloatArray
    """``(n, t * k)`` probabilities or values, finite rows only."""
    tall: FloatArray
    """``(n * t, k)`` of the same."""
    raw: FloatArray
    """``(n * t, k)`` as the network gave them."""
    logits: FloatArray | None
    """``(n, t * k)``."""
    k: int
    hard: bool
    """The outputs are class labels, no probabilities."""


def read_symptom(
    outputs: AnyArray,
    *,
    link: str = "identity",
    y: AnyArray | None = None,
    task: Task | None = None,
    output_kind: OutputKind | None = None,
    y_known_rows: KnownRows = "held_out",
    training_labels: AnyArray | None = None,
    second_pass: AnyArray | None = None,
    hard_labels: bool | None = None,
    straight: bool = False,
) -> Symptom:
    """Read the symptom of outputs ``(n,)``, ``(n, k)`` or ``(n, time, k)``.

    Args:
        outputs: what the network returned for ``n`` rows; one row alone shows no spread and reads as ``varied``.
        link: what turns them into probabilities: ``identity``, ``sigmoid``, ``softmax`` or ``exp``.
        y: labels of the same rows, for the skill.
        task: overrides what is read from the labels.
        output_kind: overrides what is read from link, task and values.
        y_known_rows: whether those labels belong to rows the network was trained on.
        training_labels: labels in the order of the training file, for the prior; ``y`` stands in for them.
        second_pass: outputs of a second pass over the same rows; when the two passes share nothing but the average,
            the pattern is ``noise_only``.
        hard_labels: whether the outputs are class labels; read from an integer dtype when ``None``.
        straight: the loss does not ask for the mean (a quantile, a location with its scale): R² is then that of the
            best straight line through the outputs.

    Raises `ValueError` for zero rows, or outputs and labels of different length.
    """
    array = np.asarray(outputs)
    _check(array, y)
    facts = _targets(array, y, training_labels, task)
    look, finite = _lay_out(array, link, facts, output_kind, hard_labels)
    reference = read_reference(facts.prior_from, facts.task, look.k)
    nan_fraction = 1.0 - float(finite.mean())
    scale = _scales(look, reference)
    again = None if second_pass is None else _second(second_pass, link, look, finite)
    skill = _skill(look, facts.scored, finite, reference, y_known_rows, straight=straight)
    unskilled = skill is not None and skill.interval[1] < NO_SKILL[skill.metric]
    share = NEAR_CONSTANT_UNSKILLED if unskilled else NEAR_CONSTANT
    pattern, column_flat = _pattern(look, reference, share * scale, nan_fraction, again)
    shares = _hard_share(look, reference)
    constant = _constant(look, pattern)
    equals, exactness = match_constant(constant, look.raw, look.kind, link, reference, pattern)
    regression = look.kind == "value"
    unit = reference.value_scale if regression else np.ones(look.k)
    tiled = np.tile(unit, max(look.wide.shape[1] // max(look.k, 1), 1))
    spreads = measures.spread(look.wide) / tiled if len(look.wide) else np.zeros(1)
    return Symptom(
        pattern=pattern,
        constant=None if constant is None else constant[:MAX_COLUMNS],
        equals=equals,
        exactness=exactness,
        prediction_spread=float(spreads.max(initial=0.0)),
        logit_spread=None if look.logits is None else float(measures.spread(look.logits).max(initial=0.0)),
        mode_share=measures.mode_share(look.wide, MODE_TOLERANCE * tiled),
        n_rows=len(array),
        n_unique=measures.unique_rows(array),
        nan_fraction=nan_fraction,
        skill=skill,
        hard_label_share=shares,
        output_kind=look.kind,
        columns_flat=amiss(column_flat, pattern, facts.prior_from)[:MAX_COLUMNS],
        n_outputs=look.k,
        prior=reference.prior,
        hard_label=_hard_label(look, reference),
        n_steps=max(look.wide.shape[1] // max(look.k, 1), 1),
    )


def _check(array: AnyArray, y: AnyArray | None) -> None:
    if array.ndim == 0 or len(array) == 0:
        raise ValueError("the outputs hold no rows; at least one row is needed")
    if y is not None and len(y) != len(array):
        raise ValueError(f"{len(array)} outputs and {len(y)} labels; there must be one label per output row")


@dataclass(frozen=True)
class _Facts:
    scored: Targets | None
    prior_from: Targets | None
    task: Task | None


def _targets(array: AnyArray, y: AnyArray | None, training: AnyArray | None, task: Task | None) -> _Facts:
    k = 1 if array.ndim == 1 else array.shape[-1]
    single = k == 1
    # A single output outside [0, 1] with many different targets is a regression; the labels' reader decides.
    known = training if training is not None else y
    prior = None if known is None else read_targets(known, n_outputs=k, output_ndim=array.ndim, task=task)
    doubtful = prior is not None and task is None and single and prior.task == "multiclass"
    if known is not None and doubtful and not _ids(array):
        prior = read_targets(known, n_outputs=k, output_ndim=array.ndim, task="regression")
    found = task or (prior.task if prior is not None else None)
    scored = None if y is None else read_targets(y, n_outputs=k, output_ndim=array.ndim, task=found)
    return _Facts(scored, prior, found)


def _ids(array: AnyArray) -> bool:
    """Whether outputs may be a probability or class ids rather than values on the labels' own scale."""
    values = np.asarray(array, dtype=np.float64)
    values = values[np.isfinite(values)]
    return array.dtype.kind in "biu" or (values.size > 0 and values.min() >= 0 and values.max() <= 1)


def _lay_out(
    array: AnyArray, link: str, facts: _Facts, kind: OutputKind | None, hard: bool | None
) -> tuple[_Look, NDArray[np.bool_]]:
    k = 1 if array.ndim == 1 else array.shape[-1]
    is_hard = bool(hard) if hard is not None else array.dtype.kind in "biu" and k == 1 and facts.task != "regression"
    finite = measures.finite_rows(measures.as_columns(array))
    kept = np.asarray(array, dtype=np.float64)[finite]
    wide_raw = measures.as_columns(kept) if len(kept) else np.empty((0, max(k, 1)))
    shaped = wide_raw.reshape(-1, k)
    values: FloatArray = measures.to_probabilities(shaped, link) if len(shaped) else shaped
    found = kind or _kind(values, link, facts.task, k)
    if kind is None and found == "probability" and link == "identity" and _signed(facts.prior_from):
        found = "logit"
    logits: FloatArray | None = None
    if found in ("probability", "classes", "multilabel") and not is_hard and len(shaped):
        softmax = found == "classes" and k > 1
        logits = measures.logits_of(shaped, link, softmax=softmax).reshape(wide_raw.shape)
    elif found == "logit":
        logits = wide_raw
    return _Look(found, values.reshape(wide_raw.shape), values, shaped, logits, k, is_hard), finite


def _signed(labels: Targets | None) -> bool:
    """Classes -1 and 1: the output is a score around 0, even where it happens to lie in [0, 1]."""
    ids = None if labels is None else labels.class_ids
    return ids is not None and len(ids) > 0 and bool(np.nanmin(ids) < 0)


def _kind(values: FloatArray, link: str, task: Task | None, k: int) -> OutputKind:
    if link == "sigmoid":
        return "probability" if k == 1 else ("classes" if task in ("binary", "multiclass") else "multilabel")
    if link == "softmax":
        return "classes"
    if task == "regression":
        return "value"
    unit = values.size > 0 and values.min() >= -1e-6 and values.max() <= 1 + 1e-6
    if k == 1:
        within = unit or values.size == 0
        return "probability" if within else ("value" if task is None else "logit")
    if task in ("binary", "multiclass"):
        return "classes" if unit else "logit"
    if task == "multilabel":
        return "multilabel" if unit else "logit"
    if unit:
        return "classes" if np.allclose(values.sum(axis=1), 1.0, atol=1e-3) else "multilabel"
    return "value"


def _scales(look: _Look, reference: Reference) -> FloatArray:
    """Per output column, the spread that a fully informed prediction could have: sd(y), or sqrt(p(1-p))."""
    if look.kind == "value":
        return reference.value_scale
    shares = np.asarray(reference.shares if reference.shares is not None else [])
    if len(shares) == look.k and shares.max() > 0 and shares.min() < 1:
        p = shares
    elif look.kind == "logit" or not len(look.tall):
        return np.full(look.k, 0.5)
    else:
        p = np.clip(look.tall.mean(axis=0), 0.0, 1.0)
    scale: FloatArray = np.sqrt(p * (1 - p))
    return scale


def _second(second_pass: AnyArray, link: str, look: _Look, finite: NDArray[np.bool_]) -> FloatArray | None:
    kept = np.asarray(second_pass, dtype=np.float64)[finite]
    if kept.size != look.raw.size or not kept.size:
        return None
    again: FloatArray = measures.to_probabilities(kept.reshape(look.raw.shape), link).reshape(look.wide.shape)
    return again


def _pattern(
    look: _Look, reference: Reference, near_spread: FloatArray, nan_fraction: float, again: FloatArray | None
) -> tuple[Pattern, tuple[bool, ...]]:
    if len(look.wide) < 2:
        return ("nan" if nan_fraction > 0 else "varied"), (False,) * look.k
    spreads = measures.spread(look.wide).reshape(-1, look.k).max(axis=0)
    sizes = np.abs(look.tall).max(axis=0)
    resolution = np.where(look.kind in ("value", "logit"), np.maximum(sizes, _known_scale(look, reference)), 1.0)
    identical = spreads <= IDENTICAL * resolution
    unknown_values = look.kind == "value" and not reference.scale_known
    limit = NEAR_CONSTANT_UNKNOWN * sizes if unknown_values else near_spread
    near = identical | (spreads < limit)
    flat = tuple(bool(one) for one in near)
    if nan_fraction > 0:
        return "nan", flat
    if look.hard:
        return ("one_class" if identical.all() else "varied"), flat
    if identical.all():
        return "identical", flat
    if near.all() or _mostly_one_value(look, reference):
        return "near_constant", flat
    if again is not None and _only_noise(look.wide, again):
        return "noise_only", flat
    return _varied(look, reference), flat


def _known_scale(look: _Look, reference: Reference) -> FloatArray:
    return reference.value_scale if look.kind == "value" and reference.scale_known else np.zeros(look.k)


def _varied(look: _Look, reference: Reference) -> Pattern:
    if len(look.wide) >= FEW_VALUES_ROWS and measures.unique_rows(look.wide) <= FEW_VALUES and not _whole(look):
        return "few_values"
    return "one_class" if _hard_share(look, reference) == 1.0 else "varied"


def _whole(look: _Look) -> bool:
    """Outputs that are all 0, 1, 2 …: labels, or a network that is entirely sure."""
    return bool((look.tall == np.round(look.tall)).all())


def _mostly_one_value(look: _Look, reference: Reference) -> bool:
    """All but a few outliers give one output, fewer outliers than a tenth of the smaller class."""
    if reference.minority is None or len(look.wide) < FEW_VALUES_ROWS:
        return False
    tolerance = np.tile(
        reference.value_scale if look.kind == "value" else np.ones(look.k), look.wide.shape[1] // look.k
    )
    off_mode = 1 - measures.mode_share(look.wide, MODE_TOLERANCE * tolerance)
    return off_mode < OFF_MODE * reference.minority


def _only_noise(first: FloatArray, second: FloatArray) -> bool:
    """The two passes' deviations are uncorrelated in every column: |r| < 2 / sqrt(n)."""
    a, b = first - first.mean(axis=0), second - second.mean(axis=0)
    sizes = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    together = (a * b).sum(axis=0)
    return bool((together <= 2.0 / np.sqrt(len(a)) * sizes).all() and not np.allclose(first, second))


def _hard_share(look: _Look, reference: Reference) -> float | None:
    """Share of the most frequent hard label; ``None`` for values."""
    if look.kind == "value" or not len(look.tall):
        return None
    if look.kind == "multilabel":
        labels = measures.as_columns(look.tall > 0.5)
        counts = np.unique(labels, axis=0, return_counts=True)[1]
    elif look.hard:
        counts = np.unique(look.tall[:, 0], return_counts=True)[1]
    else:
        threshold = 0.5 if look.kind != "logit" else reference.threshold
        counts = np.unique(measures.hard_labels(look.tall, threshold=threshold), return_counts=True)[1]
    return float(counts.max() / len(look.tall))


def _hard_label(look: _Look, reference: Reference) -> int | None:
    """The most frequent hard label of one label per row."""
    if look.kind in ("value", "multilabel") or look.hard or not len(look.tall):
        return None
    labels = measures.hard_labels(look.tall, threshold=0.5 if look.kind != "logit" else reference.threshold)
    return int(np.bincount(labels).argmax())


def _constant(look: _Look, pattern: Pattern) -> tuple[float, ...] | None:
    if not len(look.tall) or pattern == "nan" or not (pattern in FLAT_PATTERNS or pattern == "one_class"):
        return None
    return tuple(float(value) for value in np.median(look.tall, axis=0))


def _skill(
    look: _Look,
    scored: Targets | None,
    finite: NDArray[np.bool_],
    reference: Reference,
    rows: KnownRows,
    *,
    straight: bool,
) -> Skill | None:
    """Gini for classes, R² for values, over the rows where both output and label are known."""
    if scored is None or len(scored.values) % len(finite) or not len(look.tall):
        return None
    steps = len(scored.values) // len(finite)
    if steps * int(finite.sum()) != len(look.tall):
        return None
    kept = np.repeat(finite, steps)
    y, ids = scored.values[kept], None if scored.class_ids is None else scored.class_ids[kept]
    known = measures.finite_rows(y)
    predictions, y = look.tall[known], y[known]
    n_rows = len(np.unique(np.repeat(np.arange(len(finite)), steps)[kept][known]))
    if len(y) < 2:
        return None
    if scored.task == "regression":
        return _r2(measures.straightened(predictions, y) if straight else predictions, y, rows, n_rows)
    positive = _positives(y, None if ids is None else ids[known], look, reference)
    if positive is None:
        return None
    scores = predictions
    if look.k == 1 or look.kind == "logit":
        scores = look.raw[known]  # a sigmoid that rounds to 1.0 must not hide the ranking of the logits
    estimate = measures.gini_skill(scores, positive)
    if estimate is None:
        return None
    tells = measures.usable_skill(predictions, positive) if look.kind in ("probability", "classes") else None
    return Skill(
        "gini",
        estimate.value,
        estimate.interval,
        n_rows,
        rows,
        usable=None if tells is None else tells.value,
        usable_interval=None if tells is None else tells.interval,
    )


def _r2(predictions: FloatArray, y: FloatArray, rows: KnownRows, n_rows: int) -> Skill | None:
    if predictions.shape != y.shape:
        return None
    estimate = measures.r2_skill(predictions, y)
    return None if estimate is None else Skill("r2", estimate.value, estimate.interval, n_rows, rows)


def _positives(y: FloatArray, ids: AnyArray | None, look: _Look, reference: Reference) -> AnyArray | None:
    """``(n, k)`` bool: which rows belong to each output column; ``None`` when columns and classes do not meet."""
    if ids is None:
        return y > 0.5 if y.shape[1] == look.k else None
    classes = reference.classes if reference.classes is not None else np.unique(ids)
    if look.k == 1:
        # More than two classes in one output: rank against the class number, as the output must.
        return np.asarray(ids > reference.middle)[:, None]
    in_place = ids.min() >= 0 and ids.max() < look.k
    columns = np.arange(look.k) if in_place else np.asarray(classes)[: look.k]
    return np.asarray(ids[:, None] == columns[None, :]) if len(columns) == look.k else None

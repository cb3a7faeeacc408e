"""The output head, the loss and the labels held against each other, from the model's real graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from defib.evidence import Book, Evidence, Probe
from defib.measures.outputs import PROBABILITY_RESOLUTION, to_probabilities
from defib.probes.gradients import GradientFacts
from defib.probes.head_reach import reach
from defib.probes.labels import LabelFacts
from defib.probes.looking import SQUASHINGS, any_rows, head_activation, head_name, last_weighted
from defib.probes.outputs import squashed_again
from defib.recipe import LossFacts
from defib.subject import AnyArray, FloatArray, ForwardPass, Moment, NotAvailable, Rows, Subject
from defib.task import CLASS_LOSSES, number_array

REACH_SLACK = 1e-6
ELEMENTWISE = frozenset({"squared_error", "absolute_error", "huber", "other"})
MOST_SQUASHINGS = 2
VALUE_TOLERANCE = 1e-3
"""Relative agreement of two computations of one loss in float32."""


@dataclass(frozen=True)
class HeadFacts(Evidence):
    """Head against loss against labels."""

    activation: str
    """Last activation on the path to the output (``linear`` when there is none)."""
    layer: str
    """Name of the layer that holds the head's weights."""
    units: int
    """Columns of the output."""
    loss: str
    loss_kind: str
    loss_takes: str
    activations_before_loss: int
    """How often a squashing (sigmoid/softmax/log_softmax) is applied from the logits to the loss: 1 is right."""
    output_low: float
    output_high: float
    """Range the head can reach, ±inf where unbounded."""
    label_low: float
    label_high: float
    labels_outside: float
    """Share of labels outside the head's reach (or outside what the loss reads as a class), in [0, 1]."""
    n_classes: int | None
    """Distinct classes in the labels, ``None`` for regression."""
    prediction_shape: tuple[int, ...] | None
    target_shape: tuple[int, ...] | None
    broadcasts: bool
    """Predictions and targets of different shape were broadcast against each other inside the loss."""
    gradient_zero_at_start: bool | None
    """Gradient of the loss at the initial weights is exactly 0 for every parameter."""
    preactivation_max: float | None
    """Largest head pre-activation over the rows at the end (a ReLU head below 0 is dead)."""
    preactivation_median: float | None
    preactivation_max_initial: float | None
    squashed_again_at_prediction: int = 0
    """How many sigmoids the program put on the predictions of a head that ends in one."""
    outside_probability: float | None = None
    """Share of the outputs below 0 or above 1 (at the initial weights, where known) under a cross-entropy that takes
    probabilities; ``None`` under any other loss."""

    activation_layer: str = ""
    """Name of what applies the last activation; empty where there is none."""
    dimmed_labels: float | None = None
    """The larger of the two values of all labels, 0 being the other one, where it is below a half under a binary
    cross-entropy: as a chance it says "rather not" of every row."""

    @property
    def is_bare(self) -> bool:
        """A cross-entropy that takes probabilities stands behind a head with no activation, or one of logarithms."""
        no_probability = self.activations_before_loss == 0 or self.gives_logarithms
        return no_probability and (self.outside_probability or 0.0) >= OFTEN_OUTSIDE

    @property
    def gives_logarithms(self) -> bool:
        """The head ends in the logarithm of a probability."""
        return self.activation in ("log_softmax", "log_sigmoid")


def _measure(subject: Subject, book: Book) -> HeadFacts:
    rows = any_rows(subject, "HeadFacts")
    forward = subject.forward(rows.X)
    start = last_weighted(forward.layers)
    activation, last = head_name(forward), head_activation(forward)
    outputs = np.asarray(forward.outputs)
    units = 1 if outputs.ndim == 1 else int(outputs.shape[-1])
    loss = subject.recipe.loss
    y = None if rows.y is None else number_array(rows.y)
    labels = book.get(LabelFacts) if book.has(LabelFacts) else None
    raw = _preactivation(forward)
    start_pass = subject.forward(rows.X, moment="initial") if subject.has_initial_weights else None
    initial = None if start_pass is None else _preactivation(start_pass)
    low, high = reach(activation, [forward] if start_pass is None else [forward, start_pass])
    return HeadFacts(
        activation=activation,
        layer=forward.layers[start].layer.name if start is not None else "",
        units=units,
        loss="unknown" if loss is None else loss.name,
        loss_kind="unknown" if loss is None else loss.kind,
        loss_takes="unknown" if loss is None else loss.takes,
        activations_before_loss=_squashings(subject, rows, forward),
        output_low=float(low),
        output_high=float(high),
        label_low=float("nan") if labels is None else labels.minimum,
        label_high=float("nan") if labels is None else labels.maximum,
        labels_outside=0.0 if y is None else labels_outside(_all_labels(subject, y), loss, units, low, high),
        n_classes=_n_classes(labels),
        prediction_shape=None if loss is None else loss.prediction_shape,
        target_shape=None if loss is None else loss.target_shape,
        broadcasts=loss is not None and broadcasts(loss),
        gradient_zero_at_start=book.get(GradientFacts).zero_initial if book.has(GradientFacts) else None,
        preactivation_max=_statistic(raw, np.max),
        preactivation_median=_statistic(raw, np.median),
        preactivation_max_initial=_statistic(initial, np.max),
        squashed_again_at_prediction=squashed_again(subject),
        outside_probability=_outside_probability(subject, rows, loss),
        activation_layer="" if last is None else last.layer.name,
        dimmed_labels=None if y is None else dimmed(_all_labels(subject, y), loss),
    )


def dimmed(y: FloatArray, loss: LossFacts | None) -> float | None:
    """See `HeadFacts.dimmed_labels`; labels of any shape.

    >>> bce = LossFacts("bce", "binary_cross_entropy", "logits")
    >>> dimmed(np.array([0.0, 0.1, 0.1]), bce), dimmed(np.array([0.0, 0.9]), bce), dimmed(np.array([0, 0.1, 0.2]), bce)
    (0.1, None, None)
    """
    if loss is None or loss.kind != "binary_cross_entropy":
        return None
    values = np.unique(np.asarray(y)[np.isfinite(y)])
    return float(values[1]) if len(values) == 2 and values[0] == 0 and values[1] < CHANCE else None


CHANCE = 0.5
OFTEN_OUTSIDE = 0.05
"""Share of outputs that are no probabilities from which on it is no rounding and no single row."""


def _outside_probability(subject: Subject, rows: Rows, loss: LossFacts | None) -> float | None:
    if loss is None or loss.kind not in CLASS_LOSSES or loss.takes != "probabilities":
        return None
    moment: Moment = "initial" if subject.has_initial_weights else "end"
    outputs = np.asarray(subject.forward(rows.X, moment=moment).outputs, dtype=np.float64)
    known = outputs[np.isfinite(outputs)]
    return float(((known < 0) | (known > 1)).mean()) if known.size else None


def _all_labels(subject: Subject, y: FloatArray) -> FloatArray:
    """All training labels where they are known: a rare class may be missing among the rows looked at."""
    if subject.training is None or subject.training.y is None:
        return y
    known = number_array(subject.training.y)
    return y if known is None else known


def _n_classes(labels: LabelFacts | None) -> int | None:
    if labels is None or labels.task == "regression":
        return None
    return len(labels.classes) if labels.task == "multilabel" else labels.n_distinct


def _preactivation(forward: ForwardPass) -> FloatArray | None:
    """What the last weighted layer gave, before any activation, norm or reshape."""
    start = last_weighted(forward.layers)
    return None if start is None else np.asarray(forward.layers[start].values, dtype=np.float64)


def _statistic(values: FloatArray | None, of: Callable[[FloatArray], Any]) -> float | None:
    if values is None:
        return None
    finite = values[np.isfinite(values)]
    return float(of(finite)) if finite.size else None


def broadcasts(loss: LossFacts) -> bool:
    """Whether predictions ``(n, 1)`` met targets ``(n,)`` so that every prediction was held against every target.

    Read from the per-element loss where it was seen; otherwise only from shapes that NumPy's rule would blow up in a
    loss that works element by element.

    >>> broadcasts(LossFacts("mse", "squared_error", "values", (32, 1), (32,), (32, 32)))
    True
    >>> broadcasts(LossFacts("ce", "sparse_categorical_cross_entropy", "logits", (32, 3), (32,)))
    False
    """
    prediction, target, element = loss.prediction_shape, loss.target_shape, loss.element_shape
    if prediction is None or target is None:
        return False
    largest = max(int(np.prod(prediction)), int(np.prod(target)))
    if element is not None:
        return int(np.prod(element)) > largest
    if loss.kind not in ELEMENTWISE or prediction == target:
        return False
    try:
        return int(np.prod(np.broadcast_shapes(prediction, target))) > largest
    except ValueError:
        return False


def labels_outside(y: FloatArray, loss: LossFacts | None, units: int, low: float, high: float) -> float:
    """Share of labels that the head cannot reach or the loss cannot read, in [0, 1]; NaN labels left out.

    ``y`` ``(n, ...)``. Cross-entropies read [0, 1] (class ids: 0 … units - 1), hinge reads -1, 0, 1, other losses
    read whatever the head reaches, ``low`` to ``high``.

    >>> labels_outside(np.array([0.0, 1.0, 2.0, 2.0]), LossFacts("bce", "binary_cross_entropy", "logits"), 1, -9, 9)
    0.5
    """
    known = y[np.isfinite(y)]
    if not known.size:
        return 0.0
    kind = "other" if loss is None else loss.kind
    one_a_row = units > 1 and y.size == len(y)
    ids = one_a_row and (kind == "categorical_cross_entropy" or _spread_out(loss, units))
    if kind == "sparse_categorical_cross_entropy" or ids:
        inside = (known >= 0) & (known <= units - 1) & (known == np.round(known))
    elif kind in ("binary_cross_entropy", "categorical_cross_entropy"):
        inside = (known >= 0) & (known <= 1)
    elif kind == "hinge":
        inside = np.isin(known, (-1.0, 0.0, 1.0))
    else:
        slack = REACH_SLACK * max(abs(low) if np.isfinite(low) else 0.0, abs(high) if np.isfinite(high) else 0.0)
        inside = (known >= low - slack) & (known <= high + slack)
    return float(1.0 - inside.mean())


def _spread_out(loss: LossFacts | None, units: int) -> bool:
    """Class ids that the program makes columns of on their way to the loss (``one_hot(y, K)``)."""
    if loss is None or loss.target_shape is None or len(loss.target_shape) < 2:
        return False
    return loss.target_shape[-1] == units and loss.target_shape == loss.prediction_shape


def _squashings(subject: Subject, rows: Rows, forward: ForwardPass) -> int:
    """Squashings from the logits to the loss: those in the graph, and those of the loss, checked on its value.

    The value decides because names do not: Keras' cross-entropy with ``from_logits=True`` on a sigmoid head goes back
    to the logits by itself, and a loss line may squash once more outside the model.
    """
    start = last_weighted(forward.layers) or 0
    in_graph = sum(one.layer.activation in SQUASHINGS for one in forward.layers[start:])
    loss = subject.recipe.loss
    if loss is None or loss.kind not in CLASS_LOSSES:
        return in_graph
    by_value = None if rows.y is None else squashings_by_value(subject, rows, loss)
    if by_value is not None:
        return in_graph + by_value
    return in_graph + (loss.takes == "logits")


def squashings_by_value(subject: Subject, rows: Rows, loss: LossFacts) -> int | None:
    """How many more squashings reproduce the loss's value on these rows, at every known moment, if any number does."""
    moments: tuple[Moment, ...] = ("end", "initial") if subject.has_initial_weights else ("end",)
    found = set(range(MOST_SQUASHINGS + 1))
    for moment in moments:
        outputs = np.asarray(subject.forward(rows.X, moment=moment).outputs, dtype=np.float64)
        assert rows.y is not None
        try:
            value = subject.loss(rows.X, rows.y, moment=moment)
        except NotAvailable:
            return None
        found &= {k for k in found if _agrees(cross_entropy(outputs, rows.y, loss, k), value)}
    return min(found) if found else None


def _agrees(mine: float | None, value: float) -> bool:
    return mine is not None and bool(np.isclose(mine, value, rtol=VALUE_TOLERANCE, atol=VALUE_TOLERANCE / 10))


def cross_entropy(outputs: FloatArray, y: AnyArray, loss: LossFacts, squashings: int) -> float | None:
    """Mean cross-entropy in nats of outputs ``(n, k)`` squashed this often; ``None`` where it has no meaning.

    With 0 squashings the outputs must be probabilities already (or log-probabilities, if the loss takes those).

    >>> round(cross_entropy(np.zeros((2, 1)), np.array([0, 1]), LossFacts("b", "binary_cross_entropy", "logits"), 1), 4)
    0.6931
    """
    binary = loss.kind == "binary_cross_entropy"
    targets = number_array(y)
    if targets is None or outputs.ndim > 2:
        return None
    columns = outputs.reshape(len(outputs), -1)
    if loss.takes == "log_probabilities":
        columns = np.exp(np.minimum(columns, 0.0))
    for _ in range(squashings):
        columns = to_probabilities(columns, "sigmoid" if binary else "softmax")
    if not columns.size or not bool(((columns >= 0) & (columns <= 1)).all()):
        return None
    p = np.clip(columns, PROBABILITY_RESOLUTION, 1.0)
    if binary:
        if targets.size != columns.size:
            return None
        t = targets.reshape(columns.shape)
        other = np.clip(1 - columns, PROBABILITY_RESOLUTION, 1.0)
        return float(-(t * np.log(p) + (1 - t) * np.log(other)).mean())
    return _categorical(p, targets)


def _categorical(p: FloatArray, targets: FloatArray) -> float | None:
    if targets.shape == p.shape:
        return float(-(targets * np.log(p)).sum(axis=1).mean())
    if targets.size != len(p) or targets.min() < 0 or targets.max() >= p.shape[1]:
        return None
    return float(-np.log(p[np.arange(len(p)), targets.ravel().astype(np.int64)]).mean())


PROBE = Probe("head", HeadFacts, "forward", _measure)

"""DF203 labels-outside-output-range: the head cannot reach the labels it is asked for.

## What it is
Class ids 0..K−1 into one sigmoid, −1/+1 labels or targets in the thousands against a sigmoid, targets above 1 against
tanh, negative targets against ReLU.

## Why every prediction is the same
For an unreachable label the loss always points towards the same end of the range. The logit runs there for every row,
the squashing saturates, and the gradient that could tell rows apart vanishes with its slope.

## Evidence for
- Labels outside what the last activation can output, or outside what the loss reads as a class.
- The constant stands at an end of the range.
- Check: `y.min(), y.max()` against the range of the last activation.

## Evidence against
- Every label lies inside the range of the head.

## Look-alikes
- unscaled-inputs (DF101), saturated-units (DF402): the head saturates although the labels are in reach.
- relu-on-output (DF303): a ReLU head that died although (most) labels are positive.
- target-scale (DF106): a linear head can reach the targets and has not travelled there yet.

## Example
```python
y = iris.target                                   # 0, 1, 2
model.add(Dense(1, activation="sigmoid"))         # cannot say 2
model.compile("adam", "binary_crossentropy")
```

## Fix
The head and loss that belong to the task: K softmax units with a categorical loss for K classes, one sigmoid for
labels 0/1, a linear head (and standardized targets) for regression; or targets scaled into the head's range, as for an
autoencoder that ends in a sigmoid.

## Known problems
Some labels outside (a −1 among ±1 labels under a sigmoid) still let the rows be ranked; then it is no collapse.

## References
- Three classes into one sigmoid: https://newbedev.com/cnn-with-keras-accuracy-not-improving
- Zero wherever y < 0: https://stats.stackexchange.com/questions/116051
- Targets in the thousands under a sigmoid: https://github.com/BrainJS/brain.js/issues/850
"""

from __future__ import annotations

import math

from defib.causes import Cause
from defib.causes._signs import fine, maybe, num, seen, unsayable
from defib.diagnosis import Assessment, by_itself, from_update, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.wording import percent

MANY = 0.2
"""Share of unreachable labels that outweighs the reachable ones' gradient near the end of the range: an unreachable
label pulls with full strength there, a reachable one ever less."""
FEW = 0.01
RELU_HALF = 0.5
"""A ReLU head is pushed below zero for good only when most targets are: the positive ones pull back."""


def _reach(low: float, high: float) -> str:
    """What a head can say.

    >>> _reach(0.0, 1.0), _reach(0.0, math.inf), _reach(-math.inf, math.inf)
    ('0 to 1', '0 and above', 'any number')
    """
    if math.isinf(low) and math.isinf(high):
        return "any number"
    if math.isinf(high):
        return f"{num(low)} and above"
    return f"{num(high)} and below" if math.isinf(low) else f"{num(low)} to {num(high)}"


def _units(n: int) -> str:
    return "one output" if n == 1 else f"{n} outputs"


def _mean_beyond(book: Book, head: HeadFacts) -> float | None:
    """The labels' mean where it lies outside the head's reach and the loss asks for the mean; else ``None``.

    Under these losses the pull on an output at the end of the range is that end minus the mean: few labels that are
    far outside (masks of 0 and 255) outweigh many inside.
    """
    labels = maybe(book, LabelFacts)
    if labels is None or head.loss_kind not in ("binary_cross_entropy", "squared_error"):
        return None
    return labels.mean if not head.output_low <= labels.mean <= head.output_high else None


def _misnumbered(book: Book, head: HeadFacts) -> bool:
    """Two classes that a single output is to tell apart, and not called 0 and 1: no other head mends that."""
    labels = maybe(book, LabelFacts)
    two = labels is not None and labels.task == "binary" and labels.n_distinct == 2 and labels.classes != (0.0, 1.0)
    return two and head.units == 1 and head.loss_kind == "binary_cross_entropy"


def _assess(book: Book) -> Assessment:
    head = book.get(HeadFacts)
    if math.isnan(head.label_low):
        book.get(LabelFacts)  # without labels, none lies anywhere
    outside = head.labels_outside
    numbers = {"labels_outside_fraction": outside, "label_low": head.label_low, "label_high": head.label_high}
    reach = _reach(head.output_low, head.output_high)
    if outside <= 0:
        by_number = head.label_high > head.output_high or head.label_low < head.output_low  # of an output, no value
        told = (
            f"is the number of one of {head.units} outputs" if by_number else f"lies within the head's reach ({reach})"
        )
        return ruled_out(f"every label {told}", layer=None, **numbers)
    # One hard label is what labels beyond an end of the range bring about: a ranking does not excuse them.
    one_sided = seen(book).pattern == "one_class" and outside >= MANY
    if unsayable(book) is None and not one_sided and (calm := fine(book)):
        return calm
    labels = f"labels {num(head.label_low)} to {num(head.label_high)}"
    because = (
        f"{percent(outside)} of the labels lie outside what the {head.activation} head can say: {labels}, head {reach}"
    )
    if math.isinf(head.output_low) and math.isinf(head.output_high):  # it is the loss that reads classes from it
        because = (
            f"{percent(outside)} of the labels lie outside what {head.loss} reads from {_units(head.units)}: {labels}"
        )
    if (mean := _mean_beyond(book, head)) is not None:
        because = f"{because}; their mean, {num(mean)}, lies beyond it as well, and there the loss pulls all rows"
    if mean is not None or outside >= (RELU_HALF if head.activation == "relu" else MANY):
        found = supported(because, weight=0.92, layer=head.layer, **numbers)
        found = by_itself(found) if _misnumbered(book, head) else found
        return from_update(found, 1)  # it acts through the loss: nothing that was there before the first step
    if outside >= FEW:
        return inconclusive(because, weight=0.4, layer=head.layer, **numbers)
    return inconclusive(because, weight=0.15, layer=head.layer, **numbers)


CAUSE = Cause(
    code="DF203",
    name="labels-outside-output-range",
    stage="labels",
    assess=_assess,
    fixes=("fitting-head", "min-max-targets", "standardize-targets", "fix-labels"),
    contrast={"fitting-head": "must_work", "more-epochs": "must_not", "reinitialize": "must_not"},
    explains=("DF303", "DF307", "DF401", "DF402", "DF403", "DF405", "DF502", "DF505", "DF506", "DF902"),
    look_alikes=("DF301", "DF302", "DF303", "DF305", "DF106", "DF101"),
    when_varied=True,
    makes_nan=True,
)

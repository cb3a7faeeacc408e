"""DF303 relu-on-output: the output passes a ReLU and is negative before it on every row.

## What it is
The last layer ends in ReLU (or a ReLU stands on the logits, before softmax or a loss on logits), and its
pre-activation is below zero for all rows.

## Why every prediction is the same
ReLU turns every negative number into exactly 0 and passes no gradient there. Once all rows are below zero the output
is 0 (or uniform, after a softmax of zeros) for good: nothing can pull it back.

## Evidence for
- A ReLU after the last weights; the largest pre-activation over all rows is at most 0; every output exactly 0 (or
  1/K).
- Check: print the output of the last layer before its activation. A linear head with the same seed learns.

## Evidence against
- Some row has a positive pre-activation: the head is alive.
- The linear head diverges to NaN with the same seed: the ReLU only hid it; the cause is learning-rate-too-high.

## Look-alikes
- dead-relus (DF401): a *hidden* layer is dead and the head shows its bias.
- labels-outside-output-range (DF203): most targets are negative, so that the ReLU is asked for what it cannot say.
- learning-rate-too-high (DF501): what pushed the head below zero, when the loss jumped first.

## Example
```python
model.add(Dense(1, activation="relu"))            # "prices are positive"
model.compile("sgd", "mse")
model.predict(X)                                  # 0.0 0.0 0.0
```

## Fix
A linear head for regression (softplus where outputs must be positive), a sigmoid or softmax, or plain logits, for
classes.

## Known problems
A head that is dead only for part of the rows is not this fault, though those rows share the value 0.

## References
- All predictions exactly 0: https://github.com/keras-team/keras/issues/3687
- Some initializations give only zeros: https://github.com/jvargasmu/population_estimation/issues/68
- Lu et al., Dying ReLU and Initialization (2019): https://arxiv.org/abs/1903.06733
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._scale import FAR_ABOVE_USUAL
from defib.causes._signs import RELU_LIKE, WEIGHTED, dead_hidden, maybe, num, seen
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts, LayerState
from defib.probes.head import HeadFacts
from defib.probes.training import TrainingFacts
from defib.wording import percent

SPIKE = 10.0
"""A loss that rose tenfold diverged before the ReLU cut the output off."""
THROWN = 3.0
NEARLY = 0.95
"""Share of the rows on which the output is one value, 0; a rectified target is rarely that sparse."""


def _relu_after_last_weights(facts: ActivationFacts | None) -> LayerState | None:
    states = facts.end if facts is not None else ()
    last = max((i for i, state in enumerate(states) if state.kind in WEIGHTED), default=None)
    if last is None:
        return None
    return next((s for s in states[last + 1 :] if s.activation in RELU_LIKE), None)


def _large_step(training: TrainingFacts | None) -> bool:
    """Whether a large step may have pushed the head below zero: then the trials decide."""
    if training is None:
        return False
    return (training.spike or 0.0) >= THROWN or (training.rate_over_usual or 0.0) >= FAR_ABOVE_USUAL


def _nearly(book: Book, head: HeadFacts) -> bool:
    """Cut off on all but a few rows."""
    median = head.preactivation_median
    return median is not None and median <= 0 and seen(book).mode_share >= NEARLY


def _assess(book: Book) -> Assessment:
    head, facts = book.get(HeadFacts), maybe(book, ActivationFacts)
    relu = _relu_after_last_weights(facts)
    if head.activation not in RELU_LIKE and relu is None:
        return not_applicable(f"the output does not pass a ReLU but ends in {head.activation}")
    top = head.preactivation_max if head.activation in RELU_LIKE else None
    dead = top <= 0 if top is not None else relu is not None and relu.dead_fraction == 1.0
    numbers = {} if top is None else {"head_preactivation_max": top}
    if not dead and _nearly(book, head):
        share = percent(seen(book).mode_share)
        because = f"the output passes a ReLU and is below zero before it on {share} of the rows"
        return supported(because, weight=0.8, layer=head.layer, **numbers)
    if not dead:
        shown = "" if top is None else f" (largest pre-activation {num(top)})"
        return ruled_out(f"the ReLU on the output is alive on some rows{shown}", layer=head.layer, **numbers)
    start = head.preactivation_max_initial
    since = " since before the first step" if start is not None and start <= 0 and top is not None else ""
    because = f"the output passes a ReLU and is below zero before it on every row{since}"
    hidden_too = facts is not None and dead_hidden(facts.end) is not None
    training = maybe(book, TrainingFacts)
    if training is not None and (training.spike or 0.0) >= SPIKE:
        text = f"{because}, but the loss had jumped to {num(training.spike or 0.0)} times its start first"
        return inconclusive(text, weight=0.45, layer=head.layer, **numbers)
    if hidden_too:
        return inconclusive(f"{because}, but a hidden layer is dead too", weight=0.45, layer=head.layer, **numbers)
    return supported(because, weight=0.85 if _large_step(training) else 0.92, layer=head.layer, **numbers)


CAUSE = Cause(
    code="DF303",
    name="relu-on-output",
    stage="head",
    assess=_assess,
    fixes=("fitting-head",),
    contrast={"fitting-head": "must_work", "more-epochs": "must_not"},
    explains=("DF401", "DF403", "DF502", "DF505", "DF506"),
    look_alikes=("DF401", "DF203", "DF501", "DF101"),
    when_varied=True,
)

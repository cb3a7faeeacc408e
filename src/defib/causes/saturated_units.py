"""DF402 saturated-units: sigmoid or tanh units sit at an end of their range for nearly all rows.

## What it is
The pre-activations of a hidden layer are so large that its sigmoids give 0 or 1 (tanh ±1) whatever the row.

## Why every prediction is the same
At an end of the range a sigmoid's output hardly changes and its slope is nearly 0: rows look alike going forward and
no gradient comes back. When only the signs of units differ between rows, few values are left.

## Evidence for
- A hidden layer with more than 95 % of its (row, unit) cells within 1 % of an end of the range.
- Saturated already at the initial weights: initializer or input scale. Only at the end: the step.
- Check: a histogram of each sigmoid/tanh layer's outputs.

## Evidence against
- The units are in the middle of their range; or the layers cannot saturate (ReLU).
- The network's outputs differ between rows: saturated units that differ are a code, not a collapse.

## Look-alikes
- unscaled-inputs (DF101): inputs of 100 saturate any first layer; they are then the origin.
- initialization-scale (DF602): weights of 1 into 64 units do it as well.
- learning-rate-too-high (DF501): alive at the start, saturated at the end.
- vanishing-gradients (DF403): units in mid-range, gradients lost by depth.

## Example
```python
Dense(64, activation="tanh", kernel_initializer=RandomUniform(0, 1))  # 64 inputs of 0..1: sums near 16
```

## Fix
Standardize what enters the layer, use the default initializer, lower the step; a normalization layer keeps
pre-activations near 0.

## Known problems
Counts cells, not information. A saturated head is reported with the cause that drove it there.

## References
- LeCun et al., Efficient BackProp (1998): http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf
- Glorot and Bengio (2010): https://proceedings.mlr.press/v9/glorot10a.html
- Inputs far from zero saturate the sigmoids: https://datascience.stackexchange.com/questions/31499
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import SATURATED, alive_in_training, cells, hidden, place, saturated_hidden, seen
from defib.causes._time import since_of, turn_of, when
from defib.diagnosis import Assessment, from_update, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.wording import percent


def _assess(book: Book) -> Assessment:
    facts = book.get(ActivationFacts)
    if seen(book).pattern == "nan":
        return ruled_out("the outputs are not numbers, which equal rows inside do not explain")
    inside = [state for state in hidden(facts.end) if state.saturated_fraction is not None]
    heads = [s for s in facts.end if s.saturated_fraction is not None and s not in inside]
    if not inside and not heads:
        return not_applicable("no layer has an activation that saturates")
    layer = saturated_hidden(facts.end)
    if layer is not None and seen(book).pattern != "few_values" and (calm := alive_in_training(book)):
        return calm
    if facts.input_constant:
        return ruled_out("the rows already are equal when they enter the model")
    if layer is not None:
        share = layer.saturated_fraction or 0.0
        start = saturated_hidden(facts.initial)
        turn = turn_of(book, layer.layer, "saturated")
        ended = "at the end of the training" if turn is None else f"{when(turn)} and at the end"
        since = "from the first step on" if start is not None else ended
        because = f"{cells(layer)} are at an end of their range {since}"
        weight = 0.75 if start is not None else 0.65
        found = supported(because, weight=weight, layer=layer.layer, saturated_fraction=share)
        return from_update(found, 0 if start is not None else since_of(book, layer.layer, "saturated"))
    head = next((s for s in heads if (s.saturated_fraction or 0.0) > SATURATED), None)
    if head is not None and alive_in_training(book) is None:
        because = f"only the output, {place(head.layer)}, is saturated; what drove it there is another cause"
        return inconclusive(because, weight=0.3, layer=head.layer, saturated_fraction=head.saturated_fraction or 0.0)
    most = max((s.saturated_fraction or 0.0 for s in inside), default=0.0)
    return ruled_out(f"no hidden layer is saturated (at most {percent(most)} of the cells)", saturated_fraction=most)


CAUSE = Cause(
    code="DF402",
    name="saturated-units",
    stage="architecture",
    assess=_assess,
    fixes=("reinitialize", "standardize-inputs", "relu-he", "batch-norm", "step-divided-by-10"),
    contrast={},
    explains=("DF403", "DF404", "DF502", "DF505"),
    look_alikes=("DF101", "DF602", "DF501", "DF403"),
)

"""DF403 vanishing-gradients: the gradient shrinks by a factor at every saturating layer on its way to the input.

## What it is
A stack of sigmoid (or badly scaled tanh) layers. Each multiplies the gradient by its slope, at most 1/4 for a sigmoid,
and by its weights. After eight layers 1e-5 of it is left.

## Why every prediction is the same
The layers near the input do not learn, so the last ones work on features in which the rows are nearly equal. What is
left to learn is the output bias: the base rate.

## Evidence for
- At the initial weights the gradient falls geometrically towards the input (first over last layer below 1e-3).
- Saturating activations between; the early layers hardly move while the head does.
- ReLU with He weights, or batch normalization, at the same depth learns; a larger step does not help.
- Check: print the gradient norm of every layer after one `backward()`.

## Evidence against
- A gradient that is *exactly* 0: that is a head or a dead layer, not this.
- Two or three sigmoid layers: their plateau of 10 to 50 epochs is normal and they learn.
- The gradient is of similar size in all layers.

## Look-alikes
- single-unit-softmax (DF301), dead-relus (DF401): exactly zero gradients, "vanishing" only in name.
- learning-rate-too-low (DF502): small everywhere, not only early; a larger step works.
- forward-correlation-collapse (DF404): comes together with this in saturating stacks, where both are the same slopes.
- too-deep (DF407): half as many layers learn for both, and no experiment tells them apart; they are reported as tied.
- initialization-scale (DF602): tiny weights shrink the gradient in any network.

## Example
```python
for _ in range(10):
    model.add(Dense(64, activation="sigmoid"))
model.compile(SGD(0.1), "binary_crossentropy")
```

## Fix
ReLU (or GELU) with He initialization; or a normalization layer before each activation; or residual connections; or
fewer layers, if the task does not need them.

## Known problems
Adam divides by the gradient's size and climbs out of many such stacks; depth alone proves nothing. Halving the depth
of a very deep stack can leave one that is still too deep.

## References
- Bengio, Simard, Frasconi (1994): https://doi.org/10.1109/72.279181
- Glorot and Bengio (2010): https://proceedings.mlr.press/v9/glorot10a.html
- Ioffe and Szegedy, Batch Normalization (2015): https://arxiv.org/abs/1502.03167
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import SATURATING, alive_in_training, dead_hidden, maybe, num, saturated_hidden
from defib.diagnosis import Assessment, from_update, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.gradients import GradientFacts
from defib.probes.training import TrainingFacts

VANISHED = 1e-3
"""First over last layer: three sigmoid layers (9e-3) still learn by any usual optimizer, five (5e-4) do not by SGD."""
SHRINKING = 3e-2
PLATEAU = 400
"""Updates (10 epochs of 40 batches) that sigmoid stacks which then learn commonly rest for."""
GEOMETRIC = -0.5
"""log10 per layer: a sigmoid's slope of 1/4 alone gives −0.6."""


def _other_reason(gradients: GradientFacts, facts: ActivationFacts) -> str | None:
    """What excludes this mechanism whatever the ratio, as a clause."""
    if gradients.zero_initial:
        return "the gradient is exactly zero everywhere from the start, which no depth explains"
    if not any(name in SATURATING for name in facts.hidden_activations):
        return "no hidden activation has a slope that shrinks the gradient"
    if facts.input_constant or dead_hidden(facts.end) is not None:
        return "the rows are made equal by something else, which leaves no gradient either"
    return None


def _assess(book: Book) -> Assessment:
    gradients, facts = book.get(GradientFacts), book.get(ActivationFacts)
    ratio = gradients.first_over_last_initial
    if ratio is None:
        ratio = gradients.first_over_last_end
    if ratio is None:
        return not_applicable("fewer than two layers have a gradient to compare")
    numbers = {"first_over_last_gradient": ratio}
    if gradients.per_decade is not None:
        numbers["log10_per_layer"] = gradients.per_decade
    if calm := alive_in_training(book):
        return calm
    if (reason := _other_reason(gradients, facts)) is not None:
        return ruled_out(reason, layer=None, **numbers)
    first = gradients.layers[0].layer if gradients.layers else None
    because = f"the first layer's gradient is {num(ratio)} of the last one's"
    if gradients.first_over_last_initial is not None and ratio < VANISHED and (gradients.per_decade or -1) < GEOMETRIC:
        steps = sum(name in SATURATING for name in facts.hidden_activations)
        because = f"{because} at the initial weights, falling at every one of {steps} saturating steps"
        return _vanished(book, facts, because, first, numbers)
    if ratio < SHRINKING:
        return inconclusive(because, weight=0.35, layer=first, **numbers)
    return ruled_out(because, layer=first, **numbers)


def _vanished(
    book: Book, facts: ActivationFacts, because: str, first: str | None, numbers: dict[str, float]
) -> Assessment:
    training = maybe(book, TrainingFacts)
    if training is not None and training.n_updates < PLATEAU:
        text = f"{because}, but a plateau of {training.n_updates:,} updates is normal for such a stack"
        return inconclusive(text, weight=0.45, layer=first, **numbers)
    weight = 0.5 if saturated_hidden(facts.initial) is not None else 0.75
    return from_update(supported(because, weight=weight, layer=first, **numbers), 0)


CAUSE = Cause(
    code="DF403",
    name="vanishing-gradients",
    stage="architecture",
    assess=_assess,
    fixes=("relu-he", "batch-norm", "halve-depth"),
    # Halving says nothing: half of a stack of twelve is still too deep for SGD.
    contrast={
        "relu-he": "must_work",
        "batch-norm": "must_work",
        "step-times-10": "must_not",
        "step-times-100": "must_not",
    },
    explains=("DF402", "DF505", "DF506", "DF502"),
    look_alikes=("DF502", "DF301", "DF401", "DF404", "DF407", "DF602"),
    indistinct=("DF407",),
)

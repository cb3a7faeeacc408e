"""DF405 exploding-gradients: the gradient grows by a factor at every layer (or time step) on its way to the input.

## What it is
Weights larger than the layers' customary scale, or a long recurrence, multiply the gradient at each step.

## Why every prediction is the same
The first update throws the early layers so far that their units saturate or die, or the loss becomes NaN. After that
nothing moves.

## Evidence for
- At the initial weights the first layer's gradient is thousands of times the last one's; then NaN, death or
  saturation.
- Check: gradient norm per layer after one `backward()`; clipping alone (`clipnorm=1`) restores learning.

## Evidence against
- Gradients of similar size in all layers.
- One step size smaller repairs it although the gradients do not grow with depth: learning-rate-too-high.

## Look-alikes
- learning-rate-too-high (DF501): the same ruin from ordinary gradients.
- unscaled-inputs (DF101): a first-layer gradient that is large because its *input* is.
- initialization-scale (DF602): the usual origin.

## Example
```python
for layer in net:                                 # ten linear layers of 64
    nn.init.normal_(layer.weight, std=1.0)        # each multiplies by 8
```

## Fix
The default initializer; gradient clipping; normalization layers; for recurrences LSTM/GRU cells and shorter sequences.

## Known problems
Read at the initial weights; an explosion that begins later is seen only by its spike in the loss.

## References
- Pascanu, Mikolov, Bengio (2013): https://arxiv.org/abs/1211.5063
- Clipping that cured a collapsed AlexNet: https://github.com/keras-team/keras/issues/2975
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._scale import badly_scaled
from defib.causes._signs import alive_in_training, maybe, num
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.gradients import GradientFacts
from defib.probes.inputs import InputFacts

EXPLODED = 1e3
GROWING = 0.5
"""log10 per layer towards the input: a factor of three at each."""


def _assess(book: Book) -> Assessment:
    gradients = book.get(GradientFacts)
    ratio, slope = gradients.first_over_last_initial, gradients.per_decade
    if ratio is None or slope is None or len(gradients.layers) < 3:
        return not_applicable("fewer than three layers have a gradient at the initial weights to compare")
    numbers = {"first_over_last_gradient": ratio, "log10_per_layer": slope}
    if not (ratio > EXPLODED and slope > GROWING):
        because = f"the first layer's gradient is {num(ratio)} times the last one's at the start"
        return ruled_out(because, layer=None, **numbers)
    if calm := alive_in_training(book):
        return calm
    inputs = maybe(book, InputFacts)
    because = f"the first layer's gradient is {num(ratio)} times the last one's at the start, growing at every layer"
    if inputs is not None and badly_scaled(inputs) is not None:
        return inconclusive(f"{because}, beside inputs of an unusual scale", weight=0.35, layer=None, **numbers)
    return supported(because, weight=0.65, layer=gradients.layers[0].layer, **numbers)


CAUSE = Cause(
    code="DF405",
    name="exploding-gradients",
    stage="architecture",
    assess=_assess,
    fixes=("reinitialize", "batch-norm", "step-divided-by-100"),
    contrast={},
    explains=("DF401", "DF402", "DF706"),
    look_alikes=("DF501", "DF101", "DF602"),
)

"""DF405 exploding-gradients: signal or gradient grows by a factor at every layer (or time step).

## What it is
Weights larger than the layers' customary scale, or a long recurrence, multiply the gradient at each step.

## Why every prediction is the same
The first update throws the early layers so far that their units saturate or die, or the loss becomes NaN. After that
nothing moves.

## Evidence for
- At the initial weights the first layer's gradient is thousands of times the last one's; then NaN, death or
  saturation.
- Or the signal grows forwards: the spread of the rows is a factor larger in every layer (ReLU keeps what tanh cuts
  off), and every kernel's gradient with it; a customary rate then changes kernels by a multiple of their size.
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

from itertools import pairwise

from defib.causes import Cause
from defib.causes._scale import FAR_ABOVE_USUAL, badly_scaled
from defib.causes._signs import alive_in_training, hidden, maybe, num, place
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.gradients import GradientFacts
from defib.probes.inputs import InputFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts

GROWN = 30.0
"""Spread of the rows in the last hidden layer over the first one's; customary draws keep it within a few."""
FACTOR = 1.3
"""Growth per layer; where one odd layer does it all, that layer's draw is the fault (DF602)."""
THROWN = 0.3
"""A first step that moves a kernel by a third of its own size; usual first steps move it by a hundredth."""
EXPLODED = 1e3
GROWING = 0.5
"""log10 per layer towards the input: a factor of three at each."""


def _forwards(book: Book) -> Assessment | None:
    """The signal grows at every layer, and an ordinary rate throws the weights for it."""
    facts, updates, training = maybe(book, ActivationFacts), maybe(book, UpdateFacts), maybe(book, TrainingFacts)
    if facts is None or updates is None or training is None or (training.rate_over_usual or 0.0) >= FAR_ABOVE_USUAL:
        return None
    linear = [state for state in hidden(facts.initial) if state.kind in ("dense", "conv") and state.row_spread > 0]
    first_update = updates.largest_first_update
    if len(linear) < 3 or first_update is None or first_update < THROWN:
        return None
    grown = [b.row_spread / a.row_spread for a, b in pairwise(linear)]
    total = linear[-1].row_spread / linear[0].row_spread
    if not (total >= GROWN and sorted(grown)[len(grown) // 4] >= FACTOR):
        return None
    each = total ** (1 / len(grown))
    because = (
        f"at the initial weights the rows lie {num(each)} times further apart after every layer, {num(total)} times in "
        f"{place(linear[-1].layer)}, and the gradients are large for it: the first update, at a customary rate, "
        f"changed a kernel by {num(first_update)} times its size"
    )
    numbers = {"growth_per_layer": each, "growth_in_all": total, "largest_first_update_relative": first_update}
    return supported(because, weight=0.8, layer=linear[0].layer, **numbers)


def _assess(book: Book) -> Assessment:
    if calm := alive_in_training(book):
        return calm
    return _forwards(book) or _backwards(book)


def _backwards(book: Book) -> Assessment:
    gradients = book.get(GradientFacts)
    ratio, slope = gradients.first_over_last_initial, gradients.per_decade
    if ratio is None or slope is None or len(gradients.layers) < 3:
        return not_applicable("fewer than three layers have a gradient at the initial weights to compare")
    numbers = {"first_over_last_gradient": ratio, "log10_per_layer": slope}
    if not (ratio > EXPLODED and slope > GROWING):
        because = f"the first layer's gradient is {num(ratio)} times the last one's at the start"
        return ruled_out(because, layer=None, **numbers)
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
    fixes=("relu-he", "reinitialize", "batch-norm", "step-divided-by-100", "step-divided-by-1000"),
    contrast={},
    explains=("DF401", "DF402", "DF404", "DF501", "DF706"),
    look_alikes=("DF501", "DF101", "DF602"),
    makes_nan=True,
)

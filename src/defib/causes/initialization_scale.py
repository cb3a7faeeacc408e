"""DF602 initialization-scale: the initial weights are far from the scale their layer needs.

## What it is
Weights drawn with a fixed spread (sd 0.001, sd 1, uniform 0..1) instead of one that fits the number of inputs (He:
sqrt(2/fan_in), Glorot: sqrt(2/(fan_in + fan_out))).

## Why every prediction is the same
Too small: the signal and the gradient shrink at every layer and only the bias learns. Too large: sigmoids saturate for
all rows, or the first step kills the ReLUs.

## Evidence for
- A kernel whose initial sd is less than a tenth of, or more than five times, the customary one; rows that are equal or
  units that are saturated at the initial weights.
- Check: re-initialize with the default, everything else fixed.

## Evidence against
- All kernels near the customary scale.

## Look-alikes
- forward-correlation-collapse (DF404), vanishing-gradients (DF403): the same at the customary scale, by depth.
- saturated-units (DF402): what too large weights do.
- zero-or-symmetric-initialization (DF601): spread exactly 0.

## Example
```python
for layer in linears:
    nn.init.normal_(layer.weight, std=0.001)      # three layers: 1e-9 of the signal is left
```

## Fix
The framework's default initializer, or He for ReLU and Glorot for tanh and sigmoid.

## Known problems
Networks with normalization layers bear almost any scale; embeddings have scales of their own and are left out.

## References
- He et al., Delving Deep into Rectifiers (2015): https://arxiv.org/abs/1502.01852
- Glorot and Bengio (2010): https://proceedings.mlr.press/v9/glorot10a.html
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import alive_in_training, maybe, num, place, saturated_hidden
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.initialization import InitializationFacts

SMALL, LARGE = 0.1, 5.0
"""Ratio to the customary sd. Frameworks' defaults lie between 0.4 (PyTorch Linear against He) and 1.5."""


def _assess(book: Book) -> Assessment:
    facts = book.get(InitializationFacts)
    numbers = {
        "smallest_ratio_to_customary_sd": facts.smallest_ratio,
        "largest_ratio_to_customary_sd": facts.largest_ratio,
    }
    inner = [layer for layer in facts.layers[:-1] if layer.sd > 0]
    odd = next((layer for layer in inner if not SMALL <= layer.ratio <= LARGE), None)
    if odd is None:
        return ruled_out("the hidden kernels start near their customary scale", layer=None, **numbers)
    if calm := alive_in_training(book):
        return calm
    numbers = {"ratio_to_customary_sd": odd.ratio, "initial_sd": odd.sd, **numbers}
    because = f"{place(odd.layer)} starts with a spread of {num(odd.ratio)} times the customary one"
    states = maybe(book, ActivationFacts)
    if states is None or not states.initial:
        return inconclusive(because, weight=0.35, layer=odd.layer, **numbers)
    if odd.ratio > LARGE and (full := saturated_hidden(states.initial)) is not None:
        return supported(
            f"{because}, which saturates {place(full.layer)} from the start", weight=0.8, layer=odd.layer, **numbers
        )
    if odd.ratio < SMALL:
        return supported(because, weight=0.7, layer=odd.layer, **numbers)
    return inconclusive(because, weight=0.4, layer=odd.layer, **numbers)


CAUSE = Cause(
    code="DF602",
    name="initialization-scale",
    stage="initialization",
    assess=_assess,
    fixes=("reinitialize", "batch-norm"),
    contrast={"reinitialize": "must_work", "more-epochs": "must_not"},
    explains=("DF402", "DF403", "DF404", "DF405", "DF401"),
    look_alikes=("DF404", "DF403", "DF402", "DF601"),
    makes_nan=True,
)

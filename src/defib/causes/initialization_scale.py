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
- Kernels whose weights start around another number than 0 (uniform 0..1), so that the sums of all rows lie far off zero
  and saturate the layer.
- Kernels that are each a little too small in a deep stack: half the customary spread in twenty layers leaves a
  millionth of what tells the rows apart, while the rows do not come to be alike.
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
The framework's default initializer, or He for ReLU and Glorot for tanh and sigmoid; in a very deep stack ReLU with He,
which keeps the scale at any depth.

## Known problems
Networks with normalization layers bear almost any scale; embeddings have scales of their own and are left out.

## References
- He et al., Delving Deep into Rectifiers (2015): https://arxiv.org/abs/1502.01852
- Glorot and Bengio (2010): https://proceedings.mlr.press/v9/glorot10a.html
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from defib.causes import Cause
from defib.causes._kernels import off_zero, restored_behind
from defib.causes._signs import alive_in_training, hidden, maybe, num, place, saturated_hidden
from defib.causes.forward_correlation_collapse import ALIGNED
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts, LayerState
from defib.probes.initialization import InitializationFacts, LayerInitialization

FADED = 1e-3
"""Of the signal that is left by all layers together: a bias learns a thousand times as fast as what tells the rows."""
APART = 0.1
"""Relative spread of rows that did not come to be alike, which is another mechanism."""
SMALL, LARGE = 0.1, 5.0
"""Ratio to the customary sd. Frameworks' defaults lie between 0.4 (PyTorch Linear against He) and 1.5."""
LITTLE = 0.03
"""Product of the small ratios from which on the signal is but a little weak: one kernel drawn at an sd of 0.02."""


def _assess(book: Book) -> Assessment:
    facts = book.get(InitializationFacts)
    numbers = {
        "smallest_ratio_to_customary_sd": facts.smallest_ratio,
        "largest_ratio_to_customary_sd": facts.largest_ratio,
    }
    states = maybe(book, ActivationFacts)
    inner = [layer for layer in _before_the_head(facts, states) if layer.sd > 0]
    small = [layer.layer for layer in inner if layer.ratio < SMALL]
    restored = {name for name in small if states is not None and restored_behind(name, states.initial)}
    inner = [layer for layer in inner if layer.layer not in restored]
    odd = next((layer for layer in inner if not SMALL <= layer.ratio <= LARGE), None)
    if odd is None and (faded := _faded(inner, states)) is not None:
        return alive_in_training(book) or supported(faded, weight=0.7, layer=inner[0].layer, **numbers)
    if odd is None and (shifted := next((layer for layer in inner if layer.offset > LARGE), None)) is not None:
        return alive_in_training(book) or off_zero(shifted, states, numbers)
    if odd is None and not inner and not restored:
        return ruled_out("no hidden kernel starts with any spread that could be too small or too large", layer=None)
    if odd is None:
        more = ", or what they make small is restored behind them (normalized, or added to what went past)"
        why = f"the hidden kernels start near their customary scale{more if restored else ''}"
        return ruled_out(why, layer=None, **numbers)
    if calm := alive_in_training(book):
        return calm
    numbers = {"ratio_to_customary_sd": odd.ratio, "initial_sd": odd.sd, **numbers}
    because = f"{place(odd.layer)} starts with a spread of {num(odd.ratio)} times the customary one"
    if states is None or not states.initial:
        return inconclusive(because, weight=0.35, layer=odd.layer, **numbers)
    if odd.ratio > LARGE and (full := saturated_hidden(states.initial)) is not None:
        return supported(
            f"{because}, which saturates {place(full.layer)} from the start", weight=0.8, layer=odd.layer, **numbers
        )
    if np.prod([layer.ratio for layer in inner if layer.ratio < SMALL]) < LITTLE:
        return supported(because, weight=0.7, layer=odd.layer, **numbers)
    return inconclusive(because, weight=0.4, layer=odd.layer, **numbers)


def _before_the_head(facts: InitializationFacts, states: ActivationFacts | None) -> tuple[LayerInitialization, ...]:
    """Without the one that ran last (a head may start small) and tables that no row passes through (positions)."""
    listed = {one.layer for one in facts.layers}
    ran = [] if states is None else [one.layer for one in states.initial if one.layer in listed]
    return tuple(one for one in facts.layers if one.layer in ran[:-1]) if ran else facts.layers[:-1]


def _aligned(states: Sequence[LayerState]) -> bool:
    """Whether rows that pointed in many directions came to point in one, which is another mechanism."""
    return states[-1].row_correlation >= ALIGNED and states[0].row_correlation < ALIGNED


def _faded(inner: Sequence[LayerInitialization], facts: ActivationFacts | None) -> str | None:
    """Each kernel is a little too small, and the product of all is far too small: rows apart, at next to no size."""
    product, states = float(np.prod([one.ratio for one in inner])), () if facts is None else hidden(facts.initial)
    if product >= FADED or len(states) < 2 or states[-1].relative_spread < APART or _aligned(states):
        return None
    left = states[-1].row_spread / max(states[0].row_spread, 1e-30)
    if left >= FADED:
        return None
    ratios = f"{num(min(one.ratio for one in inner))} to {num(max(one.ratio for one in inner))}"
    return (
        f"the {len(inner)} hidden kernels start with {ratios} times the customary spread, which multiplies to "
        f"{num(product)}: before the first step the rows differ in {place(states[-1].layer)} by {num(left)} of what "
        f"they do in {place(states[0].layer)}"
    )


CAUSE = Cause(
    code="DF602",
    name="initialization-scale",
    stage="initialization",
    assess=_assess,
    fixes=("reinitialize", "batch-norm", "relu-he"),
    contrast={"reinitialize": "must_work", "more-epochs": "must_not"},
    explains=("DF402", "DF403", "DF404", "DF405", "DF401", "DF501"),
    look_alikes=("DF404", "DF403", "DF402", "DF601"),
    makes_nan=True,
)

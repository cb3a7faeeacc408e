"""DF411 linear-network: no hidden layer bends anything, so the whole network is one weighted sum of its inputs.

## What it is
Dense layers upon dense layers with no activation between them: `Dense(64)` in Keras and `nn.Linear(64, 64)` in PyTorch
are linear by default, and so is `activation="identity"` in scikit-learn.

## Why every prediction is the same
Weighted sums of weighted sums are weighted sums: however many layers there are, the network can draw one straight line
(or plane) through the rows. Where classes lie inside one another, or depend on products and parities, the best straight
line is flat, and training finds it: the base rate for every row.

## Evidence for
- No activation between the first layer with weights and the last one.
- A linear reference learner tells little of the labels, and another learner much more.
- The same layers with a ReLU behind each learn.
- Check: print the layers; every hidden one needs an activation behind it.

## Evidence against
- A hidden activation, a recurrent or an attention layer, a normalization within the row.
- A linear model reads the labels well: then a linear network can, too, and something else is wrong.

## Look-alikes
- no-learnable-signal (DF901): no learner reads the labels.
- too-narrow (DF406): there are activations, and one or two sums stand in front of them.
- undertrained (DF506), learning-rate-too-low (DF502): the loss rests at that of a constant for want of steps.

## Example
```python
model.add(Dense(64, input_shape=(2,)))            # no activation=
model.add(Dense(64))
model.add(Dense(1, activation="sigmoid"))
model.fit(*make_circles(1000))                    # one class around the other
```

## Fix
An activation behind every hidden layer: `Dense(64, activation="relu")`, `nn.ReLU()` after each `nn.Linear`.

## Known problems
Networks with convolutions and poolings are not asked: a maximum over positions bends as well. Activations that are
written by hand (`x * mask`) count as such, and the network is not called linear.

## References
- Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.1, learning an exclusive or:
  https://www.deeplearningbook.org/contents/mlp.html
- Keras, Dense (activation=None): https://keras.io/api/layers/core_layers/dense/
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import fine, num, place
from defib.causes.too_narrow import BENT
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts, LayerState
from defib.probes.reference import SignalFacts

STRAIGHT = frozenset({"dense", "dropout", "reshape"})
"""Kinds of step that keep sums of rows sums of rows."""


def _assess(book: Book) -> Assessment:
    sums = _weighted_sums(book.get(ActivationFacts))
    if isinstance(sums, Assessment):
        return sums
    signal = book.get(SignalFacts)
    layer, linear = sums[0].layer, signal.linear
    numbers = {"linear_reference": linear, "best_reference": signal.best, "dense_layers": float(len(sums))}
    if not signal.has_signal:
        return inconclusive(
            "no layer bends, but no other learner reads the labels either", weight=0.2, layer=layer, **numbers
        )
    chance, metric = (0.5, "AUC") if signal.metric == "auc" else (0.0, "R²")
    if linear - chance >= BENT * (signal.best - chance):
        return ruled_out(f"a linear model reads the labels as well ({metric} {num(linear)})", layer=layer, **numbers)
    if calm := fine(book):
        return calm
    because = (
        f"no activation stands between the {len(sums)} layers with weights, so that together they are one weighted sum "
        f"of the columns, and the best such sum tells little of the labels ({metric} {num(linear)}, where "
        f"{signal.best_name} reaches {num(signal.best)})"
    )
    return supported(because, weight=0.95, layer=layer, **numbers)


def _weighted_sums(facts: ActivationFacts) -> tuple[LayerState, ...] | Assessment:
    """The dense layers, where nothing but weighted sums stands between the first and the last of them."""
    places = [i for i, one in enumerate(facts.end) if one.kind == "dense"]
    if len(places) < 2:
        return not_applicable("there are no two dense layers")
    other = next((one for one in facts.end[: places[-1] + 1] if not _is_straight(one)), None)
    if other is not None and other.kind == "activation":
        return ruled_out(f"{place(other.layer)} bends what goes through it", layer=None)
    if other is not None:
        return not_applicable(f"not all of it are dense layers: there is {place(other.layer)}")
    return tuple(facts.end[i] for i in places)


def _is_straight(one: LayerState) -> bool:
    return one.kind in STRAIGHT or (one.kind == "activation" and one.activation == "linear")


CAUSE = Cause(
    code="DF411",
    name="linear-network",
    stage="architecture",
    assess=_assess,
    fixes=("relu-he",),
    contrast={
        "relu-he": "must_work",
        **dict.fromkeys(("more-epochs", "standardize-inputs", "reinitialize", "step-divided-by-10"), "must_not"),
    },
    explains=("DF502", "DF505", "DF506", "DF901", "DF902"),
    look_alikes=("DF901", "DF406", "DF506", "DF502"),
    when_varied=True,
    in_itself=True,
)

"""DF101 unscaled-inputs: the input columns are far from the scale the first layer was initialized for.

## What it is
Initializers draw weights for inputs of about 1 around 0. Raw columns (a salary, a year, pixels of 0..255, kelvin) are
hundreds or thousands of times larger, lie far from zero, or differ from each other by orders of magnitude.

## Why every prediction is the same
Three ways lead there. (1) *Saturation*: sigmoid or tanh units of the first layer sit at an end of their range for
every row, so every row looks alike behind it, from the first step on. (2) *Step × scale*: the gradient of a
first-layer weight is proportional to its input; a step that suits inputs of 1 throws the weights so far that ReLUs die
or the head saturates. (3) *Serving*: rows on another scale than the rows trained on (then the cause is
preprocessing-skew). Bad scaling alone more often makes predictions wrong and varied than constant: small columns drown
beside large ones.

## Evidence for
- A column's root mean square above 10 (or all below 0.01), |mean| above 10 sd, or sds apart by more than 100.
- The network's own door scales rows that were scaled before (`Rescaling(1 / 255)` behind `X / 255`).
- The first layer saturated at the *initial* weights; or alive at the start and dead or saturated at the end.
- Check: `X.mean(axis=0)`, `X.std(axis=0)`. Standardize, change nothing else, train again: it learns.

## Evidence against
- The model normalizes at its own door, or the columns are near 1.
- Standardizing alone does not restore learning.
- Nothing is dead, saturated, equal or NaN, and the predictions have skill: trees of scale differences can be harmless.

## Look-alikes
- learning-rate-too-high (DF501): when a smaller step alone works *and* standardizing alone works, the fault is the
  product of the two; either repairs it. A step 100 times smaller that fails does not acquit the inputs: a layer that
  is saturated from the start is not cured by any step.
- relu-on-output (DF303): the head's own pre-activation is negative for all rows whatever the scale.
- preprocessing-skew (DF802): training rows are fine, the rows served are not.
- dead-relus (DF401), saturated-units (DF402): how this cause acts, not another cause.

## Example
```python
X = df[["income", "year", "age"]].to_numpy()      # 54,000 · 2,016 · 37
model.fit(X, y, epochs=100)                       # SGD: first update throws every ReLU below zero
```

## Fix
Standardize every column with the mean and sd *of the training rows* and apply the same numbers at prediction, best as
a layer inside the model. A smaller step is the second choice, normalization layers further in the third.

## Known problems
Thresholds are orders of magnitude, not proof; the verdict needs a trace of the mechanism too. Columns that the
reference learner does not need can be unscaled and harmless. Tokens and one-hot columns are exempt.

## References
- LeCun et al., Efficient BackProp (1998), section 4.3: http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf
- scikit-learn, Importance of Feature Scaling:
  https://scikit-learn.org/stable/auto_examples/preprocessing/plot_scaling_importance.html
- Same output for every row, cured by normalizing: https://github.com/BrainJS/brain.js/issues/98
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._scale import CELLS, Scale, badly_scaled, is_squeezed, large_weights, thrown, trace_of
from defib.causes._signs import (
    fine,
    flat_in_training,
    maybe,
    num,
)
from defib.diagnosis import DECISIVE, Assessment, by_itself, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.inputs import InputFacts
from defib.probes.reference import SignalFacts
from defib.wording import column


def _assess(book: Book) -> Assessment:
    inputs = book.get(InputFacts)
    if inputs.kind == "tokens":
        return not_applicable("the inputs are token ids, which are looked up and not multiplied")
    if inputs.normalized_inside:
        return ruled_out("the model normalizes its inputs at its own door", largest_column_rms=inputs.scale_max)
    scale = badly_scaled(inputs)
    if scale is None and inputs.constant_fraction == 1.0:
        return not_applicable("no column varies, so that none has a scale")
    if scale is None:
        return ruled_out(
            f"the columns are on a usable scale (largest root mean square {num(inputs.scale_max)})",
            largest_column_rms=inputs.scale_max,
            column_sd_ratio=inputs.scale_ratio,
        )
    if calm := fine(book):
        return calm
    if inputs.door is not None and is_squeezed(inputs):
        sure = 0.6 if inputs.door.normalized_behind else DECISIVE
        return supported(scale.clause, weight=sure, layer=inputs.door.name, **scale.numbers)
    return _seen(book, inputs, scale)


def _seen(book: Book, inputs: InputFacts, scale: Scale) -> Assessment:
    """What the scale did, where it shows."""
    where = "input" if inputs.kind in CELLS else column(inputs.largest_column, inputs.columns)
    has_nan = inputs.nan_cells + inputs.inf_cells > 0
    if has_nan and scale.harmful and (sign := thrown(book)) is not None:
        return by_itself(supported(f"{scale.clause} and {sign}", weight=0.6, layer=where, **scale.numbers))
    if not has_nan and scale.harmful and (trace := trace_of(book)) is not None:
        what, layer, weight = trace
        because = f"{scale.clause} and {what}"
        if large_weights(book):
            text = f"{because}, beside first weights of an unusual size"
            return inconclusive(text, weight=0.4, layer=layer, **scale.numbers)
        return supported(because, weight=weight, layer=layer or where, **scale.numbers)
    signal = maybe(book, SignalFacts)
    if not flat_in_training(book) and signal is not None and signal.has_signal:
        found = f"a reference learner finds signal ({signal.metric} {num(signal.best)}) and the network hardly any"
        return supported(f"{scale.clause} while {found}", weight=0.5, layer=where, **scale.numbers)
    because = f"{scale.clause}, but no layer shows what that did"
    return inconclusive(because, weight=0.35 if scale.harmful else 0.15, layer=where, **scale.numbers)


CAUSE = Cause(
    code="DF101",
    name="unscaled-inputs",
    stage="data",
    assess=_assess,
    fixes=("standardize-inputs", "min-max-inputs", "batch-norm"),
    contrast={"standardize-inputs": "must_work"},
    explains=("DF307", "DF401", "DF402", "DF403", "DF404", "DF405", "DF706"),
    look_alikes=("DF501", "DF303", "DF802", "DF401", "DF402"),
    when_varied=True,
    makes_nan=True,
)

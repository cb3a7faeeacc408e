"""DF301 single-unit-softmax: a softmax over one unit is 1 whatever the network computes.

## What it is
A binary (or regression) head with one unit and softmax: `Dense(1, activation="softmax")`, `F.softmax(x, dim=1)` on
shape (n, 1), or a categorical cross-entropy over one column, which normalizes it the same way.

## Why every prediction is the same
softmax(z) = exp(z)/exp(z) = 1 for every z. Its derivative is exactly 0, so no gradient passes and nothing before it
can learn. (Keras on TensorFlow computes binary cross-entropy from the logits it remembers: there the loss even falls
while `predict` returns 1.0 for every row.)

## Evidence for
- One output unit with softmax; every prediction exactly 1.0.
- The gradient of the loss is exactly 0 at the first step.
- Check: `model.predict(X).min()` is 1.0. Replace softmax by sigmoid: the gradient is not zero.

## Evidence against
- Two or more output units, or another activation.

## Look-alikes
- vanishing-gradients (DF403): small, never exactly zero; what this is usually taken for.
- labels-outside-output-range (DF203), dead-relus (DF401): also constant, with another value.

## Example
```python
model.add(Dense(1, activation="softmax"))
model.compile("adam", "binary_crossentropy")
model.predict(X)                                  # 1.0 1.0 1.0
```

## Fix
One unit with sigmoid and binary cross-entropy, or two units with softmax and categorical cross-entropy. With Keras on
TensorFlow the trained weights can be kept: only the activation has to change.

## Known problems
None: the mechanism is the architecture itself.

## References
- Softmax over a single unit: https://github.com/keras-team/keras/issues/500
- Predicts 1 even with the answer in the input: https://stats.stackexchange.com/questions/481881
- Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.2.2:
  https://www.deeplearningbook.org/contents/mlp.html
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import maybe
from defib.diagnosis import Assessment, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.head import HeadFacts
from defib.probes.outputs import SymptomFacts

CATEGORICAL = frozenset({"categorical_cross_entropy", "sparse_categorical_cross_entropy"})
_NORMALIZED = "{} normalizes a single column to exactly 1, so that its gradient is zero"


def _assess(book: Book) -> Assessment:
    head = book.get(HeadFacts)
    if head.units != 1:
        return not_applicable(f"the output has {head.units} units")
    numbers = {"output_units": 1.0}
    facts = maybe(book, SymptomFacts)
    if facts is not None and facts.symptom.constant:
        numbers["constant"] = facts.symptom.constant[0]
    numbers["gradient_zero_at_start"] = float(bool(head.gradient_zero_at_start))
    if head.loss_kind in CATEGORICAL and head.activation == "linear" and head.gradient_zero_at_start:
        # The loss alone normalizes: the outputs may differ as much as chance made them.
        return supported(_NORMALIZED.format(head.loss), weight=0.95, layer=head.layer, **numbers)
    if facts is not None and facts.symptom.pattern in ("varied", "few_values"):
        return ruled_out("the outputs differ between rows, so nothing normalizes the single column by itself")
    if head.activation in ("softmax", "log_softmax"):
        value = "1" if head.activation == "softmax" else "0"
        silent = ", and the gradient was exactly zero from the first step" if head.gradient_zero_at_start else ""
        because = f"{head.activation} over a single unit gives exactly {value} for every row{silent}"
        return supported(because, weight=1.0, layer=head.layer, **numbers)
    if head.loss_kind in CATEGORICAL and head.activation == "linear":
        return supported(_NORMALIZED.format(head.loss), weight=0.95, layer=head.layer, **numbers)
    if head.loss_kind in CATEGORICAL and head.gradient_zero_at_start:
        because = f"{head.loss} over a single column is constant, and its gradient was exactly zero from the first step"
        return supported(because, weight=0.95, layer=head.layer, **numbers)
    return ruled_out(f"the single output unit ends in {head.activation}")


CAUSE = Cause(
    code="DF301",
    name="single-unit-softmax",
    stage="head",
    assess=_assess,
    fixes=("fitting-head",),
    contrast={
        "fitting-head": "must_work",
        **dict.fromkeys(
            (
                *("standardize-inputs", "step-divided-by-10", "step-divided-by-100", "step-times-10", "step-times-100"),
                *("relu-he", "leaky-relu", "batch-norm", "halve-depth", "reinitialize", "more-epochs", "shuffle"),
            ),
            "must_not",
        ),
    },
    explains=(
        *("DF105", "DF203", "DF302", "DF307", "DF401", "DF402", "DF403", "DF404", "DF502", "DF505", "DF506", "DF902"),
        *("DF101", "DF501", "DF703", "DF704", "DF705"),
    ),
    look_alikes=("DF403", "DF203", "DF401"),
    when_varied=True,
)

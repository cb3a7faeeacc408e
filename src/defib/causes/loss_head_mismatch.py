"""DF304 loss-head-mismatch: the loss does not belong to the head, so a constant costs no more than the truth.

## What it is
A cross-entropy that takes probabilities behind a head that gives any number (`from_logits=False`, and no softmax or
sigmoid). Or a loss from another task or another way of writing labels: a KL divergence or a categorical cross-entropy
on one sigmoid, a margin loss that wants −1/+1 and gets 0/1, a hand-made cross-entropy without its minus, or without the
half for label 0. Or a percentage error (`mape`) of labels of which some are 0: it divides by them.

## Why every prediction is the same
Training finds what the loss asks for. Here some constant costs as little as answers that are all right (a label of 0
costs the same whatever is said), so the outputs run to that constant, or the gradient is 0 from the start. A loss
that takes probabilities clips what is none, and what is clipped has no gradient: outputs that start below 0 or above 1
stay there, and whole classes are never learnt.

## Evidence for
- The loss of right answers falls without end as the outputs grow (`NLLLoss` on logits that are no log-probabilities).
- The loss of right answers is that of every output at its end (`NLLLoss` on sigmoids pulls no wrong class down).
- The user's own loss, asked about outputs that are right on every row and about constants: a constant is no worse, or
  answers that are all wrong are better.
- Answers that are right within 1 % cost more than a constant: beside a label of 0 a percentage error knows no measure.
- Outputs below 0 or above 1 before the first step, under a cross-entropy that takes probabilities.
- Check: `loss(right_answers, y)` against `loss(one_value_for_all, y)`, by hand.

## Evidence against
- Right answers cost clearly less than every constant: the loss is not the reason.

## Look-alikes
- label-encoding-mismatch (DF204): the loss is right for the task, and labels and outputs have other columns.
- single-unit-softmax (DF301): no loss could help that head.
- labels-outside-output-range (DF203): the loss asks for what the head cannot say.
- broadcast-loss (DF305): every prediction is held against every label.

## Example
```python
model.add(Dense(1, activation="sigmoid"))
model.compile("adam", loss="categorical_crossentropy")    # normalizes over the one column: 1 for every row
```

## Fix
The pair that fits: one sigmoid and binary cross-entropy for labels 0/1, K softmax units and categorical cross-entropy
for K classes, a linear head and a squared error for values.

## Known problems
A loss that is merely slow (absolute error on a softmax, a margin loss on a sigmoid) does prefer right answers and is
not named here. A loss that the model or its own `train_step` computes inside cannot be asked. Rows may be ranked
although the loss does not ask for it: what label 1 has in common is learnt, and the outputs all run to one side.

## References
- Keras, Probabilistic losses: https://keras.io/api/losses/probabilistic_losses/
- PyTorch, SoftMarginLoss (labels −1 and 1): https://pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import fine
from defib.causes._wants import Unwanted, unwanted
from defib.diagnosis import Assessment, ruled_out, supported
from defib.evidence import Book
from defib.probes.head import HeadFacts
from defib.wording import percent


def _assess(book: Book) -> Assessment:
    if (bare := _bare(book)) is not None:
        return bare
    found = unwanted(book)
    if not isinstance(found, Unwanted):
        return found
    if found.encoding:
        return ruled_out("labels and outputs have other columns, which comes first", layer=None, **found.numbers)
    return supported(found.because, weight=0.95, layer=book.get(HeadFacts).layer, **found.numbers)


def _bare(book: Book) -> Assessment | None:
    """The verdict where outputs that are no probabilities meet a loss that takes nothing else; ``None`` elsewhere."""
    head = book.get(HeadFacts)
    if not head.is_bare or head.labels_outside > 0:
        return None
    if calm := fine(book):
        return calm
    share = percent(head.outside_probability or 0.0)
    because = (
        f"the loss {head.loss} takes probabilities and the {head.activation} head gives any number: {share} of its "
        "outputs lie below 0 or above 1 before the first step, where the loss clips them and sends no gradient"
    )
    if head.gives_logarithms:
        because = (
            f"the loss {head.loss} is given the logarithm of the outputs, as of probabilities, and the "
            f"{head.activation} head gives logarithms already: {share} of its outputs lie below 0, where there is none"
        )
    return supported(because, weight=0.92, layer=head.layer, outside_probability=head.outside_probability or 0.0)


CAUSE = Cause(
    code="DF304",
    name="loss-head-mismatch",
    stage="head",
    assess=_assess,
    fixes=("fitting-head",),
    contrast={"fitting-head": "must_work", "more-epochs": "must_not", "reinitialize": "must_not"},
    explains=(
        *("DF105", "DF303", "DF307", "DF401", "DF402", "DF403", "DF404", "DF405", "DF501", "DF502", "DF503", "DF505"),
        *("DF506", "DF901", "DF902"),
    ),
    look_alikes=("DF204", "DF301", "DF203", "DF305"),
    when_varied=True,
    in_itself=True,
    makes_nan=True,
)

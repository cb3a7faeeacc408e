"""DF302 double-activation: a squashing is applied in the model and again inside the loss.

## What it is
The model ends in sigmoid or softmax and the loss expects logits: `BCEWithLogitsLoss` after `sigmoid`,
`CrossEntropyLoss` after `softmax`, `from_logits=True` on probabilities. Or the training is right, and the line that
predicts applies the activation a second time.

## Why every prediction is the same
What the loss sees is a softmax of numbers in [0, 1], which cannot leave a narrow band: .5 to .73 for one sigmoid. The
loss has a floor, ln(e + K − 1) − 1 for K classes, the gradient shrinks by the product of two slopes, and the easiest
gain is the output bias. Training is slow or stops at the base rate.

## Evidence for
- Two squashings on the path from logits to loss; a loss that never falls below its floor.
- A sigmoid that the program puts on predictions of a model that ends in one: all lie between .5 and .731.
- Check: is the last activation of the model inside the loss already? Remove one: the loss passes the floor.

## Evidence against
- One squashing in all; or a training loss below the floor.
- Keras 3 on TensorFlow with `from_logits=True` on a sigmoid layer silently uses the remembered logits: harmless there.

## Look-alikes
- learning-rate-too-low (DF502), undertrained (DF506): slow too, with one squashing.
- threshold-only (DF902): outputs on one side of 0.5 that rank; here they are squeezed together as well.

## Example
```python
class Net(nn.Module):
    def forward(self, x):
        return torch.sigmoid(self.layers(x))

loss = nn.BCEWithLogitsLoss()(net(x), y)          # sigmoid of a sigmoid
```

## Fix
Return logits from the model and keep the loss with logits (it is the stabler one), or keep the activation and take the
loss on probabilities. At prediction apply the activation once.

## Known problems
On easy data a doubled activation still learns the ranking; it is then a handicap, not a collapse.

## References
- PyTorch, BCEWithLogitsLoss: https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
- Softmax twice, maintainer's answer: https://github.com/illiterate/BertClassifier/issues/2
- The floor of a doubled softmax: https://github.com/ariecattan/SciCo/issues/2
"""

from __future__ import annotations

import math

from defib.causes import Cause
from defib.causes._signs import maybe, num, served_fine
from defib.diagnosis import Assessment, ruled_out, supported
from defib.evidence import Book, Missing
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.probes.training import TrainingFacts

SLACK = 0.98
"""A recorded loss is a mean over few rows; two percent below the floor is not below the floor."""


def loss_floor_nats(head: HeadFacts, class_prior: tuple[float, ...]) -> float:
    """Least loss that a doubled squashing can reach, in nats.

    For K softmax columns the correct class gets at most e/(e + K − 1): ln(e + K − 1) − 1. For a sigmoid the positive
    class gets at most σ(1) = .731 and the negative one at most 1 − σ(0) = .5, weighted by the prior.
    """
    if head.units > 1:
        return math.log(math.e + head.units - 1) - 1
    positive = class_prior[-1] if len(class_prior) == 2 else 0.5
    return positive * math.log1p(math.exp(-1.0)) + (1 - positive) * math.log(2.0)


def _assess(book: Book) -> Assessment:
    head = book.get(HeadFacts)
    if head.squashed_again_at_prediction:
        return _served_twice(book, head)
    count = float(head.activations_before_loss)
    if head.loss == "unknown":
        raise Missing("HeadFacts", "the loss")
    if head.activations_before_loss < 2:
        return ruled_out("no squashing is applied twice on the way to the loss", squashings=count)
    if calm := served_fine(book):
        return calm
    labels, training = maybe(book, LabelFacts), maybe(book, TrainingFacts)
    floor = loss_floor_nats(head, labels.class_prior if labels is not None else ())
    numbers = {"squashings": count, "loss_floor_nats": floor}
    because = f"the model ends in {head.activation} and {head.loss} squashes its output again"
    last = training.last_loss if training is not None else None
    if last is None or not math.isfinite(last):
        return supported(because, weight=0.7, layer=head.activation_layer or head.layer, **numbers)
    numbers["last_loss_nats"] = last
    if last < SLACK * floor:
        text = f"the loss fell to {num(last)}, below the {num(floor)} that a doubled squashing allows"
        return ruled_out(text, layer=head.activation_layer or head.layer, **numbers)
    because = f"{because}: its loss cannot fall below {num(floor)}, and ended at {num(last)}"
    return supported(because, weight=0.8, layer=head.activation_layer or head.layer, **numbers)


def _served_twice(book: Book, head: HeadFacts) -> Assessment:
    """Whatever the training did: a sigmoid of a probability lies between .5 and .731."""
    numbers = {"sigmoids_at_prediction": 1.0 + head.squashed_again_at_prediction}
    if calm := served_fine(book):
        return calm
    because = (
        "the model ends in a sigmoid and the program applies another one to its predictions: all of them come out "
        "between 0.5 and 0.731, on one side of the threshold"
    )
    if head.activations_before_loss > 1:
        because = f"{because}; the loss ({head.loss}) squashes once more, too"
    return supported(because, weight=0.9, layer=head.activation_layer or head.layer, **numbers)


CAUSE = Cause(
    code="DF302",
    name="double-activation",
    stage="head",
    assess=_assess,
    fixes=("activate-once", "logits-loss", "fitting-head"),
    contrast={"logits-loss": "must_work"},
    explains=("DF502", "DF506", "DF505", "DF902", "DF403"),
    look_alikes=("DF502", "DF506", "DF902"),
    when_varied=True,
    in_itself=True,
)

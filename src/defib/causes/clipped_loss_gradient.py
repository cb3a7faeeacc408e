"""DF307 clipped-loss-gradient: the output saturated where the loss clips the probability, and no gradient is left.

## What it is
A sigmoid or softmax head at exactly 0 or 1 under a loss on probabilities that clips them (Keras on PyTorch and JAX
clips to [1e-7, 1 − 1e-7]; `BCELoss` clamps its logarithm at −100).

## Why every prediction is the same
In the clipped region the loss is flat: its gradient is exactly 0 even for rows that are completely wrong. Rows that
reached an end stay there, and the loss stands still at its clip value.

## Evidence for
- Outputs at 0 or 1 on all rows; the loss frozen, far above the prior loss; a gradient of exactly 0 at the end that was
  not 0 at the start; no hidden layer dead.
- Check: the same weights with a loss on logits have a gradient.

## Evidence against
- The loss takes logits; the gradient is not exactly 0; the output is inside its range.

## Look-alikes
- dead-relus (DF401): zero gradient because a hidden layer is dead; the output is then rarely at an end.
- single-unit-softmax (DF301): zero gradient from the first step.
- unscaled-inputs (DF101), learning-rate-too-high (DF501): *why* it saturated; they come first.

## Example
```python
model = Sequential([Dense(64, "relu"), Dense(1, "sigmoid")])  # Keras on PyTorch, columns of 1e3
model.compile(SGD(0.01), "binary_crossentropy")   # loss: 7.8 7.8 7.8
```

## Fix
Return logits and use the loss on logits; then repair what drove the output to the end of its range.

## Known problems
Keras on TensorFlow recovers the logits from the graph and does not show this with the same program.

## References
- Keras, probabilistic losses: https://keras.io/api/losses/probabilistic_losses/
- PyTorch, BCELoss (clamping): https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import alive_in_training, dead_hidden, maybe, num
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book, Missing
from defib.probes.activations import ActivationFacts
from defib.probes.gradients import GradientFacts
from defib.probes.head import HeadFacts
from defib.probes.training import TrainingFacts

FAR = 2.0
"""A clipped loss stands at 7 to 16 nats times the share of wrong rows: far above any prior loss."""


def _assess(book: Book) -> Assessment:
    head, gradients = book.get(HeadFacts), book.get(GradientFacts)
    if head.loss == "unknown":
        raise Missing("HeadFacts", "the loss")
    if head.activation not in ("sigmoid", "softmax", "log_softmax") or head.loss_takes != "probabilities":
        return not_applicable(f"{head.loss} reads {head.loss_takes} from a {head.activation} head")
    if not gradients.zero_end:
        return ruled_out("the gradient at the end is not exactly zero")
    if gradients.zero_initial and head.units == 1 and head.activation != "sigmoid":
        return ruled_out("a softmax over one unit has no gradient at all, whatever the loss does")
    if calm := alive_in_training(book):
        return calm
    facts, training = maybe(book, ActivationFacts), maybe(book, TrainingFacts)
    if facts is not None and dead_hidden(facts.end) is not None:
        return ruled_out("a hidden layer is dead, which leaves no gradient either")
    last = training.last_loss if training is not None else None
    prior = training.prior_loss if training is not None else None
    if last is None or prior is None or not last > FAR * prior:
        return inconclusive("the gradient became exactly zero, but the loss does not stand at a clip value", weight=0.3)
    since = "was saturated from the start" if gradients.zero_initial else "saturated"
    because = (
        f"the output {since}, the loss stands at its clip value ({num(last)}), and the gradient there is exactly zero"
    )
    return supported(because, weight=0.75, layer=head.layer, last_loss_nats=last, prior_loss_nats=prior)


CAUSE = Cause(
    code="DF307",
    name="clipped-loss-gradient",
    stage="head",
    assess=_assess,
    fixes=("logits-loss",),
    contrast={},
    explains=(),
    look_alikes=("DF401", "DF301", "DF101", "DF501"),
)

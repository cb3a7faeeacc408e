"""DF407 too-deep: more layers than this training can set in motion, where half as many learn.

## What it is
A stack of eight LSTM layers "for more capacity", a published network from scratch on a thousand rows, one block too
many. Nothing in it is broken; there is too much of it for the optimizer and the length of this training.

## Why every prediction is the same
Every layer squashes, mixes and shifts what comes in. Until the layers near the input have learnt, hardly anything of
the rows reaches the head, and until the head tells the rows apart, hardly anything comes back to these layers. The
output bias learns the base rate; the rest waits.

## Evidence for
- Four hidden layers or more, none of them dead or saturated, and a loss that rests at that of the best constant.
- Half as many layers learn in the same time, and a larger step does not.
- Check: the same program with half the layers (`num_layers=4` for 8), nothing else changed.

## Evidence against
- A layer is dead or saturated, the gradient is exactly 0, the weights are zero: each is a fault at any depth.
- Half as many layers are as flat.
- A larger or a smaller step, or more epochs, learn at this depth.

## Look-alikes
- vanishing-gradients (DF403): the gradient is seen to shrink on its way back. That is how depth acts in saturating
  stacks, and half as many layers learn there, too: no experiment tells the two apart, and they are reported as tied.
- forward-correlation-collapse (DF404): the rows are seen to become alike on the way forward; tied for the same reason.
- over-smoothing (DF408): rows are averaged with each other once per round. Leaving out layers with weights, the rounds
  being as many, helps here and not there; where both can only be left out together, the two are one.
- learning-rate-too-low (DF502), undertrained (DF506): a larger step, or more epochs, are enough at this depth.

## Example
```python
self.lstm = nn.LSTM(8, 32, num_layers=8)          # one or two learn these rows
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
```

## Fix
Fewer layers: one or two recurrent ones are usual. Or residual connections and normalization between the layers, which
let depth be trained; or Adam, which makes up for small gradients.

## Known problems
Only the trial with half the depth decides; where it cannot be made (layers that change the shape, layers that share
weights, a network written by hand) this stays open. Half of a very deep stack may still be too deep.

## References
- He et al., Deep Residual Learning, on plain networks that train worse the deeper they are (2015):
  https://arxiv.org/abs/1512.03385
- Pascanu, Mikolov, Bengio, On the difficulty of training recurrent neural networks (2013): https://arxiv.org/abs/1211.5063
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import alive_in_training, count, dead_hidden, maybe, saturated_hidden
from defib.diagnosis import Assessment, inconclusive, ruled_out
from defib.evidence import Book
from defib.probes.activations import ActivationFacts, hidden_depth
from defib.probes.gradients import GradientFacts
from defib.probes.initialization import InitializationFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts

DEEP = 4
"""Hidden layers from which on half as many are still a network with hidden layers of its own."""
FEW = 100
"""Updates with which no network of any depth has left its start."""


def _other_reason(book: Book, facts: ActivationFacts) -> str | None:
    """What makes the rows equal at any depth, as a clause."""
    gradients, inits = maybe(book, GradientFacts), maybe(book, InitializationFacts)
    updates = maybe(book, UpdateFacts)
    if facts.input_constant:
        return "the rows are equal at the door already"
    if dead_hidden(facts.end) is not None or saturated_hidden(facts.end) is not None:
        return "a layer is dead or saturated, which is a fault at any depth"
    if inits is not None and (inits.zero_layers or inits.hidden_symmetric):
        return "weights that start equal learn nothing at any depth"
    if gradients is not None and gradients.zero_initial:
        return "the gradient is exactly zero from the start, at any depth"
    if updates is not None and (updates.moved_fraction == 0 or updates.nan_parameters):
        return "the weights did not move, or are NaN, which fewer layers would not change"
    return None


def _assess(book: Book) -> Assessment:
    facts, training = book.get(ActivationFacts), maybe(book, TrainingFacts)
    depth = hidden_depth(facts.end)
    numbers = {"hidden_layers": float(depth)}
    if depth < DEEP:
        return ruled_out(f"{count(depth, 'hidden layer')} with weights are not many", layer=None, **numbers)
    if calm := alive_in_training(book):
        return calm
    if (reason := _other_reason(book, facts)) is not None:
        return ruled_out(reason, layer=None, **numbers)
    because = f"{count(depth, 'layer')} with weights, none of them dead or saturated, lie between the rows and the head"
    layer = next((one.layer for one in facts.end if one.stacked >= DEEP), None)
    if training is not None and training.n_updates < FEW:
        text = f"{because}, but {count(training.n_updates, 'update')} are too few at any depth"
        return inconclusive(text, weight=0.2, layer=layer, **numbers)
    # Never more than open by itself: deep networks learn every day. Only the trial with half of them decides, and the
    # weight is the least that it may promote, so that what is seen to act is tried first.
    return inconclusive(f"{because}, and the training did not get the rows through", weight=0.3, layer=layer, **numbers)


CAUSE = Cause(
    code="DF407",
    name="too-deep",
    stage="architecture",
    assess=_assess,
    fixes=("halve-depth",),
    contrast={
        "halve-depth": "must_work",
        "larger-step": "must_not",
        "smaller-step": "must_not",
        "more-epochs": "must_not",
    },
    explains=("DF502", "DF505", "DF506"),
    look_alikes=("DF403", "DF404", "DF408", "DF502", "DF506"),
    indistinct=("DF403", "DF404"),
)

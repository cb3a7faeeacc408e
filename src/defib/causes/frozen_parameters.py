"""DF701 frozen-parameters: weights that had to learn were not trainable.

## What it is
`layer.trainable = False`, `requires_grad_(False)` or a `no_grad` around part of the network, where the weights are
random or the task needs them to change.

## Why every prediction is the same
A network that is frozen throughout stays a fresh network, which answers nearly the same for every row. One that is
frozen in front of the head learns on random features; frozen and saturated or dead features carry nothing.

## Evidence for
- Kernels that are bit-equal to their initial values and flagged not trainable.
- Check: `[p.requires_grad for p in net.parameters()]`, `model.trainable_weights`.

## Evidence against
- All kernels moved.
- Frozen layers that hold *pretrained* weights, with a head that trains: that is transfer learning.

## Look-alikes
- parameters-not-in-optimizer (DF703): trainable, but nobody steps them.
- detached-graph (DF704): trainable and in the optimizer, but no gradient reaches them.
- learning-rate-too-low (DF502): they did move, by a millionth.

## Example
```python
base = build_network(); base.trainable = False    # copied from a fine-tuning tutorial; the base is random here
model = Sequential([base, Dense(1, activation="sigmoid", trainable=False)])
```

## Fix
Unfreeze, then compile again (Keras) or build the optimizer again (PyTorch); or load pretrained weights into what stays
frozen.

## Known problems
In Keras a change of `trainable` after `compile` acts only after the next compile.

## References
- Keras, Transfer learning and fine-tuning: https://keras.io/guides/transfer_learning/
- Backbone frozen at random values: https://github.com/pytorch/vision/issues/2164
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import fine, none_of_the_trainable_stepped
from defib.causes._where import names_text, weights_of
from defib.diagnosis import Assessment, inconclusive, located, ruled_out, supported
from defib.evidence import Book
from defib.probes.updates import UpdateFacts
from defib.wording import percent

NEARLY_ALL = 0.9
"""Share of the weights: what is left then is a head's bias or a norm's scale."""
MOST = 0.5


def _assess(book: Book) -> Assessment:
    updates = book.get(UpdateFacts)
    stuck = [move for move in updates.parameters if move.why_unmoved == "frozen"]
    total = sum(move.size for move in updates.parameters)
    share = sum(move.size for move in stuck) / max(total, 1)
    numbers = {"frozen_unmoved_fraction": share, "moved_fraction": updates.moved_fraction}
    if not stuck:
        return ruled_out("no weight that stayed unmoved is flagged frozen", layer=None, **numbers)
    if calm := fine(book):
        return calm
    where = stuck[0].layer
    named = names_text([move.name for move in stuck])
    because = f"{percent(share)} of the weights ({named}) are flagged not trainable and never moved"
    if none_of_the_trainable_stepped(updates):
        because = f"{because}, but neither did the others, which can be trained and are not in the optimizer"
        return inconclusive(because, weight=0.4, layer=where, **numbers)
    if share >= NEARLY_ALL:
        found = supported(because, weight=0.93, layer=where, **numbers)
    elif share >= MOST:
        found = supported(because, weight=0.6, layer=where, **numbers)
    else:
        found = inconclusive(because, weight=0.3, layer=where, **numbers)
    return located(found, *weights_of(stuck))


CAUSE = Cause(
    code="DF701",
    name="frozen-parameters",
    stage="loop",
    assess=_assess,
    fixes=("unfreeze",),
    contrast={"unfreeze": "must_work"},
    explains=("DF502", "DF506", "DF505", "DF902", "DF403", "DF703"),
    look_alikes=("DF703", "DF704", "DF502"),
    when_varied=True,
)

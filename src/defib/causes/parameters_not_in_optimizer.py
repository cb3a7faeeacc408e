"""DF703 parameters-not-in-optimizer: the optimizer steps something else.

## What it is
The optimizer was built for another model object (the model was rebuilt after it), for a part of the model only, or
before layers in plain Python lists were registered.

## Why every prediction is the same
`backward()` fills the gradients, `step()` runs, and the weights of *this* model never change: it stays a fresh
network. When only the head is missing or only the head is held, learning is cut in the same way for that part.

## Evidence for
- Weights bit-equal to the initial ones, with non-zero gradients, and not among the optimizer's parameters.
- Layers in a plain Python list or tensors in an attribute: they take part in `forward`, and `parameters()` does not
  give them (`nn.ModuleList` and `nn.Parameter` do).
- The loss wanders without trend.
- Check: `{id(p) for g in opt.param_groups for p in g["params"]} & {id(p) for p in net.parameters()}`.

## Evidence against
- Every trainable parameter is in the optimizer.
- No gradient reaches the parameters: detached-graph.

## Look-alikes
- detached-graph (DF704): held by the optimizer, without gradient.
- frozen-parameters (DF701): flagged not trainable.
- learning-rate-too-low (DF502): moved, by very little.

## Example
```python
optimizer = torch.optim.Adam(net.parameters())
net = Net().to(device)                            # a second, new network: the optimizer holds the first
```

## Fix
Build the optimizer once, after the last change to the model; keep layers in `nn.ModuleList`, not in a list.

## Known problems
Parameter groups that are held back on purpose (staged fine-tuning) look the same; only a flat result makes it a fault.

## References
- PyTorch, torch.optim: https://pytorch.org/docs/stable/optim.html
- The optimizer holds the dead model: https://github.com/spro/practical-pytorch/issues/9
- Layers in arrays are not registered: https://github.com/dotnet/TorchSharp/issues/532
"""

from __future__ import annotations

from collections.abc import Sequence

from defib.causes import Cause
from defib.causes._signs import fine, maybe, none_of_the_trainable_stepped
from defib.causes._where import names_text, weights_of
from defib.diagnosis import Assessment, inconclusive, located, ruled_out, supported
from defib.evidence import Book
from defib.probes.gradients import GradientFacts
from defib.probes.updates import ParameterMove, UpdateFacts
from defib.wording import percent

NEARLY_ALL = 0.9
MOST = 0.5
"""A half that does not learn leaves random features or a random head."""


def _left_out(book: Book, updates: UpdateFacts) -> Assessment | None:
    """Weights that have a gradient in a clean loop and were left untouched in the user's, why was not seen."""
    gradients = maybe(book, GradientFacts)
    if gradients is None or fine(book) is not None:
        return None
    reached = {one.layer for one in gradients.layers if one.initial_rms}
    stuck = [m for m in updates.parameters if m.why_unmoved == "unknown" and m.layer in reached]
    share = sum(move.size for move in stuck) / max(sum(move.size for move in updates.parameters), 1)
    if share < MOST:
        return None
    because = (
        f"{percent(share)} of the weights never moved although the loss has a gradient for them: the loop's steps "
        "left them out"
    )
    if updates.moved_fraction == 0:
        return inconclusive(because, weight=0.4, layer=stuck[0].layer, unmoved_fraction=share)
    return located(supported(because, weight=0.7, layer=stuck[0].layer, unmoved_fraction=share), *weights_of(stuck))


def _why(stuck: Sequence[ParameterMove], share: float) -> str:
    """What keeps these weights where they are, as a clause."""
    asleep = [move for move in stuck if move.why_unmoved == "zero_rate"]
    named = names_text([move.name for move in stuck])
    if all(not move.registered for move in stuck):
        return (
            f"{percent(share)} of the weights ({named}) stand in a plain list or attribute, where the model does not "
            "count them among its own: the optimizer does not hold them, and they never moved"
        )
    if len(asleep) < len(stuck):
        rate = " or in a group with a learning rate of 0" if asleep else ""
        return f"{percent(share)} of the weights ({named}) are not in the optimizer{rate} and never moved"
    groups = sorted({move.group for move in asleep if move.group is not None})
    where = f"parameter group{'s' if len(groups) > 1 else ''} {' and '.join(map(str, groups))}"
    return (
        f"the optimizer holds {percent(share)} of the weights ({named}) in {where}, counted from 0, with a learning "
        "rate of 0, and they never moved"
    )


def _nothing_else(updates: UpdateFacts, stuck: Sequence[ParameterMove]) -> bool:
    """No weight moved, and these are the only ones that a gradient reached."""
    others = {move.why_unmoved for move in updates.parameters if move not in stuck}
    return updates.moved_fraction == 0 and others <= {"zero_gradient", "frozen"}


def _assess(book: Book) -> Assessment:
    updates = book.get(UpdateFacts)
    stuck = [move for move in updates.parameters if move.why_unmoved in ("not_in_optimizer", "zero_rate")]
    total = sum(move.size for move in updates.parameters)
    share = sum(move.size for move in stuck) / max(total, 1)
    numbers = {"unmoved_and_not_in_optimizer_fraction": share, "moved_fraction": updates.moved_fraction}
    if not stuck:
        return _left_out(book, updates) or ruled_out(
            "no weight stayed unmoved for not being in the optimizer", layer=None, **numbers
        )
    if calm := fine(book):
        return calm
    where = stuck[0].layer
    because = _why(stuck, share)
    if share == 1.0:
        if all(move.why_unmoved == "not_in_optimizer" for move in stuck):
            because = "the optimizer holds none of this model's weights, and none of them moved"
        return located(supported(because, weight=1.0, layer=where, **numbers), *weights_of(stuck))
    if none_of_the_trainable_stepped(updates):
        because = (
            f"the optimizer holds none of the weights that can be trained ({percent(share)}; the others are frozen)"
        )
        because = f"{because}, and none of them moved"
        return located(supported(because, weight=0.95, layer=where, **numbers), *weights_of(stuck))
    if alone := _nothing_else(updates, stuck):
        because = f"{because}; the others got no gradient through them, so that no weight moved"
    if alone or share >= MOST:
        weight = 0.95 if alone or share >= NEARLY_ALL else 0.8
        return located(supported(because, weight=weight, layer=where, **numbers), *weights_of(stuck))
    return located(inconclusive(because, weight=0.4, layer=where, **numbers), *weights_of(stuck))


CAUSE = Cause(
    code="DF703",
    name="parameters-not-in-optimizer",
    stage="loop",
    assess=_assess,
    fixes=("canonical-loop",),
    contrast={"canonical-loop": "must_work"},
    explains=("DF502", "DF506", "DF505", "DF902", "DF403"),
    look_alikes=("DF704", "DF701", "DF502"),
    when_varied=True,
)

"""DF704 detached-graph: the loss is computed from the outputs, but no gradient can flow back through it.

## What it is
`.item()`, `.detach()`, `.numpy()`, `argmax` or a `no_grad` block stands between the network and the loss;
`loss.requires_grad_(True)` then silences the error that would have said so.

## Why every prediction is the same
`backward()` ends at the cut. The gradients stay `None`, `step()` skips every parameter, and the network remains as
fresh as it was built.

## Evidence for
- Gradient `None` for the parameters in the user's own loop, although a clean loop on the same rows has one; weights
  bit-equal to the initial ones.
- Or gradients that are there and exactly 0 for every weight, the output's bias included, while the outputs differ: a
  comparison, a rounding or a cast lies on the way, whose slope is 0.
- Or an autograd function of the program's own whose backward was seen to give back zeros for gradients that were not
  zero, and weights that got a gradient of exactly 0 and never moved.
- Check: after `loss.backward()`, `[p.grad is None for p in net.parameters()]`; `loss.grad_fn` is `None`.

## Evidence against
- Gradients arrive in the loop.
- The parameters are not used for the output at all: a wiring fault, not a detached loss.

## Look-alikes
- frozen-parameters (DF701): `requires_grad` is off.
- parameters-not-in-optimizer (DF703): gradients are there, nobody steps them.
- single-unit-softmax (DF301): gradients are there and exactly 0.

## Example
```python
pred = net(x).argmax(dim=1).float()               # argmax has no gradient
loss = criterion(pred, y.float())
loss.requires_grad_(True)                         # no error any more, and no learning
loss.backward()
```

## Fix
Give the loss the network's raw outputs; keep `argmax`, `.item()` and `.detach()` for what is printed. Remove
`requires_grad_(True)` from the loss: the error it hides is right.

## Known problems
A part that is detached on purpose (a frozen encoder, a target network) is the same to the eye; only its effect tells.

## References
- PyTorch, Autograd mechanics: https://pytorch.org/docs/stable/notes/autograd.html
- requires_grad_ on the loss only silenced the error: https://github.com/replicate/cog/issues/1681
- All gradients None: https://github.com/isayev/ReLeaSE/issues/39
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._inside import in_use
from defib.causes._signs import fine, maybe, seen
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.head import HeadFacts
from defib.probes.updates import UpdateFacts
from defib.wording import percent

NEARLY_ALL = 0.9
MOST = 0.5
ALIVE = 1e-3
"""Outputs that differ by this much are not all at an end of their range, where a loss may clip them."""


def _steps_in_the_way(book: Book) -> bool:
    """No weight moved, for a zero gradient that neither the head nor dead or clipped outputs explain."""
    updates, head, symptom = book.get(UpdateFacts), maybe(book, HeadFacts), seen(book)
    if any(move.why_unmoved != "zero_gradient" for move in updates.parameters) or head is None:
        return False
    if not head.gradient_zero_at_start or head.activation == "relu":
        return False
    categorical = head.activation == "softmax" or head.loss_kind.endswith("categorical_cross_entropy")
    if (head.units == 1 and categorical) or _at_the_ends(book):
        return False
    return not symptom.is_flat and symptom.prediction_spread > ALIVE


def _at_the_ends(book: Book) -> bool:
    """Nearly every output stands at 0 or at 1: they may differ, and a clipped loss has no gradient for any of them."""
    facts = maybe(book, ActivationFacts)
    last = facts.initial[-1] if facts is not None and facts.initial else None
    return last is not None and (last.saturated_fraction or 0.0) >= MOST


def _behind(updates: UpdateFacts, numbers: dict[str, float]) -> Assessment:
    """Functions of the program's own that pass nothing on, and what stands behind them."""
    still = [move for move in updates.parameters if move.why_unmoved == "zero_gradient"]
    share = sum(move.size for move in still) / max(sum(move.size for move in updates.parameters), 1)
    numbers = numbers | {"unmoved_with_zero_gradient_fraction": share}
    if not still:
        return ruled_out("every weight got a gradient and moved", layer=None, **numbers)
    because = (
        f"the backward of {', '.join(updates.silent_functions)} gave back zeros for gradients that were not zero, and "
        f"{percent(share)} of the weights got a gradient of exactly zero and never moved"
    )
    if share < MOST:
        return inconclusive(because, weight=0.4, layer=still[0].layer, **numbers)
    return supported(because, weight=1.0, layer=still[0].layer, **numbers)


def _assess(book: Book) -> Assessment:
    updates = book.get(UpdateFacts)
    used = in_use(book)
    stuck = [move for move in used if move.why_unmoved == "no_gradient"]
    share = sum(move.size for move in stuck) / max(sum(move.size for move in used), 1)
    numbers = {"unmoved_without_gradient_fraction": share, "moved_fraction": updates.moved_fraction}
    if not stuck and updates.silent_functions:
        return (
            _behind(updates, numbers) if fine(book) is None else ruled_out("the network learns", layer=None, **numbers)
        )
    if not stuck and _steps_in_the_way(book):
        because = (
            "the gradient of the loss is exactly zero for every weight, the output's bias included, although the "
            "outputs differ and are not saturated: a step (>, round, argmax) lies between them and the loss"
        )
        return supported(because, weight=0.9, layer=None, moved_fraction=updates.moved_fraction)
    if not stuck:
        return ruled_out("no weight of a layer that ran stayed unmoved for lack of a gradient", layer=None, **numbers)
    if calm := fine(book):
        return calm
    where = stuck[0].layer
    if share == 1.0:
        because = "no gradient reached any weight in the training loop, and none of them moved"
        return supported(because, weight=1.0, layer=where, **numbers)
    if updates.no_gradient_fraction == 1.0:
        because = "no gradient reached any weight in the training loop; what moved is what a decay of the weights moves"
        return supported(because, weight=1.0, layer=where, **numbers)
    because = f"no gradient reached {percent(share)} of the weights in the training loop, and they never moved"
    if share >= NEARLY_ALL:
        return supported(because, weight=0.95, layer=where, **numbers)
    if share >= MOST:
        return supported(because, weight=0.8, layer=where, **numbers)
    return inconclusive(because, weight=0.4, layer=where, **numbers)


CAUSE = Cause(
    code="DF704",
    name="detached-graph",
    stage="loop",
    assess=_assess,
    fixes=("canonical-loop", "keep-the-graph"),
    contrast={"canonical-loop": "must_work"},
    explains=("DF502", "DF506", "DF505", "DF902", "DF403"),
    look_alikes=("DF701", "DF703", "DF301"),
    when_varied=True,
    in_itself=True,
)

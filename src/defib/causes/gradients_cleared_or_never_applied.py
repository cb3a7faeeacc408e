"""DF705 gradients-cleared-or-never-applied: the loop computes gradients and then does not use them.

## What it is
`zero_grad()` between `backward()` and `step()`, a loop without `step()`, a gradient scaler that skips every step, or
(JAX) new weights that the loop does not keep: `state.apply_gradients(grads=grads)` without `state =`. An optimizer of
one's own whose `step` binds a name (`p = p - lr * p.grad`) where it should write into the weight (`p.sub_(...)`). In
Keras also a `sample_weight` of 0 for every row (`exp(-age_in_days)` is 0 in float32), or a 0 for an output in
`loss_weights`.

## Why every prediction is the same
The optimizer steps with zeros, or not at all: the weights stay where they were drawn, and a fresh network answers
nearly the same for every row.

## Evidence for
- Weights bit-equal to the initial ones; the optimizer never stepped, or the gradients it saw were all exactly 0 while
  the same rows give non-zero ones in a clean loop.
- Gradients that are there after `backward()` and gone when the optimizer steps; or there, and a `step` of the program's
  own leaves every weight as it was.
- Check: print a weight before and after `optimizer.step()`, and a gradient right before it.

## Evidence against
- Weights that moved.
- Gradients that are `None` (detached-graph), or zero in a clean loop as well (single-unit-softmax, dead-relus).

## Look-alikes
- detached-graph (DF704), parameters-not-in-optimizer (DF703), frozen-parameters (DF701): unmoved for another reason.
- undertrained (DF506): moved a little.

## Example
```python
loss.backward()
optimizer.zero_grad()                             # clears what backward just computed
optimizer.step()
```

## Fix
The order `zero_grad()`, `backward()`, `step()`.

## Known problems
A loop that never steps is seen only when its `backward` was.

## References
- PyTorch, torch.optim: https://pytorch.org/docs/stable/optim.html
- PyTorch, Automatic mixed precision: https://pytorch.org/docs/stable/amp.html
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import maybe
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.gradients import GradientFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts


def _assess(book: Book) -> Assessment:
    updates = book.get(UpdateFacts)
    numbers = {"moved_fraction": updates.moved_fraction}
    training = maybe(book, TrainingFacts)
    if training is not None and training.uncounted:
        because = f"{training.uncounted}: nothing enters the loss, and no gradient comes of it"
        return supported(because, weight=0.97, layer=None, **numbers)
    if updates.moved_fraction > 0:
        return ruled_out("weights moved during the training", layer=None, **numbers)
    if training is not None and training.never_gathered:
        because = (
            f"the optimizer puts {training.gathers} gradients together for each step, and the training computed "
            f"{training.n_updates}: it never made one"
        )
        return supported(because, weight=0.97, layer=None, **numbers)
    reasons = {move.why_unmoved for move in updates.parameters}
    if "no_steps" in reasons:
        return supported("the optimizer never made a step, and no weight moved", weight=0.95, layer=None, **numbers)
    if "not_kept" in reasons:
        return supported(_not_kept(training), weight=0.98, layer=None, **numbers)
    if "cleared_gradient" in reasons:
        because = "the gradients were there after the backward pass and gone when the optimizer stepped"
        return supported(because, weight=0.98, layer=None, **numbers)
    if "not_applied" in reasons:
        because = (
            f"{updates.own_step}, the optimizer's step of the program's own, was called with gradients that are not "
            "zero, and left every weight as it was"
        )
        return supported(because, weight=0.95, layer=None, **numbers)
    if reasons <= {"zero_gradient", "frozen"} and _lost(book, updates):
        because = "the optimizer saw gradients of exactly zero, where the same rows give non-zero ones in a clean loop"
        return supported(because, weight=0.95, layer=None, **numbers)
    if reasons == {"unknown"}:
        return inconclusive("no weight moved, for a reason that was not seen", weight=0.4, layer=None, **numbers)
    return ruled_out("the weights stayed unmoved for another reason", layer=None, **numbers)


def _not_kept(training: TrainingFacts | None) -> str:
    if training is not None and training.restarts:
        return (
            f"{training.restarts:,} times the training began again with the very first weights: what the steps before "
            "had made of them was not kept, though the optimizer's state was"
        )
    return "every step began with the very first weights: what the step before had made of them was not kept"


def _lost(book: Book, updates: UpdateFacts) -> bool:
    """Weights whose gradient was zero in the loop have one that is not, for the same rows, in a clean loop."""
    gradients = maybe(book, GradientFacts)
    if gradients is None or gradients.zero_initial is not False:
        return False
    reached = {one.layer for one in gradients.layers if one.initial_rms}
    still = [move for move in updates.parameters if move.why_unmoved == "zero_gradient"]
    return any(move.layer in reached for move in still)


CAUSE = Cause(
    code="DF705",
    name="gradients-cleared-or-never-applied",
    stage="loop",
    assess=_assess,
    fixes=("canonical-loop",),
    contrast={"canonical-loop": "must_work"},
    explains=("DF502", "DF506", "DF505", "DF902", "DF403"),
    look_alikes=("DF704", "DF703", "DF701", "DF506"),
    when_varied=True,
)

"""DF504 gradient-clipped-away: every gradient is cut to a small part of itself, so nothing moves.

## What it is
`clip_grad_norm_(…, 1e-4)`, `clipvalue=1e-5`: a limit far below the gradient's usual size, often copied from a recipe
for another loss (a sum over tokens instead of a mean) or meant for the learning rate.

## Why every prediction is the same
With plain gradient descent a step is the learning rate times the clipped gradient. The network stays a fresh network,
which answers nearly the same for every row; the loss falls by next to nothing.

## Evidence for
- Clipping that leaves a small part of the gradient, measured at the initial weights and at the end.
- Kernels that ended within a few percent of where they began.
- Check: print what `clip_grad_norm_` returns beside the limit; the same weights and budget without it.

## Evidence against
- A gradient below the limit, or kernels that moved.
- Adam and its like divide by the gradient's own size: there only a limit of the size of their epsilon matters.

## Look-alikes
- learning-rate-too-low (DF502): the gradient arrives whole and the step is small. A larger step repairs both.
- undertrained (DF506): ordinary steps, too few.
- exploding-gradients (DF405): the reason to clip; without it the loss becomes NaN.

## Example
```python
loss.backward()
torch.nn.utils.clip_grad_norm_(net.parameters(), 1e-4)    # the gradient's norm is about 1
optimizer.step()                                          # SGD, lr=0.01: steps of a millionth
```

## Fix
Leave the clipping out, or set it above the usual norm: it is for the rare spike.

## Known problems
The gradient is measured over at most 256 rows; that of a smaller batch is larger, so more of it is cut than is said.
Clipping by hand (`tf.clip_by_value` on the gradients of a tape, `p.grad.clamp_`) is not seen.

## References
- Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013):
  https://arxiv.org/abs/1211.5063
- PyTorch, clip_grad_norm_: https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import fine, num
from defib.causes.learning_rate_too_low import BARELY, BOUNDED
from defib.diagnosis import Assessment, by_itself, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.clipping import ClippingFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts
from defib.wording import percent

SMALL_PART = 0.2
"""Of the gradient that is left: a step five times smaller than it would be is beyond what a learning rate is off by."""
NEAR_EPSILON = 1e-6
"""Limits that reach the epsilon (1e-8 to 1e-7) that Adam and its like add to the gradient's size."""


def _assess(book: Book) -> Assessment:
    facts, updates, training = book.get(ClippingFacts), book.get(UpdateFacts), book.get(TrainingFacts)
    if facts.how is None or facts.limit is None:
        return not_applicable("no gradient is clipped")
    left = max(facts.kept_end, facts.kept_initial if facts.kept_initial is not None else facts.kept_end)
    change = updates.median_relative_change
    numbers = {
        "clipping_limit": facts.limit,
        "gradient_norm_l2": facts.norm_end if facts.norm_initial is None else facts.norm_initial,
        "kept_fraction": left,
        "median_relative_change": change,
    }
    if left > SMALL_PART:
        return ruled_out(f"{facts.how} leaves {percent(left)} of the gradient", layer=None, **numbers)
    if training.optimizer in BOUNDED and facts.limit > NEAR_EPSILON:
        text = f"{training.optimizer} divides by the gradient's own size, clipped or not"
        return ruled_out(text, layer=None, **numbers)
    because = (
        f"{facts.how} cuts a gradient of norm {num(numbers['gradient_norm_l2'])} at {num(facts.limit)}, which leaves "
        f"{percent(left)} of it, and {training.n_updates:,} updates moved the kernels by {percent(min(change, 9.99))}"
    )
    if change >= BARELY:
        return ruled_out(f"{because}, which is enough", layer=None, **numbers)
    if calm := fine(book):
        return calm
    if change == 0:  # the kernels' gradient may be 0 as well: a second fault, which a trial of both shows
        return inconclusive(f"{because}: no step was taken at all", weight=0.3, layer=None, **numbers)
    return by_itself(supported(because, weight=0.85, layer=None, **numbers))


CAUSE = Cause(
    code="DF504",
    name="gradient-clipped-away",
    stage="optimization",
    assess=_assess,
    fixes=("clip-off",),
    contrast={"clip-off": "must_work"},
    explains=("DF403", "DF404", "DF502", "DF505", "DF506", "DF902"),
    look_alikes=("DF502", "DF506", "DF405"),
    when_varied=True,
)

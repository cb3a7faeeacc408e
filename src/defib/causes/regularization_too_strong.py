"""DF503 regularization-too-strong: the penalty on the weights outweighs the loss, and the weights go to zero.

## What it is
Weight decay, an L2 or an L1 term of a size that makes zero weights cheaper than any fit.

## Why every prediction is the same
With all kernels near 0 the inputs do not reach the output. What is left is the output bias: the base rate, or a value
between 0.5 and the base rate where the bias is decayed as well.

## Evidence for
- Every kernel ended below a tenth of its initial size; gradients of the data loss are not zero.
- At the initial weights the penalty pulls on every kernel harder than the data do, and every kernel shrank. Weights
  come to rest where the pulls are equal: at ten times the data's pull, near a tenth of their size. From a third of the
  data's pull on this is a possibility that only a trial decides.
- A penalty on what a layer gives out (`activity_regularizer`) was several times the data's loss, and this is gone.
- Check: the recipe with the penalty off, everything else fixed.

## Evidence against
- Kernels of ordinary size, on which the data pull harder than the penalty.
- Predictions and targets of different shapes: broadcast-loss pulls weights to 0, too.

## Look-alikes
- broadcast-loss (DF305), no-learnable-signal (DF901): weights shrink because the data ask for it.
- zero-or-symmetric-initialization (DF601): weights that *began* at 0.

## Example
```python
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=100.0)
```

## Fix
Divide the penalty by 100 or switch it off; leave biases and normalization layers out of it.

## Known problems
Ranking often survives under a strong penalty (AUC .84 at probabilities of .50): near-constant, not blind.

## References
- Krogh and Hertz (1991): https://papers.nips.cc/paper/563-a-simple-weight-decay-can-improve-generalization
- Strong L2 shrinks the logits: https://github.com/Angel-ML/angel/issues/734
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._held_down import constrained, one_group
from defib.causes._signs import fine, maybe, place
from defib.causes._where import names_text, weights_of
from defib.diagnosis import Assessment, inconclusive, located, ruled_out, supported
from defib.evidence import Book
from defib.probes.head import HeadFacts
from defib.probes.initialization import InitializationFacts
from defib.probes.output_penalty import OutputPenaltyFacts
from defib.probes.penalty import PenaltyFacts
from defib.probes.reference import SignalFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import SHRUNK, UpdateFacts
from defib.wording import number, percent

OUTPULLS = 3.0
"""Pull of the penalty over the data's from which on weights come to rest at about a third of their size or less."""
FELT = 1 / OUTPULLS
"""Pull of the penalty over the data's from which on a third or more of what could be learnt may be missing."""


def _assess(book: Book) -> Assessment:
    updates = book.get(UpdateFacts)
    if calm := fine(book):
        return calm
    if (pressed := _of_outputs(maybe(book, OutputPenaltyFacts))) is not None:
        return pressed
    if (held := constrained(maybe(book, TrainingFacts), updates)) is not None:
        return held
    if not updates.shrunk and (one := one_group(updates)) is not None:
        return one
    if not updates.shrunk:
        return _on_the_way(maybe(book, PenaltyFacts), updates)
    return _shrunk(book, updates.median_relative_change)


def _of_outputs(facts: OutputPenaltyFacts | None) -> Assessment | None:
    """A penalty on what layers give out outweighed the data, and these outputs are gone."""
    if facts is None or facts.layer is None or facts.over_data < OUTPULLS or facts.size_left >= SHRUNK:
        return None
    because = (
        f"before the first step the penalty on what layers give out was {number(facts.over_data)} times the data's "
        f"loss, and {percent(facts.size_left)} of the outputs of {place(facts.layer)} is left"
    )
    return supported(because, weight=0.75, layer=facts.layer, penalty_over_data=facts.over_data)


def _on_the_way(penalty: PenaltyFacts | None, updates: UpdateFacts) -> Assessment:
    """The kernels are not near zero (yet); the pull at the start tells where they go."""
    if penalty is None:
        return ruled_out(
            "the kernels did not all shrink towards zero", median_relative_change=updates.median_relative_change
        )
    ratio = penalty.least_ratio
    if ratio < FELT or not penalty.shrinking:
        return ruled_out("the data pull harder on the weights than the penalty does", penalty_over_data_pull=ratio)
    held = [one for one in updates.parameters if penalty.group is not None and one.group == penalty.group]
    every = "every kernel of it" if held else "every kernel that it is on"
    whose = f"the weights of parameter group {penalty.group} ({names_text([one.name for one in held])})" if held else ""
    because = (
        f"from the first step on the penalty on {whose or 'the weights'} pulled {number(ratio)} times as hard as the "
        f"data, even in {place(penalty.layer)}, which the data pull hardest, and {every} shrank"
    )
    weak = ratio < OUTPULLS
    judged = inconclusive if weak else supported
    found = judged(because, weight=0.35 if weak else 0.7, layer=penalty.layer, penalty_over_data_pull=ratio)
    return located(found, *weights_of(held))


def _shrunk(book: Book, change: float) -> Assessment:
    head, inits, signal = maybe(book, HeadFacts), maybe(book, InitializationFacts), maybe(book, SignalFacts)
    if head is not None and head.broadcasts:
        return ruled_out("the kernels shrank because the loss was broadcast", median_relative_change=change)
    if inits is not None and inits.hidden_symmetric:
        return ruled_out("the kernels were degenerate from the start", median_relative_change=change)
    because = f"every kernel ended below a tenth of its initial size (median change {percent(min(change, 9.99))})"
    if signal is not None and not signal.has_signal:
        return inconclusive(f"{because}, which rows without signal also bring about", weight=0.3)
    return supported(because, weight=0.7, median_relative_change=change)


CAUSE = Cause(
    code="DF503",
    name="regularization-too-strong",
    stage="optimization",
    assess=_assess,
    fixes=("weaker-regularization",),
    contrast={"weaker-regularization": "must_work"},
    explains=("DF401", "DF501", "DF502", "DF505", "DF902"),
    look_alikes=("DF305", "DF901", "DF601"),
    when_varied=True,
    makes_nan=True,
)

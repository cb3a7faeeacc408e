"""DF503 regularization-too-strong: the penalty on the weights outweighs the loss, and the weights go to zero.

## What it is
Weight decay, an L2 or an L1 term of a size that makes zero weights cheaper than any fit.

## Why every prediction is the same
With all kernels near 0 the inputs do not reach the output. What is left is the output bias: the base rate, or a value
between 0.5 and the base rate where the bias is decayed as well.

## Evidence for
- Every kernel ended below a tenth of its initial size; gradients of the data loss are not zero.
- Check: the recipe with the penalty off, everything else fixed.

## Evidence against
- Kernels of ordinary size.
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
from defib.causes._signs import fine, maybe
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.head import HeadFacts
from defib.probes.initialization import InitializationFacts
from defib.probes.reference import SignalFacts
from defib.probes.updates import UpdateFacts
from defib.wording import percent


def _assess(book: Book) -> Assessment:
    updates = book.get(UpdateFacts)
    change = updates.median_relative_change
    if not updates.shrunk:
        return ruled_out("the kernels did not all shrink towards zero", median_relative_change=change)
    if calm := fine(book):
        return calm
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
    explains=("DF401", "DF502", "DF505", "DF902"),
    look_alikes=("DF305", "DF901", "DF601"),
    when_varied=True,
)

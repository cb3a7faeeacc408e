"""DF804 batch-dependent-output: what a row is answered depends on the rows that are sent with it.

## What it is
The network, or what stands at its door, uses numbers of the batch: its mean and standard deviation, its largest value,
a softmax over the rows in place of the classes, padding to the longest text of the batch without a mask.

## Why every prediction is the same
A row that is served alone is its own mean, its own maximum and its own longest text. What is left after the
normalization is zero, and zero is the same for every row. Trained and tested in batches, nothing shows.

## Evidence for
- In evaluation mode the same rows get other outputs one by one than together, and in one of the two, the one in which
  they were served, they are equal.
- Each column sums to 1 over the rows of a batch, and a row alone is 1 in every column: a softmax over `dim=0`.
- A batch gets the same outputs in whatever order its rows are: a mean or maximum over `axis=0` that was meant for the
  points or the words of each row. That batches are as long as rows (16 of 16) hides it.
- Check: `model(X[:1])` against `model(X)[:1]`.

## Evidence against
- One by one and together the outputs agree.
- Both differ between rows: the dependence is there and does not make them equal.

## Look-alikes
- stale-batchnorm-statistics (DF801): running averages that are wrong, for single rows and batches alike.
- preprocessing-skew (DF802): a scaler fitted again on each request; the rows already are equal at the network's door.
- identical-rows (DF903): the rows that arrived are all the same row.

## Example
```python
def forward(self, x):
    x = (x - x.mean(0)) / (x.std(0, unbiased=False) + 1e-6)      # of this batch; zero for a batch of one
    return self.layers(x)
```

## Fix
Keep the statistics of the training rows (a buffer, a `Normalization` layer that was adapted, batch normalization with
running averages), mask the padding, apply the softmax over the axis of the classes.

## Known problems
Texts of different lengths arrive at the door with different shapes; rows of one shape are compared only.

## References
- Ioffe, Batch Renormalization (2017), on what depends on the batch: https://arxiv.org/abs/1702.03275
- Keras, the Normalization layer: https://keras.io/api/layers/preprocessing_layers/numerical/normalization/
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import num, place, seen
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.alone import AloneFacts
from defib.wording import percent

LOST = 0.02
"""Spread in one way over that in the other, from which on the rows are equal in it."""

OVER_ROWS = "; each column sums to 1 over the rows of a batch: a softmax over the rows (dim=0), not over the classes"

POOLED = (
    "a batch is answered alike in whatever order its rows are: they are pooled with each other, and no output is that "
    "of one row"
)


def _assess(book: Book) -> Assessment:
    facts = book.get(AloneFacts)
    alone, together = facts.spread_alone, facts.spread_together
    numbers = {"difference": facts.difference, "spread_alone": alone, "spread_together": together}
    if not facts.difference:
        because = "the same rows are answered alike one by one and together"
        return ruled_out(because, layer=None, **numbers)
    apart = percent(min(facts.difference, 9.99))
    because = f"the same rows get other outputs one by one (spread {num(alone)}) than together (spread {num(together)})"
    if facts.rows_pooled:
        return supported(POOLED, weight=0.95, layer=None, **numbers)
    axis = OVER_ROWS if facts.softmax_over_rows else ""
    if (inside := facts.softmax_over_rows_in) is not None:
        axis = f"; the shares in {place(inside)} sum to 1 over the rows of a batch: a softmax over the rows (dim=0)"
    if not seen(book).is_flat:
        because = f"{because}, by up to {apart} of their size, which does not make them equal"
        return inconclusive(because, weight=0.3, layer=None, **numbers)
    if facts.softmax_over_rows:  # no share of a class, however many rows come together: the more, the nearer to 0
        return supported(f"{because}{OVER_ROWS}", weight=0.92, layer=None, **numbers)
    lost_alone, lost_together = alone < LOST * together, together < LOST * alone
    if lost_alone and facts.served_alone is not False:
        how = "and were served one by one" if facts.served_alone else "and how they were served was not seen"
        weight = 0.96 if facts.served_alone else 0.6
        return supported(f"{because}, {how}{axis}", weight=weight, layer=None, **numbers)
    if lost_together and not facts.served_alone:
        return supported(f"{because}, in which they were served{axis}", weight=0.92, layer=inside, **numbers)
    return inconclusive(f"{because}, by up to {apart} of their size", weight=0.4, layer=None, **numbers)


CAUSE = Cause(
    code="DF804",
    name="batch-dependent-output",
    stage="serving",
    assess=_assess,
    fixes=("keep-statistics", "fitting-head"),
    contrast={},
    explains=("DF404", "DF506"),
    look_alikes=("DF801", "DF802", "DF903"),
    when_varied=True,
    makes_nan=True,
)

"""DF306 posterior-or-embedding-collapse: a term of the loss is least where the code says nothing of the rows.

## What it is
A variational autoencoder, or a classifier with a random bottleneck, whose KL term outweighs the rest: `beta` of 10, a
KL summed over units beside a reconstruction averaged over pixels, no warm-up. In metric learning the same happens to a
margin loss: embeddings that are all equal cost exactly the margin.

## Why every prediction is the same
The KL term is 0 where every row is coded as the same noise. The rest of the loss gains little from the code in the
first steps, the KL much: the code lets go of the rows, what follows reads noise only, and learns to ignore it. The
output is the mean row, or the base rate. A loss over pairs is 0, or exactly the margin, where all rows are one point:
only equal pairs come, the hardest negatives outweigh the rest, two views meet without a stop.

## Evidence for
- Sent through the network many times in training mode, a row's code varies by its noise and hardly by the row: it can
  hold less than a tenth of a nat (a coin holds .69).
- It could hold more at the initial weights, or the weights went far and it gained nothing: the loss wants it empty.
- Check: print the KL term by itself. Near 0 it has won.

- Of a loss over pairs or triplets: the embeddings lie within 3 % of their length of their mean, and did not at first.

## Evidence against
- The code holds several nats of the rows.
- The rows are equal before they are coded: constant inputs, dead units.
- The code never held anything: a training too short, or weights too small.

## Look-alikes
- undertrained (DF506): the code's share of the rows is small and grows.
- excessive-dropout (DF410): the noise is dropout's; no code is drawn.
- learning-rate-too-high (DF501): in metric learning a large step is the usual way to equal embeddings.
- no-learnable-signal (DF901): a code of rows that hold nothing rightly lets go of them.

## Example
```python
kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
loss = F.mse_loss(recon, x) + kl                  # a mean over all pixels beside a sum over all rows and units
```

## Fix
The KL term at a hundredth first, or raised from 0 over the first epochs (warm-up), or free bits; both terms summed, or
both averaged, over the same rows. Metric learning: a smaller step, normalized embeddings, semi-hard pairs.

## Known problems
That the KL term did it is read from the code alone. Losses over pairs and triplets are repeated in PyTorch, where each
row of a term goes through the network in a call, or at a place, of its own; not where views were put into one batch.

## References
- Bowman et al., Generating Sentences from a Continuous Space, on KL annealing (2016): https://arxiv.org/abs/1511.06349
- Alemi et al., Deep Variational Information Bottleneck (2017): https://arxiv.org/abs/1612.00410
- Hermans et al., In Defense of the Triplet Loss, on embeddings that collapse to the margin (2017):
  https://arxiv.org/abs/1703.07737
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import count, dead_hidden, fine, maybe, num, place
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.code import CodeFacts
from defib.probes.embeddings import EmbeddingFacts
from defib.probes.reference import SignalFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts
from defib.wording import percent

EMPTY = 0.1
"""Nats. A seventh of a coin: of ten rows none can be told from the others by it."""
FELL = 0.03
"""Nats lost or gained that are more than the error of the estimate."""
MANY, FAR = 100, 0.1
"""Updates, and their way in parts of the kernels' size, after which a code that the loss wants holds something."""


def _equal_before(book: Book) -> bool:
    facts = maybe(book, ActivationFacts)
    return facts is not None and (facts.input_constant or dead_hidden(facts.end) is not None)


def _assess(book: Book) -> Assessment:
    if (embeddings := maybe(book, EmbeddingFacts)) is not None:
        return _embedded(book, embeddings)
    code, signal = book.get(CodeFacts), maybe(book, SignalFacts)
    if code.layer is None:
        return not_applicable("the network draws no random code")
    numbers = {"code_nats": code.nats_end, "code_units": float(code.units)}
    if code.nats_initial is not None:
        numbers["code_nats_at_start"] = code.nats_initial
    if calm := fine(book):
        return calm
    if code.nats_end >= EMPTY:
        text = f"the random code in {place(code.layer)} can hold {num(code.nats_end)} nats of the rows"
        return ruled_out(text, layer=None, **numbers)
    if _equal_before(book):
        return ruled_out("the rows are made equal before they are coded", layer=None, **numbers)
    where = f"the random code in {place(code.layer)} ({count(code.units, 'unit')})"
    because = (
        f"in training mode {where} differs between rows by next to nothing beside its own noise: it can hold "
        f"{num(code.nats_end)} nats of them"
    )
    if (since := _since(book, code)) is None:
        return inconclusive(because, weight=0.35, layer=code.layer, **numbers)
    if signal is not None and not signal.has_signal:
        return inconclusive(f"{because}; but nothing in the rows was worth holding", layer=code.layer, **numbers)
    clause, weight = since
    return supported(f"{because}{clause}", weight=weight, layer=code.layer, **numbers)


def _embedded(book: Book, facts: EmbeddingFacts) -> Assessment:
    numbers = {"relative_spread": facts.spread_end, "relative_spread_at_start": facts.spread_initial or 0.0}
    apart = f"lie {percent(facts.spread_end)} of their length from their mean"
    if not facts.together:
        return ruled_out(f"the embeddings of {facts.rows} rows {apart}", layer=None, **numbers)
    if _equal_before(book):
        return ruled_out("another fault makes the rows equal inside the network", layer=None, **numbers)
    because = (
        "the loss compares the network's own answers for several rows, and the training brought them to one point: the "
        f"embeddings of {facts.rows} rows {apart}, after {percent(facts.spread_initial or 0.0)} before the first step"
    )
    return supported(because, weight=0.92, layer=None, **numbers)


def _since(book: Book, code: CodeFacts) -> tuple[str, float] | None:
    """That the training keeps the code empty: it held more before, or a long way of the weights gave it nothing."""
    if code.nats_initial is None:
        return None
    if code.nats_initial - code.nats_end >= FELL:
        return f", after {num(code.nats_initial)} before the first step; a term of the loss took it away", 0.85
    training, updates = maybe(book, TrainingFacts), maybe(book, UpdateFacts)
    if training is None or updates is None or code.nats_end - code.nats_initial >= FELL:
        return None
    change = updates.median_relative_change
    if training.n_updates < MANY or not FAR <= change < 10:
        return None
    moved = f"{training.n_updates:,} updates, which moved the kernels by {percent(change)} of their size"
    return f", and {moved}, gave it no more: a term of the loss asks for noise", 0.7


CAUSE = Cause(
    code="DF306",
    name="posterior-or-embedding-collapse",
    stage="head",
    assess=_assess,
    fixes=("lower-kl", "part-embeddings"),
    contrast={"step-times-10": "must_not", "step-times-100": "must_not"},
    explains=("DF403", "DF404", "DF502", "DF505", "DF506", "DF902"),
    look_alikes=("DF506", "DF410", "DF501", "DF901"),
    when_varied=True,
)

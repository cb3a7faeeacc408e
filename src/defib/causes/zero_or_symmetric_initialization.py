"""DF601 zero-or-symmetric-initialization: the units of a hidden layer start out the same.

## What it is
All weights 0 (or another constant) in a hidden layer, or all its units copies of one another: a custom init loop, a
filler that defaults to 0, `kernel_initializer="zeros"`. Or an embedding whose table is 0 for every token and stays so:
a frozen matrix of pretrained vectors in which no word was found, or two tables of zeros that are multiplied with each
other.

## Why every prediction is the same
Equal units get equal gradients and stay equal: the layer is one unit wide for ever. With zeros it is worse: ReLU
passes neither value nor gradient, and the output is its bias. A zero *head* alone, or a network without hidden layer,
is harmless. Behind a table with one vector for all tokens, every text is the same text.

## Evidence for
- Standard deviation 0, or identical columns, in the initial weights of a hidden kernel.
- ReLU: exactly constant. Sigmoid and tanh: crippled, few values.
- An embedding with one and the same vector for every token at the start and at the end.
- Check: `layer.weight.std()` before the first step; re-initialize only, everything else fixed.

## Evidence against
- Initial weights that differ between units.
- Only the head is zero (a usual trick), or only biases are.
- An embedding of zeros that learns: each token gets a gradient of its own.

## Look-alikes
- dead-relus (DF401): alive weights, dead units; when the weights are 0 they come first.
- initialization-scale (DF602): weights that differ but are far too small.
- regularization-too-strong (DF503): weights that *ended* at 0.

## Example
```python
for p in net.parameters():
    nn.init.zeros_(p)                             # or constant_(p, 1.0)
```

## Fix
The framework's default initializer for all kernels; zeros for biases only. For pretrained vectors: count the words
that were found (`sum(word in vectors for word in vocabulary)`); 0 means other case, other spelling, or a file that was
not read.

## Known problems
Dropout and random input columns break exact symmetry a little; such networks limp rather than stand still.

## References
- Goodfellow, Bengio, Courville, Deep Learning (2016), section 8.4:
  https://www.deeplearningbook.org/contents/optimization.html
- Zero weights by a missing filler: https://github.com/olddocks/caffe-facialkp/issues/1
- Harmless without, fatal with a hidden layer: https://github.com/tensorflow/tensorflow/issues/3916
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import fine, flat_in_training, maybe, place
from defib.diagnosis import Assessment, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.initialization import InitializationFacts
from defib.probes.updates import UpdateFacts


def _assess(book: Book) -> Assessment:
    facts = book.get(InitializationFacts)
    if facts.plain_tables:
        return _of_tables(facts, book)
    if len(facts.layers) < 2:
        return not_applicable("there is no hidden layer whose units could be alike")
    smallest = min(layer.sd for layer in facts.layers[:-1])
    if not facts.hidden_symmetric:
        return ruled_out("the units of every hidden layer start out different", smallest_initial_sd=smallest)
    if calm := fine(book):
        return calm
    head = facts.layers[-1].layer
    zero = [name for name in facts.zero_layers if name != head]
    same = [name for name in facts.symmetric_layers if name != head]
    layer = (zero or same)[0]
    count = len(set(zero + same))
    numbers = {"degenerate_hidden_layers": float(count), "smallest_initial_sd": smallest}
    what = "holds one and the same weight everywhere" if zero else "has identical units"
    because = f"{place(layer)} {what} before the first step, so that its units can never become different"
    if count > 1:
        more = f"{place(layer)} and {'another hidden layer' if count == 2 else f'{count - 1} more hidden layers'}"
        because = f"{more} start with identical units, which can never become different"
    updates = maybe(book, UpdateFacts)
    still = updates is not None and any(m.layer == layer and m.relative_change == 0 for m in updates.parameters)
    if flat_in_training(book):
        return supported(
            because, weight=0.95 if still or count == len(facts.layers) - 1 else 0.9, layer=layer, **numbers
        )
    return supported(because, weight=0.7, layer=layer, **numbers)


def _of_tables(facts: InitializationFacts, book: Book) -> Assessment:
    if calm := fine(book):
        return calm
    table = facts.plain_tables[0]
    because = f"{place(table)} holds one and the same vector for every token, before the first step and at the end"
    states, updates = maybe(book, ActivationFacts), maybe(book, UpdateFacts)
    moves = updates.parameters if updates is not None else ()
    if any(move.layer == table and move.why_unmoved == "frozen" for move in moves):
        because += ", and is frozen"
    first = states is not None and states.first_equal_end in facts.plain_tables
    if flat_in_training(book) and first:
        return supported(f"{because}: from there on all rows are equal", weight=0.95, layer=table)
    return supported(because, weight=0.7, layer=table)


CAUSE = Cause(
    code="DF601",
    name="zero-or-symmetric-initialization",
    stage="initialization",
    assess=_assess,
    fixes=("reinitialize",),
    contrast={
        "reinitialize": "must_work",
        **dict.fromkeys(("step-divided-by-10", "step-divided-by-100", "standardize-inputs", "more-epochs"), "must_not"),
    },
    explains=("DF401", "DF402", "DF403", "DF404", "DF405", "DF502", "DF503", "DF505", "DF506", "DF602"),
    look_alikes=("DF401", "DF602", "DF503"),
    when_varied=True,
    in_itself=True,
)

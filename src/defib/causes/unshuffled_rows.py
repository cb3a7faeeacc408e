"""DF104 unshuffled-rows: the training saw the classes one after the other, in blocks.

## What it is
The file is sorted by class (or by day, patient, source) and the batches are cut in file order.

## Why every prediction is the same
Within a block, the cheapest way down is "always this class": the output bias. Every block overwrites the one before,
and the epoch ends with a network that answers a class from near the end of the file. With the gradients of a whole
block pointing the same way the hidden layers can be driven into saturation or death on the way.

## Evidence for
- The longest run of one label in training order is far longer than a shuffle would give.
- The loss is small in the last batches of an epoch and large in the first of the next.
- The constant is a class near the end of the file, though not always the last.
- Check: print `y` of the first three batches. Shuffle, change nothing else: it learns.

## Evidence against
- Labels alternate in training order; the order changes between epochs; one batch holds all rows.
- Shuffling alone does not restore learning.

## Look-alikes
- class-imbalance (DF105): the constant is the *majority* class, wherever it stands in the file.
- learning-rate-too-high (DF501): a smaller step shrinks the harm of blocks too; shuffling at the same step decides.

## Example
```python
df = df.sort_values("label")
for i in range(0, len(df), 32):                   # DataLoader(..., shuffle=False) does the same
    train_step(df[i : i + 32])
```

## Fix
Shuffle the rows before every epoch: `fit(shuffle=True)` for arrays, `DataLoader(shuffle=True)`, or a buffer at least
as large as a block for `tf.data`. Split train and validation by shuffled (stratified) rows too.

## Known problems
For regression no blocks are counted. A shuffle buffer smaller than a class block hides only part of the order.

## References
- Bottou, Stochastic Gradient Descent Tricks (2012): https://doi.org/10.1007/978-3-642-35289-8_25
- All negative after training on sorted rows: https://github.com/google-research/bert/issues/154
- A release sorted by class: https://github.com/zalandoresearch/fashion-mnist/pull/5
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import served_fine
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.labels import LabelFacts
from defib.probes.training import TrainingFacts
from defib.wording import percent

LONG = 2.0
"""Times the longest run of a shuffle: more is no shuffle's."""


def _assess(book: Book) -> Assessment:
    labels, training = book.get(LabelFacts), book.get(TrainingFacts)
    numbers = {
        "longest_run_fraction": labels.longest_run_fraction,
        "expected_longest_run_fraction": labels.expected_longest_run_fraction,
    }
    if labels.n_distinct == 1:
        return not_applicable("all labels are the same: their order cannot matter")
    if labels.task == "regression":
        return not_applicable("the labels are no classes")
    if training.shuffled and labels.longest_run_fraction > LONG * labels.expected_longest_run_fraction:
        return ruled_out("the labels stand in blocks, but the order changed between epochs", layer=None, **numbers)
    if not labels.blocks:
        run = percent(labels.longest_run_fraction)
        return ruled_out(f"the longest run of one class is {run} of the rows, as in a shuffle", layer=None, **numbers)
    if training.shuffled:
        return ruled_out("the order of the rows changed between epochs", layer=None, **numbers)
    if training.n_epochs and training.n_updates <= training.n_epochs:
        return ruled_out("every step saw all rows at once, so their order cannot matter", layer=None, **numbers)
    if calm := served_fine(book):
        return calm
    because = (
        f"one class fills {percent(labels.longest_run_fraction)} of the rows in a row, where a shuffle would give "
        f"{percent(labels.expected_longest_run_fraction)}"
    )
    last = "" if labels.last_class is None else f"; class {labels.last_class:g} comes last"
    if training.shuffled is None:
        return inconclusive(f"{because}, in the one epoch that was seen{last}", weight=0.4, layer=None, **numbers)
    return supported(f"{because}, and no shuffle of all rows changed that{last}", weight=0.8, layer=None, **numbers)


CAUSE = Cause(
    code="DF104",
    name="unshuffled-rows",
    stage="data",
    assess=_assess,
    fixes=("shuffle",),
    contrast={"shuffle": "must_work"},
    explains=("DF105", "DF401", "DF402", "DF501", "DF902", "DF507"),
    look_alikes=("DF501", "DF105"),
    when_varied=True,
    in_itself=True,
)

"""DF204 label-encoding-mismatch: labels are written otherwise than the loss and the outputs read them.

## What it is
One-hot rows where one number per row is read, class ids where one column per class is read, the wrong axis. Where the
shapes cannot be brought together the program stops; an elementwise loss stretches the single column, in silence. Or a
mask of 0 and 255 is divided by 255 twice, so that a positive is called 0.004.

## Why every prediction is the same
One unit against the one-hot row (0, 1): each row asks for 0 and for 1 at once, whatever its class, so .5 is best for
all. K units against one class id: each column is asked for the id, not for its own class, and a softmax can only meet
that in the middle. Of labels 0 and 0.004 the loss asks for a chance below a half everywhere: all is called negative.

## Evidence for
- Labels and outputs with different numbers of columns in an elementwise loss, and a constant that costs no more than
  answers that are all right.
- All labels are 0 or one value below a half, under a binary cross-entropy.
- Check: `y_train[:5]` and its shape beside the output's shape and the loss's name.

## Evidence against
- As many columns on both sides, or a loss that takes class ids.
- Right answers cost clearly less than a constant.

## Look-alikes
- loss-head-mismatch (DF304): the same columns, and a loss that belongs to another task.
- broadcast-loss (DF305): predictions (n, 1) against (n,): rows are mixed, not columns.
- labels-outside-output-range (DF203): the labels' values, not their shape.

## Example
```python
y = to_categorical(y)                             # (n, 2)
model.add(Dense(1, activation="sigmoid"))         # (n, 1)
model.compile("adam", loss="mse")                 # each row asks for 0 and for 1: .5 it is
```

## Fix
One column per class on both sides with a categorical loss, or one number per row with one unit (two classes) or with a
sparse categorical loss (K classes).

## Known problems
Where a library refuses the shapes there is nothing to diagnose: its error says it. Class ids that skip numbers only
waste outputs.

## References
- Keras, categorical against sparse labels: https://keras.io/api/losses/probabilistic_losses/
- NumPy, Broadcasting: https://numpy.org/doc/stable/user/basics.broadcasting.html
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import num, served_fine
from defib.causes._wants import Unwanted, unwanted
from defib.diagnosis import Assessment, ruled_out, supported
from defib.evidence import Book
from defib.probes.head import HeadFacts


def _dimmed(book: Book, head: HeadFacts, high: float) -> Assessment:
    """Two labels that are meant as 0 and 1, the second one divided once too often."""
    if calm := served_fine(book):
        return calm
    because = (
        f"the labels are 0 and {num(high)}, which the loss {head.loss} reads as chances: outputs that are right say "
        f"at most {num(high)}, and of nothing more than a half"
    )
    return supported(because, weight=0.93, layer=head.layer, highest_label=high)


def _assess(book: Book) -> Assessment:
    head = book.get(HeadFacts)
    if head.dimmed_labels is not None:
        return _dimmed(book, head, head.dimmed_labels)
    found = unwanted(book)
    if not isinstance(found, Unwanted):
        return found
    if not found.encoding:
        return ruled_out("labels and outputs have the same columns", layer=None, **found.numbers)
    because = f"labels of shape {head.target_shape} are held against outputs of shape {head.prediction_shape}: "
    return supported(because + found.because, weight=0.96, layer=head.layer, **found.numbers)


CAUSE = Cause(
    code="DF204",
    name="label-encoding-mismatch",
    stage="labels",
    assess=_assess,
    fixes=("fitting-head", "fix-labels"),
    contrast={"fitting-head": "must_work", "more-epochs": "must_not", "reinitialize": "must_not"},
    explains=(
        *("DF105", "DF203", "DF303", "DF307", "DF401", "DF402", "DF403", "DF404", "DF405", "DF501", "DF502", "DF503"),
        *("DF505", "DF506", "DF901", "DF902"),
    ),
    look_alikes=("DF304", "DF305", "DF203"),
    when_varied=True,
    in_itself=True,
    makes_nan=True,
)

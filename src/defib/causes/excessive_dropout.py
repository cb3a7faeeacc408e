"""DF410 excessive-dropout: so much is dropped in training that what is left says nothing about the row.

## What it is
A dropout rate near 1: the share to keep was meant (`Dropout(0.9)` for `keep_prob=0.9`, as TensorFlow 1 had it), several
dropouts behind each other, or dropout on a layer of a few units.

## Why every prediction is the same
Of every row another random handful of units arrives, blown up by 1/(1 − rate), and of some rows none. The noise of the
draw is larger than the differences between rows, so the loss is least where the outputs do not depend on the units at
all: the weights behind shrink, the bias learns the base rate. Evaluation mode then shows a constant.

## Evidence for
- In training mode a dropout sets most of what it is given to 0 (measured), and the network is flat in evaluation mode.
- Predictions in training mode vary from pass to pass, by noise only.
- Check: the same weights and budget with all rates at 0.

## Evidence against
- Rates up to a half, or wide layers of which hundreds of units are left.
- Without dropout it does not learn either.

## Look-alikes
- wrong-mode (DF702): dropout left on when predicting makes a network noisy that is not constant.
- regularization-too-strong (DF503): a penalty shrinks the weights, not noise.
- undertrained (DF506), learning-rate-too-low (DF502): dropout slows learning down; those learn with more steps.

## Example
```python
model.add(Dense(16, activation="relu"))
model.add(Dropout(0.95))                          # keeps 0.8 of 16 units: nothing at all of 44 rows in 100
```

## Fix
A rate of 0 first; then .1 to .5, on wide layers only.

## Known problems
Only dropout that sets values to 0 is measured; noise that is added or multiplied, and dropout inside a recurrent layer,
is not. Between .6 and .8 only a trial decides.

## References
- Srivastava et al., Dropout (2014): https://jmlr.org/papers/v15/srivastava14a.html
- keep_prob became rate: https://www.tensorflow.org/api_docs/python/tf/nn/dropout
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import count, fine, place
from defib.causes._thrown import USUAL_DROPOUT
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.modes import ModeFacts
from defib.wording import percent

STRONG = 0.8
"""One unit in five is kept: the variance of the draw is four times the signal's square, for each unit."""


def _assess(book: Book) -> Assessment:
    modes = book.get(ModeFacts)
    if not modes.has_dropout:
        return not_applicable("the model has no dropout")
    if modes.dropped_fraction is None:
        return ruled_out("the dropout sets nothing to 0", layer=None)
    rate, where, units = modes.dropped_fraction, modes.dropout_layer, modes.dropout_units or 0
    numbers = {"dropped_fraction": rate, "units_left": (1 - rate) * units, "emptied_rows_fraction": modes.emptied_rows}
    if rate <= USUAL_DROPOUT:
        return ruled_out(f"dropout sets {percent(rate)} to 0, a usual share", layer=where, **numbers)
    if calm := fine(book):
        return calm
    emptied = f", none of {percent(modes.emptied_rows)} of the rows" if modes.emptied_rows > 0 else ""
    because = (
        f"in training mode {place(where)} sets {percent(rate)} of its inputs to 0: of {count(units, 'value')} per row "
        f"{(1 - rate) * units:.1f} are left{emptied}"
    )
    if rate >= STRONG:
        return supported(because, weight=0.65, layer=where, **numbers)
    return inconclusive(because, weight=0.35, layer=where, **numbers)


CAUSE = Cause(
    code="DF410",
    name="excessive-dropout",
    stage="architecture",
    assess=_assess,
    fixes=("dropout-off",),
    contrast={"dropout-off": "must_work"},
    explains=("DF403", "DF502", "DF505", "DF506", "DF902"),
    look_alikes=("DF702", "DF503", "DF506", "DF502"),
    when_varied=True,
)

"""DF904 display-or-metric: the predictions differ, and what the program makes of them does not.

## What it is
`argmax` over the single column of a sigmoid, or along the rows of a batch of one, `astype(int)` on probabilities, two
decimals of a rare event's probability. The network answers each row differently; the next line throws that away.

## Why every prediction is the same
The largest of one column is column 0, and of one row row 0, whatever its value. Every number from 0 up to 1 has the
whole part 0. Every probability below .005 is 0.00.

## Evidence for
- The outputs as recorded differ and rank the rows; the step found in the program, done to them again, leaves one value.
- Check: print the predictions themselves with six digits, before anything is done to them.

## Evidence against
- The outputs are (nearly) equal themselves.
- The step leaves several values, or stands behind a comparison with a threshold (then it is the threshold).

## Look-alikes
- threshold-only (DF902): a comparison with 0.5 has one outcome; the outputs rank, the cut is in the wrong place.
- class-imbalance (DF105): one label on all rows, rightly, for a rare class.
- cached-or-aliased-output (DF803): the answers shown are those of another row.

## Example
```python
probabilities = model.predict(X_test)             # shape (n, 1), from .02 to .97
labels = np.argmax(probabilities, axis=1)         # 0 for every row
```

## Fix
For one column compare with a threshold: `(p[:, 0] > 0.5).astype(int)`. Print with `%.6g`, not with two decimals.

## Known problems
Read from the source, by name, within one file: a step in another module, or in a plot, is not seen. The accuracy of a
sparse multilabel target, which a constant reaches too, is told by the skill beside it and not by this page.

## References
- Argmax where there is one column, accuracy .5 at a loss near 0:
  https://github.com/mrdbourke/pytorch-deep-learning/issues/609
- NumPy, what astype does to fractions: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.astype.html
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import num, ranking, ranks, seen
from defib.diagnosis import Assessment, by_itself, inconclusive, ruled_out, supported
from defib.evidence import Book, Missing
from defib.probes.shown import Shown, ShownFacts


def _does(one: Shown) -> str:
    how, value = one.handling, num(one.value)
    where = f"{how.code} in {how.line}"
    if how.kind == "argmax" and how.axis == 0:
        return f"{where} takes the largest along the rows, of which each call has one: that is row 0 every time"
    if how.kind == "argmax":
        return f"{where} takes the largest of a single column, which is column 0 on every row"
    if how.kind == "integer":
        return f"{where} cuts off what stands behind the point, which leaves {value} on every row"
    return f"{where} shows {how.decimals} decimals, which leaves {value} on every row"


def _assess(book: Book) -> Assessment:
    facts, symptom = book.get(ShownFacts), seen(book)
    if symptom.is_flat:
        return ruled_out("the outputs themselves are (nearly) equal", prediction_spread=symptom.prediction_spread)
    if not facts.displays:
        if not facts.followed:
            raise Missing("ShownFacts", "the line of the program that predicts")
        return ruled_out("nothing that the program was seen to do with the outputs makes them equal")
    skill = symptom.skill
    know = f", {ranking(skill)}" if skill is not None and skill.shown else ""
    because = f"the outputs differ (spread {num(symptom.prediction_spread)}{know}), and {_does(facts.displays[0])}"
    numbers = {"prediction_spread": symptom.prediction_spread, "shown_value": facts.displays[0].value}
    if skill is not None and not ranks(book):
        return inconclusive(
            f"{because}; but the outputs do not rank the rows either", weight=0.35, layer=None, **numbers
        )
    return by_itself(supported(because, weight=0.97, layer=None, **numbers))


CAUSE = Cause(
    code="DF904",
    name="display-or-metric",
    stage="nothing_wrong",
    assess=_assess,
    fixes=("full-precision",),
    contrast={},
    explains=(),
    look_alikes=("DF902", "DF105", "DF803"),
    when_varied=True,
)

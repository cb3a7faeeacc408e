"""DF106 target-scale: regression targets lie far from where the network starts, or spread far wider.

## What it is
The targets are prices, years or counts in the thousands while a fresh network answers about 0, and the step is made
for distances of about 1.

## Why every prediction is the same
Every step first moves what all rows share: the output bias travels towards the mean by about one learning rate per
step (Adam), and the differences between rows, small beside that distance, come last. Stop early and all rows share a
value far below the mean.

## Evidence for
- |mean| or sd of the targets far above 1, the predictions (or, where they vary, their median) still far from the mean,
  the loss far above var(y) and falling.
- The whole training covered a few percent of the way from a fresh network's answer to the targets.
- Targets around 0 that spread by thousands, with Adam or a relative of it: each step moves a weight by one learning
  rate at most, and all steps together do not let the outputs spread as far, even if all went in one direction.
- Check: `y.mean(), y.std()`. Standardize y only, change nothing else: it learns.

## Evidence against
- The predictions sit at mean(y), and the steps could spread them as far as the targets: something else erases the
  rows.
- Targets near 1, or a classification.

## Look-alikes
- learning-rate-too-low (DF502): the two are a product; a larger step travels the distance too.
- labels-outside-output-range (DF203): the head *cannot* reach them, whatever the budget.

## Example
```python
y = df["price"].to_numpy()                        # mean 212,000
model.compile("adam", "mse"); model.fit(X, y, epochs=20)
model.predict(X)                                  # 41.2 for every row
```

## Fix
Standardize the targets with the training rows' mean and sd, undo it after `predict`; or start the output bias at
mean(y).

## Known problems
A product with the step and the budget: a much larger step or many more epochs repair it too.

## References
- Bishop, Neural Networks for Pattern Recognition (1995), section 8.2.
- Targets of 1e8 against a step of 1e-3: http://stackoverflow.com/questions/52800582/
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import fine, maybe, num, seen, untouched
from defib.causes._targets import centre, share_of_the_way, steps_too_short
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.training import TrainingFacts
from defib.wording import percent

LARGE = 10.0
"""Targets beyond this are an order of magnitude from where a fresh network answers."""
FAR = 0.5
"""Distance of the constant from mean(y), in sd(y): a travelled distance leaves far less."""


HARDLY = 0.05
"""Share of the way below which twenty times the updates would be needed: the distance is wrong, not the time."""

THROWN = -1.0
"""Share of the way: predictions that ended twice as far from the targets as they began are not on their way."""


def _assess(book: Book) -> Assessment:
    labels = book.get(LabelFacts)
    if labels.task != "regression":
        return not_applicable("the labels are classes")
    size = max(abs(labels.mean), labels.sd)
    numbers = {"target_mean": labels.mean, "target_sd": labels.sd}
    if size < LARGE:
        return ruled_out(
            f"the targets are of ordinary size (mean {num(labels.mean)}, sd {num(labels.sd)})", layer=None, **numbers
        )
    if calm := fine(book):
        return calm
    head = maybe(book, HeadFacts)
    if head is not None and head.labels_outside > 0:
        return ruled_out(
            "the head cannot reach the targets at all", labels_outside=head.labels_outside, layer=None, **numbers
        )
    symptom = seen(book)
    where = symptom.constant if symptom.constant is not None else centre(book)
    if where is None or symptom.pattern == "nan" or labels.sd == 0:
        return inconclusive(
            f"the targets reach {num(size)}, but the predictions share no value", weight=0.2, layer=None, **numbers
        )
    distance = max(abs(value - labels.mean) for value in where) / labels.sd
    numbers["constant_to_mean_sd"] = distance
    if distance < FAR:
        return _at_the_mean(book, numbers)
    training = maybe(book, TrainingFacts)
    way = share_of_the_way(book, labels.mean)
    if training is not None and way is not None and 0 < way < HARDLY and not untouched(book):
        numbers["share_of_the_way"] = way
        because = (
            f"the targets lie around {num(labels.mean)}, and {training.n_updates:,} updates took the predictions "
            f"{percent(way)} of the way there{_from(book)}"
        )
        low = (training.learning_rate or 0.0) <= (training.usual_learning_rate or 0.0) / 10
        return supported(because, weight=0.7 if low else 0.9, layer=None, **numbers)
    if way is not None and way < THROWN:
        thrown = f"the training threw the predictions {num(distance)} sd away from the mean of the targets"
        return inconclusive(f"{thrown}, further than they began", weight=0.35, layer=None, **numbers)
    moving = training is not None and bool(training.still_falling)
    where_now = f"the targets lie around {num(labels.mean)} and the predictions still stand {num(distance)} sd away"
    if moving:
        return supported(f"{where_now} from it", weight=0.75, layer=None, **numbers)
    return inconclusive(f"{where_now} from it", weight=0.35, layer=None, **numbers)


def _from(book: Book) -> str:
    drawn = book.get(SymptomFacts).initial_drawn
    return ", from where a network drawn anew answers" if drawn else ""


def _at_the_mean(book: Book, numbers: dict[str, float]) -> Assessment:
    """The distance is travelled, or there was none: what is left is the spread."""
    reach, sd = steps_too_short(book), numbers["target_sd"]
    if reach is None:
        return ruled_out("the predictions sit at the mean of the targets", layer=None, **numbers)
    because = (
        f"the targets spread by {num(sd)} around their mean, and the steps of the whole training move the head's "
        f"weights far enough for a spread of {num(reach)} at most"
    )
    return supported(because, weight=0.8, layer=None, reachable_spread=reach, **numbers)


CAUSE = Cause(
    code="DF106",
    name="target-scale",
    stage="data",
    assess=_assess,
    fixes=("standardize-targets", "step-times-100", "more-epochs"),
    contrast={"standardize-targets": "must_work"},
    explains=("DF502", "DF506"),
    look_alikes=("DF502", "DF203"),
    when_varied=True,
    makes_nan=True,
)

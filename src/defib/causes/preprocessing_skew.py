"""DF802 preprocessing-skew: the rows served were not prepared as the rows trained on were.

## What it is
Raw rows into a model trained on scaled ones, /255 twice or not at all, a scaler fitted again on the rows to predict,
columns in another order, another tokenizer or vocabulary, another resize.

## Why every prediction is the same
The rows arrive where the network never saw any: far out all sigmoids are saturated and one logit dominates; squeezed
together, all rows are the same point to it. The training was fine and the training rows still are.

## Evidence for
- The distribution at the model's door differs between training and prediction in most columns; a per-column map (×
  255, raw against standardized) or a permutation reconciles them.
- The network is not flat on its training rows and is flat on the rows served.
- Token ids: most rows served hold no token by which training rows differ (unknown words, another numbering).
- Check: score *training rows* through the serving code; they collapse too.

## Evidence against
- The distributions agree.
- The network is flat on its training rows as they were trained on.

## Look-alikes
- identical-rows (DF903): the rows served are all one row.
- unscaled-inputs (DF101): raw rows in training already.
- stale-batchnorm-statistics (DF801): training rows collapse in evaluation mode.
- anything "wrong with the model": one in four confirmed cases was serving.

## Example
```python
scaler = StandardScaler().fit(X_train)
model.fit(scaler.transform(X_train), y_train)
model.predict(X_new)                              # forgot scaler.transform
```

## Fix
One pipeline object for both: put the scaler into the model as its first layer, or save it with the model and only ever
`transform` at prediction.

## Known problems
Rows that differ because the world changed (drift) look the same at the door; no map reconciles them. A few rows served
show little of a distribution.

## References
- Sculley et al., Hidden Technical Debt in Machine Learning Systems (2015):
  https://papers.nips.cc/paper/5656-hidden-technical-debt-in-machine-learning-systems
- Google, Rules of Machine Learning, training-serving skew:
  https://developers.google.com/machine-learning/guides/rules-of-ml
- /255 missing at prediction: https://github.com/fchollet/deep-learning-models/issues/20
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._served import MOST, one_row, unknown_tokens
from defib.causes._signs import ELSEWHERE_SD, maybe, num, seen, served_fine
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.inputs import ServingFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.reference import SignalFacts
from defib.wording import percent

SOME = 0.1


def _lost_on_the_way(book: Book, facts: ServingFacts) -> bool:
    """Alive on its training rows, and flat (or with one label only) on the rows served."""
    served_flat = facts.prediction_rows_flat if facts.prediction_rows_flat is not None else seen(book).is_flat
    training = book.get(SymptomFacts).training_symptom
    one_label = seen(book).pattern in ("one_class", "few_values") and training is not None
    one_label = one_label and training is not None and training.pattern not in ("one_class", "few_values")
    return facts.training_rows_flat is False and (served_flat or one_label)


def _certain(book: Book) -> float:
    """Below no-learnable-signal where the rows hold none: mending the rows served would bring nothing back."""
    signal = maybe(book, SignalFacts)
    return 0.92 if signal is None or signal.has_signal or seen(book).is_flat else 0.5


def _assess(book: Book) -> Assessment:
    facts = book.get(ServingFacts)
    numbers = {
        "shifted_columns_fraction": facts.shifted_fraction,
        "spread_served_over_training": facts.median_spread_ratio,
        "shift_sd": facts.median_shift_sd,
    }
    if facts.unknown_token_rows > MOST:
        return unknown_tokens(facts, numbers)
    map_found = facts.affine or ("the same columns in another order" if facts.permuted_columns else None)
    if map_found is None and facts.shifted_fraction < SOME and facts.constant_fraction < SOME:
        return ruled_out("the rows served follow the distribution of the training rows", layer=None, **numbers)
    if calm := served_fine(book):
        return calm
    because = f"{percent(facts.shifted_fraction)} of the columns served do not follow the training rows"
    if map_found is not None:
        because = f"the rows served are prepared otherwise than the training rows: {map_found}"
    return _differing(book, facts, map_found, because, numbers)


def _differing(
    book: Book, facts: ServingFacts, map_found: str | None, because: str, numbers: dict[str, float]
) -> Assessment:
    """The rows served are others: what that does to the network."""
    if facts.training_rows_flat:
        return inconclusive(
            f"{because}, but the network is flat on its training rows too", weight=0.3, layer=None, **numbers
        )
    if facts.identical_rows:
        return one_row(book, facts, because, numbers)
    lost = _lost_on_the_way(book, facts)
    if lost:
        because = f"{because}, and the network is flat on them while it is not on its training rows"
    if map_found is not None:
        return supported(because, weight=0.97 if lost else 0.65, layer="input", **numbers)
    if lost and max(facts.shifted_fraction, facts.constant_fraction) >= MOST:
        moved = f"median shift {num(facts.median_shift_sd)} sd, spread ratio {num(facts.median_spread_ratio)}"
        return supported(f"{because} ({moved})", weight=_certain(book), layer="input", **numbers)
    if facts.rescaled_fraction >= SOME:
        numbers["rescaled_columns_fraction"] = facts.rescaled_fraction
        scaled = (
            f"{percent(facts.rescaled_fraction)} of the columns served are on another scale, by a factor of more than"
        )
        return supported(f"{scaled} 100, than in the training rows", weight=0.5, layer="input", **numbers)
    if max(facts.shifted_fraction, facts.constant_fraction) >= MOST and facts.median_shift_sd >= ELSEWHERE_SD:
        far = f"{because}: the median one lies {num(facts.median_shift_sd)} sd from where it lay in the training rows"
        return supported(far, weight=0.5, layer="input", **numbers)
    return inconclusive(because, weight=0.45 if lost else 0.25, layer="input", **numbers)


CAUSE = Cause(
    code="DF802",
    name="preprocessing-skew",
    stage="serving",
    assess=_assess,
    fixes=("same-pipeline",),
    contrast={"same-pipeline": "must_work"},
    explains=("DF903", "DF102", "DF401", "DF402", "DF902", "DF105"),
    look_alikes=("DF903", "DF101", "DF801"),
    when_varied=True,
    makes_nan=True,
)

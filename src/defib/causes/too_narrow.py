"""DF406 too-narrow: a hidden layer of one or two units, through which nothing of the rows gets.

## What it is
A bottleneck of one or two units, or a whole stack of them: a typing error, an autoencoder's code, a layer sized by the
number of classes, "a small network first".

## Why every prediction is the same
Half of all ReLUs are dead for a given row under a usual draw. Of sixteen some live; of one or two often none does, and
one dead layer cuts the network. What comes behind it is a constant.

## Evidence for
- A hidden layer of one or two units that is 0 on every row, mostly before the first step already.
- Sixteen units in its place, and nothing else changed, learn.
- Predictions that vary and know little, where one or two units stand before many classes, or where they come first
  and no weighted sum of the columns tells the labels (an exclusive or); wider they know more.
- Check: the same network with that layer wider; or other seeds: at one unit per layer most of them end constant.

## Evidence against
- The layer passes the rows on: one sigmoid unit can carry a binary task (AUC .92 was measured).
- A layer that was zero or drawn wrongly is dead at any width.
- It was alive and a large step killed it, as it kills wide ones.

## Look-alikes
- dead-relus (DF401): how it acts; with many units in the layer it has another origin.
- learning-rate-too-high (DF501): killed in the first updates, at any width.
- zero-or-symmetric-initialization (DF601): dead from the start at any width.

## Example
```python
model.add(Dense(64, activation="relu"))
model.add(Dense(1, activation="relu"))            # all rows through one unit
model.add(Dense(64, activation="relu"))
```

## Fix
Sixteen units or more in every hidden layer. Where a code must be narrow, an activation that cannot die: linear, tanh.

## Known problems
How wide is wide enough for a task is not measured here: a layer that lives and is too narrow makes predictions poor,
seldom constant.

## References
- Lu et al., Dying ReLU and Initialization (2019): https://arxiv.org/abs/1903.06733
- Johnson, Deep, Skinny Neural Networks are not Universal Approximators (2018): https://arxiv.org/abs/1810.00393
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._scale import FAR_ABOVE_USUAL
from defib.causes._signs import WEIGHTED, alive_in_training, count, dead_hidden, maybe, num, place, served_fine
from defib.causes.learning_rate_too_high import HUGE_UPDATE
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts, LayerState, narrow_layers
from defib.probes.initialization import InitializationFacts
from defib.probes.labels import LabelFacts
from defib.probes.reference import SignalFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts
from defib.wording import metric_name

BENT = 0.5
"""Of the best reference learner's skill. Where a straight line has less, one weighted sum misses most of the signal."""


def _thrown(book: Book) -> bool:
    """The steps were large enough to kill layers of any width."""
    updates, training = maybe(book, UpdateFacts), maybe(book, TrainingFacts)
    first = None if updates is None else updates.largest_first_update
    usual = None if training is None else training.rate_over_usual
    return (first is not None and first >= HUGE_UPDATE) or (usual is not None and usual >= FAR_ABOVE_USUAL)


def _within(dead: LayerState, states: tuple[LayerState, ...], narrow: tuple[LayerState, ...]) -> LayerState | None:
    """The narrow layer that this dead activation belongs to: the last one with weights before it."""
    before = states[: states.index(dead) + 1]
    owner = next((one for one in reversed(before) if one.kind in WEIGHTED), None)
    return owner if owner in narrow else None


def _crowded(book: Book, narrow: LayerState, numbers: dict[str, float]) -> Assessment | None:
    """The rows pass, as one or two numbers each, and there are more classes than these can hold apart."""
    labels, units = maybe(book, LabelFacts), narrow.units or 0
    if labels is None or labels.task != "multiclass" or labels.n_distinct <= units + 1:
        return None
    numbers["classes"] = float(labels.n_distinct)
    because = f"{place(narrow.layer)} has only {count(units, 'unit')} for {labels.n_distinct} classes"
    return inconclusive(f"{because}, all of which it has to hold apart", weight=0.45, layer=narrow.layer, **numbers)


def _bent(book: Book, narrow: LayerState, numbers: dict[str, float]) -> Assessment | None:
    """All rows go through one or two weighted sums first, and no weighted sum of the columns tells the labels."""
    signal, states = maybe(book, SignalFacts), book.get(ActivationFacts).end
    first = next((one for one in states if one.kind in WEIGHTED), None)
    if signal is None or not signal.has_signal or first != narrow:
        return None
    chance = 0.5 if signal.metric == "auc" else 0.0
    if signal.linear - chance >= BENT * (signal.best - chance):
        return None
    numbers |= {"linear_reference": signal.linear, "best_reference": signal.best}
    metric = metric_name(signal.metric)
    because = (
        f"every row goes through {count(narrow.units or 0, 'unit')} in {place(narrow.layer)} first, which is as many "
        f"weighted sums of its columns, and the best such sum tells little of the labels ({metric} "
        f"{num(signal.linear)}, where {signal.best_name} reaches {num(signal.best)})"
    )
    return inconclusive(because, weight=0.45, layer=narrow.layer, **numbers)


def _assess(book: Book) -> Assessment:
    facts, inits = book.get(ActivationFacts), maybe(book, InitializationFacts)
    narrow = narrow_layers(facts.end)
    if not narrow:
        return ruled_out("every hidden layer has more than two units")
    numbers = {"narrowest_units": float(min(one.units or 0 for one in narrow))}
    if calm := alive_in_training(book):
        return served_fine(book) or _crowded(book, narrow[0], numbers) or _bent(book, narrow[0], numbers) or calm
    if facts.input_constant or (inits is not None and (inits.zero_layers or inits.hidden_symmetric)):
        return ruled_out("the rows are made equal by something else, at any width", layer=None, **numbers)
    dead = dead_hidden(facts.end)
    cut = None if dead is None else _within(dead, facts.end, narrow)
    if dead is None or cut is None:
        where = place(narrow[0].layer)
        because = f"{where} has only {count(narrow[0].units or 0, 'unit')}, and was not seen to cut the rows off"
        return inconclusive(because, weight=0.35, layer=narrow[0].layer, **numbers)
    born = any(one.layer == dead.layer and one.dead_fraction == 1.0 for one in facts.initial)
    since = "before the first step already" if born else "at the end of the training"
    because = f"{place(cut.layer)} has only {count(cut.units or 0, 'unit')}, and all rows are 0 behind it {since}"
    if not born and _thrown(book):
        return inconclusive(f"{because}, after steps that kill wide layers too", weight=0.4, layer=cut.layer, **numbers)
    return supported(because, weight=0.85 if born else 0.75, layer=cut.layer, **numbers)


CAUSE = Cause(
    code="DF406",
    name="too-narrow",
    stage="architecture",
    assess=_assess,
    fixes=("widen-narrow-layers", "leaky-relu"),
    contrast={"widen-narrow-layers": "must_work", "more-epochs": "must_not"},
    explains=("DF401", "DF404", "DF502", "DF505", "DF506"),
    look_alikes=("DF401", "DF501", "DF601"),
    when_varied=True,
)

"""DF501 learning-rate-too-high: the step is larger than the loss surface bears; the first updates wreck the network.

## What it is
The learning rate is ten to a thousand times above what this model, loss and optimizer stand: Adam at 0.1, SGD at 1, a
fine-tuning rate meant for training from scratch.

## Why every prediction is the same
An update as large as the weights themselves throws them where ReLUs are dead or sigmoids saturated for every row.
There the gradient is zero and nothing repairs it: the loss jumps, then freezes. Or it overflows to NaN.

## Evidence for
- The first update changes weights by a large part of their size; the loss rises several times, then stands still.
- The loss ends well above that of a constant, though the rows are still told apart.
- Layers alive at the initial weights are dead, saturated or equal at the end; NaN with finite data.
- Check: the same initial weights with the step divided by 10, 100, 1000.

## Evidence against
- The smaller step leaves the same constant: the fault is structural (head, labels, dead start) or the inputs' scale.
- Everything is alive at the end; the loss is smooth. Or the solver searches its steps (L-BFGS of scikit-learn).

## Look-alikes
- unscaled-inputs (DF101): gradient ∝ input. When standardizing alone works as well, the fault is the product; either
  repairs it.
- dead-relus (DF401), saturated-units (DF402): what the step leaves behind.
- nan-inputs (DF103): NaN with finite steps. exploding-gradients (DF405): the gradient itself grows with depth.

## Example
```python
model.compile(Adam(learning_rate=0.1), "binary_crossentropy")   # five sigmoid layers
# loss: .69, 3.1, .70, .69, .69 ...
```

## Fix
Divide the learning rate by 10 until the loss falls smoothly; a warm-up helps deep networks. Scale raw inputs first.

## Known problems
A large step alone need not collapse a shallow network on standardized rows: depth, scale or pretraining add to it.

## References
- Bengio, Practical Recommendations for Gradient-Based Training (2012): https://arxiv.org/abs/1206.5533
- Deep Learning Tuning Playbook: https://github.com/google-research/tuning_playbook
- Adam 1e-3 on an unfrozen BERT: https://github.com/strongio/keras-bert/issues/11
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._scale import FAR_ABOVE_USUAL, overflowed
from defib.causes._signs import alive_in_training, dead_hidden, fine, hidden, maybe, num, place, saturated_hidden
from defib.causes._thrown import SPIKE, never_back, thrown_to_an_end
from defib.causes._time import moment_clause
from defib.diagnosis import DECISIVE, Assessment, from_update, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.inputs import InputFacts
from defib.probes.training import TrainingFacts
from defib.probes.undefined import UndefinedFacts
from defib.probes.updates import UpdateFacts

HUGE_UPDATE = 0.3
"""A first step that moves a kernel by a third of its own size; usual first steps move it by a hundredth."""

FIRST_STEP = 1
"""A step acts from the first update on; what was so before it has another origin."""


def _wrecked(book: Book) -> tuple[str, str | None] | None:
    """What was alive at the start and is not at the end, as a clause with its layer."""
    facts, updates, inputs = maybe(book, ActivationFacts), maybe(book, UpdateFacts), maybe(book, InputFacts)
    if updates is not None and updates.nan_parameters:
        finite = inputs is None or inputs.nan_cells + inputs.inf_cells == 0
        return ("the weights became NaN with finite inputs", None) if finite else None
    if facts is None or not facts.initial or facts.input_constant:
        return None
    if (dead := dead_hidden(facts.end)) is not None and dead_hidden(facts.initial) is None:
        otherwise = f"{place(dead.layer)} was alive at the start and is dead on every row"
        return moment_clause(book, dead.layer, "dead", otherwise=otherwise), dead.layer
    if (full := saturated_hidden(facts.end)) is not None and saturated_hidden(facts.initial) is None:
        otherwise = f"{place(full.layer)} was in range at the start and is saturated"
        return moment_clause(book, full.layer, "saturated", otherwise=otherwise), full.layer
    equal = facts.first_equal_end
    if facts.first_equal_initial is None and any(state.layer == equal for state in hidden(facts.end)):
        otherwise = f"the rows were apart in {equal} at the start and are equal there now"
        return moment_clause(book, equal, "equal", otherwise=otherwise), equal
    return thrown_to_an_end(book)


def _large(book: Book) -> tuple[list[str], dict[str, float]]:
    """Signs that the step is large, most telling first, with their numbers."""
    training, updates = maybe(book, TrainingFacts), maybe(book, UpdateFacts)
    signs: list[str] = []
    numbers: dict[str, float] = {}
    if updates is not None and (first := updates.largest_first_update) is not None and first >= HUGE_UPDATE:
        numbers["largest_first_update_relative"] = first
        signs.append(f"the first update changed a kernel by {num(first)} times its size")
    if training is not None and training.spike is not None and training.spike >= SPIKE:
        numbers["loss_spike"] = training.spike
        signs.append(f"the loss rose to {num(training.spike)} times its first value")
    if training is not None and training.learning_rate is not None and training.rate_over_usual is not None:
        factor = training.rate_over_usual
        numbers["learning_rate"] = training.learning_rate
        if factor >= FAR_ABOVE_USUAL:
            numbers["learning_rate_over_usual"] = factor
            signs.append(f"the learning rate is {num(factor)} times the usual one of {training.optimizer}")
    return signs, numbers


def _assess(book: Book) -> Assessment:
    if book.get(TrainingFacts).finds_step:
        return not_applicable("L-BFGS searches the length of each step by itself")
    updates = maybe(book, UpdateFacts)
    if updates is not None and updates.nan_parameters and updates.lost_epsilon:
        because = f"the optimizer's epsilon is 0 in {updates.lost_epsilon[1]}: a step of any length divides by 0"
        return inconclusive(because, weight=0.2, layer=None)
    without = maybe(book, UndefinedFacts)
    if updates is not None and updates.nan_parameters and without is not None and without.certain is not None:
        because = "the loss is not a number for right answers that are certain: a smaller step gets there later"
        return inconclusive(because, weight=0.3, layer=None)
    signs, numbers = _large(book)
    calm = alive_in_training(book)
    if calm is not None and ("loss_spike" not in numbers or fine(book) is not None):
        return calm
    wrecked = (_wrecked(book) if calm is None else None) or never_back(book)
    if wrecked is not None and signs:
        weight = DECISIVE if overflowed(book) is not None else 0.75 if len(signs) > 1 else 0.7
        found = supported(f"{signs[0]} and {wrecked[0]}", weight=weight, layer=wrecked[1], **numbers)
        return from_update(found, FIRST_STEP)
    if wrecked is not None:
        return inconclusive(f"{wrecked[0]}, with steps of ordinary size", weight=0.4, layer=wrecked[1], **numbers)
    if signs:
        return inconclusive(f"{signs[0]}, but no layer was seen to die of it", weight=0.4, layer=None, **numbers)
    return ruled_out("the steps were of ordinary size and no layer died during the training", layer=None, **numbers)


CAUSE = Cause(
    code="DF501",
    name="learning-rate-too-high",
    stage="optimization",
    assess=_assess,
    fixes=("step-divided-by-10", "step-divided-by-100", "step-divided-by-1000"),
    # One of the smaller steps must work, whichever: "smaller-step" is the family of the three.
    contrast={"smaller-step": "must_work", "standardize-inputs": "must_not", "more-epochs": "must_not"},
    explains=("DF307", "DF401", "DF402", "DF706"),
    look_alikes=("DF101", "DF401", "DF402", "DF103", "DF405"),
    when_varied=True,
    makes_nan=True,
)

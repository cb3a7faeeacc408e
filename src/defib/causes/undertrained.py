"""DF506 undertrained: the network took too few steps to have learnt anything.

## What it is
Few epochs over few batches: 3 epochs of 5 batches are 15 updates, however many rows there are.

## Why every prediction is the same
A fresh network answers nearly the same for all rows. Learning starts with the output bias, the differences between
rows come later; this run ended before.

## Evidence for
- Tens of updates, all weights moving, steps of ordinary size, the loss still falling.
- The spread is small but not zero (a network is never *exactly* constant for lack of training).
- Check: five times the epochs, everything else fixed.

## Evidence against
- Weights that did not move: frozen, detached or not in the optimizer.
- Exact constancy; a loss that stands still; hundreds of epochs.

## Look-alikes
- learning-rate-too-low (DF502): many updates, each too small.
- stopped-on-plateau (DF505): more was planned, and something stopped it.
- vanishing-gradients (DF403): more epochs do not help.
- frozen-parameters (DF701), parameters-not-in-optimizer (DF703), detached-graph (DF704): a fresh network as well.

## Example
```python
model.fit(X, y, epochs=2, batch_size=512)         # 1,000 rows: four updates
```

## Fix
More epochs or smaller batches, until the loss has flattened. Watch the loss on held-out rows.

## Known problems
How many updates are few depends on the task; the trial with five times as many decides, not the count.

## References
- Deep Learning Tuning Playbook: https://github.com/google-research/tuning_playbook
- Far too little training: https://github.com/facebookresearch/detr/issues/202
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._loss import at_a_constant
from defib.causes._signs import count, dead_hidden, fine, maybe, num, pressed_together, seen
from defib.diagnosis import Assessment, by_itself, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.reference import SignalFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts
from defib.wording import percent

THROWN = 3.0
"""Loss at three times its first value: the updates did harm, and were not too few."""
FEW = 100
"""Updates below which hardly any network has left its start (Adam 1e-3 moves a weight by at most 0.1)."""
HANDFUL = 30
"""Updates with which no network learns anything, whatever else is wrong with it."""
INNER = 20
"""Iterations inside one step of L-BFGS, by default."""
FAR = 0.1
"""Change of the kernels, in parts of their size, that is no mere beginning."""
SOME = 400
"""Updates below which a loss that still falls is worth continuing."""


def _hopeless(book: Book, steps: int) -> str | None:
    """Why more steps would change nothing, as a clause."""
    updates, facts = maybe(book, UpdateFacts), maybe(book, ActivationFacts)
    if updates is not None and updates.moved_fraction == 0:
        return "no weight moved at all, which more steps would not change"
    if updates is not None and updates.nan_parameters:
        return "the weights are NaN"
    dead = facts is not None and (facts.input_constant or dead_hidden(facts.end) is not None)
    if dead or pressed_together(book):
        return "the rows are made equal inside, which more steps would not change"
    if book.get(TrainingFacts).frozen_loss:
        return "the loss stood still at the end"
    if updates is None and steps > HANDFUL and seen(book).pattern == "identical":
        return "all outputs are equal to the last digit, which few steps alone do not make"
    return None


def _went_far(book: Book) -> bool:
    """Whether the weights left their start and nothing says that the outputs, which vary, are wrong."""
    symptom, updates = seen(book), maybe(book, UpdateFacts)
    return (
        symptom.pattern == "varied"
        and symptom.skill is None
        and updates is not None
        and updates.median_relative_change >= FAR
    )


def _falling(because: str, book: Book, numbers: dict[str, float]) -> Assessment:
    """A loss that falls on rows in which the reference learners see no signal is no sign that there is any."""
    signal = maybe(book, SignalFacts)
    if signal is not None and not signal.has_signal:
        because = f"{because}, but a standard model finds nothing in these rows: it may be learning them by heart"
        return inconclusive(because, weight=0.4, layer=None, **numbers)
    return supported(because, weight=0.65, layer=None, **numbers)


def _how_far(change: float) -> str:
    moved = f"moved the kernels by {percent(change)} of their size"
    return moved if change > 0 else "left most kernels as they were"


def _assess(book: Book) -> Assessment:
    training, updates = book.get(TrainingFacts), maybe(book, UpdateFacts)
    steps = training.n_updates * (INNER if training.optimizer == "lbfgs" else 1)
    numbers = {"updates": float(steps), "epochs": float(training.n_epochs or 0)}
    if calm := fine(book):
        return calm
    if (reason := _hopeless(book, steps)) is not None:
        return ruled_out(reason, layer=None, **numbers)
    because = f"the training took only {count(steps, 'update')}"
    if updates is not None and updates.median_relative_change < 10:
        numbers["median_relative_change"] = updates.median_relative_change
        because = f"{because}, which {_how_far(updates.median_relative_change)}"
    if steps > HANDFUL and _went_far(book):
        because = f"{because}, and whether that was enough cannot be told without labels"
        return inconclusive(because, weight=0.2, layer=None, **numbers)
    if steps > HANDFUL and training.spike is not None and training.spike >= THROWN:
        because = f"{because}, but they threw the loss to {num(training.spike)} times its first value"
        return inconclusive(because, weight=0.35, layer=None, loss_spike=training.spike, **numbers)
    if steps <= FEW:
        found = supported(because, weight=0.75, layer=None, **numbers)
        return by_itself(found) if steps <= HANDFUL else found
    if steps <= SOME and training.still_falling:
        return _falling(f"{because}, with the loss still falling", book, numbers)
    if training.still_falling:
        return inconclusive(f"the loss was still falling after {steps:,} updates", weight=0.35, layer=None, **numbers)
    if steps <= SOME and (held := at_a_constant(training)) is not None:
        return inconclusive(f"{because}, and {held}", weight=0.4, layer=None, **numbers)
    return ruled_out(f"{steps:,} updates were made and the loss no longer fell", layer=None, **numbers)


CAUSE = Cause(
    code="DF506",
    name="undertrained",
    stage="optimization",
    assess=_assess,
    fixes=("more-epochs",),
    contrast={"more-epochs": "must_work"},
    explains=("DF902", "DF105"),
    look_alikes=("DF502", "DF505", "DF403", "DF701", "DF703", "DF704"),
    when_varied=True,
)

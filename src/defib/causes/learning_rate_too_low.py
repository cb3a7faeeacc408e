"""DF502 learning-rate-too-low: every step is so small that the network is still the one it started as.

## What it is
A learning rate far below the usual one (a decimal slip, a schedule that decayed to nothing, the rate of a pretrained
encoder used for a fresh head).

## Why every prediction is the same
A fresh network answers nearly the same for all rows (a spread of .0002 to .05), and after thousands of tiny updates it
still does. It is not stuck: the loss falls, slowly.

## Evidence for
- All kernels, the head's too, ended within a few percent of where they began; the relative update per step is 1e-5 or
  less; the loss still falls.
- With Adam and its like the sum of all steps is at most about steps × learning rate per weight: when that is far below
  the weights' size, nothing can have been learnt, whether or not the loss is seen to fall.
- A schedule that made most updates at less than 1 % of its largest rate, so that all of them together amount to a few
  dozen full ones: a scheduler that was meant for epochs is stepped after every batch.
- Check: the same weights and budget with the step times 10, times 100, or without the schedule.

## Evidence against
- Weights that did not move *at all*: frozen, not in the optimizer, or without gradient.
- The head moved and the early layers did not: vanishing-gradients. Few updates of ordinary size: undertrained.

## Look-alikes
- undertrained (DF506): ordinary steps, too few of them.
- vanishing-gradients (DF403): small early, ordinary late; a larger step does not help.
- target-scale (DF106): an ordinary step against a distance of thousands.

## Example
```python
optimizer = torch.optim.SGD(net.parameters(), lr=1e-6)
```

## Fix
Call `scheduler.step()` once per epoch when its numbers are epochs. Otherwise multiply the learning rate by 10 until the
loss falls within a few epochs, or start at the optimizer's usual value (Adam 1e-3, SGD 1e-2 with scaled inputs).

## Known problems
Such a network is near-constant, not exactly constant, and it often ranks a little already.

## References
- Bengio, Practical Recommendations for Gradient-Based Training (2012): https://arxiv.org/abs/1206.5533
- A head too slow at the encoder's rate: https://github.com/ThilinaRajapakse/simpletransformers/issues/234
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import count, dead_hidden, fine, maybe, num
from defib.causes._time import still_rising
from defib.diagnosis import Assessment, by_itself, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.collapse import CollapseFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts
from defib.skill_against_reference import STANDS
from defib.wording import percent

BARELY = 0.1
"""Median relative change of the kernels over the whole training; networks that learnt moved by a third and more."""
TINY_STEP = 1e-4  # relative update per step: usual first steps are 1e-3 to 1e-2
STARVED = 0.5
"""Share of the updates at less than 1 % of the largest rate from which a schedule is looked at; a cosine to zero makes
6 % of them there, an exponential decay to a thousandth a third."""
MANY = 50  # updates that would have been enough to see something at an ordinary step
LOW, FAR_TOO_LOW = 0.1, 0.01
"""Learning rate over the optimizer's customary one. At a hundredth and below, where the same gradients would make
ordinary steps at the customary rate, a loss that does not visibly fall is what the step alone brings about."""
BOUNDED = frozenset({"adam", "adamw", "nadam", "adamax", "rmsprop", "lion"})
"""Optimizers that divide by the gradient's own size: a weight moves by about the learning rate per step, however large
or small the gradient. A loss that falls too slowly to be told from its noise is then no sign of anything else."""


def _assess(book: Book) -> Assessment:
    searched = book.get(TrainingFacts).finds_step
    return not_applicable("L-BFGS searches the length of each step by itself") if searched else _by_steps(book)


def _by_steps(book: Book) -> Assessment:
    updates, training = book.get(UpdateFacts), book.get(TrainingFacts)
    change, steps = updates.median_relative_change, training.n_updates
    numbers = {"median_relative_change": change, "updates": float(steps)}
    if training.learning_rate is not None:
        numbers["learning_rate"] = training.learning_rate
    if not updates.nan_parameters and training.full_updates is not None and training.tiny_rate_share >= STARVED:
        return fine(book) or _learnt(book) or _decayed(training, training.full_updates, numbers)
    if training.learning_rate == 0 and updates.moved_fraction == 0:
        because = f"the learning rate is 0: {count(steps, 'update')} moved no weight"
        return supported(because, weight=0.97, layer=None, **numbers)
    if change == 0:
        return ruled_out("most kernels did not move at all, which no step size explains", layer=None, **numbers)
    if updates.nan_parameters or not change < BARELY:
        return ruled_out(f"the kernels moved by {percent(min(change, 9.99))} of their size", layer=None, **numbers)
    if calm := fine(book):
        return calm
    facts = maybe(book, ActivationFacts)
    if facts is not None and (facts.input_constant or dead_hidden(facts.initial) is not None):
        return ruled_out("the rows are made equal inside, whatever the step", layer=None, **numbers)
    per_step = updates.largest_first_update if updates.largest_first_update is not None else change / max(steps, 1)
    numbers["relative_update_per_step"] = per_step
    rising, known = still_rising(training), updates.largest_first_update is not None
    numbers |= {"largest_learning_rate": training.largest_rate or 0.0} if rising else {}
    first = f" (the first none by more than {num(100 * per_step)} %)" if known else ""
    because = f"{count(steps, 'update')} moved the kernels by {percent(change)} of their size{first}{rising}"
    share = 1.0 if training.rate_over_usual is None else training.rate_over_usual
    low = share <= LOW
    if steps < MANY and not low:
        return inconclusive(f"{because}, but these are few updates", weight=0.3, layer=None, **numbers)
    # The same gradients at the customary rate: an ordinary step, or is it they that are small?
    ordinary = share <= FAR_TOO_LOW and per_step / share >= TINY_STEP
    unseen = change < STANDS and ((low and training.optimizer in BOUNDED) or ordinary)
    if (training.still_falling is not False or unseen) and (per_step < TINY_STEP or low):
        return supported(because, weight=0.75 if low else 0.65, layer=None, **numbers)
    return inconclusive(because, weight=0.4, layer=None, **numbers)


def _learnt(book: Book) -> Assessment | None:
    """What was learnt at the smaller rates, before a larger one came, was learnt."""
    facts = maybe(book, CollapseFacts)
    if facts is None or facts.lost_at is None:
        return None
    return ruled_out(f"the network had learnt (loss {num(facts.best_loss)}) at the learning rates that it had")


def _decayed(training: TrainingFacts, full: float, numbers: dict[str, float]) -> Assessment:
    """The schedule took the step away: enough was left, or not."""
    largest, last = training.largest_rate or 0.0, training.last_rate or 0.0
    course = f"fell from {num(largest)} to {num(last)}" if last < largest else f"was {num(largest)} only at the end"
    because = (
        f"the learning rate {course}: {percent(training.tiny_rate_share)} of the {training.n_updates:,} updates were "
        f"made at less than 1 % of the largest one, and all together amount to {num(full)} at the full rate"
    )
    numbers = {**numbers, "largest_learning_rate": largest, "last_learning_rate": last, "updates_at_full_rate": full}
    if full < MANY:
        return by_itself(supported(because, weight=0.9, layer=None, **numbers))
    return inconclusive(because, weight=0.4, layer=None, **numbers)


CAUSE = Cause(
    code="DF502",
    name="learning-rate-too-low",
    stage="optimization",
    assess=_assess,
    fixes=("constant-learning-rate", "step-times-10", "step-times-100", "usual-learning-rate"),
    contrast={"larger-step": "must_work"},
    explains=("DF506", "DF902"),
    look_alikes=("DF506", "DF403", "DF106", "DF703"),
    when_varied=True,
)

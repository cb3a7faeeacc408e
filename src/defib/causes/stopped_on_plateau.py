"""DF505 stopped-on-plateau: something ended the training while the loss still stood at that of a constant.

## What it is
Early stopping with little patience, a tolerance, or a time limit met the plateau that many networks cross before they
learn.

## Why every prediction is the same
The first thing a network learns is the output bias: the loss falls to the prior loss and rests there while the hidden
layers slowly come apart. A run that is stopped on that step answers the base rate.

## Evidence for
- Fewer epochs than planned; the loss at (or just below) the prior loss; AUC often already above .5.
- Weights of an early epoch put back at the end (`restore_best_weights`, a checkpoint): the epoch that looked best by a
  measure watched in the wrong direction, or by a noisy one, is the first.
- Or the loss came down all the way and was still above that of a constant: the accuracy of a rare label is at its best
  from the first epochs on, whatever is learnt.
- Check: the same run with patience switched off.

## Evidence against
- All planned epochs were run: then it is undertrained, or stuck for another reason.
- The loss was far below the prior loss when it stopped.
- More patience changes nothing.
- It ranks its training rows and not new ones: it had left the plateau, and learnt them by heart.

## Look-alikes
- undertrained (DF506): nobody stopped it; too few epochs were asked for.
- learning-rate-too-low (DF502): the plateau is long because the step is short; both fixes work then.
- no-learnable-signal (DF901): the plateau is all there is.

## Example
```python
EarlyStopping(monitor="loss", min_delta=0.01, patience=1)   # a stack of sigmoids rests for 10 to 50 epochs
MLPClassifier((64, 64, 64), "logistic", tol=1e-2, max_iter=500)   # scikit-learn: max_iter changes nothing
```

## Fix
Watch a measure in its own direction (`mode="max"` for accuracy). Raise the patience beyond the plateau (tens of
epochs), lower `min_delta`/`tol`, or shorten the plateau by standardized inputs and ReLU. A larger maximal number of
epochs alone changes nothing.

## Known problems
In a loop of one's own the planned number is read from ``for epoch in range(n)`` around the step, where its source says
it; where it does not, the run looks undertrained.

## References
- Prechelt, Early Stopping - But When? (1998): https://doi.org/10.1007/3-540-49430-8_3
- Stopped at the base-rate plateau by a tolerance: https://github.com/scikit-learn/scikit-learn/issues/31235
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._loss import NEAR, came_down
from defib.causes._signs import dead_hidden, fine, maybe, num
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book, Missing
from defib.probes.activations import ActivationFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.training import TrainingFacts

THROWN = 3.0
"""Loss at three times its first value: where it comes to rest afterwards is no plateau that the training began with."""


def _assess(book: Book) -> Assessment:
    training = book.get(TrainingFacts)
    if not training.stopped_early:
        if training.planned_epochs is None:
            raise Missing("TrainingFacts", "the number of epochs that were planned")
        return ruled_out(f"all {training.planned_epochs} planned epochs were run", epochs=float(training.n_epochs or 0))
    numbers = {"epochs": float(training.n_epochs or 0), "planned_epochs": float(training.planned_epochs or 0)}
    if calm := fine(book):
        return calm
    facts = maybe(book, ActivationFacts)
    if facts is not None and (facts.input_constant or dead_hidden(facts.end) is not None):
        return ruled_out("the rows are made equal inside, which no patience mends", layer=None, **numbers)
    last, prior = training.last_loss, training.prior_loss
    because = f"the training stopped after {training.n_epochs} of {training.planned_epochs} epochs"
    if training.restored_epoch is not None and training.restored_epoch < (training.n_epochs or 0):
        last = training.restored_loss if training.restored_loss is not None else last
        numbers["restored_epoch"] = float(training.restored_epoch)
        because = f"{because} and the weights of epoch {training.restored_epoch} were put back ({training.restored_by})"
    if _learnt_by_heart(book):
        because = f"{because}, but it had left the plateau: it ranks its training rows and not new ones"
        return inconclusive(because, weight=0.3, layer=None, **numbers)
    if (spike := training.spike) is not None and spike >= THROWN:
        because = f"{because}, but its updates had thrown the loss to {num(spike)} times its first value before"
        return inconclusive(because, weight=0.3, layer=None, loss_spike=spike, **numbers)
    if last is None or prior is None:
        return inconclusive(because, weight=0.35, layer=None, **numbers)
    numbers |= {"last_loss": last, "prior_loss": prior}
    because = f"{because} with the loss at {num(last)}, where a constant gives {num(prior)}"
    if abs(last - prior) <= NEAR * prior:
        return supported(because, weight=0.8, layer=None, **numbers)
    return _off_the_plateau(training, last > prior, because, numbers)


def _off_the_plateau(training: TrainingFacts, above: bool, because: str, numbers: dict[str, float]) -> Assessment:
    """Not even the share of the classes was learnt; or, below it, more than that."""
    first = training.first_loss
    if above and first is not None and came_down(training):
        because = f"{because}, and had come down all the way from {num(first)}"
        return supported(because, weight=0.75, layer=None, **numbers)
    return inconclusive(because, weight=0.3, layer=None, **numbers)


def _learnt_by_heart(book: Book) -> bool:
    """On a plateau rows are not told apart; this network tells its training rows apart, by what holds for no other."""
    facts = book.get(SymptomFacts)
    own = None if facts.training_symptom is None else facts.training_symptom.skill
    new = facts.symptom.skill
    return own is not None and own.shown and new is not None and new.rows != "training" and not new.shown


CAUSE = Cause(
    code="DF505",
    name="stopped-on-plateau",
    stage="optimization",
    assess=_assess,
    fixes=("more-epochs",),
    contrast={"more-epochs": "must_work"},
    explains=("DF506", "DF502", "DF902"),
    look_alikes=("DF502", "DF506", "DF901"),
    when_varied=True,
)

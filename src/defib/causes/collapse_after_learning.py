"""DF507 collapse-after-learning: the network had learnt, and a few steps took it away.

## What it is
A loss that had fallen well below that of a constant jumps back and stays there: where a schedule restarts or a warm-up
ends, in a second stage with a larger learning rate, or at one batch with corrupt rows.

## Why every prediction is the same
One update as large as the weights themselves throws them where every row is dead, saturated or NaN, exactly as too
large a first step does. What was learnt until then is gone; there is no gradient to learn it again.

## Evidence for
- Losses clearly below the prior loss for a good part of the training, then back at it or above within few updates.
- The learning rate rose between the two; or a row of the training data is a hundred times as large as the others.
- The same training, ended before that point, has skill.
- Check: `plt.plot(losses)`, with the learning rate beside it; keep the weights of the best epoch and predict with them.

## Evidence against
- The loss never was below that of a constant: then the step was too large from the start, or nothing was learnt.
- The loss is still low and only the predictions are constant: that is serving.
- A slow rise over many epochs: weight decay or other data, not a step.

## Look-alikes
- learning-rate-too-high (DF501): the first updates do the same to a network that had learnt nothing yet.
- numerical-overflow (DF706): NaN out of a small loss (a logarithm of 0), or in half precision.
- unshuffled-rows (DF104): the loss jumps at every new class, and falls again.

## Example
```python
schedule = CosineAnnealingWarmRestarts(optimizer, T_0=10)        # restarts at a rate meant for the first epochs
# loss: .62, .31, .12, .08, restart, 4.1, .69, .69 ...
```

## Fix
Keep the learning rate at or below the one at which it learnt; divide the later stage's rate by 10 to 100. Put back the
weights of the best epoch (`restore_best_weights=True`, a checkpoint). Clip gradients or drop the corrupt rows where one
batch did it.

## Known problems
Where neither the rate nor the rows tell why, one bad batch and one place where the step was too large look the same in
the losses: the report says that it is not known. Between recorded updates a spike is not seen.

## References
- Loshchilov and Hutter, SGDR: warm restarts (2017): https://arxiv.org/abs/1608.03983
- Chowdhery et al., PaLM (2022), section 5.1, skips batches before a loss spike: https://arxiv.org/abs/2204.02311
- Molybog et al., A Theory on Adam Instability in Large-Scale Machine Learning (2023): https://arxiv.org/abs/2304.09871
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._scale import FAR_ABOVE_USUAL, SPIKE
from defib.causes._signs import alive_in_training, count, maybe, num, seen
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.collapse import CollapseFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts

ROSE = 2.0
"""Learning rate over the one at which it learnt, from which on it is what changed."""
FEW = 0.1
"""Share of the training that the fall may take: slower, it was no step."""


def _assess(book: Book) -> Assessment:
    facts, updates = book.get(CollapseFacts), maybe(book, UpdateFacts)
    if updates is not None and updates.moved_fraction == 0:
        return ruled_out("no weight moved: what rose and fell in the losses is the batches' own")
    a_constant = "a constant gives" if facts.level_known else "it began at"
    numbers = {"best_loss": facts.best_loss, "loss_of_a_constant": facts.level, "learnt_share": facts.learnt_share}
    if facts.lost_at is None:
        kept = facts.learnt_share > 0 and facts.end_loss < facts.level
        because = "what it learnt was not lost again" if kept else "nothing was learnt that could be lost"
        return ruled_out(f"{because} (lowest loss {num(facts.best_loss)}, where {a_constant} {num(facts.level)})")
    if calm := alive_in_training(book):
        return calm
    numbers |= {"lost_at_update": float(facts.lost_at), "lost_within_updates": float(facts.lost_within)}
    because = (
        f"the network had learnt (loss {num(facts.best_loss)}, where {a_constant} {num(facts.level)}) and lost it "
        f"within {count(facts.lost_within, 'update')}, at update {facts.lost_at:,} of {facts.n_updates:,}"
    )
    if facts.lost_within > FEW * facts.n_updates:
        return inconclusive(f"{because}: too slowly for one step to have done it", weight=0.35, layer=None, **numbers)
    if seen(book).pattern == "nan" and not _exploded(facts):
        return inconclusive(f"{because}, to NaN at once", weight=0.45, layer=None, **numbers)
    return _reason(book, facts, because, numbers)


def _exploded(facts: CollapseFacts) -> bool:
    """The loss grew before it was lost: weights were thrown. A logarithm of 0 gives NaN out of a small loss."""
    return facts.highest_loss is not None and facts.highest_loss >= SPIKE * facts.level


def _reason(book: Book, facts: CollapseFacts, because: str, numbers: dict[str, float]) -> Assessment:
    """What changed where it was lost; that it was, the losses show, and a replay that learns cannot take it back."""
    there, training = facts.rate_lost, maybe(book, TrainingFacts)
    before = min((rate for rate in (facts.rate_learnt, facts.rate_before) if rate is not None), default=None)
    if before is not None and there is not None and there >= ROSE * before:
        numbers |= {"learning_rate_learnt": before, "learning_rate_lost": there}
        because = f"{because}, when the learning rate had risen from {num(before)} to {num(there)}"
        return supported(because, weight=0.95, layer=None, **numbers)
    if facts.far_rows:
        numbers["largest_row_over_median"] = facts.farthest_row
        rows = (
            f"{count(facts.far_rows, 'training row')}, up to {num(facts.farthest_row)} times as large as the median row"
        )
        return supported(f"{because}; the step met one of {rows}", weight=0.93, layer="input", **numbers)
    usual = None if training is None else training.rate_over_usual
    if usual is not None and usual >= FAR_ABOVE_USUAL:
        because = f"{because}, at a learning rate that was {num(usual)} times the usual one from the start"
        return inconclusive(because, weight=0.45, layer=None, **numbers)
    because = (
        f"{because}; neither the learning rate nor the recorded rows tell why: one batch, or one step, was too much"
    )
    return supported(because, weight=0.92, layer=None, **numbers)


CAUSE = Cause(
    code="DF507",
    name="collapse-after-learning",
    stage="optimization",
    assess=_assess,
    fixes=("capped-learning-rate", "stop-before-collapse", "step-divided-by-10"),
    contrast={
        "capped-learning-rate": "must_work",
        "stop-before-collapse": "must_work",
        "more-epochs": "must_not",
    },
    explains=("DF501", "DF307", "DF401", "DF402", "DF404", "DF405", "DF502", "DF505", "DF506", "DF706"),
    look_alikes=("DF501", "DF706", "DF104"),
    makes_nan=True,
)

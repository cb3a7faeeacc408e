"""DF801 stale-batchnorm-statistics: evaluation normalizes by means and variances that are not those of the data.

## What it is
Batch normalization trains on the statistics of each batch and predicts with running averages of them. The averages are
wrong when few steps updated them (momentum .99 needs hundreds), when batches were tiny or all of one kind, when the
layer was frozen, or when the weights changed faster than they could follow.

## Why every prediction is the same
Shifted by several standard deviations, the next ReLU is dead or the next sigmoid saturated for every row. The same
rows in training mode are told apart.

## Evidence for
- On the same rows, training mode has the spread and the skill that evaluation mode lacks.
- Running means several tenths of a standard deviation, or variances a factor, away from the batch's.
- Check: the same rows in both modes; recompute the averages by passes over the training rows, then predict again.

## Evidence against
- Both modes give the same, or training mode has no skill either.
- Running statistics agree with the batches'.

## Look-alikes
- preprocessing-skew (DF802): other *rows* are the trouble; training rows in evaluation mode are fine.
- undertrained (DF506): dropout noise makes training mode look alive; there is no skill in it.
- wrong mode at prediction: "remove eval()" hides stale statistics and does not repair them.

## Example
```python
model = Sequential([Dense(64), BatchNormalization(momentum=0.99), ReLU(), Dense(1, activation="sigmoid")])
model.fit(X, y, epochs=1, batch_size=256)         # 4 updates: the averages still hold 96 % of their start
```

## Fix
Recompute the running statistics over the training rows; then a lower Keras momentum (.9), more steps, larger or mixed
batches, or group/layer normalization, which keeps no averages.

## Known problems
A mild shift is normal and harmless; the verdict needs the lost skill too.

## References
- Ioffe and Szegedy, Batch Normalization (2015): https://arxiv.org/abs/1502.03167
- Wu and Johnson, Rethinking "Batch" in BatchNorm (2021): https://arxiv.org/abs/2105.07576
- Training accuracy 1.0, predict wrong on the same images: https://github.com/keras-team/keras/issues/8411
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import LOST_SPREAD, maybe, num, place, seen
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.loading import LoadingFacts
from defib.probes.modes import ModeFacts

SHIFT_SD = 0.3
"""|running − batch mean| in batch sd; averages that have settled lie within a few hundredths."""
RATIO = 1.5
"""Variance off by this factor either way."""
LOST_SKILL = 0.2
"""Rank skill on the same rows that training mode has and evaluation mode lacks."""
SQUEEZED = 20.0
"""Spread in training mode over that in evaluation mode from which on a ranking is of no use."""


def _assess(book: Book) -> Assessment:
    modes = book.get(ModeFacts)
    if not modes.has_batch_norm:
        return not_applicable("the model keeps no running statistics")
    shift, ratio = modes.worst_mean_shift_sd or 0.0, modes.worst_variance_ratio or 1.0
    numbers = {
        "running_mean_shift_sd": shift,
        "running_over_batch_variance": ratio,
        "evaluation_spread": modes.eval_spread,
        "training_spread": modes.train_spread,
    }
    if modes.eval_skill is not None and modes.train_skill is not None:
        numbers = {"evaluation_skill": modes.eval_skill, "training_skill": modes.train_skill, **numbers}
        # A skill read from a spread of rounding errors is none.
        squeezed = modes.train_skill >= LOST_SKILL and modes.eval_spread < modes.train_spread / SQUEEZED
        lost = squeezed or modes.train_skill - modes.eval_skill >= LOST_SKILL
        compared = f"skill {num(modes.train_skill)} in training mode and {num(modes.eval_skill)} in evaluation mode"
        if squeezed:
            compared = (
                f"spread {num(modes.train_spread)} in training mode and {num(modes.eval_spread)} in evaluation mode"
            )
    else:
        lost = modes.train_spread > LOST_SPREAD * max(modes.eval_spread, 1e-12)
        compared = f"spread {num(modes.train_spread)} in training mode and {num(modes.eval_spread)} in evaluation mode"
    stale = shift > SHIFT_SD or not 1 / RATIO <= ratio <= RATIO
    where = modes.worst_layer
    if (by_another := _left_behind(book)) is not None:
        return by_another
    if not lost:
        return ruled_out(f"the same rows have {compared}", layer=where, **numbers)
    if not stale:
        return inconclusive(f"{compared} on the same rows, with settled statistics", weight=0.3, layer=where, **numbers)
    because = (
        f"the same rows have {compared}, and the running mean of {place(where)} is {num(shift)} sd off its batches"
    )
    return supported(because, weight=0.95 if modes.eval_skill is not None else 0.8, layer=where, **numbers)


def _left_behind(book: Book) -> Assessment | None:
    """An average of the weights, or a copy, that took the weights of the training along and not the statistics."""
    loading = maybe(book, LoadingFacts)
    if loading is None or not loading.statistics_left_behind or not seen(book).is_flat or loading.trained_flat:
        return None
    because = (
        "the network that predicted is another instance than the trained one: its weights moved with the training, and "
        "its running means and variances are still those of before it"
    )
    numbers = {"likeness_to_trained": loading.likeness_to_trained}
    if loading.trained_spread is not None:
        numbers["spread_of_the_trained_weights"] = loading.trained_spread
    return supported(because, weight=0.95, layer=None, **numbers)


CAUSE = Cause(
    code="DF801",
    name="stale-batchnorm-statistics",
    stage="serving",
    assess=_assess,
    fixes=("recompute-statistics", "more-epochs"),
    contrast={"recompute-statistics": "must_work"},
    explains=("DF401", "DF402", "DF506", "DF502", "DF902", "DF403", "DF404"),
    look_alikes=("DF802", "DF506"),
    when_varied=True,
    makes_nan=True,
)

"""DF702 wrong-mode: the network predicts in training mode, or is trained in evaluation mode.

## What it is
Batch normalization and dropout work differently in the two modes. `model.eval()` is forgotten before predicting, or
`training=True` is passed on; or `model.eval()` is called once (for a validation pass, when loading) and `model.train()`
never again, or a hand-written loop calls `model(x)` without `training=True`.

## Why every prediction is the same
In training mode each call is normalized by the statistics of its own rows. One row per call minus its own mean is 0:
what is left is the layer's shift, the same for every row. Trained in evaluation mode, batch normalization divides by
the statistics that it started with (mean 0, variance 1): raw inputs stay raw, and saturate or kill what comes behind.

## Evidence for
- The calls that predicted ran in training mode, and the same rows and weights are told apart in evaluation mode (or in
  training mode, in one batch).
- The updates ran in evaluation mode and the running statistics, never updated, are far from the batches'.
- Check: `model.training` before predicting and inside the loop; the same rows in both modes.

## Evidence against
- Predictions came from evaluation mode and training steps from training mode.
- The rows are as flat in evaluation mode.

## Look-alikes
- stale-batchnorm-statistics (DF801): evaluation mode is the one that is flat; its statistics had no time to settle.
- preprocessing-skew (DF802): other rows, not another mode.
- unscaled-inputs (DF101): nothing in the network was to normalize them.

## Example
```python
for row in X_new:                                      # no model.eval() before
    prediction = model(row[None], training=True)       # batch statistics of one row: always the same answer
```

## Fix
`model.eval()` (or `model.predict`) to predict, `model.train()` (or `training=True`) at the start of every epoch.

## Known problems
Dropout left on makes predictions noisy, not constant, and can hide a constant behind noise. Keras' `predict` overrides
`training=True` inside functional models, not inside subclassed ones. Batch normalization frozen on purpose is no fault.

## References
- PyTorch, nn.Module.train and eval: https://pytorch.org/docs/stable/generated/torch.nn.Module.html
- Keras, The training argument: https://keras.io/getting_started/faq/
- Ioffe and Szegedy, Batch Normalization (2015): https://arxiv.org/abs/1502.03167
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import LOST_SPREAD, count, fine, num, place
from defib.causes.stale_batchnorm_statistics import RATIO, SHIFT_SD
from defib.diagnosis import Assessment, by_itself, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.modes import ModeFacts
from defib.wording import percent

HALF = 0.5
"""Share of the updates in evaluation mode from which on the running statistics saw the lesser part of the training."""


def _lost(modes: ModeFacts, otherwise: float | None) -> bool:
    """Whether the calls kept less than a fifth of the spread that there would be otherwise."""
    return otherwise is not None and (modes.served_spread or 0.0) < otherwise / LOST_SPREAD


def _predicted(modes: ModeFacts) -> Assessment | None:
    """The calls that predicted ran in training mode; ``None`` when that is not what made them flat."""
    if modes.served_spread is None or not (modes.served_flat or _lost(modes, modes.evaluation_spread)):
        return None
    rows = count(modes.rows_per_call or 1, "row")
    numbers = {
        "rows_per_call": float(modes.rows_per_call or 1),
        "served_spread": modes.served_spread,
        "evaluation_spread": modes.evaluation_spread or 0.0,
        "one_batch_spread": modes.one_batch_spread or 0.0,
    }
    because = f"the program predicted in training mode, {rows} per call, with a spread of {num(modes.served_spread)}"
    where = modes.worst_layer
    if modes.evaluation_flat is False and _lost(modes, modes.evaluation_spread):
        text = f"{because}; in evaluation mode the same rows and weights have {num(numbers['evaluation_spread'])}"
        return by_itself(supported(text, weight=0.97, layer=where, **numbers))
    if modes.one_batch_flat is False and modes.has_batch_norm and _lost(modes, modes.one_batch_spread):
        text = f"{because}; in one batch the same rows and weights have {num(numbers['one_batch_spread'])}"
        return by_itself(supported(text, weight=0.92, layer=where, **numbers))
    if modes.evaluation_flat:
        return ruled_out(f"{because}, and evaluation mode is as flat", layer=where, **numbers)
    return inconclusive(f"{because}, and evaluation mode changes little", weight=0.2, layer=where, **numbers)


def _trained(modes: ModeFacts, share: float) -> Assessment:
    """The updates ran in evaluation mode."""
    shift, ratio, where = modes.worst_mean_shift_sd or 0.0, modes.worst_variance_ratio or 1.0, modes.worst_layer
    numbers = {
        "updates_in_evaluation_mode": share,
        "running_mean_shift_sd": shift,
        "running_over_batch_variance": ratio,
    }
    because = f"{percent(share)} of the updates ran in evaluation mode"
    if not modes.has_batch_norm:
        return ruled_out(
            f"{because}, which without running statistics only switches dropout off", layer=None, **numbers
        )
    because = (
        f"{because}, so the running statistics of {place(where)} stayed as they were: its mean is {num(shift)} sd off "
        f"its batches', its variance {num(ratio)} times theirs"
    )
    if shift > SHIFT_SD or not 1 / RATIO <= ratio <= RATIO:
        return by_itself(supported(because, weight=0.8, layer=where, **numbers))
    return inconclusive(f"{because}, which is close enough", weight=0.2, layer=where, **numbers)


def _assess(book: Book) -> Assessment:
    modes = book.get(ModeFacts)
    if found := _predicted(modes):
        return found
    if calm := fine(book):
        return calm
    share = modes.trained_in_evaluation
    if share is not None and share >= HALF:
        return _trained(modes, share)
    mode = "training mode, and is not flat" if modes.served_in_training else "evaluation mode"
    how = "was not seen to predict" if modes.served_in_training is None else f"predicted in {mode}"
    steps = "" if share is None else f"; {percent(1 - share)} of its updates ran in training mode"
    return ruled_out(f"the network {how}{steps}", layer=None, evaluation_spread=modes.eval_spread)


CAUSE = Cause(
    code="DF702",
    name="wrong-mode",
    stage="loop",
    assess=_assess,
    fixes=("evaluation-mode", "training-mode"),
    contrast={"training-mode": "must_work"},
    explains=("DF101", "DF401", "DF402", "DF403", "DF404", "DF502", "DF506", "DF801", "DF902"),
    look_alikes=("DF801", "DF802", "DF101"),
    when_varied=True,
    makes_nan=True,
)

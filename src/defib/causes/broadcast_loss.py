"""DF305 broadcast-loss: predictions and targets of different shape are broadcast against each other in the loss.

## What it is
Predictions of shape (n, 1) meet targets of shape (n,). NumPy rules make an (n, n) table of it: every prediction is
held against *every* target.

## Why every prediction is the same
The sum over all pairs is smallest when each prediction is the mean of all targets. The loss falls to var(y), by the
output bias alone, and all other weights are pulled to 0: it looks like training.

## Evidence for
- The shape of the element-wise loss is larger than the predictions'; the two shapes differ.
- The loss ends at var(y); every prediction is mean(y).
- Check: `print(pred.shape, target.shape)` in the line before the loss. PyTorch's `MSELoss` only warns.

## Evidence against
- The shapes agree (or the framework aligns them, as Keras does for compiled losses).
- The loss falls below var(y).

## Look-alikes
- no-learnable-signal (DF901): ends at mean(y) as well, with equal shapes.
- regularization-too-strong (DF503): weights go to 0 with equal shapes.
- dead-relus (DF401): mean(y) by the bias, hidden units dead.

## Example
```python
pred = net(x)                                     # (64, 1)
loss = ((pred - y) ** 2).mean()                   # y: (64,) -> 64 x 64 differences
```

## Fix
Bring both to one shape: `pred.squeeze(-1)` or `y.unsqueeze(-1)` (`y.reshape(-1, 1)`), and assert `pred.shape ==
y.shape`.

## Known problems
A batch of one row broadcasts without harm.

## References
- PyTorch, Broadcasting semantics: https://pytorch.org/docs/stable/notes/broadcasting.html
- Cannot learn y = x1 + x2 + x3: https://discuss.pytorch.org/t/148155
- Squeezed logits against (n, 1) labels: https://github.com/deepset-ai/FARM/issues/229
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import fine, maybe, num
from defib.diagnosis import Assessment, ruled_out, supported
from defib.evidence import Book, Missing
from defib.probes.head import HeadFacts
from defib.probes.training import TrainingFacts


def _assess(book: Book) -> Assessment:
    head = book.get(HeadFacts)
    if not head.broadcasts:
        if head.prediction_shape is None or head.target_shape is None:
            raise Missing("HeadFacts", "the shapes of predictions and targets in the loss")
        return ruled_out(f"predictions {head.prediction_shape} and targets {head.target_shape} are not broadcast")
    if calm := fine(book):
        return calm
    rows = float((head.prediction_shape or (0,))[0])
    numbers = {"rows_in_batch": rows, "pairs_in_loss": rows * rows}
    because = f"predictions of shape {head.prediction_shape} met targets of shape {head.target_shape} in the loss"
    training = maybe(book, TrainingFacts)
    if training is not None and training.at_prior_loss and training.last_loss is not None:
        numbers = {"last_loss": training.last_loss, **numbers}
        because = f"{because}, and the loss ended at {num(training.last_loss)}, that of a constant"
    return supported(because, weight=0.97, layer=head.layer, **numbers)


CAUSE = Cause(
    code="DF305",
    name="broadcast-loss",
    stage="head",
    assess=_assess,
    fixes=("match-shapes",),
    contrast={
        "match-shapes": "must_work",
        **dict.fromkeys(
            (
                *("standardize-inputs", "step-divided-by-10", "step-divided-by-100", "step-times-10", "step-times-100"),
                *("relu-he", "leaky-relu", "batch-norm", "halve-depth", "reinitialize", "more-epochs"),
            ),
            "must_not",
        ),
    },
    explains=("DF401", "DF403", "DF404", "DF502", "DF503", "DF505", "DF506", "DF901", "DF106", "DF105"),
    look_alikes=("DF901", "DF503", "DF401"),
    when_varied=True,
    in_itself=True,
)

"""DF706 numerical-overflow: finite data and an ordinary step, and still NaN: a number left the range of its type.

## What it is
`log(0)`, `exp` of a large number, a division by a zero standard deviation inside the model or the loss, or 16-bit
floats that end at 65,504.

## Why every prediction is the same
One NaN in the loss makes the whole gradient NaN; after that step all weights, and all predictions, are NaN. `argmax`
of NaN reads as class 0.

## Evidence for
- The loss, asked about predictions that the head can give, is NaN for some of them: values below 0, a probability of 0.
- Predictions that are NaN, of finite weights that give numbers elsewhere: another path through the network.
- Weights of 16 bits under an optimizer whose epsilon is 0 there: 1e-8 is less than the smallest float16.
- NaN in the weights or the loss, with finite inputs and labels, inputs of ordinary scale and a step of ordinary size.
- Check: the same run in float32; `torch.autograd.set_detect_anomaly(True)`; `tf.debugging.enable_check_numerics()`.

## Evidence against
- NaN in the data (nan-inputs); a step or scale that explains the overflow.
- Finite weights.

## Look-alikes
- learning-rate-too-high (DF501), unscaled-inputs (DF101), exploding-gradients (DF405): weights that grew until they
  overflowed.
- nan-inputs (DF103): the NaN came with the data.

## Example
```python
p = torch.softmax(net(x), dim=1)
loss = -(y * torch.log(p)).sum()                  # log(0) as soon as one class is certain
```

## Fix
Where the loss has no value for what the head can say (the logarithm of a negative prediction), a head that cannot say
it (softplus), or a loss that takes any value. Losses on logits (they contain a stable log-sum-exp), an epsilon inside
`log` and `sqrt`, float32 for the loss, loss scaling for 16 bits.

## Known problems
Which operation overflowed is not traced here; the checks above name it. Of PyTorch's Transformer layers, `eval()` under
`no_grad` takes a faster path, in which a position whose mask leaves nothing to attend to is NaN; hooks and
`torch.backends.mha.set_fastpath_enabled(False)` switch it off.

## References
- Micikevicius et al., Mixed Precision Training (2018): https://arxiv.org/abs/1710.03740
- exp overflow and log(0): https://github.com/MorvanZhou/tutorials/issues/75
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._scale import badly_scaled
from defib.causes._served import PREDICTING, nan_in_predicting
from defib.causes._signs import maybe, num, seen
from defib.causes._undefined import below_the_labels, of_certain_answers
from defib.diagnosis import Assessment, by_itself, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.inputs import InputFacts
from defib.probes.labels import LabelFacts
from defib.probes.training import TrainingFacts
from defib.probes.undefined import UndefinedFacts
from defib.probes.updates import UpdateFacts
from defib.wording import percent

USUAL = 10.0
"""Learning rate over the customary one from which on it may explain the NaN by itself."""


def _assess(book: Book) -> Assessment:
    updates, training, inputs = maybe(book, UpdateFacts), maybe(book, TrainingFacts), book.get(InputFacts)
    broken = (updates is not None and updates.nan_parameters > 0) or seen(book).pattern == "nan"
    if not broken:
        return ruled_out("weights and outputs are finite")
    labels = maybe(book, LabelFacts)
    if inputs.nan_cells + inputs.inf_cells > 0 or (labels is not None and labels.nan_fraction > 0):
        return ruled_out("the data hold NaN themselves", nan_or_inf_cells=float(inputs.nan_cells + inputs.inf_cells))
    if (without := maybe(book, UndefinedFacts)) is not None and without.below is not None:
        return below_the_labels(without)
    if without is not None and without.certain is not None:
        return of_certain_answers(without.certain)
    ends = None if without is None else without.at_ends
    if ends is not None and ends > 0:
        return by_itself(supported(f"{AT_ENDS}, as in {percent(ends)} of the rows before the first step", weight=0.95))
    if nan_in_predicting(book, updates):
        return supported(PREDICTING, weight=0.7, nan_parameters=0.0)
    if updates is not None and updates.lost_epsilon is not None:
        return _divided_by_zero(training, *updates.lost_epsilon)
    large_step = training is not None and (training.rate_over_usual or 0.0) >= USUAL
    because = "the network holds NaN although every cell of its rows is finite"
    if large_step or badly_scaled(inputs) is not None:
        return inconclusive(f"{because}, and the step or the scale may explain it", weight=0.3)
    if ends is not None:
        return supported(AT_ENDS, weight=0.8, layer="head")
    at = float(training.nan_at) if training is not None and training.nan_at is not None else 0.0
    return supported(f"{because}, its inputs are scaled and {_rate(training)}", weight=0.6, nan_at_update=at)


AT_ENDS = (
    "the network holds NaN although every cell of its rows is finite: the loss takes the logarithm of the "
    "probabilities as they are, which is no number where one is exactly 0"
)


def _divided_by_zero(training: TrainingFacts | None, epsilon: float, kind: str) -> Assessment:
    """A small gradient's square is 0 in such a type, and the step divides by it: no large step is needed for that."""
    optimizer = "the optimizer" if training is None else training.optimizer
    because = (
        f"the network holds NaN although every cell of its rows is finite: its weights are {kind}, where the "
        f"{num(epsilon)} that {optimizer} adds to what it divides by is 0, as is the square of a small gradient"
    )
    return supported(because, weight=0.9, epsilon=epsilon)


def _rate(training: TrainingFacts | None) -> str:
    """What is known of the step. How far it threw the weights is another cause's evidence (DF501)."""
    if training is None or training.rate_over_usual is None:
        return "no learning rate was seen that would explain it"
    return f"its learning rate is {num(training.rate_over_usual)} times the usual one of {training.optimizer}"


CAUSE = Cause(
    code="DF706",
    name="numerical-overflow",
    stage="loop",
    assess=_assess,
    fixes=("logits-loss", "fitting-head", "wider-weights", "step-divided-by-10", "find-first-nan"),
    contrast={},
    explains=(),
    look_alikes=("DF501", "DF101", "DF405", "DF103"),
    when_varied=True,
    makes_nan=True,
)

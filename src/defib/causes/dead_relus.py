"""DF401 dead-relus: a layer of ReLUs is 0 on every row.

## What it is
All units of one hidden layer have a negative pre-activation for all rows, because of a step that was too large, a
negative bias, an unlucky or one-sided initialization, or a chain so narrow that a single dead unit cuts it.

## Why every prediction is the same
Behind the dead layer every row is the same vector of zeros; the layers after it can only answer their biases. The
gradient in front of it is exactly 0, so it never comes back.

## Evidence for
- A hidden layer with dead fraction 1 (99 % is not enough: one living unit carries information), equal rows from there
  on, a gradient of exactly 0 before it; predictions at the base rate or mean(y), because the output bias still learns.
- Check: outputs of each ReLU layer on some rows: `(h > 0).any(axis=0).mean()`.

## Evidence against
- Some unit is positive on some row; or a skip path goes round the dead layer and the outputs differ.
- The activations cannot die (leaky ReLU, ELU, GELU, sigmoid, tanh).

## Look-alikes
- zero-or-symmetric-initialization (DF601): zero weights give zero activations from the start; that is the origin.
- learning-rate-too-high (DF501), unscaled-inputs (DF101): what killed them, when they were alive at the start.
- relu-on-output (DF303): only the head is dead.
- constant-inputs (DF102): the rows were equal before the layer.

## Example
```python
layer = nn.Linear(30, 32)
nn.init.constant_(layer.bias, -8.0)               # every pre-activation is negative, for ever
net = nn.Sequential(layer, nn.ReLU(), nn.Linear(32, 1))
```

## Fix
If dead before the first step: the default initializer. If killed by training: a smaller step or scaled inputs. Leaky
ReLU lets a dead layer recover in both cases.

## Known problems
A dead layer is a mechanism; without an origin that was seen, the report says so by its tests of fixes.

## References
- Lu et al., Dying ReLU and Initialization (2019): https://arxiv.org/abs/1903.06733
- He et al., Delving Deep into Rectifiers (2015): https://arxiv.org/abs/1502.01852
- All outputs zero after ReLUs died: https://github.com/xiaochus/MSCNN/pull/3
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import RELU_LIKE, alive_in_training, dead_hidden, hidden, place, seen
from defib.causes._time import since_of, turn_of, when
from defib.diagnosis import Assessment, from_update, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.wording import percent

NEARLY = 0.9
"""A layer this dead is worth naming, though its living units may carry all that is needed."""


def _assess(book: Book) -> Assessment:
    facts = book.get(ActivationFacts)
    if seen(book).pattern == "nan":
        return ruled_out("the outputs are not numbers, which equal rows inside do not explain")
    layers = [state for state in hidden(facts.end) if state.dead_fraction is not None]
    if not layers:
        return not_applicable("no hidden layer has an activation that can die")
    worst = max(layers, key=lambda state: state.dead_fraction or 0.0)
    share = worst.dead_fraction or 0.0
    dead = dead_hidden(facts.end)
    if calm := alive_in_training(book):
        if dead is not None:
            return ruled_out(f"{place(dead.layer)} is dead on every row, but another path carries the rows past it")
        return calm
    if facts.input_constant:
        return ruled_out("the rows already are equal when they enter the model")
    if dead is not None:
        born = any(s.layer == dead.layer and s.dead_fraction == 1.0 for s in facts.initial)
        turn = turn_of(book, dead.layer, "dead")
        ended = "at the end of the training" if turn is None else f"{when(turn)} and from there on"
        since = "before the first step already" if born else ended
        because = f"every unit of {place(dead.layer)} is 0 on every row {since}, so that all rows are equal behind it"
        numbers = {"dead_fraction": 1.0, "dead_before_training": float(born)}
        found = supported(because, weight=0.8 if born else 0.75, layer=dead.layer, **numbers)
        return from_update(found, 0 if born else since_of(book, dead.layer, "dead"))
    if share >= NEARLY and worst.activation in RELU_LIKE:
        because = f"{percent(share)} of the units of {place(worst.layer)} are 0 on every row, but not all"
        return inconclusive(because, weight=0.3, layer=worst.layer, dead_fraction=share)
    return ruled_out(
        f"no hidden layer is dead (at most {percent(share)} of the units of {place(worst.layer)})",
        layer=worst.layer,
        dead_fraction=share,
    )


CAUSE = Cause(
    code="DF401",
    name="dead-relus",
    stage="architecture",
    assess=_assess,
    fixes=("leaky-relu", "reinitialize", "relu-he", "batch-norm", "step-divided-by-10", "standardize-inputs"),
    # No gradient is left, so more of the same steps change nothing; what revives it depends on what killed it.
    contrast={"more-epochs": "must_not"},
    explains=("DF404", "DF502", "DF505", "DF506"),
    look_alikes=("DF601", "DF501", "DF101", "DF303", "DF102"),
)

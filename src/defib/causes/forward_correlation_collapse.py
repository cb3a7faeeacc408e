"""DF404 forward-correlation-collapse: at the initial weights the layers make the rows more alike, one after the other.

## What it is
In a deep random network the correlation between two rows approaches 1 with depth, at a rate set by the activation and
the variance of weights and biases. Past the depth scale all rows point the same way before training begins.

## Why every prediction is the same
The last layer sees one direction for all rows. Differences between rows are a thousandth of what they share, and so is
the part of the gradient that could tell them apart; the output bias takes the rest.

## Evidence for
- At the *initial* weights, row correlation rises layer by layer to nearly 1, or the relative spread falls to nearly 0,
  from inputs that are well apart.
- In a recurrent layer, time is the depth: rows apart in its sequence and equal in its last step (right padding).
- Check: cosine between two rows' activations after every layer of the untrained network.

## Evidence against
- The rows are apart in the last hidden layer of the untrained network: then training did it (dead or saturated units).
- The rows are equal at the door (constant-inputs), or one single layer equals them (dead or zero weights).

## Look-alikes
- vanishing-gradients (DF403): the same slopes seen backward; in sigmoid stacks both are there. Where the gradient
  keeps its size (ReLU stacks) it is this.
- too-deep (DF407): half as many layers learn for both, and no experiment tells them apart; they are reported as tied.
- over-smoothing (DF408): rows become equal where the network mixes them; where its layers do it as well, both are tied.
- constant-inputs (DF102), zero-or-symmetric-initialization (DF601): equal at once, not gradually.

## Example
```python
layers = [nn.Sequential(nn.Linear(32, 32), nn.ReLU()) for _ in range(20)]
net = nn.Sequential(*layers, nn.Linear(32, 1))    # default weights shrink, biases stay: rows of one direction
```

## Fix
For a recurrent layer: read the last real step, mask the padding or put it in front, or pool over time. Otherwise
normalization layers, residual connections, an initializer at the critical scale (He for ReLU), or fewer layers.

## Known problems
A collapsed start is a handicap that Adam often overcomes; only a network that stayed flat has this fault.

## References
- Schoenholz et al., Deep Information Propagation (2017): https://arxiv.org/abs/1611.01232
- Poole et al., Exponential expressivity through transient chaos (2016): https://arxiv.org/abs/1606.05340
- He et al., Deep Residual Learning (2015): https://arxiv.org/abs/1512.03385
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._recurrence import assess_recurrence
from defib.causes._signs import EQUAL_ROWS, alive_in_training, dead_hidden, hidden, maybe, num, place, saturated_hidden
from defib.causes.vanishing_gradients import GEOMETRIC, VANISHED
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book, Missing
from defib.probes.activations import ActivationFacts
from defib.probes.gradients import GradientFacts
from defib.probes.initialization import InitializationFacts
from defib.probes.mixing import MixingFacts

LEAST_LAYERS = 3
"""One layer that equals the rows is dead, zero or saturated; a gradual loss needs some depth to be seen."""
COLLAPSED = 0.02
"""Relative spread in the last hidden layer: a fiftieth of what the rows share (correlation above .999)."""
MANY_LAYERS = 5
"""Three sigmoid layers start this close together, too, and learn after a plateau."""
ALIGNED, CROSSED = 0.95, 0.7
"""Row correlation in the last and in the first hidden layer: rows that came to point one way. Their
lengths may still differ (ReLU keeps them), so that the relative spread does not show it."""
FADED = 0.01
"""Absolute spread in the last hidden layer over that in the first: what differs no longer reaches the head."""
APART = 0.1
"""Relative spread at the door from which on the rows were apart."""


def _excluded(book: Book, facts: ActivationFacts) -> str | None:
    """What else makes the rows equal at the start, at once and not gradually, as a clause."""
    inits, door = maybe(book, InitializationFacts), facts.input_relative_spread
    if facts.input_constant or door < APART:
        return f"the rows are close together already when they come in (relative spread {num(door)})"
    if (mixing := maybe(book, MixingFacts)) is not None and mixing.takes_it_alone(COLLAPSED):
        return "what the rows lose at the start they lose where the network mixes them, not in its layers"
    if dead_hidden(facts.initial) is not None or (inits is not None and inits.hidden_symmetric):
        return "one single layer makes the rows equal at the start"
    if saturated_hidden(facts.initial) is not None:
        return "the units are saturated at the start, which is another mechanism"
    return None


def _assess(book: Book) -> Assessment:
    facts = book.get(ActivationFacts)
    if not facts.initial:
        raise Missing("ActivationFacts", "the initial weights")
    if (forgets := assess_recurrence(facts, book)) is not None:
        return alive_in_training(book) or forgets
    layers = [state for state in hidden(facts.initial) if state.activation is not None]
    if len(layers) < LEAST_LAYERS:
        return not_applicable(f"{len(layers)} hidden activations are too few for a gradual collapse")
    last = layers[-1]
    numbers = {"row_correlation_at_start": last.row_correlation, "relative_spread_at_start": last.relative_spread}
    if calm := alive_in_training(book):
        return calm
    if (reason := _excluded(book, facts)) is not None:
        return ruled_out(reason, layer=None, **numbers)
    if last.relative_spread < COLLAPSED:
        door = num(facts.input_relative_spread)
        fell = f"the relative spread of the rows falls from {door} to {num(last.relative_spread)}"
        clear = last.relative_spread < EQUAL_ROWS or len(layers) >= MANY_LAYERS
        return _weighed(book, facts, f"between the inputs and {place(last.layer)} {fell}", numbers, clear=clear)
    if last.row_correlation >= ALIGNED and layers[0].row_correlation < CROSSED:
        faded = last.row_spread / max(layers[0].row_spread, 1e-30)
        start, end = num(layers[0].row_correlation), num(last.row_correlation)
        rose = f"the correlation between rows rises from {start} to {end} and their spread shrinks to {num(faded)}"
        clear = faded < FADED and len(layers) >= MANY_LAYERS
        numbers["spread_last_over_first_layer"] = faded
        return _weighed(
            book, facts, f"between {place(layers[0].layer)} and {place(last.layer)} {rose}", numbers, clear=clear
        )
    return ruled_out(f"the rows are still apart in {place(last.layer)} before the first step", layer=None, **numbers)


def _weighed(book: Book, facts: ActivationFacts, because: str, numbers: dict[str, float], *, clear: bool) -> Assessment:
    place = facts.first_equal_initial or hidden(facts.initial)[-1].layer
    if dead_hidden(facts.end) is not None or saturated_hidden(facts.end) is not None:
        text = f"{because} before the first step, but the training then killed or saturated a layer"
        return inconclusive(text, weight=0.4, layer=place, **numbers)
    if not clear:
        return inconclusive(f"{because} before the first step", weight=0.4, layer=place, **numbers)
    weight = 0.55 if _geometric(book) else 0.75
    return supported(f"{because} before the first step", weight=weight, layer=place, **numbers)


def _geometric(book: Book) -> bool:
    """The gradient vanishes too: then the same slopes are named by their better-known side."""
    facts = maybe(book, GradientFacts)
    if facts is None or facts.first_over_last_initial is None or facts.per_decade is None:
        return False
    return facts.first_over_last_initial < VANISHED and facts.per_decade < GEOMETRIC


CAUSE = Cause(
    code="DF404",
    name="forward-correlation-collapse",
    stage="architecture",
    assess=_assess,
    fixes=("pad-in-front", "last-real-step", "batch-norm", "halve-depth", "relu-he"),
    contrast={"batch-norm": "must_work"},
    explains=("DF502", "DF505", "DF506"),
    look_alikes=("DF403", "DF407", "DF408", "DF102", "DF601", "DF401"),
    indistinct=("DF407", "DF408"),
)

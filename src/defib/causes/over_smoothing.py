"""DF408 over-smoothing: rounds that average over neighbours make all rows equal, round by round.

## What it is
A graph network averages every node with its neighbours, once per round. Forty rounds average over everybody: what told
the nodes apart is gone, whatever the weights are. Attention or a fixed matrix over positions does the same to tokens.

## Why every prediction is the same
Every round takes the same share off the differences between rows and leaves what they have in common. Twenty rounds
at a half each leave a millionth. The head sees one vector for all rows, and the output bias learns the base rate.

## Evidence for
- Before the first step, the steps that mix rows take the relative spread between them (its square: the Dirichlet energy
  over the complete graph) to a fiftieth or less, over three such steps or more; or one or two steps to a thousandth,
  as an adjacency does that is full (a threshold the wrong way round, ones in place of edges).
- Check: `x.std(0).norm() / x.norm()` after every round of the untrained network.

## Evidence against
- The rows are still apart in front of the head: few rounds, residual links, or a normalization that brings them back.
- No row meets another: then depth acts by other means.
- Two rounds are as flat.

## Look-alikes
- forward-correlation-collapse (DF404): rows lose what tells them apart in the layers between the rounds. Where both
  take it by themselves, no experiment tells them apart, and they are reported as tied.
- too-deep (DF407): half of the layers with weights learn while the rounds stay as many. Where a round and its layer
  can only be left out together, the two are one.
- constant-inputs (DF102): the rows are equal before the first round.
- exploding-gradients (DF405): sums over neighbours instead of means grow with every round; the spread grows, too.

## Example
```python
for _ in range(40):
    x = torch.relu(conv(adjacency @ x))           # 2 rounds reach the neighbours' neighbours
```

## Fix
Where one round is enough to make all equal, the adjacency: how many neighbours has a row? Else two or three rounds.
Where far neighbours matter: add what a node was to what it hears (residual or initial links), or let the head read
every round (jumping knowledge).

## Known problems
A step is taken for mixing when it has no weights and is no activation, normalization or pooling; in networks whose
branches lie side by side a loss may be put down to the wrong one. Fewer rounds are tried in PyTorch where they are a
list of equal modules or a number held by the model; elsewhere they are not tried, and it is said.

## References
- Li et al., Deeper Insights into Graph Convolutional Networks (2018): https://arxiv.org/abs/1801.07606
- Oono and Suzuki, Graph Neural Networks Exponentially Lose Expressive Power (2020): https://arxiv.org/abs/1905.10947
- Xu et al., Representation Learning on Graphs with Jumping Knowledge Networks (2018): https://arxiv.org/abs/1806.03536
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import alive_in_training, count, num, place, seen
from defib.diagnosis import Assessment, inconclusive, not_applicable, ruled_out, supported
from defib.evidence import Book
from defib.probes.mixing import MixingFacts

LEAST_ROUNDS = 3
"""One or two averages are what graph networks are made of."""
AT_ONCE = 1e-3
"""Of the relative spread, left by one or two rounds: an average over k neighbours leaves about 1/sqrt(k) of it."""
COLLAPSED = 0.02
"""Relative spread, a fiftieth of what the rows share: as for forward-correlation-collapse."""
APART = 0.1
"""Relative spread at the door from which on the rows were apart."""


def _assess(book: Book) -> Assessment:
    facts = book.get(MixingFacts)
    one = facts.end if facts.initial is None else facts.initial
    if one is None:
        return not_applicable("no row meets another in the network")
    numbers = {
        "mixing_steps": float(one.rounds),
        "left_by_mixing": one.left_by_mixing,
        "left_by_other_layers": one.left_by_others,
        "relative_spread_before_head": one.last,
    }
    at_once = 0 < one.rounds < LEAST_ROUNDS and one.left_by_mixing <= AT_ONCE
    if one.rounds < LEAST_ROUNDS and not at_once:
        return not_applicable(f"{facts.what} lose by meeting each other in {one.rounds} steps only")
    if calm := alive_in_training(book):
        return calm
    if seen(book).pattern == "nan":
        return ruled_out(f"the outputs are no numbers: {facts.what} that meet grow alike, not infinite", layer=None)
    if facts.input_relative_spread < APART:
        door = num(facts.input_relative_spread)
        return ruled_out(f"the {facts.what} are close together when they come in ({door})", layer=None, **numbers)
    when = "before the first step" if facts.initial is not None else "at the end (the initial weights are not known)"
    if one.last >= COLLAPSED:
        text = f"{when} the {facts.what} are still apart in {place(one.last_layer)} (relative spread {num(one.last)})"
        return ruled_out(text, layer=None, **numbers)
    if one.left_by_mixing > COLLAPSED:
        text = f"what the {facts.what} lose {when}, they lose in other layers than those that mix them"
        return ruled_out(text, layer=None, **numbers)
    because = (
        f"{when}, {one.rounds} steps that mix {facts.what} and bring them closer leave {num(one.left_by_mixing)} of "
        f"their relative spread, "
        f"and {num(one.last)} is left in {place(one.last_layer)}"
    )
    if at_once:
        leaves = "leaves" if one.rounds == 1 else "leave"
        because = (
            f"{when}, {count(one.rounds, 'step')} of mixing {facts.what} {leaves} {num(one.left_by_mixing)} of their "
            "relative spread: nearly everything is averaged over everybody, as if all were neighbours of all"
        )
    if facts.initial is None:
        return inconclusive(because, weight=0.45, layer=one.last_layer, **numbers)
    weight = 0.75 if one.left_by_others <= COLLAPSED else 0.85
    return supported(because, weight=weight, layer=one.last_layer, **numbers)


CAUSE = Cause(
    code="DF408",
    name="over-smoothing",
    stage="architecture",
    assess=_assess,
    fixes=("fewer-rounds",),
    contrast={
        "fewer-rounds": "must_work",
        "larger-step": "must_not",
        "smaller-step": "must_not",
        "double-width": "must_not",
        "standardize-inputs": "must_not",
    },
    explains=("DF502", "DF505", "DF506"),
    look_alikes=("DF404", "DF407", "DF102", "DF405"),
    indistinct=("DF404",),
)

"""DF409 disconnected-input: the output does not depend on the input, or not on the part of it that matters.

## What it is
A slip in the wiring: the head reads the state an RNN started from instead of the one it ended in, one branch is used
twice and the other never, a slice leaves out the columns that matter, a variable is overwritten. A recurrent layer of
PyTorch without `batch_first=True` that is given (rows, time, features) reads the rows as time: `out[:, -1]` then holds
the last time step of each row, and of the rows before it in the batch.

## Why every prediction is the same
What is not read cannot change the answer. If nothing is read, the output is the same number for every row, bit for bit;
if only columns without information are read, the best that can be learnt is the base rate.

## Evidence for
- Outputs that stay bit-equal when the rows change, while the layers inside tell the rows apart.
- An attention layer that differing rows go into and that gives the same for all, before the training and after it: its
  mask is the wrong way round, it attends to the padding. Or a slice behind it that does: the first position of GPT-2
  sees only itself. The same fault in a step without attention in front is signal-masked (DF107).
- Columns that can be exchanged between rows without changing any output, at the weights before the training and after;
  what reference learners know comes from these columns.
- A recurrent or attention layer whose values show that it goes along the axis of the rows, and not along their steps.
- Outputs of rows that change with the rows sent with them: rows and time steps are exchanged.
- Check: the gradient of the output with respect to the input at fresh weights; 0 means not read.

## Evidence against
- Every column changes some output, or those that are read hold as much as all.
- A layer in between makes the rows equal: dead units, a constant input.

## Look-alikes
- detached-graph (DF704): the output depends on the weights, only the loss's gradient is cut.
- dead-relus (DF401), zero-or-symmetric-initialization (DF601): wired, and nothing passes.
- constant-inputs (DF102): the rows are equal at the door already.
- signal-masked (DF107): a mask, a slice or a pooling of its own hides what tells the rows apart.

## Example
```python
def forward(self, x):
    out, (h, c) = self.lstm(x, (self.h0, self.c0))
    return self.fc(self.h0[-1])                   # meant: h[-1]; h0 is zeros for every row
```

## Fix
Wire what was meant; then look at the gradient with respect to the input again. A mask upside down: turn it around.

## Known problems
Wide inputs are asked about in 8 stretches of neighbouring columns (2 in a large network): single unread columns inside
one are not seen. Pixels at the edge that a stride leaves out are not named as long as the rest holds the signal.

## References
- Always the same output whatever the input, a forward that ignores it: https://discuss.pytorch.org/t/model-always-returns-the-same-output/50345
- Simonyan et al., Deep Inside Convolutional Networks (gradients with respect to the input): https://arxiv.org/abs/1312.6034
"""

from __future__ import annotations

from collections.abc import Sequence

from defib.causes import Cause
from defib.causes._inside import along_rows, attended
from defib.causes._signs import fine, maybe, num, place, seen
from defib.diagnosis import Assessment, by_itself, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.alone import AloneFacts
from defib.probes.inputs import InputFacts
from defib.probes.masked import MaskedFacts
from defib.probes.reach import ReachFacts
from defib.probes.reference import SignalFacts
from defib.wording import column, metric_name


def _stretches(facts: ReachFacts, names: Sequence[str]) -> str:
    """Which columns, in a sentence; counted from 0, as in the program."""

    def told(index: int) -> str:
        return column(index, names).removeprefix("column ")

    named = [f"{told(a)} to {told(b)}" if b > a else told(a) for a, b in facts.unread[:3]]
    more = " and others" if len(facts.unread) > 3 else ""
    return f"column{'s' if facts.unread_columns > 1 else ''} {', '.join(named)}{more} of {facts.n_columns}"


def _assess(book: Book) -> Assessment:
    alone, inside = maybe(book, AloneFacts), maybe(book, MaskedFacts)
    if alone is not None and alone.along_rows is not None:
        return fine(book) or along_rows(alone.along_rows, alone.difference, seen(book).n_steps)
    if inside is not None and inside.step is not None and inside.attention is not None:
        return fine(book) or by_itself(attended(inside))
    facts = book.get(ReachFacts)
    if facts.outputs_equal:
        return _unmoved(book, facts)
    if not facts.unread:
        return ruled_out("every column of the input reaches the output", layer=None)
    numbers = {"unread_columns": float(facts.unread_columns), "columns": float(facts.n_columns)}
    because = f"{_stretches(facts, book.get(InputFacts).columns)} reach no output, before the training and after it"
    signal = book.get(SignalFacts)
    if not signal.has_signal or facts.read_score is None:
        return inconclusive(f"{because}; whether they matter is not known", weight=0.2, layer=None, **numbers)
    numbers |= {"reference_on_all_columns": signal.best, "reference_on_what_is_read": facts.read_score}
    if facts.read_has_signal:
        return ruled_out(f"{because}, and the others hold the signal, too", layer=None, **numbers)
    if calm := fine(book):
        return calm
    if alone is not None and alone.difference:
        because = f"{because}, and the rows change each other's outputs, as where time steps are taken for rows"
    metric = metric_name(signal.metric)
    because = (
        f"{because}; without them the reference learners reach {metric} {num(facts.read_score)}, with them "
        f"{num(signal.best)}"
    )
    return by_itself(supported(because, weight=0.93, layer=None, **numbers))


def _unmoved(book: Book, facts: ReachFacts) -> Assessment:
    if book.get(InputFacts).constant_fraction == 1.0 or facts.cut_after is None:
        return ruled_out("a layer inside makes the rows equal, not the wiring", layer=None)
    because = (
        f"the rows differ in {place(facts.cut_after)}, and every output is bit-equal before the training and after"
    )
    because = f"{because} it: the output is computed from something else than the rows"
    return by_itself(supported(because, weight=0.95, layer=facts.cut_after))


CAUSE = Cause(
    code="DF409",
    name="disconnected-input",
    stage="architecture",
    assess=_assess,
    fixes=("wire-inputs", "turn-mask"),
    contrast={},
    explains=("DF403", "DF404", "DF502", "DF505", "DF506", "DF703", "DF704", "DF902"),
    look_alikes=("DF704", "DF401", "DF601", "DF102", "DF107"),
    when_varied=True,
    in_itself=True,
)

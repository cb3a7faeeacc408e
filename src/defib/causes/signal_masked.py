"""DF107 signal-masked: the rows told the labels, until a step before the network, or inside it, took that away.

## What it is
A mask the wrong way round, an encoding that throws the value away (a rank within the row, a cast to integers),
columns shuffled one by one, a reshape that mixes rows, a step of a pipeline that keeps the wrong columns (a `PCA` of
columns that were not scaled keeps the largest one). What reaches the network still
varies from row to row, and no longer says anything about the labels. Or the step stands inside: `forward` keeps the
padding and drops the words, or reads the last position of rows that end in padding.

## Why every prediction is the same
For what reaches the network the best prediction is the base rate (or the mean), and a network that is trained well
converges to it. No weight, step or layer brings back what is not in its input.

## Evidence for
- No quick standard model reads the labels from the rows as they reach the network. The same model, on another array of
  the program's with a row for each of them, does, by far, and the rows come from that array: cells go with the cells in
  their place, columns hold the same values in another order, or a learner reads the rows' columns from it.
- Inside: a step without weights (a product with a mask, a slice, a sum, a pooling), or a layer normalization of one
  number, behind which all rows are equal, before the training and after it; or behind which quick models no longer
  read the labels, at the initial weights.
- Check: `cross_val_score` on the array before each step, and on the array after it.

## Evidence against
- The rows as they reach the network hold signal.
- No array that the program made them from holds any.

## Look-alikes
- no-learnable-signal (DF901): no earlier form of the rows tells the labels either.
- constant-inputs (DF102): the step left nothing at all; all rows are equal.
- identical-rows (DF903): only the rows that are scored were made equal.
- disconnected-input (DF409): the rows hold signal at the door, and the network does not use it. A mask the wrong way
  round inside an attention layer goes by that name; it is the same fault.
- misaligned-labels (DF202): the rows are whole, and stand in another order than the labels.

## Example
```python
outlier = np.abs(X - X.mean(0)) > 3 * X.std(0)
X = np.where(outlier, X, 0.0)                     # keeps the outliers and drops everything else
model.fit(X, y)
```

## Fix
Repair the step between the named array and the network; score each array on the way, and stop at the first that is at
chance. A mask upside down inside the network: turn it around.

## Known problems
Inside a network the step is looked for in the order in which layers ran: where branches run side by side, one that is
constant anyway may be named. A step that hides only some of what tells the labels is not.

Only arrays that stand in variables when the training begins are seen, with two columns and more and at most 20,000
rows, the smallest up to 32 MB together; a file read again or an array that was overwritten is not. An array with a
column that alone orders or groups the labels nearly perfectly is left out: it is the labels in disguise, or what they
were drawn from. So a program whose labels hang on one column only is missed, and so are rows with one column. A step
that changes the number of columns is not named, only told: an array with other columns may hold what was left out on
purpose, another target above all. Noise that leaves no trace of the rows, and hashes, hide where they came from.

## References
- Kaufman et al., Leakage in Data Mining (2012), on columns that only seem to tell: https://doi.org/10.1145/2382577.2382579
- Image turned to −1 everywhere by an integer cast: https://github.com/keras-team/keras/issues/12350
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._inside import told_inside
from defib.causes._power import too_few_rows
from defib.causes._signs import fine, learnt, maybe, num, seen
from defib.diagnosis import Assessment, by_itself, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.before import BeforeFacts
from defib.probes.masked import MaskedFacts
from defib.probes.reference import SignalFacts
from defib.wording import metric_name

MOST_NAMES = 5


def _assess(book: Book) -> Assessment:
    signal = book.get(SignalFacts)
    numbers = {f"{signal.metric}_after": signal.best, "rows": float(signal.n_rows)}
    metric = metric_name(signal.metric)
    inside = maybe(book, MaskedFacts)
    if inside is not None and inside.step is not None and inside.attention is None:
        return _inside(book, inside)
    if signal.has_signal:
        because = f"the rows as they reach the network hold signal (cross-validated {metric} {num(signal.best)})"
        return ruled_out(because, layer=None, **numbers)
    if learnt(seen(book), book):
        return ruled_out("the network itself has skill on rows not trained on", layer=None, **numbers)
    before = book.get(BeforeFacts)
    if before.name is None:
        arrays = "the other array" if before.n_arrays == 1 else f"none of the {before.n_arrays} other arrays"
        tells = "does not tell" if before.n_arrays == 1 else "tells"
        because = f"{arrays} of these rows that the program holds {tells} the labels, or was not what they were made of"
        return ruled_out(because, layer=None, **numbers)
    numbers[f"{signal.metric}_before"] = before.score
    scores = f"{metric} {num(before.score)} from {before.name}, {num(signal.best)} from the rows that reach the network"
    if before.how == "gone":
        return ruled_out(f"no row differs from another: what {before.name} tells is not masked, but gone", layer=None)
    if before.how in ("labels", "relabelled"):
        return ruled_out(f"the rows tell {before.said}: it is the labels that differ", layer=None, **numbers)
    if before.how == "order":
        return ruled_out(f"the rows are those of {before.name} in another order ({scores})", layer=None, **numbers)
    if before.how == "selection":
        if before.piped:
            because = f"the pipeline leaves out what tells the labels in {before.name}{_named(before)} ({scores})"
            return supported(because, weight=0.7 if too_few_rows(book) else 0.85, layer="input", **numbers)
        because = f"columns of {before.name}{_named(before)} that were left out of the rows tell the labels ({scores})"
        return inconclusive(f"{because}, but that may be on purpose", weight=0.2, layer=None, **numbers)
    because = (
        f"a reference learner reads the labels from {before.name} and not from what was made of it: cross-validated "
        f"{scores}"
    )
    return supported(because, weight=0.7 if too_few_rows(book) else 0.95, layer="input", **numbers)


def _inside(book: Book, facts: MaskedFacts) -> Assessment:
    """The step stands in the network."""
    if calm := fine(book):
        return calm
    assert facts.step is not None
    weight = 0.93 if facts.equal or not facts.weighted_before else 0.6
    scores = {f"{facts.metric}_before": facts.score_before, f"{facts.metric}_after": facts.score_after}
    numbers = {} if facts.equal else scores
    return by_itself(supported(told_inside(facts), weight=weight, layer=facts.step, **numbers))


def _named(before: BeforeFacts) -> str:
    names = ", ".join(before.columns[:MOST_NAMES])
    return f" ({names}{', …' if len(before.columns) > MOST_NAMES else ''})" if names else ""


CAUSE = Cause(
    code="DF107",
    name="signal-masked",
    stage="data",
    assess=_assess,
    fixes=("repair-input-step", "turn-mask"),
    contrast={
        name: "must_not"
        for name in ("standardize-inputs", "relu-he", "batch-norm", "reinitialize", "fitting-head", "more-epochs")
    },
    explains=("DF901", "DF105", "DF902", "DF401", "DF402", "DF403", "DF404", "DF502", "DF505", "DF506", "DF704"),
    look_alikes=("DF901", "DF102", "DF903", "DF409", "DF202"),
    when_varied=True,
)

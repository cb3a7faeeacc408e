"""DF901 no-learnable-signal: nothing in these rows says anything about these labels.

## What it is
Random or unrelated labels, features that were measured after the fact was decided, or an effect too small for this
many rows.

## Why every prediction is the same
Without information the best prediction is the base rate (or the mean), and a network that is trained well converges to
it. The constant is then the right answer. A network that is trained longer memorizes: its predictions vary, its
training accuracy is high, and on new rows it is worth nothing.

## Evidence for
- Quick standard models (linear, gradient boosting), cross-validated, are no better than with permuted labels.
- The network's skill on rows not trained on has an interval around 0.
- Check: `cross_val_score(HistGradientBoostingClassifier(), X, y, scoring="roc_auc")` is about .50.

## Evidence against
- A reference learner beats the permuted labels, or the network itself ranks unseen rows.

## Look-alikes
- signal-masked (DF107): an earlier form of the rows, which the program still holds, tells the labels.
- misaligned-labels (DF202): the signal is there and the pairing is wrong; simple re-pairings are tried.
- signal that only a network can read: images and sequences are read by their pieces, wherever these stand, and token
  ids by pairs, order and ends; what takes more than that is missed.
- every other cause on this list: none of their fixes works here, which is how they are told apart.

## Example
```python
X = np.random.rand(100, 10)
y = np.random.randint(0, 2, 100)                  # "vanishing gradient", says the usual answer
```

## Fix
Nothing in the network. Other features; more rows (the report says which effect these many could have shown); a check
that labels and rows belong together.

## Known problems
Absence of evidence: "no signal that these learners can see in these many rows". A small effect needs many rows.

## References
- Ojala and Garriga, Permutation Tests for Studying Classifier Performance (2010):
  https://www.jmlr.org/papers/v11/ojala10a.html
- Zhang et al., Understanding deep learning requires rethinking generalization (2017): https://arxiv.org/abs/1611.03530
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._power import rows_for, too_few_rows
from defib.causes._signs import learnt, maybe, num, seen
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.before import BeforeFacts
from defib.probes.inputs import InputFacts
from defib.probes.reference import SignalFacts

DETECTABLE = {"auc": 0.7, "r2": 0.25}
"""Above this a useful effect may have stayed hidden: the sentence then says how many rows would show it."""
KINDS = {"tokens": "tokens", "image": "images", "sequence": "sequences"}
"""What the inputs are, as people call them."""


def _assess(book: Book) -> Assessment:
    signal, symptom = book.get(SignalFacts), seen(book)
    metric = signal.metric.upper() if signal.metric == "auc" else "R²"
    numbers = {
        f"reference_{signal.metric}": signal.best,
        f"permuted_{signal.metric}": signal.permuted_mean,
        f"detectable_{signal.metric}": signal.detectable,
        "rows": float(signal.n_rows),
    }
    if signal.has_signal:
        best = f"the {signal.best_name} reference learner reaches a cross-validated {metric} of {num(signal.best)}"
        return ruled_out(f"{best}, permuted labels {num(signal.permuted_mean)}", layer=None, **numbers)
    if learnt(symptom, book):
        return ruled_out("the network itself has skill on rows not trained on", layer=None, **numbers)
    if signal.repaired_pairing is not None:
        return ruled_out(f"signal appears with {signal.repaired_pairing}", layer=None, **numbers)
    before = maybe(book, BeforeFacts)
    if before is not None and before.how in ("step", "order"):
        told = f"{before.said} would tell" if before.by else f"{before.name}, which the rows were made of, tells"
        return ruled_out(f"{told} the labels", layer=None, **numbers)
    if before is not None and before.how == "labels":
        return ruled_out(f"signal appears with {before.said} as labels", layer=None, **numbers)
    because = (
        f"the best reference learner reaches a cross-validated {metric} of {num(signal.best)} on {signal.n_rows:,} "
        f"rows, where permuted labels give {num(signal.permuted_mean)}"
    )
    if too_few_rows(book):
        few = f"but these are too few rows to tell: only {metric} above {num(signal.detectable)} would have shown"
        return inconclusive(f"{because}, {few}; {rows_for(signal)}", weight=0.45, layer=None, **numbers)
    if signal.detectable > DETECTABLE.get(signal.metric, 0.0):
        few = f"so few rows would have shown {metric} {num(signal.detectable)} or more; {rows_for(signal)}"
        return supported(f"{because}; {few}", weight=0.6, layer=None, **numbers)
    inputs = maybe(book, InputFacts)
    if inputs is not None and inputs.kind != "tabular":
        kind = KINDS.get(inputs.kind, inputs.kind)
        text = f"{because}, though a deep network may read more in {kind} than these learners"
        return supported(text, weight=0.6, layer=None, **numbers)
    return supported(because, weight=0.9, layer=None, **numbers)


CAUSE = Cause(
    code="DF901",
    name="no-learnable-signal",
    stage="nothing_wrong",
    assess=_assess,
    fixes=("other-features", "more-rows"),
    contrast={
        name: "must_not"
        for name in (
            *("standardize-inputs", "min-max-inputs", "step-divided-by-10", "step-divided-by-100", "step-times-10"),
            *("step-times-100", "relu-he", "leaky-relu", "batch-norm", "halve-depth", "double-width", "reinitialize"),
            *("fitting-head", "logits-loss", "shuffle", "more-epochs", "canonical-loop", "weaker-regularization"),
        )
    },
    # Faults that are judged by "it has not learnt" only; what is broken beyond doubt stays a fault of its own.
    explains=("DF104", "DF105", "DF302", "DF403", "DF404", "DF502", "DF503", "DF505", "DF506", "DF902"),
    look_alikes=("DF202", "DF107"),
    when_varied=True,
)

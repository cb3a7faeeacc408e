"""DF202 misaligned-labels: rows and labels are both right, but paired wrongly.

## What it is
`X` was shuffled and `y` was not, two file lists were sorted differently, a header shifted one array by a row, a join
lost its index.

## Why every prediction is the same
Mispaired labels carry no information about their rows. The best prediction is then the base rate, and a network that
does not memorize converges to it; one that memorizes varies and is worthless on new rows.

## Evidence for
- Reference learners are at chance as paired, and find signal when the pairing is changed in a way a bug would (shifted
  by a few rows, reversed, one side sorted), or when the rows are put back into the order of an array that the program
  still holds, or into one that it knows: the index of a sorted table, a drawn permutation, the same keys in two lists,
  a mask by which rows were left out of one side; or when they get the labels that the program holds at their places.
  Where labels were cut to the number of rows left, the rows themselves say how many are missing before each: learner
  and gaps are fitted together, and judged by rows that had no say.
- Check: take ten rows by hand from the source and look their labels up.

## Evidence against
- The reference learners find signal in the rows as paired.

## Look-alikes
- no-learnable-signal (DF901): no re-pairing brings signal. A shift can be found from the arrays; a shuffle that was
  lost only where the program holds the rows in their first order, or that order; else "no signal as paired" is the
  honest answer.

## Example
```python
X = np.stack([load(f) for f in os.listdir("images")])      # order of the file system
y = pd.read_csv("labels.csv").sort_values("file")["label"]  # sorted order
```

## Fix
Pair by a key, not by position: join on the id, sort both lists by the same key, shuffle indices instead of arrays.

## Known problems
Only simple re-pairings are tried, with a correction for how many; a lost shuffle cannot be told from no signal.

## References
- Data and label files paired in different order: https://github.com/yangdai97/MultiChannelSleepNet/issues/1
- Rabiner, A Tutorial on Hidden Markov Models (1989): https://doi.org/10.1109/5.18626
- Ojala and Garriga, Permutation Tests for Studying Classifier Performance (2010):
  https://www.jmlr.org/papers/v11/ojala10a.html
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import maybe, num, seen
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.alone import AloneFacts
from defib.probes.before import BeforeFacts
from defib.probes.reference import SignalFacts
from defib.wording import metric_name


def _assess(book: Book) -> Assessment:
    signal = book.get(SignalFacts)
    metric = metric_name(signal.metric)
    numbers = {f"{signal.metric}_as_paired": signal.best, "rows": float(signal.n_rows)}
    if signal.has_signal:
        return ruled_out(
            f"the rows as paired hold signal (cross-validated {metric} {num(signal.best)})",
            layer=None,
            **numbers,
        )
    if signal.repaired_pairing is not None:
        score = signal.repaired_score if signal.repaired_score is not None else float("nan")
        because = (
            f"a reference learner is at chance as paired ({metric} {num(signal.best)}) and reaches {num(score)} "
            f"with {signal.repaired_pairing}"
        )
        numbers = {f"{signal.metric}_re_paired": score, **numbers}
        if signal.metric == "auc" and signal.best < 1 - signal.detectable:  # as far below chance as signal lies above
            because = (
                f"the rows as paired are not at chance: the reference learner is wrong nearly everywhere (AUC "
                f"{num(signal.best)}), so that the labels follow the rows in a way it cannot follow"
            )
            return inconclusive(because, weight=0.15, layer=None, **numbers)
        if _steps_of_a_sequence(book):
            because = f"{because}, but the rows may be the steps of sequences, whose labels are their next steps"
            return inconclusive(because, weight=0.15, layer=None, **numbers)
        return supported(because, weight=0.95, layer=signal.repaired_pairing, **numbers)
    before = maybe(book, BeforeFacts)
    if before is not None and before.how == "labels":
        chance = f"a reference learner is at chance as paired ({metric} {num(signal.best)})"
        because = f"{chance}; with {before.said} as labels it reaches {num(before.score)}"
        numbers = {f"{signal.metric}_re_paired": before.score, **numbers}
        return supported(because, weight=0.95, layer="labels", **numbers)
    if before is not None and before.name is not None and before.how == "order":
        chance = f"a reference learner is at chance as paired ({metric} {num(signal.best)})"
        in_order = f"the rows are those of {before.name} in another order, and in the order of {before.name}"
        because = f"{chance}; {f'with {before.said}' if before.by else in_order} it reaches {num(before.score)}"
        numbers = {f"{signal.metric}_re_paired": before.score, **numbers}
        order = before.said if before.by else f"the order of {before.name}"
        return supported(because, weight=0.95, layer=order, **numbers)
    because = (
        "no simple re-pairing of rows and labels brings signal either, and a lost shuffle could not be found this way"
    )
    return inconclusive(because, weight=0.15, layer=None, **numbers)


def _steps_of_a_sequence(book: Book) -> bool:
    """A layer goes along the rows, and what stands beside them comes out step by step: time may be what leads."""
    alone = maybe(book, AloneFacts)
    return alone is not None and alone.along_rows is not None and seen(book).n_steps > 1


CAUSE = Cause(
    code="DF202",
    name="misaligned-labels",
    stage="labels",
    assess=_assess,
    fixes=("re-pair-labels",),
    contrast={
        name: "must_not"
        for name in ("standardize-inputs", "relu-he", "batch-norm", "reinitialize", "fitting-head", "more-epochs")
    },
    explains=("DF901", "DF105", "DF902", "DF502", "DF505", "DF506"),
    look_alikes=("DF901",),
    when_varied=True,
)

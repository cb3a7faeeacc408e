"""DF201 constant-labels: every training label is the same.

## What it is
Parsing, binarizing or joining left one distinct label: `y == "Yes"` against `"yes "`, a threshold outside the data, a
column of zeros after a failed merge, an annotation file with the wrong separator.

## Why every prediction is the same
The best answer to constant labels is a constant. The network learns it perfectly, and the training accuracy is 100 %.

## Evidence for
- One distinct value in the labels that arrived at the loss.
- Loss near 0 and accuracy 1 within the first epoch.
- The rows tell the labels of a column that the program compares, maps or casts, and still holds.
- Check: `np.unique(y, return_counts=True)` on exactly the array given to `fit`.

## Evidence against
- Two or more values.

## Look-alikes
- class-imbalance (DF105): the second class is rare, but there.
- unshuffled-rows (DF104): each *block* holds one label, the file several.
- no-learnable-signal (DF901): the labels vary, and the rows say nothing about them.

## Example
```python
y = (df["churn"] == "True").astype(int)           # the column is boolean: no row equals the text
model.fit(X, y)                                   # accuracy: 1.0000
```

## Fix
Repair the line that makes the labels; assert `len(np.unique(y)) > 1` after it.

## Known problems
The labels of a long stream are sampled; a second value that never came in the sample is not seen.

## References
- All objects of class 0: https://github.com/WongKinYiu/ScaledYOLOv4/issues/312
- Annotation separators parsed wrongly: https://github.com/argusswift/YOLOv4-pytorch/issues/159
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import maybe, num
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.before import BeforeFacts
from defib.probes.labels import LabelFacts
from defib.wording import metric_name


def _assess(book: Book) -> Assessment:
    labels = book.get(LabelFacts)
    numbers = {"distinct_labels": float(labels.n_distinct), "rows": float(labels.n_rows)}
    if labels.n_rows < 2:
        return inconclusive("only one label is known", weight=0.1, layer=None, **numbers)
    if labels.n_distinct == 1 and labels.nan_fraction < 1:
        value = "" if labels.one_hot else f" ({num(labels.minimum)})"
        because = f"all {labels.n_rows:,} training labels are the same{value}"
        before = maybe(book, BeforeFacts)
        if before is None or before.how != "relabelled":
            return supported(because, weight=0.98, layer="labels", **numbers)
        metric = metric_name(before.metric)
        because += f"; with {before.said} as labels a reference learner reaches a cross-validated {metric} of "
        return supported(because + num(before.score), weight=0.98, layer=before.name, **numbers)
    return ruled_out(f"the training labels take {labels.n_distinct:,} distinct values", layer=None, **numbers)


CAUSE = Cause(
    code="DF201",
    name="constant-labels",
    stage="labels",
    assess=_assess,
    fixes=("fix-labels",),
    contrast={
        name: "must_not"
        for name in (
            "standardize-inputs",
            "relu-he",
            "batch-norm",
            "reinitialize",
            "fitting-head",
            "shuffle",
            "more-epochs",
        )
    },
    explains=(
        *("DF101", "DF104", "DF105", "DF202", "DF203", "DF401", "DF402", "DF403", "DF404", "DF501", "DF502", "DF503"),
        *("DF505", "DF506", "DF901", "DF902"),
    ),
    look_alikes=("DF105", "DF104", "DF901"),
    when_varied=True,
)

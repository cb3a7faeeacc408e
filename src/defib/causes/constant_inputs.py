"""DF102 constant-inputs: the rows already are equal when they reach the first weight.

## What it is
The tensor that enters layer 1 does not vary between rows. Some step before it erased the rows: a cast (`uint8` before
`preprocess_input` makes an image −1 everywhere), a scaler fitted on one row, a renamed column filled with zeros, a
mask, a reused buffer, a vocabulary that knows none of the words.

## Why every prediction is the same
A deterministic function of equal inputs gives equal outputs. No weight, loss or step can change that.

## Evidence for
- Zero variance between rows in every column at the model's door; one distinct row; of tokens, one id and padding.
- Nine rows in ten are one and the same row, and their labels differ: a generator that fills one place of its batch.
- In each batch all rows are one row, another one in the next batch: a `collate_fn` that reads `items[0]` in its loop.
- Check: `np.ptp(X, axis=0)` on exactly the array given to the model, not on the array it was made from.

## Evidence against
- Any column that varies and that the labels depend on.
- The training rows vary and only the rows served are equal: then it is identical-rows or preprocessing-skew.

## Look-alikes
- Every dead network (DF401, DF402, DF404, DF601): there the rows become equal *inside*; look where.
- identical-rows (DF903): only the rows scored are equal.
- no-learnable-signal (DF901): rows vary, and say nothing about the labels.

## Example
```python
scaler = MinMaxScaler().fit(X[:1])                # one row: every column's range is 0
X = np.clip(scaler.transform(X), 0, 0)            # and the clip makes every row the zero vector
model.fit(X, y)
```

## Fix
Walk the preprocessing from the file to the model and print the variance between rows after each step; repair the first
step after which it is zero.

## Known problems
A few columns that vary in the last digits count as varying. Whether the rows were equal in the file or were made so
cannot be seen from the model's door.

## References
- Scaled row is the zero vector: https://github.com/cjlin1/libsvm/issues/178
- Image turned to −1 everywhere by an integer cast: https://github.com/keras-team/keras/issues/12350
- Renamed columns leave only the intercept: https://github.com/online-ml/river/issues/359
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import fine, maybe, num, row_text
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.before import BeforeFacts
from defib.probes.columns import ColumnScales
from defib.probes.inputs import InputFacts
from defib.probes.labels import LabelFacts
from defib.wording import metric_name, percent

MOSTLY = 0.9
"""Share of constant columns from which on it is worth naming: images have constant borders, tables have not."""
SHOWN = 8
"""Cells of the one row that are told."""
FEW_ROWS = 0.02
"""Distinct rows over rows; below it the rows take a handful of values."""


def _assess(book: Book) -> Assessment:
    inputs = book.get(InputFacts)
    numbers = {
        "constant_fraction": inputs.constant_fraction,
        "unique_rows": float(inputs.unique_rows),
        "rows": float(inputs.n_rows),
    }
    if inputs.n_rows < 2:
        return inconclusive("only one training row is known", weight=0.1, layer=None, **numbers)
    if inputs.constant_fraction == 1.0 or inputs.unique_rows == 1:
        because = _all_equal(book, inputs)
        before = maybe(book, BeforeFacts)
        if before is not None and before.how == "gone":
            metric = metric_name(before.metric)
            because += (
                f"; {before.name} beside them would tell the labels (cross-validated {metric} {num(before.score)})"
            )
        return supported(because, weight=0.98, layer="input", **numbers)
    if inputs.batches_of_one_row is not None and inputs.batches_of_one_row >= MOSTLY:
        numbers["batches_of_one_row"] = inputs.batches_of_one_row
        because = (
            f"in {percent(inputs.batches_of_one_row)} of the batches that were looked at all rows are one and the same "
            "row, under labels that differ: what puts a batch together takes one row for all"
        )
        return supported(because, weight=0.97, layer="input", **numbers)
    if calm := fine(book):
        return calm
    if inputs.only_ids is not None:
        front, behind = inputs.only_ids
        because = (
            f"the {inputs.n_rows:,} training rows hold two ids alone, {front} and behind it {behind}: they differ in "
            "nothing but their length, so that every word must have become one id"
        )
        return supported(because, weight=0.95, layer="input", **numbers)
    if inputs.commonest_row >= MOSTLY:
        share = percent(inputs.commonest_row)
        numbers["commonest_row_fraction"] = inputs.commonest_row
        because = f"{share} of the {inputs.n_rows:,} training rows are one and the same row, whatever their label"
        labels = maybe(book, LabelFacts)
        told_apart = labels is None or max(labels.class_prior, default=0.0) >= inputs.commonest_row
        if told_apart:  # they may all be of one class
            return inconclusive(because.partition(",")[0], weight=0.3, layer="input", **numbers)
        return supported(because, weight=0.92, layer="input", **numbers)
    if inputs.constant_fraction >= MOSTLY or inputs.unique_rows <= FEW_ROWS * inputs.n_rows:
        because = (
            f"{percent(inputs.constant_fraction)} of the columns are constant and the {inputs.n_rows:,} rows take "
            f"{inputs.unique_rows:,} distinct values"
        )
        return inconclusive(because, weight=0.3, layer="input", **numbers)
    spread = f"largest column sd {num(inputs.column_sd_max)}"
    return ruled_out(
        f"{inputs.unique_rows:,} of {inputs.n_rows:,} training rows are distinct ({spread})", layer=None, **numbers
    )


def _all_equal(book: Book, inputs: InputFacts) -> str:
    """What the one row is: zeros, or nothing but unknown tokens, say more than that nothing varies."""
    columns, rows = maybe(book, ColumnScales), f"all {inputs.n_rows:,} training rows"
    if columns is None or columns.minimum.size == 0:
        return f"none of the {inputs.n_columns} columns varies between {rows}"
    values = [float(one) for one in columns.minimum.ravel()]
    if len(set(values)) == 1:
        return f"every cell of {rows} is {num(values[0])}"
    return f"{rows} are the same row{row_text(values[:SHOWN])}"


CAUSE = Cause(
    code="DF102",
    name="constant-inputs",
    stage="data",
    assess=_assess,
    fixes=("repair-input-step",),
    contrast={
        name: "must_not"
        for name in ("standardize-inputs", "min-max-inputs", "relu-he", "batch-norm", "reinitialize", "more-epochs")
    },
    explains=(
        *("DF401", "DF402", "DF403", "DF404", "DF501", "DF502", "DF503", "DF505", "DF506", "DF601", "DF602"),
        *("DF801", "DF901", "DF903"),
    ),
    look_alikes=("DF401", "DF402", "DF404", "DF601", "DF903", "DF901"),
    when_varied=True,
)

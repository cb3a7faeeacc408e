"""DF103 nan-inputs: cells that are not numbers (NaN, infinity) reached the network.

## What it is
Missing values, a division by zero, `log(0)` or an overflow left NaN or infinity in the rows or in the labels.

## Why every prediction is the same
NaN is absorbing: one cell makes the loss of its batch NaN, the gradient NaN, and after that step every weight is NaN.
From then on each prediction is NaN. `argmax` of NaN reads as class 0 and `NaN > 0.5` as False, so it often shows up as
"always the first class". A ReLU may hide it: `max(0, NaN)` is 0 on some backends. Then the outputs are finite, and
every row (once a weight of the first layer is NaN), or every row that holds a NaN, gets what the biases alone say.

## Evidence for
- A count of NaN or infinite cells above zero in the training rows or labels, and NaN in the weights.
- NaN only in the rows served: exactly those rows give NaN, or, behind ReLUs, all the same finite output.
- Check: `np.isfinite(X).all()`, `np.isfinite(y).all()`; drop those rows and train again.

## Evidence against
- All cells are finite: then NaN came from inside (learning-rate-too-high, exploding-gradients, numerical-overflow).
- The weights are finite: the cells were masked or imputed inside the model.

## Look-alikes
- class-imbalance (DF105): "always class 0" is what argmax makes of NaN; look at the probabilities.
- learning-rate-too-high (DF501), numerical-overflow (DF706): NaN appears after some steps with finite data.

## Example
```python
X = pd.read_csv("patients.csv").to_numpy()        # one empty cell among 20,000
model.fit(X, y)                                   # loss: nan
model.predict(X).argmax(axis=1)                   # 0 0 0 0 0
```

## Fix
Impute (the column's mean of the training rows, with an indicator column where missing means something) or drop the
rows. Then train from fresh weights: weights that are NaN stay NaN.

## Known problems
Only the rows that were kept for the diagnosis are counted; one cell in millions can be missed, the NaN weights are
not.

## References
- scikit-learn, Imputation of missing values: https://scikit-learn.org/stable/modules/impute.html
- One NaN poisons all weights: https://github.com/keras-team/keras/issues/6447
- argmax of NaN read as the majority class: https://github.com/safreita1/malnet-image/issues/3
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import count, flat_in_training, maybe, seen
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.inputs import NAN_COLUMNS, InputFacts, ServingFacts
from defib.probes.labels import LabelFacts
from defib.probes.updates import UpdateFacts
from defib.wording import column, listed, percent

NEARLY_ALL = 0.95
"""Share of the rows served with a NaN from which on those rows are what is flat."""


def _only_served_flat(book: Book) -> bool:
    """The network tells its training rows apart and not those served: it hides NaN behind a ReLU."""
    return seen(book).is_flat and not flat_in_training(book)


def _named(inputs: InputFacts) -> str:
    """The worst column of a table, and whether no row is without; an empty column is a step that failed, no gap."""
    every = inputs.nan_rows == inputs.n_rows > 1
    said = [*([_columns(inputs)] if _is_table(inputs) else []), *(["no row is without"] if every else [])]
    return f" ({', '.join(said)})" if said else ""


def _columns(inputs: InputFacts) -> str:
    """All of them where they are few, else the one with the most cells; rows that hold nothing else."""
    worst, whole = inputs.nan_columns, inputs.nan_rows * inputs.n_columns
    if len(worst) >= NAN_COLUMNS and inputs.nan_cells + inputs.inf_cells == whole:
        return f"all that there are in {count(inputs.nan_rows, 'row')}"
    if len(worst) < NAN_COLUMNS:
        return f"in {listed([column(one, inputs.columns) for one in worst])}"
    return f"in {NAN_COLUMNS} columns or more, first of all {column(worst[0], inputs.columns)}"


def _broken(book: Book) -> str:
    """What of the network is NaN; nothing where nothing is."""
    updates = maybe(book, UpdateFacts)
    parts = {"weights": updates is not None and updates.nan_parameters > 0, "outputs": seen(book).pattern == "nan"}
    return " and ".join(name for name, is_nan in parts.items() if is_nan)


def _is_table(inputs: InputFacts) -> bool:
    return bool(inputs.nan_columns) and (bool(inputs.columns) or inputs.kind == "tabular")


def _assess(book: Book) -> Assessment:
    inputs = book.get(InputFacts)
    cells = inputs.nan_cells + inputs.inf_cells
    labels, serving = maybe(book, LabelFacts), maybe(book, ServingFacts)
    share = labels.nan_fraction if labels is not None else 0.0
    served = serving.nan_cells if serving is not None else 0
    broken = _broken(book)
    numbers = {"nan_or_inf_cells": float(cells)} | (
        {"rows_with_nan": float(inputs.nan_rows)} if inputs.nan_rows else {}
    )
    numbers |= {"nan_label_fraction": share} if share else {}
    if cells and broken:
        what = " or ".join(name for name, n in (("NaN", inputs.nan_cells), ("infinity", inputs.inf_cells)) if n)
        held = f"the training rows hold {what} in {count(cells, 'cell')}{_named(inputs)}"
        because = f"{held}, and so do the network's {broken}"
        return supported(because, weight=0.97, layer="input", **numbers)
    if share > 0 and broken:
        because = f"{percent(share)} of the labels are NaN, and so are the network's {broken}"
        return supported(because, weight=0.95, layer="labels", **numbers)
    if served and broken:
        because = f"the rows served hold NaN or infinity in {count(served, 'cell')} while the training rows are finite"
        return supported(because, weight=0.95, layer="input", nan_cells_served=float(served))
    if served and serving is not None and serving.nan_row_fraction >= NEARLY_ALL and _only_served_flat(book):
        because = (
            f"{percent(serving.nan_row_fraction)} of the rows served hold a NaN or infinite cell, and all get the same "
            "output, which the finite training rows do not"
        )
        return supported(because, weight=0.95, layer="input", nan_cells_served=float(served))
    if cells or share > 0 or served:
        return inconclusive(
            "some cells are NaN or infinite, but outputs and weights are finite", weight=0.2, layer=None, **numbers
        )
    return ruled_out(f"every cell of the {inputs.n_rows:,} training rows is finite", layer=None, **numbers)


CAUSE = Cause(
    code="DF103",
    name="nan-inputs",
    stage="data",
    assess=_assess,
    fixes=("impute-nan", "drop-nan-rows"),
    contrast={
        name: "must_not"
        for name in (
            "step-divided-by-10",
            "step-divided-by-100",
            "relu-he",
            "batch-norm",
            "reinitialize",
            "more-epochs",
        )
    },
    explains=("DF101", "DF105", "DF401", "DF402", "DF405", "DF501", "DF706", "DF901"),
    look_alikes=("DF105", "DF501", "DF706"),
    when_varied=True,
    makes_nan=True,
)

"""DF903 identical-rows: the rows that were scored are all the same row.

## What it is
A loop that scores the same row again and again, a buffer filled once, `np.tile`, a query that returned one record,
padding that leaves nothing of the text, a preprocessing step at prediction that maps every row to one point.

## Why every prediction is the same
Equal rows get equal predictions. The network told its training rows apart and would tell others apart.

## Evidence for
- One distinct row at the model's door at prediction, several in training.
- Check: `len(np.unique(X_new, axis=0))`.

## Evidence against
- The rows served differ. (That they follow another distribution is preprocessing-skew.)

## Look-alikes
- constant-inputs (DF102): the rows were equal in training already.
- preprocessing-skew (DF802): the rows arrive elsewhere, but still differ.
- cached outputs: the rows differ and the answers are those of an earlier call.

## Example
```python
row = X_test[0]
for i in range(10):
    print(model.predict(row[None]))               # row never becomes X_test[i]
```

## Fix
Score different rows. If they differ before the preprocessing, print them after each step and repair the step that
makes them equal.

## Known problems
Whether the rows were equal in the source or were made so cannot be seen at the model's door.

## References
- All inputs are identical, so one output is right: https://stackoverflow.com/questions/44601367
- Image turned to −1 everywhere by an integer cast: https://github.com/keras-team/keras/issues/12350
"""

from __future__ import annotations

from defib.causes import Cause
from defib.causes._signs import maybe, row_text, seen
from defib.diagnosis import Assessment, inconclusive, ruled_out, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.inputs import InputFacts, ServingFacts


def _assess(book: Book) -> Assessment:
    if not book.has(ServingFacts) and (alone := _without_training_rows(book)) is not None:
        return alone
    facts = book.get(ServingFacts)
    numbers = {
        "unique_rows_served": float(facts.unique_rows),
        "rows_served": float(facts.n_rows),
        "unique_training_rows": float(facts.unique_training_rows),
    }
    if facts.n_rows < 2:
        return inconclusive("only one row was scored, which can show no difference", weight=0.2, layer=None, **numbers)
    if not facts.identical_rows:
        return ruled_out(
            f"{facts.unique_rows:,} of the {facts.n_rows:,} rows scored are distinct", layer=None, **numbers
        )
    because = f"all {facts.n_rows:,} rows scored are the same row{row_text(facts.one_row)}"
    if facts.unique_training_rows < 2:
        return inconclusive(f"{because}, and so are the training rows", weight=0.3, layer="input", **numbers)
    if facts.training_rows_flat:
        return supported(
            f"{because}; the network is flat on its training rows as well", weight=0.7, layer="input", **numbers
        )
    because = f"{because}, while the training rows are distinct and the network tells them apart"
    return supported(because, weight=0.97, layer="input", **numbers)


def _without_training_rows(book: Book) -> Assessment | None:
    """Of a network whose training rows are not known (a generator) the rows that it was given may be."""
    rows, n_rows = maybe(book, ActivationFacts), seen(book).n_rows
    if rows is None or book.has(InputFacts) or not rows.input_constant or not seen(book).is_flat or n_rows < 2:
        return None
    because = f"all {n_rows:,} rows that it was given are the same row; what it was trained on was not seen"
    return supported(because, weight=0.92, layer="input", rows_served=float(n_rows))


CAUSE = Cause(
    code="DF903",
    name="identical-rows",
    stage="nothing_wrong",
    assess=_assess,
    fixes=("vary-rows",),
    contrast={},
    explains=(),
    look_alikes=("DF102", "DF802"),
)

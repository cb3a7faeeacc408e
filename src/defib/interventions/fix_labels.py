"""The line that makes the labels repaired."""

from __future__ import annotations

from dataclasses import replace

from defib.evidence import Book
from defib.interventions._advice import advice
from defib.interventions._writing import maybe
from defib.probes.labels import LabelFacts

VALUES = "print(y_train.min(), y_train.mean(), y_train.max())  # are these the values that are meant?"

_CLASSES = advice(
    "fix-labels",
    "repair the line that makes the labels",
    keras="""
    values, counts = np.unique(y_train, return_counts=True)
    assert len(values) > 1, (values, counts)
    y_train = np.searchsorted(values, y_train)  # class ids 0 … K−1
    """,
    torch="""
    values, y_ids = torch.unique(y_train, return_inverse=True)  # class ids 0 … K−1
    assert len(values) > 1, values
    y_train = y_ids
    """,
)


def _code(book: Book, framework: str) -> str:
    labels = maybe(book, LabelFacts)
    values = labels is not None and labels.task == "regression" and labels.n_distinct > 1
    return VALUES if values else _CLASSES.code(book, framework)


INTERVENTION = replace(_CLASSES, code=_code)

"""The line that makes the labels repaired."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, maybe
from defib.probes.labels import LabelFacts
from defib.recipe import Arm

KERAS = """
values, counts = np.unique(y_train, return_counts=True)
assert len(values) > 1, (values, counts)
y_train = np.searchsorted(values, y_train)  # class ids 0 … K−1
"""
TORCH = """
values, y_ids = torch.unique(y_train, return_inverse=True)  # class ids 0 … K−1
assert len(values) > 1, values
y_train = y_ids
"""
VALUES = "print(y_train.min(), y_train.mean(), y_train.max())  # are these the values that are meant?"


def _code(book: Book, framework: str) -> str:
    labels = maybe(book, LabelFacts)
    if labels is not None and labels.task == "regression" and labels.n_distinct > 1:
        return VALUES
    return by_framework(framework, keras=KERAS, torch=TORCH)


INTERVENTION = Intervention(
    name="fix-labels",
    does="repair the line that makes the labels",
    kind="advice",
    arm=lambda book: Arm(),
    code=_code,
    size=3,
)

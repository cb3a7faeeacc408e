"""The line that makes the labels repaired.

What can be tried is to number the classes 0 … K−1, and, where all labels are the same, the column that the program made
them of, if it still holds it; labels of another kind have their source outside what was seen.
"""

from __future__ import annotations

from dataclasses import replace

from defib.evidence import Book, Missing
from defib.interventions._advice import advice
from defib.interventions._labels import ids_to_number, numbering
from defib.interventions._writing import maybe
from defib.probes.before import BeforeFacts
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.recipe import Arm

VALUES = "print(y_train.min(), y_train.mean(), y_train.max())  # are these the values that are meant?"
CHECK = "assert len(values) > 1, (values, counts)"
HELD = (
    "# as tried: {said}, each value a class; the line that makes labels of it misreads its type, blanks or capitals\n"
)

_ADVICE = advice(
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


def _classes(book: Book) -> tuple[float, ...] | None:
    """The classes whose labels alone keep the head and the loss from fitting them."""
    labels, head = maybe(book, LabelFacts), maybe(book, HeadFacts)
    classes = None if labels is None else ids_to_number(labels)
    if classes is None or head is None or head.loss_kind == "hinge":
        return None
    return classes if head.units == len(classes) or (head.units == 1 and len(classes) == 2) else None


def _held(book: Book) -> BeforeFacts | None:
    """The labels that the program holds for these rows, where those trained on are all the same."""
    before = maybe(book, BeforeFacts)
    return before if before is not None and before.how == "relabelled" else None


def _arm(book: Book) -> Arm:
    if _held(book) is not None:
        return Arm(rows="before")
    classes = _classes(book)
    if classes is None:
        raise Missing("LabelFacts", "the source of the labels")
    return Arm(labels=classes)


def _code(book: Book, framework: str) -> str:
    labels, classes = maybe(book, LabelFacts), _classes(book)
    if (held := _held(book)) is not None:
        return HELD.format(said=held.said) + "values, counts = np.unique(y_train, return_counts=True)\n" + CHECK
    if classes is not None:
        return numbering(classes, framework)
    head = maybe(book, HeadFacts)
    if head is not None and head.dimmed_labels is not None:
        return numbering((0.0, head.dimmed_labels), framework)
    values = labels is not None and labels.task == "regression" and labels.n_distinct > 1
    return VALUES if values else _ADVICE.code(book, framework)


INTERVENTION = replace(_ADVICE, kind="train", arm=_arm, code=_code, size=2)

"""Labels paired with their rows by a key."""

from __future__ import annotations

from dataclasses import replace

from defib.evidence import Book, Missing
from defib.interventions._advice import advice
from defib.probes.before import BeforeFacts
from defib.recipe import Arm

_GIVEN = advice(
    "re-pair-labels",
    "pair rows and labels by a key, not by position",
    keras="""
    table = features.merge(labels, on="id", how="inner", validate="one_to_one")
    X_train, y_train = table[columns].to_numpy(), table["label"].to_numpy()
    """,
    torch="""
    table = features.merge(labels, on="id", how="inner", validate="one_to_one")
    X_train = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)
    y_train = torch.tensor(table["label"].to_numpy())
    """,
    sklearn="""
    table = features.merge(labels, on="id", how="inner", validate="one_to_one")
    X_train, y_train = table[columns].to_numpy(), table["label"].to_numpy()
    """,
)


_TOGETHER = """\
X, y = X[kept], y[kept]  # what leaves rows out leaves their labels out
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)  # one call draws both
"""


def _in_other_order(book: Book) -> BeforeFacts | None:
    """The array whose rows the network got in another order than the labels."""
    facts = book.get(BeforeFacts) if book.has(BeforeFacts) else None
    return facts if facts is not None and facts.name is not None and facts.how in ("order", "labels") else None


def _arm(book: Book) -> Arm:
    if _in_other_order(book) is None:
        raise Missing("BeforeFacts", "the rows in the order of the labels, in a variable of the program's")
    return Arm(rows="before")


def _code(book: Book, framework: str) -> str:
    found = _in_other_order(book)
    if found is None:
        return _GIVEN.code(book, framework)
    if found.how == "labels":
        return f"# as tried: {found.said} as labels\n" + _TOGETHER
    rows = found.said if found.by else f"the rows as they stand in {found.name}"
    tried = f"# as tried: {rows}, whose order the labels have\n"
    return tried + _GIVEN.code(book, framework)


INTERVENTION = replace(_GIVEN, kind="train", arm=_arm, code=_code)

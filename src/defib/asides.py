"""What the evidence shows beside the causes, in sentences for the notes of a report: no fault is claimed in them."""

from __future__ import annotations

from defib.evidence import Book
from defib.probes.alone import AloneFacts
from defib.probes.inputs import InputFacts
from defib.wording import percent

ROWS_FIRST = "where a layer of PyTorch takes (time, rows, features), batch_first=True makes the first axis the rows"


def asides(book: Book, framework: str) -> tuple[str, ...]:
    """Sentences to add, in order; empty where there is nothing to tell."""
    return (*_rows_that_meet(book, framework),)


def _rows_that_meet(book: Book, framework: str) -> tuple[str, ...]:
    """Rows of a network in evaluation mode that change each other's outputs."""
    facts = book.get(AloneFacts) if book.has(AloneFacts) else None
    if facts is None or not facts.difference:
        return ()
    found = (
        "a row's output changes with the rows that are sent with it, by up to "
        f"{percent(min(facts.difference, 9.99))} of the outputs' size: the rows meet inside the network"
    )
    if facts.softmax_over_rows:
        return (f"{found} in a softmax over the rows (dim=0), which makes each column sum to 1 over the batch",)
    return (f"{found}; {ROWS_FIRST}" if framework == "torch" and _reads_in_order(book) else found,)


def _reads_in_order(book: Book) -> bool:
    """Whether the rows have an axis of time that a layer may take for that of the rows."""
    return book.has(InputFacts) and book.get(InputFacts).kind in ("sequence", "tokens")

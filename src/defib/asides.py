"""What the evidence shows beside the causes, in sentences for the notes of a report: no fault is claimed in them."""

from __future__ import annotations

import math
import re
from collections.abc import Container

from defib.causes._signs import maybe
from defib.causes.double_activation import SLACK, loss_floor_nats
from defib.evidence import Book
from defib.probes.alone import AloneFacts
from defib.probes.head import HeadFacts
from defib.probes.inputs import InputFacts
from defib.probes.labels import LabelFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.training import TrainingFacts
from defib.wording import number, percent

SQUASHED = "DF302"
MANY = 0.05
"""Share of the labels from which on it is told."""
ROWS_FIRST = "where a layer of PyTorch takes (time, rows, features), batch_first=True makes the first axis the rows"


def asides(book: Book, framework: str, *, named: Container[str] = ()) -> tuple[str, ...]:
    """Sentences to add, in order; empty where there is nothing to tell. ``named``: codes of the causes that are."""
    of_labels = () if named else (*_labels_out_of_reach(book), *_labels_that_compete(book))
    twice = () if SQUASHED in named else _squashed_twice(book)
    return (*_which_rows(book), *_rows_that_meet(book, framework), *of_labels, *twice, *_worst_put_back(book))


def _worst_put_back(book: Book) -> tuple[str, ...]:
    """What a callback took for the best weights are the worst by the measure that it was given."""
    training = maybe(book, TrainingFacts)
    if training is None or training.restored_epoch is None:
        return ()
    grows = re.search(r"the smallest \S*(acc|auc|precision|recall|f1|r2)", training.restored_by) is not None
    falls = re.search(r"the largest \S*(loss|error|mae|mse)", training.restored_by) is not None
    if not grows and not falls:
        return ()
    return (
        f"the weights of epoch {training.restored_epoch} of {training.n_epochs} were put back "
        f"({training.restored_by}): the {'largest' if grows else 'smallest'} is the best, which "
        f"mode='{'max' if grows else 'min'}' asks for",
    )


def _squashed_twice(book: Book) -> tuple[str, ...]:
    """Whatever else is wrong, or nothing: what the loss reads has been squashed before it."""
    head = maybe(book, HeadFacts)
    if head is None or head.activations_before_loss < 2 or head.loss == "unknown":
        return ()
    labels, training = maybe(book, LabelFacts), maybe(book, TrainingFacts)
    floor = loss_floor_nats(head, labels.class_prior if labels is not None else ())
    if training is not None and training.last_loss is not None and training.last_loss < SLACK * floor:
        return ()
    return (
        f"the model ends in {head.activation}, and {head.loss} squashes its output again: its gradients are a fraction "
        f"of what they are on logits; leave one of the two out (defib explain {SQUASHED})",
    )


def _which_rows(book: Book) -> tuple[str, ...]:
    """Which rows the figures are of, where nobody had others predicted, and how many, where not all are looked at."""
    facts = book.get(SymptomFacts) if book.has(SymptomFacts) else None
    if facts is None:
        return ()
    n, there = facts.symptom.n_rows, facts.n_there
    if facts.n_predicted > 1 or not facts.of_training:
        return (f"of {there:,} rows that were predicted, {n:,} are looked at, evenly spaced",) if n < there else ()
    some = f"{n:,} of the rows" if n < there else "the rows"
    others = "a prediction for one other row alone was" if facts.n_predicted else "no predictions for other rows were"
    return (f"the predictions looked at are those for {some} it was trained on: {others} seen",)


def _labels_that_compete(book: Book) -> tuple[str, ...]:
    """Several labels a row in a softmax: the ranking may be what is wanted, a threshold of one half cannot be."""
    head = book.get(HeadFacts) if book.has(HeadFacts) else None
    labels = book.get(LabelFacts) if book.has(LabelFacts) else None
    if head is None or labels is None or head.activation != "softmax" or labels.task != "multilabel":
        return ()
    a_row = sum(labels.class_prior)
    if not a_row > 1:
        return ()
    return (
        f"the outputs of the softmax add up to 1 in each row, and a row has {number(a_row)} labels on average: no two "
        "outputs of a row can pass 0.5; one sigmoid for each label, with binary cross-entropy, would let them",
    )


def _labels_out_of_reach(book: Book) -> tuple[str, ...]:
    """Of a head with two ends, labels that it cannot come near, whatever it has learnt of the others."""
    head = book.get(HeadFacts) if book.has(HeadFacts) else None
    symptom = book.get(SymptomFacts).symptom if book.has(SymptomFacts) else None
    if head is None or symptom is None or symptom.is_flat or head.labels_outside < MANY:
        return ()
    if head.activation is None or math.isinf(head.output_low) or math.isinf(head.output_high):
        return ()
    labels, reach = (
        f"{number(head.label_low)} to {number(head.label_high)}",
        f"{number(head.output_low)} to {number(head.output_high)}",
    )
    return (
        f"{percent(head.labels_outside)} of the labels lie beyond what a {head.activation} head can say (labels "
        f"{labels}, head {reach}): those it can only miss",
    )


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
    if (inside := facts.softmax_over_rows_in) is not None:
        return (f"{found} in {inside}, a softmax over the rows (dim=0)",)
    return (f"{found}; {ROWS_FIRST}" if framework == "torch" and _reads_in_order(book) else found,)


def _reads_in_order(book: Book) -> bool:
    """Whether the rows have an axis of time that a layer may take for that of the rows."""
    return book.has(InputFacts) and book.get(InputFacts).kind in ("sequence", "tokens")

"""A loss over pairs or triplets that keeps rows apart."""

from __future__ import annotations

from dataclasses import replace

from defib.evidence import Book
from defib.interventions._advice import advice
from defib.interventions._writing import maybe
from defib.probes.embeddings import EmbeddingFacts

_ADVICE = advice(
    "part-embeddings",
    "let the loss push rows apart: both kinds of pairs in every batch, embeddings of length 1, a smaller step",
    keras="""
    # in every batch: pairs of one class and of two; a loss over equal rows alone is least where all rows are one point
    embedding = keras.ops.normalize(encoder(x), axis=1)  # so that it cannot shrink to a point to please the loss
    # triplets: begin with all or semi-hard negatives; the hardest ones from the start collapse
    # two views of one row without negatives: stop_gradient on one side
    """,
    torch="""
    # in every batch: pairs of one class and of two; a loss over equal rows alone is least where all rows are one point
    embedding = torch.nn.functional.normalize(encoder(x), dim=1)  # so that it cannot shrink to a point to please it
    # triplets: begin with all or semi-hard negatives; the hardest ones from the start collapse
    # two views of one row without negatives: loss = distance(predictor(z1), z2.detach())
    """,
    sklearn="""
    # scikit-learn's networks are not trained on pairs
    """,
)


def _applies(book: Book) -> str | None:
    return None if maybe(book, EmbeddingFacts) is not None else "the loss compares no rows with each other"


INTERVENTION = replace(_ADVICE, applies=_applies)

"""A loss over pairs or triplets that keeps rows apart."""

from __future__ import annotations

from dataclasses import replace

from defib.evidence import Book
from defib.interventions._advice import advice
from defib.interventions._writing import maybe
from defib.probes.embeddings import EmbeddingFacts
from defib.recipe import Arm

_ADVICE = advice(
    "part-embeddings",
    "let the loss push rows apart: embeddings of length 1, and a term that spreads those of a batch",
    keras="""
    # in every batch: pairs of one class and of two; a loss over equal rows alone is least where all rows are one point
    z = keras.ops.normalize(encoder(x), axis=1)  # so that it cannot shrink to a point to please the loss
    loss = loss + keras.ops.log(keras.ops.mean(keras.ops.exp(4 * (keras.ops.matmul(z, keras.ops.transpose(z)) - 1))))
    # triplets: begin with all or semi-hard negatives; the hardest ones from the start collapse
    # two views of one row without negatives: stop_gradient on one side
    """,
    torch="""
    # in every batch: pairs of one class and of two; a loss over equal rows alone is least where all rows are one point
    z = torch.nn.functional.normalize(encoder(x), dim=1)  # so that it cannot shrink to a point to please the loss
    loss = loss + torch.pdist(z).pow(2).mul(-2).exp().mean().log()  # least where the rows of a batch are spread
    # triplets: begin with all or semi-hard negatives; the hardest ones from the start collapse
    # two views of one row without negatives: loss = distance(predictor(z1), z2.detach())
    """,
    sklearn="""
    # scikit-learn's networks are not trained on pairs
    """,
)


def _applies(book: Book) -> str | None:
    return None if maybe(book, EmbeddingFacts) is not None else "the loss compares no rows with each other"


INTERVENTION = replace(_ADVICE, kind="train", applies=_applies, arm=lambda book: Arm().with_edit("part"), size=2)

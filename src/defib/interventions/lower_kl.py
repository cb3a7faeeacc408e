"""A KL term that starts at nothing."""

from __future__ import annotations

from dataclasses import replace

from defib.evidence import Book
from defib.interventions._advice import advice
from defib.interventions._writing import maybe
from defib.probes.embeddings import EmbeddingFacts

_ADVICE = advice(
    "lower-kl",
    "give the KL term a hundredth of its weight, or raise it from 0 over the first epochs",
    keras="""
    beta = 0.01  # of what it was, both terms summed over the same rows; or min(1, epoch / 20)
    self.add_loss(beta * kl)
    """,
    torch="""
    beta = 0.01  # of what it was, both terms summed over the same rows; or min(1, epoch / 20)
    loss = reconstruction + beta * kl
    """,
    sklearn="""
    # scikit-learn's networks draw no code
    """,
)


def _applies(book: Book) -> str | None:
    return None if maybe(book, EmbeddingFacts) is None else "the loss compares rows with each other and has no KL term"


INTERVENTION = replace(_ADVICE, applies=_applies)

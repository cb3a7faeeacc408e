"""A KL term that starts at nothing."""

from __future__ import annotations

from dataclasses import replace

from defib.evidence import Book
from defib.interventions._advice import advice
from defib.interventions._writing import maybe
from defib.probes.embeddings import EmbeddingFacts
from defib.recipe import Arm

SMALLER = 1e-4
"""Of what the term weighs now: a KL that is summed beside an average over pixels weighs thousands of times too much."""

_ADVICE = advice(
    "lower-kl",
    "give the KL term a ten-thousandth of its weight, and raise it from there, or from 0 over the first epochs",
    keras="""
    beta = 1e-4  # of what it was; raise it while the reconstructions stay apart, or take min(1, epoch / 20)
    self.add_loss(beta * kl)
    """,
    torch="""
    beta = 1e-4  # of what it was; raise it while the reconstructions stay apart, or take min(1, epoch / 20)
    loss = reconstruction + beta * kl
    """,
    sklearn="""
    # scikit-learn's networks draw no code
    """,
)


def _applies(book: Book) -> str | None:
    return None if maybe(book, EmbeddingFacts) is None else "the loss compares rows with each other and has no KL term"


INTERVENTION = replace(
    _ADVICE, kind="train", applies=_applies, arm=lambda book: Arm().with_edit("side_terms", SMALLER), size=1
)

"""Predictions squashed once, where the model and the program both do it."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions._advice import ask
from defib.interventions._writing import by_framework
from defib.probes.head import HeadFacts


def _applies(book: Book) -> str | None:
    twice = book.get(HeadFacts).squashed_again_at_prediction > 0
    return None if twice else "the program applies no activation to the model's predictions"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        probabilities = model(X_test)  # the model ends in a sigmoid already
        """,
        keras="""
        probabilities = model.predict(X_test)  # the model ends in a sigmoid already
        """,
        torch="""
        probabilities = model(X_test)  # the model ends in a sigmoid already
        """,
    )


INTERVENTION = ask(
    "activate-once",
    "take the model's outputs as probabilities, without another sigmoid",
    code=_code,
    applies=_applies,
    size=1,
)

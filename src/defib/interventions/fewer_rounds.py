"""Two rounds of mixing between rows instead of many."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, maybe
from defib.probes.mixing import MixingFacts
from defib.recipe import Arm

KEPT = 2
"""Rounds that are left: neighbours and their neighbours, what published graph networks take."""


def _rounds(book: Book) -> int | None:
    facts = maybe(book, MixingFacts)
    one = None if facts is None else facts.initial or facts.end
    return None if one is None else one.rounds


def _applies(book: Book) -> str | None:
    rounds = _rounds(book)
    if rounds is None:
        return "no row meets another in the network"
    return f"{rounds} rounds are few already" if rounds <= KEPT else None


def _code(book: Book, framework: str) -> str:
    if (_rounds(book) or 0) <= KEPT:
        return "print((adjacency != 0).sum(1))  # neighbours of each row: a few, where these are all"
    return by_framework(
        framework,
        keras=f"n_rounds = {KEPT}  # and x = x + mixed in each, so that a row keeps what it brought",
        torch=f"n_rounds = {KEPT}  # and x = x + mixed in each, so that a row keeps what it brought",
    )


INTERVENTION = Intervention(
    name="fewer-rounds",
    does=f"let rows meet each other {KEPT} times only",
    kind="train",
    arm=lambda book: Arm().with_edit("fewer_rounds", KEPT),
    applies=_applies,
    code=_code,
    size=1,
    impossible_in=("sklearn",),
)

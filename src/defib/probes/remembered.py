"""What the network keeps between its calls: the rows served, asked again in turn and each with nothing remembered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.outputs import as_columns, spread
from defib.subject import Subject

OWN = 0.5
"""Share of its own answer that a row must get: below it, other rows' answers are the larger part."""


@dataclass(frozen=True)
class MemoryFacts(Evidence):
    """Rows served, through a clone that remembers as the user's network does, and through one that does not."""

    where: tuple[str, ...]
    """Attributes that one call fills and later ones are answered from; empty where there is none."""
    n_rows: int = 0
    rows_per_call: int = 0
    """Median."""
    spread_in_turn: float = 0.0
    """Standard deviation across rows of what they get one call after the other (largest column)."""
    spread_afresh: float = 0.0
    own_share: float = 1.0
    """``1 - mean((in turn - afresh)²) / var(afresh)``, of the column with the largest spread: 1 where each row gets its
    own answer, 0 or less where it gets no more of it than of a constant."""

    @property
    def of_others(self) -> bool:
        """Rows are told what other rows were told."""
        return bool(self.where) and self.spread_afresh > 0 and self.own_share < OWN


def _measure(subject: Subject, book: Book) -> MemoryFacts:
    memory = subject.remembered()
    if memory is None:
        return MemoryFacts(())
    in_turn, afresh = as_columns(np.asarray(memory.in_turn)), as_columns(np.asarray(memory.afresh))
    if len(afresh) < 2 or not (np.isfinite(in_turn).all() and np.isfinite(afresh).all()):
        raise Missing("MemoryFacts", "two rows or more that were predicted, as numbers")
    column = int(spread(afresh).argmax())
    variance = float(afresh[:, column].var())
    missed = float(((in_turn - afresh)[:, column] ** 2).mean())
    calls = subject.serving_calls
    return MemoryFacts(
        memory.where,
        n_rows=len(afresh),
        rows_per_call=1 if calls is None or not calls.sizes else int(np.median(calls.sizes)),
        spread_in_turn=float(spread(in_turn).max()),
        spread_afresh=float(spread(afresh).max()),
        own_share=1.0 - missed / variance if variance > 0 else 1.0,
    )


PROBE = Probe("remembered", MemoryFacts, "forward", _measure)

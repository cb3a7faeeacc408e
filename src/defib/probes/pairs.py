"""Whether the trained network tells the pairs that its loss joins: rows that belong together from others."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.pairs import raw_gini
from defib.measures.skill import gini_skill
from defib.paired import labelled
from defib.subject import Subject
from defib.symptom import Skill

LEAST = 0.5
"""Of what the rows' own distances tell: whoever trained it would be better off without it."""


@dataclass(frozen=True)
class PairFacts(Evidence):
    """On pairs of rows that the network was trained on, by how alike its answers for the two are."""

    skill: Skill
    """Of the trained weights, as gini; on rows trained on, so that it is the most that can be hoped for."""
    gini_initial: float | None
    """Of the initial weights; ``None`` where these are not known."""
    gini_raw: float
    """What the distance of the rows themselves tells, in [0, 1]."""
    partners: int
    """Pairs that belong together, of `Skill.n_rows`."""

    @property
    def tells(self) -> bool:
        """Skill beyond chance, and not far below what the rows themselves tell."""
        return self.skill.shown and self.skill.interval[1] >= LEAST * self.gini_raw


def _measure(subject: Subject, book: Book) -> PairFacts:
    paired = subject.paired
    if paired is None:
        raise Missing("PairFacts", "a loss over several rows whose steps can be repeated")
    X, y = labelled(paired.training)
    found = gini_skill(paired.forward(X).outputs, (y == 1)[:, None])
    if found is None:
        raise Missing("PairFacts", "pairs of both kinds")
    first = None
    if paired.has_initial_weights:
        first = gini_skill(paired.forward(X, moment="initial").outputs, (y == 1)[:, None])
    return PairFacts(
        skill=Skill("gini", found.value, found.interval, found.n_rows, "training"),
        gini_initial=None if first is None else first.value,
        gini_raw=raw_gini((X, y), (X, y)),
        partners=int((y == 1).sum()),
    )


PROBE = Probe("pairs", PairFacts, "forward", _measure)

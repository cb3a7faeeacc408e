"""Evidence: the frozen answer of one probe, and the Book that holds all of them.

A probe is one question about a Subject ("probe" as of an oscilloscope; not a linear probe). It
states what it needs and what it costs and never changes the Subject. A cause asks the Book for
evidence by class; what is not there raises `Missing`, which becomes "not assessed: needs …".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from defib.subject import Subject


class Evidence:
    """Base of every frozen answer. Fields carry units and ranges in their names or docstrings."""


E = TypeVar("E", bound=Evidence)


class Missing(Exception):
    """A piece of evidence is not there; ``needs`` says what would bring it ("the labels")."""

    def __init__(self, kind: str, needs: str) -> None:
        Exception.__init__(self, f"{kind}: needs {needs}")
        self.needs = needs


@dataclass(frozen=True)
class Book:
    """All evidence about one Subject, by class; with the reason where a probe gave none."""

    found: Mapping[type[Evidence], Evidence] = field(default_factory=dict)
    missing: Mapping[type[Evidence], str] = field(default_factory=dict)
    """What the probe would have needed, per kind of evidence."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Probes that broke inside, by name, with the error in one line."""

    def get(self, kind: type[E]) -> E:
        """The evidence of this class, or `Missing`.

        >>> Book().get(Evidence)
        Traceback (most recent call last):
            ...
        defib.evidence.Missing: Evidence: needs its probe
        """
        answer = self.found.get(kind)
        if isinstance(answer, kind):
            return answer
        raise Missing(kind.__name__, self.missing.get(kind, "its probe"))

    def has(self, kind: type[Evidence]) -> bool:
        """Whether evidence of this class is there."""
        return kind in self.found


@dataclass(frozen=True)
class Probe:
    """One question: ``measure(subject, book)`` answers with one piece of Evidence.

    ``measure`` raises `Missing` (or the Subject's `NotAvailable`) when it lacks what it needs.
    """

    name: str
    gives: type[Evidence]
    cost: Literal["free", "forward", "backward", "learners", "training"]
    """``free``: arrays only; ``forward``/``backward``: passes of at most 256 rows; ``learners``: fits reference
    learners; ``training``: trains the network."""
    measure: Callable[[Subject, Book], Evidence]
    """May read evidence of probes that stand earlier in the table ``defib.probes.PROBES``."""

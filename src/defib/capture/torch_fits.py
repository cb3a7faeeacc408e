"""Trainings that a library runs for the user (Lightning, Transformers, skorch): what only the library knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from defib.capture.sklearn_calls import Place
from defib.subject import FloatArray

if TYPE_CHECKING:
    from defib.capture.torch_session import Session


MAX_STUDIES: Final = 32
"""Trainings of one program that are kept."""
DROPPED: Final = "{n:,} more networks were trained before the last {kept}: only these are diagnosed"


@final
class Fit:
    """One call of a library's ``fit`` or ``train``; filled while it runs."""

    def __init__(self, library: str, owner: Any, line: str = "", place: Place | None = None) -> None:
        self.library = library
        self.owner = owner
        """The module that the user handed over; its parts may be what is trained."""
        self.line = line
        """Where the user called it."""
        self.place = place or Place()
        """The search or cross-validation around it."""
        self.siblings = 0
        """Other fits of that search, whose place this one took."""
        self.planned: int | None = None
        """Epochs asked for."""
        self.epochs: int | None = None
        """Epochs begun."""
        self.validation: dict[int, float] = {}
        """Epoch → loss on the validation rows, as the library reports it."""
        self.restored_epoch: int | None = None
        self.restored_by = ""

    def validation_loss(self) -> FloatArray:
        """In order of the epochs."""
        return np.array([self.validation[epoch] for epoch in sorted(self.validation)], dtype=np.float64)

    def is_sibling(self, other: Fit) -> bool:
        """Whether both belong to one search or cross-validation, and this one is not its final fit on all rows."""
        return self.place.key is not None and self.place.key == other.place.key and not self.place.refit

    def notes(self) -> tuple[str, ...]:
        """Sentences on what was left out."""
        if self.place.within is None or not self.siblings:
            return ()
        which = "the one it fitted again on all rows" if self.place.refit else "the last of them"
        return (f"{self.place.within} fitted {self.siblings + 1} networks that were seen: this is {which}",)


def forget_siblings(session: Session, fit: Fit) -> None:
    """Studies of earlier fits of the same search or cross-validation: one is enough."""
    for key, study in list(session.studies.items()):
        if study.fit is None or study.fit is fit or not study.fit.is_sibling(fit):
            continue
        fit.siblings = max(fit.siblings, study.fit.siblings + 1)
        _forget(session, key)


def forget_oldest(session: Session) -> None:
    """The trainings that ended first, of more than can be kept: each holds its network, its optimizer and its rows."""
    while len(session.studies) > MAX_STUDIES:
        key = min(session.studies, key=lambda one: session.studies[one].ended)
        own = {id(one) for _, one in session.studies[key].named()}
        _forget(session, key)
        for held, watch in list(session.optimizers.items()):
            if watch.held <= own:
                session.optimizers.pop(held)
        session.dropped += 1


def _forget(session: Session, key: tuple[int, ...]) -> None:
    """One training, and what was noted of its modules, where no other training has them."""
    session.studies.pop(key, None)
    session.evals.pop(key, None)
    shared = set().union(*(other for other in session.studies if len(other) > 1))
    for part in set(key) - shared:
        session.studies.pop((part,), None)
        session.evals.pop((part,), None)
        session.entries.pop(part, None)
        session.alone.pop(part, None)
        session.among.pop(part, None)

"""What an intervention is: one change to the recipe, the network or the serving path. One file each.

A module holds ``INTERVENTION = Intervention(...)``. Interventions are data and pure functions; the
adapters know how to train an `Arm`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from defib.evidence import Book, Missing
from defib.recipe import Arm


@dataclass(frozen=True)
class Intervention:
    """One change, tried on a clone."""

    name: str
    """Kebab case, a verb phrase: ``standardize-inputs``, ``smaller-step``."""
    does: str
    """What is changed, as a clause: "standardize every input column"."""
    kind: Literal["train", "advice"]
    """``train``: an `Arm` is run, on to its predictions and how they are asked for. ``advice``: defib cannot try it (it
    needs other data, or a change outside the program)."""
    arm: Callable[[Book], Arm]
    """The arm to train (``Arm()`` unless ``kind == "train"``). May raise `defib.evidence.Missing`."""
    code: Callable[[Book, str], str]
    """What to write, for framework ``"keras"``, ``"torch"`` or ``"sklearn"``; runnable lines, the numbers filled in."""
    applies: Callable[[Book], str | None] = lambda book: None
    """``None`` when it can change anything here, else the reason ("the inputs are standardized already")."""
    size: int = 1
    """How large a change it is for the user: 1 = one argument, 2 = one line or layer, 3 = a rewrite."""
    says: Callable[[Book], str | None] = lambda book: None
    """``does`` for this program: with its numbers, or what of it is needed here; ``None`` where it is the same."""
    impossible_in: tuple[str, ...] = ()
    """Frameworks in which the user cannot make this change; it is never offered there."""

    def fits(self, book: Book) -> bool:
        """Whether it can change anything here; not where that needs evidence which the Book lacks."""
        try:
            return self.applies(book) is None
        except Missing:
            return False

"""What the interventions have in common that no arm can try. Private; each has a module of its own."""

from __future__ import annotations

from collections.abc import Callable

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.recipe import Arm


def advice(
    name: str, does: str, *, keras: str, torch: str, sklearn: str | None = None, jax: str | None = None, size: int = 3
) -> Intervention:
    """An intervention outside the program that was seen (other rows, other labels, another step of the pipeline)."""
    return Intervention(
        name=name,
        does=does,
        kind="advice",
        arm=lambda book: Arm(),
        code=lambda book, framework: by_framework(framework, keras=keras, torch=torch, sklearn=sklearn, jax=jax),
        size=size,
    )


def ask(
    name: str,
    does: str,
    *,
    code: Callable[[Book, str], str],
    applies: Callable[[Book], str | None] = lambda book: None,
    says: Callable[[Book], str | None] = lambda book: None,
    size: int = 2,
) -> Intervention:
    """An intervention on how the network is asked, which clones are asked by, too (`defib.trials.asked`)."""
    arm = Arm(serving="as_trained")
    return Intervention(
        name=name, does=does, kind="train", arm=lambda book: arm, applies=applies, code=code, size=size, says=says
    )

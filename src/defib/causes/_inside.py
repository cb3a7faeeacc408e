"""What a step inside the network hides, in words, and which layers ran. Private, not a cause."""

from __future__ import annotations

import re

from defib.causes._signs import maybe, num, place
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.masked import MaskedFacts
from defib.probes.updates import ParameterMove, UpdateFacts


def told_inside(facts: MaskedFacts) -> str:
    """The clause for a step that hides the rows' signal."""
    step, before = place(facts.step or ""), "the input" if facts.before == "input" else place(facts.before)
    if facts.equal:
        because = f"the rows differ in {before} and are all equal behind {step}, before the training and after it"
        return f"{because}: a normalization over one number leaves 0 of it" if facts.normalizes else because
    metric = "AUC" if facts.metric == "auc" else "R²"
    return (
        f"before the training, a reference learner reads the labels from {before} ({metric} {num(facts.score_before)}) "
        f"and not from what {step} makes of it ({num(facts.score_after)})"
    )


def in_use(book: Book) -> tuple[ParameterMove, ...]:
    """Weights of layers that ran; all of them where it cannot be told which did.

    A layer that the class defines and never calls has no gradient either, and nothing of the rows passes it.
    """
    moves, facts = book.get(UpdateFacts).parameters, maybe(book, ActivationFacts)
    ran = {re.split("[#:]", state.layer)[0] for state in facts.end} if facts is not None else set()

    def used(layer: str) -> bool:
        return any(one == layer or one.startswith(f"{layer}.") or layer.startswith(f"{one}.") for one in ran)

    kept = tuple(move for move in moves if used(move.layer))
    return kept if any(move.why_unmoved != "no_gradient" for move in kept) else moves

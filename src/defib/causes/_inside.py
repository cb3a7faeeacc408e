"""What a step inside the network hides, in words, and which layers ran. Private, not a cause."""

from __future__ import annotations

import re

from defib.causes._signs import maybe, num, place
from defib.diagnosis import Assessment, by_itself, inconclusive, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.masked import MaskedFacts
from defib.probes.updates import ParameterMove, UpdateFacts
from defib.wording import metric_name


def told_inside(facts: MaskedFacts) -> str:
    """The clause for a step that hides the rows' signal."""
    step, before = place(facts.step or ""), "the input" if facts.before == "input" else place(facts.before)
    if facts.equal:
        because = f"the rows differ in {before} and are all equal behind {step}, before the training and after it"
        return f"{because}: a normalization over one number leaves 0 of it" if facts.normalizes else because
    metric = metric_name(facts.metric)
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


def along_rows(layer: str, difference: float, n_steps: int) -> Assessment:
    """A layer that takes the rows for time; where outputs have steps of their own, they may be what is called rows."""
    because = (
        f"{place(layer)} goes along the rows of the batch, as through the steps of one sequence: what stands at one"
    )
    because = f"{because} step of a row meets that step of other rows, and never the row's other steps"
    if n_steps > 1:
        return inconclusive(because, weight=0.35, layer=layer, difference=difference)
    return by_itself(supported(because, weight=0.93, layer=layer, difference=difference))


def attended(inside: MaskedFacts) -> Assessment:
    """The verdict where rows go through an attention; a slice behind it that cuts them off is at fault itself."""
    attention = place(inside.attention)
    if inside.cut_behind_attention:
        because = (
            f"{told_inside(inside)}: what it takes is the same in every row, and {attention} brings nothing there from "
            "where the rows differ, as at a first position that a causal mask lets see only itself"
        )
        return supported(because, weight=0.93, layer=inside.step)
    because = f"{told_inside(inside)}: what {attention} attends to is not what tells the rows apart"
    return supported(because, weight=0.93 if inside.equal else 0.6, layer=inside.attention)

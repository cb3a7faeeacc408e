"""How heavy penalties on what layers give out (sparse codes) are against the data, and what they left of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.rows import root_mean_square
from defib.probes.looking import labelled_rows
from defib.subject import LayerOutput, Subject


@dataclass(frozen=True)
class OutputPenaltyFacts(Evidence):
    """Penalties on outputs, at the initial weights, and the layer whose outputs they shrank most."""

    layer: str | None
    """``None`` where no layer's outputs are penalized."""
    over_data: float = 0.0
    """All such penalties over the rest of the loss, before the first step."""
    size_left: float = 1.0
    """Root mean square of that layer's outputs at the end, over what it was before the first step."""


def _measure(subject: Subject, book: Book) -> OutputPenaltyFacts:
    if not subject.has_initial_weights:
        raise Missing("OutputPenaltyFacts", "the initial weights")
    X, y = labelled_rows(subject, "OutputPenaltyFacts")
    first = subject.forward(X, moment="initial").layers
    penalties = subject.output_penalties(first)
    if not penalties:
        return OutputPenaltyFacts(None)
    before, after = _sizes(first), _sizes(subject.forward(X, moment="end").layers)
    left = {name: after.get(name, 0.0) / before[name] for name in penalties if before[name] > 0}
    if not left:
        return OutputPenaltyFacts(None)
    total = sum(penalties.values())
    data = subject.loss(X, y, moment="initial") - (total if subject.penalties_in_loss else 0.0)
    layer = min(left, key=lambda one: left[one])
    return OutputPenaltyFacts(layer, total / max(data, 1e-12), left[layer])


def _sizes(layers: Sequence[LayerOutput]) -> dict[str, float]:
    """Root mean square by layer."""
    return {one.layer.name: root_mean_square(one.values) for one in layers}


PROBE = Probe("output_penalty", OutputPenaltyFacts, "forward", _measure)

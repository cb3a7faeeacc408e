"""What a step that was too large left behind at the output, and in the loss. Private; not a cause."""

from __future__ import annotations

from defib.causes._signs import maybe, num
from defib.evidence import Book
from defib.probes.gradients import GradientFacts
from defib.probes.head import HeadFacts
from defib.probes.modes import ModeFacts
from defib.probes.reference import SignalFacts
from defib.probes.training import TrainingFacts

SPIKE = 3.0
"""Loss at three times its first value: thrown, not noisy."""
ABOVE = 1.5
"""Times the loss of the best constant; one that comes back from a throw passes there on its way."""
USUAL_DROPOUT = 0.6
"""Rates up to a half are usual; a measured share carries some units' worth of error."""


def thrown_to_an_end(book: Book) -> tuple[str, str | None] | None:
    """The output itself at an end of its range, where no gradient is left: of a clipped loss, or of the head itself."""
    gradients, head = maybe(book, GradientFacts), maybe(book, HeadFacts)
    if gradients is None or head is None or not gradients.zero_end or gradients.zero_initial:
        return None
    if head.activation not in ("sigmoid", "softmax"):
        return None
    flat = "the clipped loss" if head.loss_takes == "probabilities" else f"its {head.activation}"
    return f"the output, in range at the start, stands where {flat} has no gradient", head.layer


def never_back(book: Book) -> tuple[str, str | None] | None:
    """A loss that was thrown and ended above that of a constant: worse than knowing nothing of the rows."""
    facts = maybe(book, TrainingFacts)
    if facts is None or facts.last_loss is None or not facts.prior_loss or (facts.spike or 0.0) < SPIKE:
        return None
    if (signal := maybe(book, SignalFacts)) is not None and not signal.has_signal:
        return None  # there was nothing to come back to
    if facts.last_loss < ABOVE * facts.prior_loss or _is_noise_of_dropout(book):
        return None
    return f"the loss ended at {num(facts.last_loss)}, where a constant's is {num(facts.prior_loss)}", None


def _is_noise_of_dropout(book: Book) -> bool:
    """The losses of a training are those with dropout on; where most is dropped, they rise by the draw alone."""
    modes = maybe(book, ModeFacts)
    return modes is not None and (modes.dropped_fraction or 0.0) > USUAL_DROPOUT

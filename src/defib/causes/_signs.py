"""Readings of the Book that several causes share. Pure; a private module, not a cause."""

from __future__ import annotations

import math
from collections.abc import Sequence

from defib.diagnosis import Assessment, ruled_out
from defib.evidence import Book, E
from defib.probes.activations import ActivationFacts, LayerState
from defib.probes.inputs import InputFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.reference import SignalFacts
from defib.symptom import Symptom

WEIGHTED = frozenset({"dense", "conv", "recurrent", "attention", "embedding"})
"""Kinds of layer that hold weights; what comes after the last of them belongs to the head."""
RELU_LIKE = frozenset({"relu", "relu6"})
"""Activations with an exactly flat side; a leaky one cannot die."""
SATURATING = frozenset({"sigmoid", "hard_sigmoid", "tanh", "softmax", "log_sigmoid"})
SATURATED = 0.95
"""Share of (row, unit) cells at an end of the range from which on a layer passes nothing on."""
EQUAL_ROWS = 1e-4
"""Relative spread below which rows are equal for the layers behind (the probe's own threshold)."""
LARGE_RMS, SMALL_RMS = 10.0, 0.01
"""Initializers assume inputs of about 1: ten times more saturates sigmoids within a few units (fan-in 10, Glorot:
pre-activation sd about 10), a hundred times less leaves the bias alone to speak."""
LARGE_OFFSET = 10.0
"""|mean| / sd of a column: what tells two rows apart is then a tenth of what all rows share."""
LARGE_RATIO = 100.0
"""Columns two orders of magnitude apart: at a factor of 10 nothing was lost in measurements, at 1,000 a third was."""
WEAK = 0.25
"""Skill below a quarter of the reference learner's is no success."""
NORMAL_LOGIT_SPREAD = 0.3
"""A calibrated model with logit spread s has an AUC of about Φ(s/√2): 0.3 is AUC .58, the least worth having. It
does not depend on the prior, as the spread of a probability does."""


def num(value: float) -> str:
    """A number for a sentence.

    >>> num(1234.5), num(0.25), num(3e-7), num(12), num(float("inf")), num(1e7)
    ('1,234', '0.25', '3e-07', '12', 'infinite', '1e+07')
    """
    if not math.isfinite(value):
        return "infinite" if math.isinf(value) else "NaN"
    if value == 0 or 1e-3 <= abs(value) < 1e3:
        return f"{value:.3g}"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.2g}"


def percent(share: float) -> str:
    """A share in [0, 1] for a sentence; never rounds a part up to the whole.

    >>> percent(0.5), percent(1.0), percent(0.9996), percent(0.0004)
    ('50 %', '100 %', 'more than 99 %', 'less than 1 %')
    """
    if 0.99 < share < 1:
        return "more than 99 %"
    return "less than 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def maybe(book: Book, kind: type[E]) -> E | None:
    """The evidence, or ``None``: for what only sharpens a verdict."""
    return book.get(kind) if book.has(kind) else None


def seen(book: Book) -> Symptom:
    """The symptom of the predict rows as the user saw them."""
    return book.get(SymptomFacts).symptom


def learnt(symptom: Symptom, book: Book) -> bool:
    """Skill is shown on rows that were not trained on, and is more than a trace of what the rows hold."""
    skill = symptom.skill
    if skill is None or skill.rows == "training" or not skill.shown:
        return False
    signal = maybe(book, SignalFacts)
    if signal is None or not signal.has_signal:
        return True
    reference = 2 * signal.best - 1 if signal.metric == "auc" else signal.best
    return skill.interval[1] >= WEAK * reference


def fine(book: Book) -> Assessment | None:
    """The verdict when nothing is wrong with the predictions, else ``None``."""
    symptom = seen(book)
    if symptom.pattern != "varied" or not learnt(symptom, book):
        return None
    assert symptom.skill is not None
    return ruled_out(
        f"the predictions vary and keep a skill of {num(symptom.skill.value)} on rows not trained on",
        skill=symptom.skill.value,
        prediction_spread=symptom.prediction_spread,
    )


def flat_in_training(book: Book) -> bool:
    """The network itself is flat: on its training rows, or, where those are not known, on the predict rows."""
    facts = book.get(SymptomFacts)
    return (facts.training_symptom or facts.symptom).is_flat


def alive_in_training(book: Book) -> Assessment | None:
    """The verdict for a fault inside the network when it is not flat on its own training rows, else ``None``."""
    if flat_in_training(book):
        return None
    facts = book.get(SymptomFacts)
    spread = (facts.training_symptom or facts.symptom).prediction_spread
    return ruled_out(
        f"the network's outputs differ between its training rows (spread {num(spread)})", training_spread=spread
    )


def hidden(states: Sequence[LayerState]) -> tuple[LayerState, ...]:
    """The layers in front of the last one that holds weights: everything but the head."""
    last = max((i for i, state in enumerate(states) if state.kind in WEIGHTED), default=0)
    return tuple(states[:last])


def saturated_hidden(states: Sequence[LayerState]) -> LayerState | None:
    """The first hidden layer whose cells are nearly all at an end of their range."""
    return next((s for s in hidden(states) if (s.saturated_fraction or 0.0) > SATURATED), None)


def dead_hidden(states: Sequence[LayerState]) -> LayerState | None:
    """The first hidden layer whose units are 0 on all rows."""
    return next((s for s in hidden(states) if s.dead_fraction == 1.0), None)


def collapsed_from_start(book: Book) -> bool:
    """Rows were equal somewhere inside before the training began (and are not equal at the door)."""
    facts = maybe(book, ActivationFacts)
    return facts is not None and not facts.input_constant and facts.first_equal_initial is not None


def badly_scaled(inputs: InputFacts) -> tuple[str, dict[str, float]] | None:
    """How the inputs miss the scale that initializers assume: a clause and its numbers; ``None`` when they do not."""
    if inputs.kind == "tokens" or inputs.normalized_inside or inputs.constant_fraction == 1.0:
        return None
    if inputs.scale_max > LARGE_RMS:
        clause = f"column {inputs.largest_column} reaches a root mean square of {num(inputs.scale_max)}"
        return clause, {"largest_column_rms": inputs.scale_max, "column_sd_ratio": inputs.scale_ratio}
    if inputs.scale_max < SMALL_RMS:
        clause = f"no column exceeds a root mean square of {num(inputs.scale_max)}"
        return clause, {"largest_column_rms": inputs.scale_max}
    if inputs.offset_ratio > LARGE_OFFSET:
        clause = f"a column lies {num(inputs.offset_ratio)} of its standard deviations away from zero"
        return clause, {"offset_over_sd": inputs.offset_ratio, "largest_column_rms": inputs.scale_max}
    if inputs.scale_ratio > LARGE_RATIO:
        clause = f"the standard deviations of the columns differ by a factor of {num(inputs.scale_ratio)}"
        return clause, {"column_sd_ratio": inputs.scale_ratio, "largest_column_rms": inputs.scale_max}
    return None

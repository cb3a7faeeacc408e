"""The scale of the inputs, and what it did inside the network. Pure; a private module, not a cause."""

from __future__ import annotations

from dataclasses import dataclass

from defib.causes._signs import cells, dead_hidden, hidden, maybe, num, place, saturated_hidden
from defib.causes._time import moment_clause
from defib.diagnosis import DECISIVE
from defib.evidence import Book
from defib.probes.activations import ActivationFacts
from defib.probes.door import DoorStep
from defib.probes.initialization import InitializationFacts
from defib.probes.inputs import InputFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts
from defib.wording import column

LARGE_RMS, SMALL_RMS = 10.0, 0.01
"""Initializers assume inputs of about 1: ten times more saturates sigmoids within a few units (fan-in 10, Glorot:
pre-activation sd about 10), a hundred times less leaves the bias alone to speak."""
LARGE_OFFSET = 10.0
"""|mean| / sd of a column: what tells two rows apart is then a tenth of what all rows share."""
LARGE_RATIO = 100.0
"""Columns two orders of magnitude apart: at a factor of 10 nothing was lost in measurements, at 1,000 a third was."""
CELLS = {"image": "pixel", "sequence": "value of a step"}
"""What a cell of a row is called where the cells share a unit, and which of them is the largest tells nothing."""
SPIKE = 3.0
"""Loss that rose to three times its first value was thrown, not noisy."""
THROWN = 1.0
"""Relative size of a first update after which nothing is left of the initial weights; usual ones are below 0.01."""
FAR_ABOVE_USUAL = 10.0
"""Learning rate over the optimizer's customary one."""
LARGE_WEIGHTS = 5.0
"""First-layer weights this much above their customary spread saturate it at any scale of the inputs."""


def trace_of(book: Book) -> tuple[str, str | None, float] | None:
    """What the scale did inside: clause, layer, weight. Most telling first."""
    facts = maybe(book, ActivationFacts)
    if (sign := overflowed(book)) is not None:
        return sign, None, DECISIVE if _step_is_usual(book) else 0.65
    if facts is not None:
        first = next(iter(hidden(facts.initial)), None)
        if first is not None and first.kind == "recurrent" and facts.first_equal_initial == first.layer:
            # Its gates squash inside the layer, where no activation can be looked at.
            return f"the rows become equal in {place(first.layer)} before the first step", first.layer, DECISIVE
        if (layer := saturated_hidden(facts.initial)) is not None:
            return f"{cells(layer)} are saturated before the first step", layer.layer, 0.8
        if (layer := dead_hidden(facts.end)) is not None and dead_hidden(facts.initial) is None:
            otherwise = f"every unit of {place(layer.layer)} died during the training"
            return moment_clause(book, layer.layer, "dead", otherwise=otherwise), layer.layer, 0.7
        if (layer := saturated_hidden(facts.end)) is not None:
            otherwise = f"{cells(layer)} ended saturated"
            return moment_clause(book, layer.layer, "saturated", otherwise=otherwise), layer.layer, 0.65
    updates, training = maybe(book, UpdateFacts), maybe(book, TrainingFacts)
    if updates is not None and updates.nan_parameters:
        return "the weights became NaN", None, 0.65
    moved = updates is None or updates.moved_fraction > 0
    if moved and training is not None and (training.spike or 0.0) >= SPIKE:
        return f"the loss rose to {num(training.spike or 0.0)} times its first value", None, 0.6
    return None


def _step_is_usual(book: Book) -> bool:
    training = maybe(book, TrainingFacts)
    factor = None if training is None else training.rate_over_usual
    return factor is not None and factor < FAR_ABOVE_USUAL


def overflowed(book: Book) -> str | None:
    """The first update left nothing of a kernel, and the weights ended as NaN: a divergence seen from its start."""
    updates = maybe(book, UpdateFacts)
    if updates is None or not updates.nan_parameters:
        return None
    sign = thrown(book)
    return f"{sign}, and the weights became NaN" if sign is not None else None


def thrown(book: Book) -> str | None:
    """What shows although everything is NaN at the end: the first step, if it was taken on finite rows."""
    updates = maybe(book, UpdateFacts)
    first = None if updates is None else updates.largest_first_update
    return (
        f"the first update changed a kernel by {num(first)} times its size"
        if first is not None and (THROWN <= first < float("inf"))
        else None
    )


def large_weights(book: Book) -> bool:
    """The first layer's own weights may be what saturates it."""
    inits = maybe(book, InitializationFacts)
    return inits is not None and bool(inits.layers) and inits.layers[0].ratio > LARGE_WEIGHTS


@dataclass(frozen=True)
class Scale:
    """How the inputs miss the scale that initializers assume."""

    clause: str
    numbers: dict[str, float]
    harmful: bool
    """Whether it can saturate or kill a layer; columns of different small scales only drown one another."""


def badly_scaled(inputs: InputFacts) -> Scale | None:
    """How the inputs miss the scale that initializers assume; ``None`` when they do not."""
    if inputs.kind == "tokens" or inputs.normalized_inside or inputs.constant_fraction == 1.0:
        return None
    if inputs.door is not None and (squeezed := _squeezed(inputs.door, inputs)) is not None:
        return squeezed
    rms, ratio, offset = inputs.scale_max, inputs.scale_ratio, inputs.offset_ratio
    numbers = {"largest_column_rms": rms, "column_sd_ratio": ratio, "offset_over_sd": offset}
    if rms > LARGE_RMS:
        which = CELLS.get(inputs.kind) or column(inputs.largest_column, inputs.columns)
        a = "a " if inputs.kind in CELLS else ""
        return Scale(f"{a}{which} reaches a root mean square of {num(rms)}", numbers, harmful=True)
    if rms < SMALL_RMS:
        which = CELLS.get(inputs.kind, "column")
        return Scale(f"no {which} exceeds a root mean square of {num(rms)}", numbers, harmful=True)
    # Pixels at the border and rare indicators hardly vary; neither is a matter of units.
    if inputs.kind == "image":
        return None
    if offset > LARGE_OFFSET and inputs.column_mean_abs_max > 1.0:
        return Scale(f"a column lies {num(offset)} of its standard deviations away from zero", numbers, harmful=True)
    if ratio > LARGE_RATIO:
        clause = f"the standard deviations of the columns differ by a factor of {num(ratio)}"
        return Scale(clause, numbers, harmful=False)
    return None


def _squeezed(step: DoorStep, inputs: InputFacts) -> Scale | None:
    """What the network's own step leaves of rows that have a usable scale where they come in."""
    if not SMALL_RMS <= inputs.scale_max <= LARGE_RMS:
        return None
    cell = CELLS.get(inputs.kind, "column")
    numbers = {"rms_behind_the_step": step.rms, "offset_over_sd_behind_the_step": step.offset_ratio}
    came = (
        f"the rows come in scaled (root mean square {num(inputs.scale_max)}) and are scaled once more by {step.name}: "
    )
    if step.rms < SMALL_RMS:
        return Scale(f"{came}behind it no {cell} exceeds {num(step.rms)}", numbers, harmful=True)
    if step.offset_ratio > LARGE_OFFSET:
        far = (
            f"behind it every {cell} lies around {num(step.shift)}, {num(step.offset_ratio)} standard deviations off 0"
        )
        return Scale(came + far, numbers, harmful=True)
    return None


def is_squeezed(inputs: InputFacts) -> bool:
    """Whether the network's own step makes next to nothing of rows that are scaled already."""
    return inputs.door is not None and _squeezed(inputs.door, inputs) is not None

"""What a recurrent layer hands on at the start, against what came in. Private, not a cause."""

from __future__ import annotations

from collections.abc import Sequence

from defib.causes._scale import badly_scaled
from defib.causes._signs import EQUAL_ROWS, dead_hidden, maybe, num, place
from defib.diagnosis import Assessment, supported
from defib.evidence import Book
from defib.probes.activations import ActivationFacts, LayerState
from defib.probes.inputs import InputFacts

APART = 0.1
"""Relative spread from which on rows are apart."""


def forgotten(states: Sequence[LayerState], door: float) -> tuple[LayerState, float] | None:
    """The state in which the rows are equal although they were apart in the recurrent layer, or right before it.

    With the relative spread from which they fell; ``door`` is that of the inputs. A recurrent layer is as deep as its
    sequence is long: what the last steps do not repeat, long padding for one, fades from its state.
    """
    before = door
    for i, state in enumerate(states):
        if state.kind != "recurrent":
            before = state.relative_spread
            continue
        if before >= APART and state.relative_spread < EQUAL_ROWS:
            return state, before
        after = states[i + 1] if i + 1 < len(states) else None
        read = after is not None and after.kind in ("other", "reshape", "pool")
        if after is not None and read and state.relative_spread >= APART and after.relative_spread < EQUAL_ROWS:
            return after, state.relative_spread
        before = state.relative_spread
    return None


def assess_recurrence(facts: ActivationFacts, book: Book) -> Assessment | None:
    """The verdict where the recurrent layer lost the rows before the first step; ``None`` where it did not."""
    found = forgotten(facts.initial, facts.input_relative_spread)
    if found is None or facts.input_constant or dead_hidden(facts.initial) is not None:
        return None
    state, before = found
    because = (
        f"in what is read from the recurrent layer ({place(state.layer)}) the relative spread of the rows falls from "
        f"{num(before)} to {num(state.relative_spread)} before the first step: {_why(maybe(book, InputFacts))}"
    )
    return supported(because, weight=0.92, layer=state.layer, relative_spread_at_start=state.relative_spread)


def _why(inputs: InputFacts | None) -> str:
    """Gates that large inputs hold at their ends forget as surely as a long sequence does."""
    scale = None if inputs is None else badly_scaled(inputs)
    if scale is not None and scale.harmful:
        return "inputs on such a scale hold its gates at their ends"
    return "what told them apart lies too many steps back, as it does behind long padding"

"""Dead and saturated units, and how distinguishable the rows still are, layer by layer, at both moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Probe
from defib.measures.rows import (
    dead_fraction,
    relative_spread,
    row_correlation,
    row_spread,
    saturated_fraction,
    spaced_indices,
)
from defib.probes.looking import any_rows, finite_only, is_weighted, last_weighted, unit_axis
from defib.subject import AnyArray, ForwardPass, LayerOutput, Moment, Subject

DEAD_AT_ZERO = frozenset({"relu", "relu6", "gelu", "silu"})
RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
EQUAL_SPREAD = 1e-4
EQUAL_SHARE = 0.01
"""Rows count as equal below this relative spread and below this share of the inputs' relative spread."""
SATURATED = 0.95
CONSTANT = 1e-7
MAX_CELLS = 4_000_000
"""Cells of one layer that are read, evenly spaced over its positions (not over its units)."""


@dataclass(frozen=True)
class LayerState:
    """One layer on the probe rows at one moment."""

    layer: str
    kind: str
    activation: str | None
    dead_fraction: float | None
    """Share of units that are 0 on *all* rows, in [0, 1]; only for relu-like activations."""
    saturated_fraction: float | None
    """Share of (row, unit) cells within 1 % of an end of the range, in [0, 1]; sigmoid, tanh and the like only."""
    row_spread: float
    """Between-row standard deviation (root mean square over units), absolute."""
    relative_spread: float
    """row_spread over the root mean square of the values: 0 when all rows are equal, 1 when centred."""
    row_correlation: float
    """Mean correlation (cosine) between pairs of different rows, in [-1, 1]; 1 when they are equal."""
    units: int | None = None
    """How many units it has; ``None`` where that is not known."""
    stacked: int = 1
    """How many layers it is in one."""


@dataclass(frozen=True)
class ActivationFacts(Evidence):
    """All layers with values per row, in execution order, at both moments."""

    initial: tuple[LayerState, ...]
    """Empty when the initial weights are not known."""
    end: tuple[LayerState, ...]
    input_relative_spread: float
    first_equal_initial: str | None
    """First layer whose rows are equal (relative_spread < 1e-4, at most a hundredth of the inputs') at the start."""
    first_equal_end: str | None
    input_constant: bool
    """The rows already are equal at the model's door."""
    first_dead_end: str | None
    """First layer with dead_fraction == 1 at the end."""
    first_dead_initial: str | None
    first_saturated_end: str | None
    """First layer with saturated_fraction > 0.95 at the end."""
    first_saturated_initial: str | None
    hidden_activations: tuple[str, ...]
    """Activation of every hidden layer, in order."""


NARROW = 2
"""Units of a hidden layer up to which one unlucky draw cuts it: 14 and 8 of 20 networks of width 1 and 2 were constant,
2 of width 4, none of width 16."""


def narrow_layers(states: Sequence[LayerState]) -> tuple[LayerState, ...]:
    """Hidden dense layers of one or two units; the last layer with units is the head."""
    dense = [one for one in states if one.kind == "dense" and one.units is not None]
    return tuple(one for one in dense[:-1] if (one.units or 0) <= NARROW)


MULTIPLIES = frozenset({"dense", "conv", "recurrent", "attention"})
"""Kinds of layer that count for depth: an embedding only looks its row up."""


def hidden_depth(states: Sequence[LayerState]) -> int:
    """How many layers with weights the rows go through before the head, those in one recurrent layer counted each.

    >>> one = LayerState("rnn", "recurrent", None, None, None, 0.1, 0.1, 0.9, stacked=4)
    >>> hidden_depth([one, LayerState("head", "dense", None, None, None, 0.1, 0.1, 0.9)])
    4
    """
    weighted = [one for one in states if one.kind in MULTIPLIES]
    return sum(one.stacked for one in weighted[:-1])


def _measure(subject: Subject, book: Book) -> ActivationFacts:
    X = any_rows(subject, "ActivationFacts").X
    end = layer_states(subject, X, "end")
    initial = layer_states(subject, X, "initial") if subject.has_initial_weights else ()
    door = finite_only(X) if np.asarray(X).dtype.kind in "biuf" else np.zeros((0, 1))
    at_door = relative_spread(door) if len(door) else 0.0
    return ActivationFacts(
        initial=initial,
        end=end,
        input_relative_spread=at_door,
        first_equal_initial=_first(initial, lambda one: _equal(one, at_door)),
        first_equal_end=_first(end, lambda one: _equal(one, at_door)),
        input_constant=len(door) > 1 and at_door <= CONSTANT,
        first_dead_end=_first(end, lambda one: one.dead_fraction == 1.0),
        first_dead_initial=_first(initial, lambda one: one.dead_fraction == 1.0),
        first_saturated_end=_first(_but_confident_head(end), _is_saturated),
        first_saturated_initial=_first(_but_confident_head(initial), _is_saturated),
        hidden_activations=_hidden(subject, X),
    )


def layer_states(subject: Subject, X: AnyArray, moment: Moment) -> tuple[LayerState, ...]:
    """State of every layer that gives one value or more per row, in execution order."""
    return states_of(subject.forward(X, moment=moment), subject, len(X))


def states_of(forward: ForwardPass, subject: Subject, n_rows: int) -> tuple[LayerState, ...]:
    """State of every layer of a pass; the Subject only says how its framework lays out feature maps."""
    states: list[LayerState] = []
    after = "other"
    for one in forward.layers:
        after = one.layer.kind if is_weighted(one.layer) else after
        if np.ndim(one.values) >= 1 and len(one.values) == n_rows and np.asarray(one.values).dtype.kind in "biuf":
            states.append(_state(one, unit_axis(subject, after, one.values)))
    return tuple(states)


def _state(one: LayerOutput, axis: int) -> LayerState:
    with np.errstate(over="ignore", invalid="ignore"):
        values = finite_only(_thinned(one.values, axis))
        known = len(values) > 0
        return LayerState(
            layer=one.layer.name,
            kind=one.layer.kind,
            activation=one.layer.activation,
            dead_fraction=dead_fraction(values, unit_axis=axis) if known and _dies(one) else None,
            saturated_fraction=_saturation(values, one.layer.activation) if known else None,
            row_spread=row_spread(values) if known else float("nan"),
            relative_spread=relative_spread(values) if known else float("nan"),
            row_correlation=row_correlation(values) if known else float("nan"),
            units=one.layer.units,
            stacked=one.layer.stacked,
        )


def _thinned(values: AnyArray, axis: int) -> AnyArray:
    """A large feature map at evenly spaced positions along its longest axes that count neither rows nor units."""
    array = np.asarray(values)
    if array.ndim == 1:
        return array[:, None]
    unit = axis % array.ndim
    while array.size > MAX_CELLS:
        free = [i for i in range(1, array.ndim) if i != unit]
        longest = max(free, key=lambda i: array.shape[i], default=0)
        if longest == 0 or array.shape[longest] < 2:
            break
        array = np.take(array, spaced_indices(array.shape[longest], array.shape[longest] // 2), axis=longest)
    return array


def _dies(one: LayerOutput) -> bool:
    return one.layer.kind == "activation" and one.layer.activation in DEAD_AT_ZERO


def _saturation(values: AnyArray, activation: str | None) -> float | None:
    if activation not in RANGES:
        return None
    low, high = RANGES[activation]
    return saturated_fraction(values, low=low, high=high)


def _first(states: Sequence[LayerState], holds: Callable[[LayerState], bool]) -> str | None:
    return next((one.layer for one in states if holds(one)), None)


def _equal(one: LayerState, at_door: float) -> bool:
    """Rows equal here that were not equal at the door (compared with the door: a slow collapse counts too)."""
    return one.relative_spread < EQUAL_SPREAD and one.relative_spread <= EQUAL_SHARE * at_door


def _is_saturated(one: LayerState) -> bool:
    return one.saturated_fraction is not None and one.saturated_fraction > SATURATED


def _but_confident_head(states: tuple[LayerState, ...]) -> tuple[LayerState, ...]:
    """A head that is sure of itself *and* tells rows apart is not saturated in the harmful sense."""
    if states and _is_saturated(states[-1]) and states[-1].relative_spread > EQUAL_SPREAD:
        return states[:-1]
    return states


def _hidden(subject: Subject, X: AnyArray) -> tuple[str, ...]:
    layers = subject.forward(X[:2]).layers
    head = last_weighted(layers)
    before = layers[:head] if head is not None else layers
    return tuple(one.layer.activation or "other" for one in before if one.layer.kind == "activation")


PROBE = Probe("activations", ActivationFacts, "forward", _measure)

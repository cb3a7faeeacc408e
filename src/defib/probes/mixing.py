"""How much of what tells rows apart is lost where a network mixes them, and how much in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.rows import relative_spread
from defib.probes.looking import any_rows
from defib.subject import FloatArray, LayerOutput, Moment, Subject

FLOOR = 1e-6
"""Relative spread at which float32 has nothing left to lose."""
BY_ROW = frozenset({"activation", "dropout", "norm", "embedding", "reshape", "pool", "recurrent"})
"""Kinds of layer that give a row what it alone brought, or change what a row is."""


@dataclass(frozen=True)
class Mixing:
    """One pass: what is left of the relative spread, as a factor, over all steps of a sort."""

    rounds: int
    """How many mixing steps brought rows closer together, down to `FLOOR`."""
    left_by_mixing: float
    """Product of the factors by which the mixing steps change the relative spread; 1: nothing lost."""
    left_by_others: float
    """The same of all other steps."""
    last: float
    """Relative spread in front of the head, in [0, 1]."""
    last_layer: str


@dataclass(frozen=True)
class MixingFacts(Evidence):
    """Networks in which a row meets others (the nodes of one graph), or a position those of its row."""

    what: str
    """``rows``, or ``positions`` of one row; empty where neither meet each other."""
    initial: Mixing | None
    end: Mixing | None
    """``None`` where nothing meets; ``initial``, too, where the weights before the training are not known."""
    input_relative_spread: float

    def takes_it_alone(self, at_most: float) -> bool:
        """Before the training, mixing leaves at most this much of the relative spread and other layers leave more."""
        one = self.initial
        return one is not None and one.left_by_mixing <= at_most < one.left_by_others


def _measure(subject: Subject, book: Book) -> MixingFacts:
    X = any_rows(subject, "MixingFacts").X
    end = subject.forward(X)
    positions = not subject.rows_together
    if positions and np.ndim(end.outputs) != 3:
        return MixingFacts("", None, None, 0.0)
    length = np.shape(end.outputs)[1] if positions else len(X)
    if length < 3:
        raise Missing("MixingFacts", "three rows or more that meet each other")
    moments: tuple[Moment, ...] = ("initial",) if subject.has_initial_weights else ()
    door = np.asarray(X, dtype=np.float64) if np.asarray(X).dtype.kind in "biuf" else np.zeros((0, 1))
    apart = _apart(door, positions=positions and door.ndim == 3) if len(door) else 0.0
    known = apart if np.asarray(X).dtype.kind == "f" and (not positions or door.ndim == 3) else 0.0
    passes = [subject.forward(X, moment=one).layers for one in moments]
    initial = [_read(one, len(X), length, positions=positions, door=known) for one in passes]
    return MixingFacts(
        "positions" if positions else "rows",
        initial[0] if initial else None,
        _read(end.layers, len(X), length, positions=positions, door=known),
        apart,
    )


def _read(layers: Sequence[LayerOutput], n_rows: int, length: int, *, positions: bool, door: float) -> Mixing:
    """``door``: relative spread of what goes in, where the first step may mix it; 0 where that is not comparable."""
    shape = (n_rows, length) if positions else (n_rows,)
    seen = [one for one in layers if np.shape(one.values)[: len(shape)] == shape and np.ndim(one.values) > len(shape)]
    if len(seen) < 2:
        raise Missing("MixingFacts", "layers whose values stand by row")
    logs, rounds = {True: 0.0, False: 0.0}, 0
    at_once = door > 0 and _mixes(seen[0])
    before = door if at_once else _apart(seen[0].values, positions=positions)
    for one in seen[0 if at_once else 1 :]:
        now = _apart(one.values, positions=positions)
        mixes = _mixes(one)
        rounds += mixes and now < before
        logs[mixes] += float(np.log(max(now, FLOOR) / max(before, FLOOR)))
        before = now
        if now <= FLOOR:
            break
    last = _before_head(seen)
    left = _apart(last.values, positions=positions)
    return Mixing(rounds, float(np.exp(logs[True])), float(np.exp(logs[False])), left, last.layer.name)


def _before_head(layers: Sequence[LayerOutput]) -> LayerOutput:
    """What the last layer with weights is given."""
    weighted = [i for i, one in enumerate(layers) if one.layer.parameters and one.layer.kind != "norm"]
    return layers[max(weighted[-1] - 1, 0)] if weighted else layers[-1]


def _mixes(one: LayerOutput) -> bool:
    """A step between rows: a product with an adjacency, sums along edges (and what divides them), attention."""
    return one.layer.kind == "attention" or (one.layer.kind not in BY_ROW and not one.layer.parameters)


def _apart(values: FloatArray, *, positions: bool) -> float:
    """Relative spread between rows, or between the positions of a row (all rows together).

    Squared and without the division it is the Dirichlet energy over the complete graph, ``sum |x_i − x_j|² / n²``.
    """
    array = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    if not positions:
        return relative_spread(array)
    size = float(np.sqrt((array**2).mean()))
    return float(np.sqrt(array.var(axis=1).mean())) / size if size > 0 else 0.0


PROBE = Probe("mixing", MixingFacts, "forward", _measure)

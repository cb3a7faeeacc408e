"""Whether a step inside the network, and not its weights, takes from the rows what tells the labels.

A mask, a slice, a sum or a pooling has no weights with which it could do better; a normalization over one number has
none that help. At the weights the training started
from, quick standard models read the labels in front of such a step and no longer behind it; or all rows are equal
behind it, before the training and after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.rows import flat_cells, relative_spread, spaced_indices
from defib.probes.learners import Metric
from defib.probes.looking import is_weighted, last_weighted, some_rows
from defib.probes.outputs import SymptomFacts
from defib.probes.reach import ReachFacts
from defib.probes.reference import REPAIR_MARGIN, Z_REPAIR, Z_SIGNAL, SignalFacts, read_by_line, scored_targets
from defib.subject import AnyArray, FloatArray, Layer, LayerOutput, Moment, Rows, Subject

ROWS = 600
EQUAL = 1e-6
"""Relative spread that is left by sums of equal rows in float32."""
ROUNDING = 1e-4
"""Difference between rows behind a normalization, whose numbers are around 1, that float32 makes by itself."""
APART = 0.1
"""Relative spread of rows that are nowhere near equal: no single step of weights loses five orders of magnitude."""
STILL_APART = 1e-4
"""Relative spread at the end that rows keep in front of a step which cut them off at the start: a network that learns
nothing from its rows gives all of them ever more of what they have in common. Below it rows count as equal already."""
FREE = frozenset({"other", "merge", "pool", "reshape"})
"""Kinds of step that have no weights."""
MOST_CELLS, COMPONENTS = 256, 32
POSITIONS = 8
"""Positions of the rows that are asked, one by one, whether they reach what stands behind an attention."""
MOSTLY = 0.5


@dataclass(frozen=True)
class MaskedFacts(Evidence):
    """The step that hides the rows' signal from what follows."""

    step: str | None
    """Layer behind which it is gone; ``None`` where no step without weights takes it."""
    before: str
    """Layer in front of it, or ``input``."""
    equal: bool
    """All rows are equal behind it, at the initial weights and at the end."""
    attention: str | None
    """The attention layer that the rows went through up to there, if any."""
    metric: str = "auc"
    score_before: float = float("nan")
    """Cross-validated, of a quick standard model on what the step is given; NaN where rows are simply equal."""
    score_after: float = float("nan")
    normalizes: bool = False
    """It is a normalization: one over a single number leaves 0 of it."""
    weighted_before: bool = False
    """Layers with weights lie in front of it; these could have hidden the labels from a quick model."""

    @property
    def cut_behind_attention(self) -> bool:
        """A step behind an attention, and not the attention itself, takes what is the same in every row."""
        return self.equal and self.attention is not None and self.step != self.attention


NOTHING = MaskedFacts(None, "", False, None)


def _measure(subject: Subject, book: Book) -> MaskedFacts:
    rows = subject.training
    if rows is None or rows.y is None or not len(rows):
        raise Missing("MaskedFacts", "the training rows with their labels")
    if not subject.has_initial_weights:
        raise Missing("MaskedFacts", "the initial weights")
    symptom = book.get(SymptomFacts).symptom
    skill = symptom.skill
    learnt = skill is not None and skill.shown and skill.rows != "training"
    if (
        (learnt and not symptom.is_flat)
        or subject.rows_together
        or subject.outputs_joined
        or not book.get(SignalFacts).has_signal
    ):
        return NOTHING
    looked = some_rows(rows, ROWS)
    first = _chain(subject, looked, "initial")
    equal = _equal_behind(first)
    if equal is not None:
        same = _equal_behind(_chain(subject, looked, "end"), STILL_APART)
        return equal if same is not None and same.step == equal.step else NOTHING
    return _hidden(subject, book, looked, first[: _place_of_head(first)])


def _chain(subject: Subject, rows: Rows, moment: Moment) -> tuple[LayerOutput, ...]:
    """The layers whose values stand by row, in order; behind the head up to where no more normalization comes."""
    layers = subject.forward(rows.X, moment=moment).layers
    head = last_weighted(layers) or 0
    norms = [i for i, one in enumerate(layers) if i > head and one.layer.kind == "norm"]
    end = norms[-1] + 1 if norms else head
    return tuple(one for one in layers[:end] if len(np.atleast_1d(one.values)) == len(rows))


def _place_of_head(layers: Sequence[LayerOutput]) -> int:
    """Where the head stands if a normalization follows it; else behind all of them."""
    last = last_weighted(layers)
    return last if last is not None and any(one.layer.kind == "norm" for one in layers[last:]) else len(layers)


def _equal_behind(layers: Sequence[LayerOutput], apart: float = APART) -> MaskedFacts | None:
    """Where all rows that were at least so far apart are equal in one step, and stay so."""
    flat = next((i for i, one in enumerate(layers) if _normalized_away(one)), None)
    layers = layers if flat is None else layers[: flat + 1]  # behind it all is rounding
    spreads = [
        0.0 if i == flat else relative_spread(np.asarray(one.values, dtype=np.float64)) for i, one in enumerate(layers)
    ]
    varied = [i for i, spread in enumerate(spreads) if spread > EQUAL]
    if not varied or varied[-1] + 1 >= len(layers) or spreads[varied[-1]] < apart:
        return None
    step = _cut(layers[varied[-1] + 1 :])
    before = layers[: varied[-1] + 1]
    if step.kind not in {*FREE, "attention", "norm"} or before[-1].layer.kind == "recurrent":
        return None
    attention = step.name if step.kind == "attention" else _attention(before)
    return MaskedFacts(
        step.name,
        before[-1].layer.name,
        True,
        attention,
        normalizes=step.kind == "norm",
        weighted_before=any(is_weighted(one.layer) and one.layer.kind != "embedding" for one in before),
    )


def _cut(layers: Sequence[LayerOutput]) -> Layer:
    """The step behind which rows are equal: the attention, where what stands before it may be only what it is asked."""
    step = layers[0].layer
    heavy = next((one.layer for one in layers if one.layer.kind not in FREE), step)
    return heavy if heavy.kind == "attention" else step


def _normalized_away(one: LayerOutput) -> bool:
    """A normalization gives numbers around 1; from one number it gives rounding errors."""
    return one.layer.kind == "norm" and float(np.ptp(np.asarray(one.values, dtype=np.float64), axis=0).max()) < ROUNDING


def _attention(layers: Sequence[LayerOutput]) -> str | None:
    return next((one.layer.name for one in reversed(layers) if one.layer.kind == "attention"), None)


def _hidden(subject: Subject, book: Book, rows: Rows, layers: Sequence[LayerOutput]) -> MaskedFacts:
    """Where the labels can be read in front of a step without weights and not behind it."""
    recurrent = next((i for i, one in enumerate(layers) if one.layer.kind == "recurrent"), len(layers))
    seen = layers[:recurrent]  # what a recurrent layer keeps of the first steps it learns
    # What each step is given. A slice right at the door is told by the columns that it leaves unread.
    given = [np.asarray(rows.X), *(np.asarray(one.values) for one in seen)]
    steps = [
        i
        for i, one in enumerate(seen)
        if (one.layer.kind in FREE or (not i and one.layer.kind == "activation"))
        and _changes(given[i], given[i + 1])
        and (i or given[0].shape == given[1].shape)
    ]
    if not steps or _left_out_at_the_door(book):
        return NOTHING
    targets, metric = scored_targets(subject, book, rows)

    def told(i: int) -> tuple[float, float]:
        return read_by_line(_summary(given[i]), targets, metric)

    behind = told(steps[-1] + 1)
    if behind[1] > Z_SIGNAL:
        return NOTHING
    for i in steps:
        after = behind if i == steps[-1] else told(i + 1)
        if after[1] <= Z_SIGNAL:
            found = _judged(seen, i, told(i), after, metric)
            # What an attention brings along, too faintly to be read so far, its weights learn to bring.
            brought = found.attention is not None and _brings_positions(subject, rows.X, seen[i])
            return NOTHING if brought else found
    return NOTHING


def _brings_positions(subject: Subject, rows: AnyArray, behind: LayerOutput) -> bool:
    """Whether what stands at most positions of a row changes what comes of the row behind this step.

    One position at a time is taken from the next row, at the initial weights. What is padding in either row, and a
    column of two values, as of a mask, stay: with these a mask would change, and not what it lets through.
    """
    X = np.asarray(rows)
    if X.ndim < 2:
        return False
    values, counts = np.unique(X, return_counts=True)
    padding = values[counts.argmax()]
    reached: list[bool] = []
    for j in spaced_indices(X.shape[1], POSITIONS):
        column, other = X[:, j], np.roll(X[:, j], 1, axis=0)
        taken = (column != other) & (column != padding) & (other != padding)
        swapped = taken.reshape(len(X), -1).any(axis=1)
        if len(np.unique(column)) < 3 or not swapped.any():
            continue
        moved = X.copy()
        moved[:, j] = np.where(taken, other, column)
        reached.append(_moved(subject, moved, behind)[swapped].mean() > MOSTLY)
    return len(reached) > 1 and bool(np.mean(reached) > MOSTLY)


def _moved(subject: Subject, X: AnyArray, behind: LayerOutput) -> AnyArray:
    """Which rows, ``(n,)``, come out of a step otherwise than they did, by more than rounding."""
    layers = subject.forward(X, moment="initial").layers
    now = next((one.values for one in layers if one.layer.name == behind.layer.name), behind.values)
    before = flat_cells(np.asarray(behind.values, dtype=np.float64))
    change = np.abs(flat_cells(np.asarray(now, dtype=np.float64)) - before).max(axis=1)
    return np.asarray(change > EQUAL * max(float(np.abs(before).max(initial=0.0)), 1e-30))


def _left_out_at_the_door(book: Book) -> bool:
    """Whether what tells the labels stands in columns that the network never reads, which has a name of its own."""
    reach = book.get(ReachFacts) if book.has(ReachFacts) else None
    return reach is not None and bool(reach.unread) and reach.read_has_signal is not True


def _judged(
    layers: Sequence[LayerOutput], i: int, before: tuple[float, float], after: tuple[float, float], metric: Metric
) -> MaskedFacts:
    if before[1] < Z_REPAIR or before[0] < after[0] + REPAIR_MARGIN[metric]:
        return NOTHING
    name = layers[i - 1].layer.name if i else "input"
    found = MaskedFacts(layers[i].layer.name, name, False, _attention(layers[:i]), metric)
    weighted = any(is_weighted(one.layer) and one.layer.kind != "embedding" for one in layers[:i])
    return replace(found, score_before=before[0], score_after=after[0], weighted_before=weighted)


def _changes(given: AnyArray, left: AnyArray) -> bool:
    """Whether a step does more than give the same cells another shape."""
    return given.size != left.size or not np.array_equal(np.sort(given, axis=None), np.sort(left, axis=None))


def _summary(values: AnyArray) -> FloatArray:
    """What quick models read of ``(n, ...)``, as ``(n, k)``: means and maxima along either axis, main components."""
    array = np.nan_to_num(np.asarray(values, dtype=np.float64))
    flat = flat_cells(array)
    if array.ndim < 3 and flat.shape[1] <= MOST_CELLS:
        return flat
    parts = [_components(flat)]
    for axis in {1, array.ndim - 1} if array.ndim >= 3 else ():
        others = tuple(one for one in range(1, array.ndim) if one != axis)
        parts += [array.mean(axis=others), array.max(axis=others)]
    return np.concatenate([part[:, spaced_indices(part.shape[1], MOST_CELLS)] for part in parts], axis=1)


def _components(flat: FloatArray) -> FloatArray:
    """Along the directions in which the rows vary most, ``(n, at most COMPONENTS)``."""
    left, sizes, _ = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)
    return np.asarray(left * sizes)[:, :COMPONENTS]


PROBE = Probe("masked", MaskedFacts, "learners", _measure)

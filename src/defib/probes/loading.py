"""Where the weights that predicted come from: the trained network or another instance, and what was loaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.probes.labels import LabelFacts
from defib.probes.looking import head_name, link_of, some_rows
from defib.read_symptom import read_symptom
from defib.subject import Loading, Subject

NAMED = 3


@dataclass(frozen=True)
class LoadingFacts(Evidence):
    """The weights that predicted, against those that were trained and those that were loaded."""

    another_instance: bool
    """The network that predicted is another object than the trained one."""
    likeness_to_trained: float
    """Correlation of its kernels with the trained ones, in [−1, 1]; 1 = the same."""
    likeness_to_initial: float | None
    """Correlation with the weights that the training started from."""
    as_drawn: bool | None
    """Its weights may be a fresh draw of the initializer that the training started from."""
    n_weights: int
    """Entries of all kernels."""
    filled_fraction: float | None
    """Share of the weights that loads filled, in [0, 1]; ``None`` when no load was seen."""
    how: str = ""
    """The user's call that loaded."""
    line: str = ""
    after_training: bool = False
    """The last load came after the training."""
    left: tuple[str, ...] = ()
    """Names of weights for which the last load had no value."""
    unexpected: tuple[str, ...] = ()
    """Names in the file that the network does not have."""
    untouched_fraction: float = 0.0
    """Share of all weights that a load before the training left without a value and that never moved, in [0, 1]."""
    other_shapes: bool = False
    """The network that predicted has weights of other shapes than the trained one, and loads left most of them out."""
    statistics_left_behind: bool = False
    """Its running statistics are those of before the training; its weights and the trained statistics are not."""
    put_in: bool = False
    """Its weights were put into the trained object for the prediction alone."""
    way: float | None = None
    """How far its weights are on the way from the initial weights to the trained ones; ``None``: not on it."""
    trained_flat: bool | None = None
    """Whether the trained weights give (practically) one answer for the same rows; ``None`` where that is unknown."""
    trained_spread: float | None = None
    """prediction_spread of the trained weights on the rows served."""


def _measure(subject: Subject, book: Book) -> LoadingFacts:
    origin = subject.weights_origin
    if origin is None:
        raise Missing("LoadingFacts", "a program whose loads of weights were watched")
    last = origin.loads[-1] if origin.loads else None
    parameters = subject.parameters()
    flat, spread = _trained_on_served(subject, book)
    return LoadingFacts(
        another_instance=origin.another_instance,
        likeness_to_trained=origin.likeness_to_trained,
        likeness_to_initial=origin.likeness_to_initial,
        as_drawn=origin.as_drawn,
        n_weights=sum(one.end.size for one in parameters if one.end.ndim >= 2),
        filled_fraction=_filled(origin.loads, sum(one.end.size for one in parameters)),
        how="" if last is None else last.how,
        line="" if last is None else last.line,
        after_training=last is not None and last.after_training,
        left=() if last is None else last.left[:NAMED],
        unexpected=() if last is None else last.unexpected[:NAMED],
        untouched_fraction=_untouched(subject, origin.loads),
        put_in=origin.put_in,
        way=origin.way,
        other_shapes=origin.other_shapes,
        statistics_left_behind=origin.statistics_left_behind,
        trained_flat=flat,
        trained_spread=spread,
    )


def _filled(loads: tuple[Loading, ...], n_weights: int) -> float | None:
    """Share of all weights that the loads filled together: a network may be loaded part by part."""
    if not loads:
        return None
    return min(1.0, sum(one.filled_fraction * one.n_weights for one in loads) / max(n_weights, 1))


def _untouched(subject: Subject, loads: tuple[Loading, ...]) -> float:
    """Weights that every load before the training left as they were drawn, and that are still so at the end."""
    before = [
        {f"{one.part}.{name}" if one.part else name for name in one.left} for one in loads if not one.after_training
    ]
    if not before:
        return 0.0
    never = set.intersection(*before)
    parameters = subject.parameters()
    stuck = [p for p in parameters if p.name in never and p.initial is not None and np.array_equal(p.initial, p.end)]
    return sum(one.end.size for one in stuck) / max(sum(one.end.size for one in parameters), 1)


def _trained_on_served(subject: Subject, book: Book) -> tuple[bool | None, float | None]:
    rows = subject.prediction
    if rows is None or len(rows) < 2:
        return None, None
    forward = subject.forward(some_rows(rows).X)
    symptom = read_symptom(
        np.asarray(forward.outputs),
        link=link_of(subject.recipe, head_name(forward)),
        task=book.get(LabelFacts).task if book.has(LabelFacts) else None,
        training_labels=None if subject.training is None else subject.training.y,
    )
    return symptom.is_flat, symptom.prediction_spread


PROBE = Probe("loading", LoadingFacts, "forward", _measure)

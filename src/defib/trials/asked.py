"""How the program asked its network, done again to clones: the control of a fix that trains nothing.

Where the fault lies between the trained network and its answers, every arm is asked for held-out rows as the program
asked: in training mode so many rows at a time, with weights that were never trained, with one answer kept for all rows,
or cut as it was shown. Only the arm that mends it is asked rightly. Both are the same trained clone, seed by seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from defib.causes import Cause
from defib.causes._signs import lags
from defib.evidence import Book
from defib.measures.likeness import UNCHANGED
from defib.measures.outputs import to_probabilities
from defib.measures.rows import spaced_indices
from defib.probes.alone import AloneFacts
from defib.probes.loading import LoadingFacts
from defib.probes.modes import ModeFacts
from defib.probes.remembered import MemoryFacts
from defib.probes.shown import ShownFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts
from defib.recipe import Arm
from defib.subject import AnyArray, FloatArray, NotAvailable, Rows, Subject, Trained
from defib.trials.asking import Asked
from defib.trials.thresholds import cut_at_half, squashed_again


def as_asked(cause: Cause, book: Book) -> Asked | None:
    """How the program asked, where this cause says that it was the asking; ``None`` where that cannot be done again."""
    for name, find in FINDERS.items():
        if name in cause.fixes and (found := find(book)) is not None:
            return found
    return None


def _predicted(subject: Subject, trained: Trained, arm: Arm, X: AnyArray) -> FloatArray:
    return trained.predict(X)


def _in_training_mode(book: Book) -> Asked | None:
    modes = book.get(ModeFacts) if book.has(ModeFacts) else None
    if modes is None or not modes.served_in_training:
        return None
    size = max(1, modes.rows_per_call or 1)

    def answer(subject: Subject, trained: Trained, arm: Arm, X: AnyArray) -> FloatArray:
        inside = trained.inside()
        if inside is None or arm.targets is not None:
            raise NotAvailable("an adapter that looks into its clones")
        rows, alone = subject.at_the_door(arm, X), repeats_a_row(subject.prediction, size)
        asked = [np.repeat(row[None], size, axis=0) for row in rows] if alone else batches(rows, size)
        parts = [np.asarray(inside.forward(part, training=True).outputs) for part in asked]
        return np.concatenate([part[:1] if alone else part for part in parts])

    rows = "1 row" if size == 1 else f"{size} rows"
    says = f"every arm but evaluation-mode predicts in training mode, {rows} at a time"
    return Asked("evaluation-mode", says, answer, only=False)


COMPANY, SHARE = 512, 0.1
"""Training rows that are sent along, and rows asked about for each: the statistics are those of the training rows."""


def _one_by_one(book: Book) -> Asked | None:
    """Rows that meet in the network, each sent alone; a softmax over the rows is no matter of company."""
    facts = book.get(AloneFacts) if book.has(AloneFacts) else None
    if facts is None or not facts.difference or not facts.served_alone or facts.softmax_over_rows:
        return None

    def asked(subject: Subject, trained: Trained, arm: Arm, X: AnyArray, company: AnyArray) -> FloatArray:
        inside = trained.inside()
        if inside is None or arm.targets is not None:
            raise NotAvailable("an adapter that looks into its clones")
        rows, beside = subject.at_the_door(arm, X), subject.at_the_door(arm, company)
        size = max(1, round(SHARE * len(beside)))
        parts = [rows[at : at + size] for at in range(0, len(rows), size)] if len(beside) else list(rows[:, None])
        found = [np.asarray(inside.forward(np.concatenate([beside, part])).outputs)[len(beside) :] for part in parts]
        return np.concatenate(found)

    def alone(subject: Subject, trained: Trained, arm: Arm, X: AnyArray) -> FloatArray:
        return asked(subject, trained, arm, X, X[:0])

    says = (
        "the control predicts one row at a time; keep-statistics sends the rows among many of those trained on, whose "
        "statistics they then meet"
    )

    def among(subject: Subject, trained: Trained, arm: Arm, X: AnyArray, company: AnyArray) -> FloatArray:
        return asked(subject, trained, arm, X, company[spaced_indices(len(company), COMPANY)])

    return Asked("keep-statistics", says, alone, rightly=among)


def repeats_a_row(served: Rows | None, size: int) -> bool:
    """Whether every call asked for one row, sent several times because batch statistics refuse a row alone.

    >>> twice = Rows(np.repeat(np.arange(6.0).reshape(3, 2), 2, axis=0))
    >>> repeats_a_row(twice, 2), repeats_a_row(twice, 3), repeats_a_row(Rows(np.eye(4)), 2)
    (True, False, False)
    """
    if served is None or size < 2 or len(served) < size or len(served) % size:
        return False
    calls = np.asarray(served.X).reshape(-1, size, *np.shape(served.X)[1:])
    return bool((calls == calls[:, :1]).all())


def batches(rows: AnyArray, size: int) -> list[AnyArray]:
    """Rows in batches of this size; what is left over goes into the last one, for a row alone has no variance.

    >>> [len(one) for one in batches(np.zeros(7), 3)], [len(one) for one in batches(np.zeros(2), 3)]
    ([3, 4], [2])
    """
    n = max(1, len(rows) // size)
    return [rows[at * size : (at + 1) * size if at + 1 < n else len(rows)] for at in range(n)]


def _not_loaded(book: Book) -> Asked | None:
    """A load that filled a part is not done again: which part it was cannot be said of a clone."""
    facts = book.get(LoadingFacts) if book.has(LoadingFacts) else None
    if facts is None or not facts.another_instance:
        return None
    if (facts.likeness_to_initial or 0.0) >= UNCHANGED:
        return Asked(
            "load-weights", "the control predicts with the weights from before the training", _predicted, "initial"
        )
    if lags(facts):
        return _early(book, facts.way or 0.0)
    if facts.filled_fraction:
        return None
    return Asked("load-weights", "the control predicts with weights drawn anew", _predicted, "drawn")


def _early(book: Book, way: float) -> Asked | None:
    """Weights as far from the start as those that predicted, by the updates that bring a steady training there."""
    training = book.get(TrainingFacts) if book.has(TrainingFacts) else None
    if training is None or not training.n_updates:
        return None
    n = round(way * training.n_updates)
    says = f"the control predicts with the weights after {n:,} of {training.n_updates:,} updates"
    return Asked("load-weights", says, _predicted, "initial", updates=n)


def _not_kept(book: Book) -> Asked | None:
    """Every step began with the very first weights: of these the program asked in the end."""
    moves = book.get(UpdateFacts).parameters if book.has(UpdateFacts) else ()
    if not moves or any(move.why_unmoved != "not_kept" for move in moves):
        return None
    says = "the control keeps nothing of its steps and predicts with the weights from before the training"
    return Asked("canonical-loop", says, _predicted, "initial")


def _remembered(book: Book) -> Asked | None:
    """What one call leaves in the network, and later ones are answered from: the clones' own, filled by themselves."""
    memory = book.get(MemoryFacts) if book.has(MemoryFacts) else None
    if memory is None or not memory.of_others:
        return None

    def answer(subject: Subject, trained: Trained, arm: Arm, X: AnyArray) -> FloatArray:
        return trained.in_turn(X, max(1, min(memory.rows_per_call, len(X) // 2)))

    says = f"the control is asked as the program asked, and remembers in {' and '.join(memory.where)}"
    return Asked("copy-outputs", f"{says}; copy-outputs asks with that emptied before each call", answer)


def _kept(book: Book) -> Asked | None:
    if (remembered := _remembered(book)) is not None:
        return remembered
    facts = book.get(ShownFacts) if book.has(ShownFacts) else None
    if facts is None or facts.survives_training:
        return None
    if facts.of_initial_weights:
        return Asked(
            "copy-outputs", "the control predicts with the weights from before the training", _predicted, "initial"
        )
    if facts.alias is not None or facts.overwritten or facts.equals == "last":
        row, which = -1, "last"
    elif facts.cache is not None or facts.equals == "first":
        row, which = 0, "first"
    else:
        return None

    def answer(subject: Subject, trained: Trained, arm: Arm, X: AnyArray) -> FloatArray:
        outputs = np.array(trained.predict(X))
        outputs[:] = outputs[row]
        return outputs

    return Asked("copy-outputs", f"the control keeps the answer for the {which} row for all", answer)


def _cut(book: Book) -> Asked | None:
    facts = book.get(ShownFacts) if book.has(ShownFacts) else None
    if facts is None or not facts.displays:
        return None
    step = facts.displays[0].handling

    def answer(subject: Subject, trained: Trained, arm: Arm, X: AnyArray) -> FloatArray:
        outputs = np.asarray(trained.predict(X), dtype=np.float64)
        if step.kind == "argmax":
            return np.zeros_like(outputs)
        values = to_probabilities(outputs, trained.link) if step.squashed else outputs
        cut: FloatArray = np.trunc(values) if step.kind == "integer" else np.round(values, step.decimals)
        return cut

    return Asked("full-precision", f"the control is cut as the program cuts it ({step.code})", answer)


FINDERS: dict[str, Callable[[Book], Asked | None]] = {
    "evaluation-mode": _in_training_mode,
    "keep-statistics": _one_by_one,
    "load-weights": _not_loaded,
    "canonical-loop": _not_kept,
    "copy-outputs": _kept,
    "full-precision": _cut,
    "lower-threshold": cut_at_half,
    "activate-once": squashed_again,
}
"""Intervention that asks rightly → what finds the wrong way in the evidence."""
NEVER_TRAINED = frozenset(FINDERS) - {"canonical-loop"}
"""Those that change nothing of the training, ever: without the wrong way done again there is nothing to try."""

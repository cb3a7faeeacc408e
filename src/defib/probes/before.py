"""Where the training rows hold no signal: whether an array that the program made them from holds it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from defib.beside import Beside
from defib.evidence import Book, Evidence, Missing, Probe
from defib.measures.skill import average_ranks
from defib.probes.inputs import InputFacts
from defib.probes.labels import LabelFacts
from defib.probes.learners import Metric
from defib.probes.reference import REPAIR_MARGIN, Z_REPAIR, SignalFacts, find_signal, scored_targets
from defib.subject import AnyArray, FloatArray, Rows, Subject

How = Literal["step", "selection", "order", "gone", "labels", "relabelled"]

EXACT: Final = 0.999
"""Correlation of ranks from which a column is another one, moved and scaled."""
NEARLY: Final = 0.98
"""Skill of a single column from which it is the labels in disguise, or what they were made of. The best column of the
breast cancer table, a real measurement, reaches 0.95."""
FEW_VALUES: Final = 50
"""Distinct values of a column that are looked at one by one."""
MOST_COLUMNS: Final = 64
DRAWS: Final = 30
LINKED_SD: Final = 4.0
"""Standard deviations above drawn orders by which cells must go with the cells that stand in their place."""
TOLD: Final = 0.5
"""R² of columns that are read from the other array, and share of cells found there, from which rows come from it."""


@dataclass(frozen=True)
class BeforeFacts(Evidence):
    """The array of the program's that tells the labels where the rows at the network's door do not."""

    n_arrays: int
    """Other arrays with a row for each training row that were looked at; 0 where the rows hold signal themselves."""
    name: str | None
    """As the program calls it; ``None`` when none tells the labels."""
    score: float
    """Cross-validated AUC or R², as `SignalFacts.metric`, of a quick standard model on it; NaN without one."""
    z: float
    """Standard deviations above permuted labels."""
    how: How | None
    """``step``: the rows were made of it, cell by cell; ``selection``: it holds other columns beside those that they
    were made of; ``order``: they are its rows in another order than the labels; ``gone``: all of them are equal, and
    it has as many cells; ``labels``: it is the rows themselves, with other labels than those trained on;
    ``relabelled``: so, where all of those are the same."""
    columns: tuple[str, ...] = ()
    """Names of its columns that the rows do not tell, for ``selection``; where it is a table."""
    metric: str = "auc"
    """Of ``score``: ``auc`` or ``r2``."""
    signal: SignalFacts | None = None
    """All that the learners read from it."""
    which: int = -1
    """Its place among `Subject.alongside`."""
    piped: bool = False
    """As `defib.beside.Beside.piped`."""
    by: str = ""
    """As `defib.beside.Beside.by`."""
    read: bool = False
    """As `defib.beside.Beside.read`."""

    @property
    def said(self) -> str:
        """The rows, as they are to be taken: ``inputs sorted by table.index``."""
        return f"{self.name} {self.by}".strip()


@dataclass(frozen=True)
class _Labels:
    columns: FloatArray
    metric: Metric
    plain: AnyArray
    """As the program gives them, ``(n, k)``."""
    one_label: bool = False
    """All of them are the same."""

    def at(self, index: AnyArray) -> _Labels:
        return _Labels(self.columns[index], self.metric, self.plain[index], self.one_label)


def probe(seed: int = 0) -> Probe:
    """The probe with this seed for folds and permutations."""
    return Probe("before", BeforeFacts, "learners", lambda subject, book: measure_before(subject, book, seed))


def measure_before(subject: Subject, book: Book, seed: int = 0) -> BeforeFacts:
    """Look for the labels in the arrays beside the rows. Raises `Missing` where there are none."""
    signal = None if _all_equal(book) or _one_label(book) else book.get(SignalFacts)
    if signal is not None and signal.has_signal:
        return BeforeFacts(0, None, float("nan"), float("nan"), None)
    arrays, X, labels = _beside(subject, book)
    kind = book.get(InputFacts).kind if book.has(InputFacts) else "tabular"
    looked = [_look(one, X, _of(one, labels, subject), kind, signal, seed) for one in arrays]
    found = [replace(one, which=i) for i, one in enumerate(looked) if one is not None]
    first = {"step": 0, "gone": 0, "relabelled": 0, "order": 1, "labels": 1, "selection": 2}
    told = sorted(found, key=lambda one: (first[one.how or "step"], -one.score))
    best = told[0] if told else BeforeFacts(0, None, float("nan"), float("nan"), None)
    return replace(best, n_arrays=len(arrays), metric=best.metric if told else labels.metric)


def _all_equal(book: Book) -> bool:
    """No row differs from another: there is nothing in which a learner could look for signal."""
    return book.has(InputFacts) and book.get(InputFacts).constant_fraction == 1.0 and not book.has(SignalFacts)


def _one_label(book: Book) -> bool:
    """No label differs from another."""
    return book.has(LabelFacts) and book.get(LabelFacts).n_distinct == 1


def _of(one: Beside, labels: _Labels, subject: Subject) -> _Labels:
    """The labels of these rows: those that the program holds for them, or those trained on."""
    if one.labels is None:
        return labels.at(one.at)
    targets, metric = scored_targets(subject, Book({}), Rows(one.X, one.labels))
    return _Labels(targets, metric, _plain(one.labels.reshape(len(one.labels), -1)), labels.one_label)


def earlier_rows(subject: Subject, book: Book) -> Beside:
    """The rows as they stand in the array that `BeforeFacts` names, in the shape in which they reach the network.

    Raises `Missing` where no array tells the labels, or the one that does has other columns.
    """
    facts = book.get(BeforeFacts)
    if facts.name is None or facts.how == "selection":
        raise Missing("BeforeFacts", "an array of the rows before the step, with as many cells")
    arrays, X, labels = _beside(subject, book)
    one = arrays[facts.which]
    taken = _taken(one, X[one.at], _of(one, labels, subject))
    if taken is None or taken.X[:1].size != X[:1].size:
        raise Missing("BeforeFacts", "an array of the rows before the step, with as many cells")
    return replace(taken, X=taken.X.reshape(len(taken.X), *X.shape[1:]))


def _beside(subject: Subject, book: Book) -> tuple[tuple[Beside, ...], AnyArray, _Labels]:
    """The arrays, the rows at the network's door, and the labels. Raises `Missing`."""
    rows = subject.training
    arrays = () if subject.alongside is None or subject.rows_together else subject.alongside()
    if not arrays or rows is None or rows.y is None or len(rows.y) != len(rows):
        raise Missing("BeforeFacts", "the rows as they were before the last step, in a variable of the program's")
    if _one_label(book):
        arrays, plain = tuple(one for one in arrays if one.labels is not None), rows.y.reshape(len(rows), -1)
        return arrays, rows.X, _Labels(np.zeros((len(rows), 1)), "auc", plain, one_label=True)
    targets, metric = scored_targets(subject, book, rows)
    return arrays, rows.X, _Labels(targets, metric, _plain(np.asarray(rows.y).reshape(len(rows), -1)))


def _plain(y: AnyArray) -> AnyArray:
    return y if y.dtype.kind in "fiub" else np.unique(y, return_inverse=True)[1].reshape(y.shape)


def _look(
    one: Beside, X: AnyArray, labels: _Labels, kind: str, signal: SignalFacts | None, seed: int
) -> BeforeFacts | None:
    """What this array says; ``None`` where it is labels, tells nothing, or the rows were not made of it."""
    rows = X[one.at]
    taken = _taken(one, rows, labels)
    how = None if taken is None else _known(one, labels) or _how(rows, taken.X, seed)
    if taken is None or how is None:
        return None
    found = _tells(taken.X, labels, kind if taken.X.shape == rows.shape else "tabular", signal, seed)
    if found is None:
        return None
    beyond = _beyond(rows, taken) if how == "selection" else ()
    facts = BeforeFacts(1, one.name, found.best, found.z, how, beyond, labels.metric, found)
    return replace(facts, piped=one.piped, by=one.by, read=one.read)


def _known(one: Beside, labels: _Labels) -> How | None:
    """How it is known to come from the rows; ``None`` where that is to be found out."""
    if not one.by:
        return None
    return "order" if one.labels is None else "relabelled" if labels.one_label else "labels"


def _taken(one: Beside, rows: AnyArray, labels: _Labels) -> Beside | None:
    """The array without its labels; as it is where its rows are those at the door: what the network got is no label."""
    given = bool(one.by) or (rows[:1].size == one.X[:1].size and _same_sums(rows, one.X))
    return one if given else _without_labels(one, labels)


def _tells(X: AnyArray, labels: _Labels, kind: str, signal: SignalFacts | None, seed: int) -> SignalFacts | None:
    """What a learner reads from these rows, where that is far more than from those at the door (``None``: nothing)."""
    chance = 0.5 if labels.metric == "auc" else 0.0
    known = chance if signal is None else max(signal.best, signal.detectable - REPAIR_MARGIN[labels.metric])
    far = known + REPAIR_MARGIN[labels.metric]
    try:
        found = find_signal(X, labels.columns, labels.metric, kind, seed=seed, re_pair=False, above=far)
    except Missing:
        return None
    return found if found.has_signal and found.z > Z_REPAIR else None


def _without_labels(one: Beside, labels: _Labels) -> Beside | None:
    """Without the columns that are the labels; ``None`` where a column is nearly as good, or nothing is left."""
    table = _flat(one.X)
    if table.shape[1] > MOST_COLUMNS and not one.columns:
        return one  # pixels
    kept = [k for k in range(table.shape[1]) if not any(_is_label(table[:, k], y) for y in labels.plain.T)]
    if len(kept) < 2 or any(_skill(table[:, k], labels) > NEARLY for k in kept):
        return None
    if len(kept) == table.shape[1]:
        return one
    names = tuple(one.columns[k] for k in kept) if one.columns else ()
    return replace(one, X=table[:, kept], columns=names)


def _is_label(column: FloatArray, y: AnyArray) -> bool:
    """The labels by other names: one value of the column for each label and back, or in the same order."""
    values, named = np.unique(column), np.unique(y)
    if len(values) == len(named) <= len(y) / 4:
        return len(np.unique(np.column_stack([column, y.astype(np.float64)]), axis=0)) == len(named)
    return abs(_rank_correlation(column, y.astype(np.float64))) > EXACT


def _skill(column: FloatArray, labels: _Labels) -> float:
    """How well this column alone orders, or groups, the labels of any one target: 0 to 1."""
    found = 0.0
    for target in labels.columns.T:
        known = np.isfinite(target) & np.isfinite(column)
        x, y = column[known], target[known]
        if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
            continue
        found = max(found, _ordered(x, y, labels.metric), _grouped(x, y))
    return found


def _ordered(x: FloatArray, y: FloatArray, metric: Metric) -> float:
    if metric == "r2":
        return _rank_correlation(x, y) ** 2
    positive = y > 0.5
    n = int(positive.sum())
    auc = (average_ranks(x)[positive].sum() - n * (n + 1) / 2) / max(n * (len(y) - n), 1)
    return abs(2 * float(auc) - 1)


def _grouped(x: FloatArray, y: FloatArray) -> float:
    """Share of the labels' variance between the values of a column of few values."""
    values, group = np.unique(x, return_inverse=True)
    if len(values) > min(FEW_VALUES, len(x) / 4):
        return 0.0
    counts = np.bincount(group.ravel())
    means = np.bincount(group.ravel(), weights=y) / counts
    return float((counts * (means - y.mean()) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def _how(rows: AnyArray, other: AnyArray, seed: int) -> How | None:
    """How the rows come from the other array; ``None`` when nothing shows that they do."""
    left, right = _thinned(rows), _thinned(other)
    if not np.ptp(left, axis=0).any():  # of equal rows nothing shows what they were made of
        return "gone" if rows[:1].size == other[:1].size else None
    if not np.ptp(right, axis=0).any():
        return None
    shared = _same_values(left, right)
    if rows[:1].size != other[:1].size:
        return "selection" if _twins(left, right).all() or _told_by(left, other, seed) else None
    if shared == 1.0 and _same_sums(rows, other):
        return "order"
    linked = shared >= TOLD or _of_its_cells(left, right) or _goes_with(left, right, seed)
    if linked or _told_by(left, other, seed):
        return "step" if _in_place(left, right) else "selection"
    return None


def _in_place(left: FloatArray, right: FloatArray) -> bool:
    """Whether every column of the rows that goes with any column goes with the one in its own place.

    Where it does not, the width is the same by chance: other columns than the rows were made of may stand there.
    """
    likeness = np.abs(_standard(_ranked(left)).T @ _standard(_ranked(right))) / len(left)
    goes = likeness > LINKED_SD / np.sqrt(len(left))
    return bool(goes.diagonal()[goes.any(axis=1)].all())


def _of_its_cells(left: FloatArray, right: FloatArray) -> bool:
    """Whether most cells are cells of the other array, wherever they stand there: a reshape that mixed rows.

    Not where whole rows are found there: a series cut into pieces, and the pieces that follow on them.
    """
    a, b = left.astype(np.float32), right.astype(np.float32)
    if len(np.unique(b)) <= b.size / 2 or np.isin(a, b).mean() < TOLD:
        return False
    others = {row.tobytes() for row in b}
    return sum(row.tobytes() in others for row in a) < TOLD * len(a)


def _same_values(left: FloatArray, right: FloatArray) -> float:
    """Share of the rows' columns that hold the values of some column of the other, moved and scaled, in any order."""
    mine = [k for k in range(left.shape[1]) if len(np.unique(left[:, k])) > FEW_VALUES]
    sorted_left, sorted_right = (np.sort(_standard(one), axis=0) for one in (left, right))
    found = [bool(np.isclose(sorted_right, sorted_left[:, [k]], atol=1e-4).all(axis=0).any()) for k in mine]
    return float(np.mean(found)) if found else 0.0


def _same_sums(rows: AnyArray, other: AnyArray) -> bool:
    """Whether the rows of both are the same ones in another order, each column moved and scaled."""
    weights = np.random.default_rng(0).normal(size=rows[:1].size)
    sums = [np.sort(np.nan_to_num(_standard(_flat(one))) @ weights) for one in (rows, other)]
    return bool(np.allclose(sums[0], sums[1], rtol=1e-4, atol=1e-4))


def _twins(left: FloatArray, right: FloatArray) -> AnyArray:
    """Which of the rows' columns stand in the other array as they are, or vary not at all."""
    likeness = np.abs(_standard(_ranked(left)).T @ _standard(_ranked(right))) / len(left)
    return np.asarray((likeness.max(axis=1) > EXACT) | (np.ptp(left, axis=0) == 0))


def _goes_with(rows: FloatArray, other: FloatArray, seed: int) -> bool:
    """Whether cells go with the cells in the same place, more than under drawn orders of the rows."""
    varies = (np.ptp(rows, axis=0) > 0) & (np.ptp(other, axis=0) > 0)
    if not varies.any():
        return False
    a, b = _standard(rows[:, varies]), _standard(other[:, varies])
    rng = np.random.default_rng(seed)
    size = float((a * b).mean())
    drawn = [float((a * b[rng.permutation(len(b))]).mean()) for _ in range(DRAWS)]
    return size > float(np.mean(drawn)) + LINKED_SD * float(np.std(drawn))


def _told_by(left: FloatArray, other: AnyArray, seed: int) -> bool:
    """Whether a learner reads some of the rows' columns from the other array."""
    varies = _standard(_ranked(left[:, np.ptp(left, axis=0) > 0]))
    picked = varies[:, np.unique(np.linspace(0, varies.shape[1] - 1, 3).astype(int))]
    try:
        return find_signal(other, picked, "r2", "tabular", seed=seed).best > TOLD
    except Missing:
        return False


def _beyond(rows: AnyArray, taken: Beside) -> tuple[str, ...]:
    """Names of the columns of a table that cannot be had back from the rows."""
    table, left = _standard(_flat(taken.X)), _standard(_thinned(rows))
    if not taken.columns or len(left) <= left.shape[1]:
        return ()
    rest = table - left @ np.linalg.lstsq(left, table, rcond=None)[0]
    told = 1 - (rest**2).sum(axis=0) / np.maximum((table**2).sum(axis=0), 1e-12)
    lost = (np.ptp(table, axis=0) > 0) & (told < TOLD)
    return tuple(name for name, one in zip(taken.columns, lost, strict=True) if one)


def _flat(X: AnyArray) -> FloatArray:
    return np.nan_to_num(np.asarray(X).reshape(len(X), -1).astype(np.float64), posinf=0.0, neginf=0.0)


def _thinned(X: AnyArray) -> FloatArray:
    table = _flat(X)
    return table[:, np.unique(np.linspace(0, table.shape[1] - 1, MOST_COLUMNS).astype(int))]


def _ranked(table: FloatArray) -> FloatArray:
    """The ranks within each column."""
    return np.column_stack([average_ranks(column) for column in table.T])


def _standard(table: FloatArray) -> FloatArray:
    sd = table.std(axis=0)
    return np.asarray((table - table.mean(axis=0)) / np.where(sd > 0, sd, 1.0))


def _rank_correlation(x: FloatArray, y: FloatArray) -> float:
    a, b = (_standard(average_ranks(one)[:, None])[:, 0] for one in (x, y))
    return float((a * b).mean())

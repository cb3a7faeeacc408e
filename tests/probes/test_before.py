"""Arrays beside rows without signal: the step that took it, and everything that only looks like one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from defib.beside import Beside
from defib.causes.misaligned_labels import CAUSE as MISALIGNED
from defib.causes.no_learnable_signal import CAUSE as NO_SIGNAL
from defib.causes.signal_masked import CAUSE as MASKED
from defib.evidence import Book, Missing
from defib.probes.before import BeforeFacts, measure_before
from defib.probes.reference import SignalFacts, find_signal
from defib.subject import AnyArray
from tests.causes.books import HEALTHY, NO_SKILL, book, symptoms

from .fakes import FakeSubject, dense

N = 400
RNG = np.random.default_rng(6)
RAW = RNG.normal(size=(N, 8))
LOGIT = RAW[:, :4] @ np.array([1.0, -1.0, 0.8, 0.6])
Y = (LOGIT + 0.5 * RNG.normal(size=N) > 0).astype(int)
NOISE = RNG.normal(size=(N, 8))
MASK = np.arange(8) >= 4
APART = np.column_stack([RNG.permutation(column) for column in RAW.T])


def measured(X: AnyArray, y: AnyArray, *others: AnyArray | Beside, metric: Any = "auc") -> Book:
    """The evidence of a network that was trained on ``X`` while the program held these arrays, in their order."""
    subject = FakeSubject([dense("out", np.zeros((X.shape[1], 1)))], X, y)
    arrays = tuple(
        one if isinstance(one, Beside) else Beside(f"array{i}", one, np.arange(len(X))) for i, one in enumerate(others)
    )
    subject.alongside = lambda: arrays
    signal = find_signal(X, np.asarray(y, dtype=float).reshape(len(y), -1), metric, "tabular")
    facts = measure_before(subject, Book({SignalFacts: signal}))
    return book(symptoms(replace(HEALTHY, skill=NO_SKILL)), signal, facts)


def verdicts(given: Book) -> dict[str, str]:
    return {one.name: one.assess(given).verdict for one in (MASKED, MISALIGNED, NO_SIGNAL)}


ONE_MASKED = {"signal-masked": "supported", "misaligned-labels": "inconclusive", "no-learnable-signal": "ruled_out"}
NONE = {"signal-masked": "ruled_out", "misaligned-labels": "inconclusive", "no-learnable-signal": "supported"}


@pytest.mark.parametrize("after", [RAW * MASK, APART, np.where(MASK, RAW, NOISE), RAW[:, MASK] ** 3 + 5])
def test_the_array_before_the_step_is_named(after: AnyArray) -> None:
    """A mask, columns shuffled apart, columns overwritten; and columns taken away, which may be on purpose."""
    given = measured(after, Y, NOISE[:, :3], RAW)
    facts = given.get(BeforeFacts)
    assert (facts.name, facts.n_arrays) == ("array1", 2)
    assert facts.score > 0.9
    if after.shape == RAW.shape:
        assert facts.how == "step"
        assert verdicts(given) == ONE_MASKED
    else:
        assert facts.how == "selection"
        assert verdicts(given) == {**NONE, "signal-masked": "inconclusive"}


def test_columns_left_out_are_named() -> None:
    table = Beside("df", np.column_stack([RAW, Y]), np.arange(N), (*"abcdefgh", "label"))
    facts = measured(RAW[:, MASK], Y, table).get(BeforeFacts)
    assert (facts.how, facts.columns) == ("selection", ("a", "b", "c", "d"))


def test_rows_in_another_order_are_misaligned() -> None:
    given = measured(RAW[RNG.permutation(N)], Y, RAW)
    assert given.get(BeforeFacts).how == "order"
    assert verdicts(given) == {
        "signal-masked": "ruled_out",
        "misaligned-labels": "supported",
        "no-learnable-signal": "ruled_out",
    }


@pytest.mark.parametrize(
    "other",
    [
        np.column_stack([Y, 1 - Y]),
        np.column_stack([Y + 3.0, NOISE[:, :7]]),
        np.column_stack([LOGIT, LOGIT + RNG.normal(size=N)]),
        RAW,
        np.column_stack([LOGIT + RNG.normal(size=N), LOGIT + RNG.normal(size=N)]),
    ],
    ids=["one-hot", "labels among noise", "what they were drawn from", "rows of another draw", "other targets"],
)
def test_what_is_no_earlier_form_of_the_rows_is_no_evidence(other: AnyArray) -> None:
    given = measured(NOISE, Y, other)
    assert given.get(BeforeFacts).name is None
    assert verdicts(given) == NONE


def test_what_the_labels_were_drawn_from_is_no_evidence_beside_the_rows_either() -> None:
    """Rows and the number that decides the labels in one array."""
    drawn = (LOGIT > 0).astype(int)
    given = measured(RAW * MASK, drawn, np.column_stack([RAW[:, 4:], LOGIT, NOISE[:, :3]]))
    assert given.get(BeforeFacts).name is None


def test_another_target_beside_an_encoded_form_of_the_rows_is_no_step() -> None:
    """A table of two columns, another target and the labels; the rows are classes of the columns."""
    other = LOGIT + RNG.normal(size=N)
    rows = np.column_stack([NOISE[:, 0] > 0, NOISE[:, 0] > 1, NOISE[:, 1] > 0.5]).astype(float)
    table = Beside("df", np.column_stack([NOISE[:, :3], other, Y]), np.arange(N), ("a", "b", "c", "spent", "y"))
    given = measured(rows, Y, table)
    assert given.get(BeforeFacts).how != "step"
    assert verdicts(given)["signal-masked"] != "supported"


def test_values_are_read_as_classes_are() -> None:
    values = LOGIT + 0.3 * RNG.normal(size=N)
    assert measured(RAW * MASK, values, RAW, metric="r2").get(BeforeFacts).how == "step"
    assert measured(NOISE, values, np.column_stack([values, -values]), metric="r2").get(BeforeFacts).name is None


def test_rows_that_hold_signal_are_not_looked_past() -> None:
    given = measured(RAW, Y, RAW + 1)
    assert given.get(BeforeFacts).n_arrays == 0
    assert verdicts(given)["signal-masked"] == "ruled_out"


def test_without_other_arrays_nothing_is_said() -> None:
    with pytest.raises(Missing, match="before the last step"):
        measured(NOISE, Y)


def test_an_array_of_the_same_width_by_chance_is_no_step() -> None:
    """A table without its label column is as wide as the encoded rows, and holds another target."""
    rows = np.column_stack([NOISE[:, 0] > 0, NOISE[:, 0] > 1, NOISE[:, 0] < -1, NOISE[:, 1:3]]).astype(float)
    other = LOGIT + RNG.normal(size=N)
    table = Beside("df", np.column_stack([NOISE[:, [1, 0, 2]], other, NOISE[:, 5], Y]), np.arange(N), tuple("abcdef"))
    given = measured(rows, Y, table)
    facts = given.get(BeforeFacts)
    assert (facts.how, facts.columns) == ("selection", ("d", "e"))
    assert verdicts(given) == {**NONE, "signal-masked": "inconclusive"}


def test_a_reshape_that_mixes_rows_is_a_step() -> None:
    given = measured(RAW.T.reshape(N, 8).copy(), Y, RAW)
    assert given.get(BeforeFacts).how == "step"
    assert verdicts(given) == ONE_MASKED


def test_a_strong_column_that_the_rows_hold_as_well_is_no_label() -> None:
    drawn = (RAW[:, 0] > 0).astype(int)
    assert measured(RAW[RNG.permutation(N)], drawn, RAW).get(BeforeFacts).how == "order"
    assert measured(RAW * MASK, drawn, RAW).get(BeforeFacts).name is None


def test_what_follows_in_a_series_is_no_earlier_form_of_the_rows() -> None:
    series = np.random.default_rng(6).normal(size=(N + 1) * 8)
    pieces = series.reshape(-1, 8)
    windows = np.lib.stride_tricks.sliding_window_view(series, 8)[: N + 12]
    for rows, coming in (
        (pieces[:-1], pieces[1:]),
        (windows[:N], windows[8 : N + 8]),
        (windows[:N], windows[3 : N + 3]),
    ):
        labels = (coming[:, 5:].mean(axis=1) > 0).astype(int)
        given = measured(rows.copy(), labels, coming.copy())
        assert given.get(BeforeFacts).how != "step"
        assert verdicts(given)["signal-masked"] != "supported"

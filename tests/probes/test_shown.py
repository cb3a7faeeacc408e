"""What the program shows of outputs that differ, against the same done by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from defib.causes.cached_or_aliased_output import CAUSE as CACHED
from defib.causes.display_or_metric import CAUSE as DISPLAY
from defib.evidence import Book, Missing
from defib.probes.shown import PROBE, ShownFacts, shown_as
from defib.subject import FloatArray, Handling, Rows, ServingCalls
from tests.causes.books import ALONE, FLAT, SHOWN, book, collapsed

from .fakes import FakeSubject, dense

X = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
W = np.array([[0.1], [0.2], [-0.1]], dtype=np.float32)


def facts(outputs: FloatArray | None, *handling: Handling) -> ShownFacts:
    subject = FakeSubject([dense("head", W)], X, prediction=Rows(X), prediction_outputs=outputs)
    subject.handling, subject.serving_calls = handling, ServingCalls(False, (30,), ("a.py:1",))
    found = PROBE.measure(subject, Book())
    assert isinstance(found, ShownFacts)
    return found


def test_the_largest_along_the_rows_is_the_only_row_where_each_call_has_one() -> None:
    scores = np.array([[0.1, 0.9], [0.8, 0.2]])
    along = Handling("argmax", "", "", axis=0)
    assert shown_as(along, scores, alone=True) == 0.0
    assert shown_as(along, scores) is None
    assert shown_as(Handling("argmax", "", "", axis=1), scores, alone=True) is None


def test_one_recorded_answer_and_whose_it_is() -> None:
    own = X @ W
    assert facts(own).recorded_equal is False
    for index, whose in ((0, "first"), (-1, "last"), (7, None)):
        one = facts(np.tile(own[index], (30, 1)))
        assert (one.recorded_equal, one.equals) == (True, whose)
        assert one.again_spread == pytest.approx(own.std(), rel=1e-5)


def test_entries_count_where_the_network_tells_other_rows_apart() -> None:
    entries = Handling("entries", "s.py:3", "served", hits=29, misses=1)
    assert facts(X @ W, entries).cache == entries
    same = FakeSubject([dense("head", 0 * W)], X, prediction=Rows(X[:1]), prediction_outputs=np.zeros((1, 1)))
    same.handling = (entries,)
    found = PROBE.measure(same, Book())
    assert isinstance(found, ShownFacts)
    assert found.cache is None


PROBABILITIES = np.linspace(0.021, 0.024, 30)[:, None]


@pytest.mark.parametrize(
    ("one", "outputs", "value"),
    [
        (Handling("argmax", "", "", axis=1), PROBABILITIES, 0.0),
        (Handling("argmax", "", "", axis=0), PROBABILITIES, None),
        (Handling("argmax", "", "", axis=1), np.hstack([PROBABILITIES, 1 - PROBABILITIES]), None),
        (Handling("integer", "", ""), PROBABILITIES, 0.0),
        (Handling("integer", "", ""), PROBABILITIES * 1000, None),
        (Handling("integer", "", "", squashed=True), PROBABILITIES * 1000, None),
        (Handling("round", "", "", decimals=2), PROBABILITIES, 0.02),
        (Handling("round", "", "", decimals=3), PROBABILITIES, None),
        (Handling("round", "", "", decimals=0), PROBABILITIES, None),
        (Handling("round", "", "", decimals=0), 5 + PROBABILITIES, 5.0),
        (Handling("alias", "", ""), PROBABILITIES, None),
    ],
)
def test_what_a_step_leaves(one: Handling, outputs: FloatArray, value: float | None) -> None:
    link = "sigmoid" if one.squashed else "identity"
    if value is None:
        assert shown_as(one, outputs, link) is None or one.squashed
    else:
        assert shown_as(one, outputs, link) == pytest.approx(value)


def test_a_sigmoid_of_the_programs_comes_first() -> None:
    logits = np.linspace(-3, 3, 30)[:, None]
    assert shown_as(Handling("integer", "", ""), logits, "sigmoid") is None
    assert shown_as(Handling("integer", "", "", squashed=True), logits, "sigmoid") == 0.0


def test_the_sentences_name_line_and_reason() -> None:
    cached = CACHED.assess(book(replace(SHOWN, cache=Handling("cache", "s.py:3", "score", hits=99, misses=1))))
    assert "score (s.py:3) asked the network once and answered 99 of 100 calls" in cached.because
    kept = CACHED.assess(book(replace(SHOWN, cache=Handling("entries", "s.py:3", "served", hits=99, misses=1))))
    assert "all 100 entries of served (s.py:3) are the one answer" in kept.because
    stale = CACHED.assess(book(replace(SHOWN, of_initial_weights=True)))
    assert "before the training" in stale.because
    same = CACHED.assess(book(collapsed(), replace(SHOWN, recorded_equal=True, equals="last")))
    assert "all the one for the last row" in same.because
    overwritten = CACHED.assess(book(replace(SHOWN, overwritten=9)))
    assert "kept at least 9 outputs" in overwritten.because


def test_a_network_that_was_asked_otherwise_is_not_called_a_cache() -> None:
    equal = replace(SHOWN, recorded_equal=True, equals=None)
    assert CACHED.assess(book(collapsed(), equal)).verdict == "supported"
    assert CACHED.assess(book(collapsed(), replace(equal, in_training_mode=True))).verdict == "ruled_out"
    assert CACHED.assess(book(collapsed(), equal, replace(ALONE, difference=0.5))).verdict == "ruled_out"


def test_what_they_are_not() -> None:
    assert (
        CACHED.assess(book(collapsed(), replace(SHOWN, recorded_equal=True, again_spread=0.0))).verdict == "ruled_out"
    )
    assert DISPLAY.assess(book(collapsed(FLAT))).verdict == "ruled_out"
    with pytest.raises(Missing):
        DISPLAY.assess(book(replace(SHOWN, followed=False)))

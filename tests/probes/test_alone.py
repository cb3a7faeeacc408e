"""Rows one by one and together, on networks whose dependence on the batch is written out."""

from __future__ import annotations

import numpy as np
import pytest

from defib.evidence import Book, Missing
from defib.probes.alone import PROBE, AloneFacts
from defib.subject import FloatArray, Rows, ServingCalls

from .fakes import FakeSubject, act, dense

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
W = np.array([[0.5], [-1.0], [0.3]], dtype=np.float32)


def facts(*steps: object, calls: ServingCalls | None = None) -> AloneFacts:
    subject = FakeSubject(list(steps), X, prediction=Rows(X))  # type: ignore[arg-type]
    subject.serving_calls = calls
    found = PROBE.measure(subject, Book())
    assert isinstance(found, AloneFacts)
    return found


def centred(values: FloatArray) -> FloatArray:
    moved: FloatArray = values - values.mean(axis=0)
    return moved


def test_a_network_that_knows_nothing_of_its_batch() -> None:
    one = facts(dense("head", W))
    assert one.difference == 0
    assert one.spread_alone == pytest.approx(one.spread_together)
    assert one.served_alone is None


def test_centred_by_its_batch_a_single_row_is_zero() -> None:
    one = facts(act("centre", "other", centred), dense("head", W), calls=ServingCalls(False, (1, 1, 1)))
    assert one.difference > 0
    assert one.spread_alone == 0
    assert one.spread_together > 0.1
    assert one.served_alone is True


def test_served_together() -> None:
    assert facts(dense("head", W), calls=ServingCalls(False, (40,))).served_alone is False


def test_a_network_that_refuses_single_rows() -> None:
    def refuse(values: FloatArray) -> FloatArray:
        if len(values) == 1:
            raise ValueError("Expected more than 1 value per channel")
        return values

    with pytest.raises(Missing):
        facts(act("norm", "other", refuse), dense("head", W))


def shares(axis: int, *, logarithm: bool = False) -> object:
    def softmax(values: FloatArray) -> FloatArray:
        powers = np.exp(values - values.max(axis=axis, keepdims=True))
        found: FloatArray = powers / powers.sum(axis=axis, keepdims=True)
        return np.log(found) if logarithm else found

    return act("shares", "other", softmax)


@pytest.mark.parametrize("logarithm", [False, True])
def test_a_softmax_over_the_rows_is_told_from_one_over_the_classes(logarithm: bool) -> None:
    wide = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    over_rows = facts(dense("head", wide), shares(0, logarithm=logarithm))
    assert over_rows.softmax_over_rows
    assert over_rows.spread_alone == pytest.approx(0)
    over_classes = facts(dense("head", wide), shares(1, logarithm=logarithm))
    assert not over_classes.softmax_over_rows
    assert over_classes.difference == 0


def test_a_single_unit_under_a_softmax_is_one_over_the_classes() -> None:
    assert not facts(dense("head", W), shares(1)).softmax_over_rows


def test_batches_that_depend_otherwise_are_no_softmax() -> None:
    assert not facts(act("centre", "other", centred), dense("head", W)).softmax_over_rows


def test_noise_that_the_network_draws_is_no_meeting_of_rows() -> None:
    """Both give copies of a row other values; only what is handed on from row to row changes with the others."""
    noise = act("noise", "other", lambda values: values + np.arange(len(values))[:, None])
    with pytest.raises(Missing, match="draws no numbers"):
        facts(noise, dense("head", W))
    assert facts(act("recurrent", "other", lambda values: values.cumsum(axis=0)), dense("head", W)).difference > 0


def test_rows_that_are_pooled_with_each_other_are_told() -> None:
    """The outputs stay where they are when the rows move; a mean beside each row moves with it."""

    def pooled(values: FloatArray) -> FloatArray:
        places = np.linspace(0, 1, len(values))[:, None]
        found: FloatArray = values.mean(axis=0) * (1 + places)
        return found

    def beside(values: FloatArray) -> FloatArray:
        found: FloatArray = values + values.mean(axis=0)
        return found

    assert facts(act("pool", "pool", pooled), dense("head", W)).rows_pooled
    assert not facts(act("beside", "merge", beside), dense("head", W)).rows_pooled
    assert not facts(dense("head", W)).rows_pooled

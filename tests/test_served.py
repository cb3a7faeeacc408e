"""Held-out rows as the program serves rows, and trials that score them so."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from defib.evidence import Book
from defib.probes.inputs import InputFacts, ServingFacts
from defib.recipe import Arm
from defib.subject import AnyArray, Rows
from defib.trials.engine import SerialEngine, Split
from defib.trials.served import as_served
from tests.causes.books import INPUTS, SERVING

RNG = np.random.default_rng(0)
TRAINED = RNG.normal(size=(300, 3)) * [1.0, 1.2, 0.8] + [0.0, 0.1, -0.1]
Y = (TRAINED[:, 0] > 0).astype(float)[:, None]


def served(predict: AnyArray, facts: ServingFacts) -> Any:
    subject: Any = SimpleNamespace(training=Rows(TRAINED, Y), prediction=Rows(predict, None))
    return as_served(subject, Book({ServingFacts: facts}))


def test_a_scale_is_put_on_column_by_column() -> None:
    raw = TRAINED[:200] * [255.0, 10.0, 1000.0] + np.array([3.0, 0.0, 40.0])
    serve = served(raw, replace(SERVING, affine="raw against standardized"))
    moved = serve(TRAINED)
    np.testing.assert_allclose(moved.mean(axis=0), raw.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(moved.std(axis=0), raw.std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(np.argsort(moved, axis=0), np.argsort(TRAINED, axis=0))


def test_a_column_that_never_varied_lands_where_it_is_served() -> None:
    X = np.column_stack([TRAINED, np.full(300, 7.0)])
    subject: Any = SimpleNamespace(training=Rows(X, Y), prediction=Rows(X * 255, None))
    serve = as_served(subject, Book({ServingFacts: replace(SERVING, affine="predict = training × 255")}))
    assert serve is not None
    np.testing.assert_allclose(serve(X), X * 255, rtol=1e-4, atol=1e-3)


def test_columns_in_another_order() -> None:
    apart = TRAINED + np.array([0.0, 50.0, -50.0])
    subject: Any = SimpleNamespace(training=Rows(apart, Y), prediction=Rows(apart[:, [2, 0, 1]], None))
    serve = as_served(subject, Book({ServingFacts: replace(SERVING, affine=None, permuted_columns=True)}))
    assert serve is not None
    np.testing.assert_array_equal(serve(apart), apart[:, [2, 0, 1]])


@pytest.mark.parametrize(
    ("predict", "facts"),
    [
        (TRAINED, replace(SERVING, affine=None, permuted_columns=False, shifted_fraction=0.2)),  # next to nothing
        (TRAINED[:3] * 255, replace(SERVING, affine="predict = training × 255")),  # too few rows to show a scale
        (TRAINED[:, :2], replace(SERVING, affine="predict = training × 255")),  # other columns
        (TRAINED, replace(SERVING, affine=None, permuted_columns=True)),  # in order after all
    ],
)
def test_where_no_map_is_known_rows_stay_as_they_are(predict: AnyArray, facts: ServingFacts) -> None:
    assert served(predict, facts) is None


def test_without_a_map_the_columns_that_are_served_otherwise_are_moved_all_the_same() -> None:
    far = TRAINED[:200] * [3.0, 1.0, 2.0] + [9.0, 0.0, -9.0]
    serve = served(far, replace(SERVING, affine=None, permuted_columns=False, shifted_fraction=0.67))
    np.testing.assert_allclose(serve(TRAINED).mean(axis=0), far.mean(axis=0), rtol=1e-4, atol=1e-4)


def test_one_row_served_again_and_again_is_all_there_is() -> None:
    again = np.repeat(TRAINED[7:8], 20, axis=0)
    serve = served(again, replace(SERVING, affine=None, identical_rows=True))
    np.testing.assert_array_equal(serve(TRAINED), np.repeat(TRAINED[7:8], 300, axis=0))


def test_known_tokens_become_the_unknown_one() -> None:
    known = np.array([[2, 3, 0, 0], [4, 5, 3, 0], [2, 5, 0, 0], [4, 3, 2, 5]])
    subject: Any = SimpleNamespace(training=Rows(known, Y[:4]), prediction=Rows(np.array([[1, 1, 9, 0]] * 5), None))
    facts = replace(SERVING, affine=None, unknown_token_rows=1.0, identical_rows=False)
    serve = as_served(subject, Book({ServingFacts: facts, InputFacts: replace(INPUTS, kind="tokens")}))
    assert serve is not None
    assert serve(known).tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]]


def test_only_the_arm_that_serves_as_it_trained_sees_the_rows_as_they_are() -> None:
    """A network that reads the sign of column 0 is blind to rows moved far away, and the rest of the recipe is not."""
    seen: list[AnyArray] = []

    def predict(X: AnyArray) -> AnyArray:
        seen.append(X)
        chances: AnyArray = 1 / (1 + np.exp(-np.clip(X[:, :1], -3, 3)))
        return chances

    subject: Any = SimpleNamespace(
        train=lambda *_, **__: SimpleNamespace(predict=predict, link="identity", loss=np.ones(3))
    )
    split = Split(Rows(TRAINED[:200], Y[:200]), Rows(TRAINED[200:], Y[200:]))
    engine = SerialEngine(subject, split, task="binary", reference_score=1.0, served=lambda X: X + 100)
    flat, fine = engine.run(Arm(), 0, 1e12), engine.run(Arm(serving="as_trained"), 0, 1e12)
    np.testing.assert_array_equal(seen[0], TRAINED[200:] + 100)
    np.testing.assert_array_equal(seen[1], TRAINED[200:])
    assert (flat.flat, flat.recovered, fine.recovered) == (True, False, True)


@pytest.mark.parametrize(("low", "recovered"), [(0.0, True), (0.6, False)])
def test_an_arm_that_ranks_and_gives_every_row_one_label_has_not_recovered(low: float, recovered: bool) -> None:
    def predict(X: AnyArray) -> AnyArray:
        chances: AnyArray = low + (1 - low) / (1 + np.exp(-3 * X[:, :1]))
        return chances

    subject: Any = SimpleNamespace(
        train=lambda *_, **__: SimpleNamespace(predict=predict, link="identity", loss=np.ones(3))
    )
    split = Split(Rows(TRAINED[:200], Y[:200]), Rows(TRAINED[200:], Y[200:]))
    engine = SerialEngine(subject, split, task="binary", reference_score=1.0, reference_usable=0.9)
    done = engine.run(Arm(), 0, 1e12)
    assert done.score > 0.9
    assert not done.flat
    assert done.recovered is recovered
    assert engine.judged_again(done).recovered is recovered

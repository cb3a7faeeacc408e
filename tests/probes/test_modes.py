from __future__ import annotations

import numpy as np
import pytest

from defib.evidence import Missing
from defib.probes.modes import PROBE, ModeFacts, strongest_dropout, worst_statistics
from defib.recipe import LossFacts
from defib.subject import FloatArray, Layer, LayerOutput, Rows, Subject

from .fakes import EMPTY, FakeSubject, Step, act, dense, small

RNG = np.random.default_rng(0)
X = RNG.normal(5, 2, size=(200, 3))
Y = (X[:, 0] > 5).astype(int)
LOSS = LossFacts("bce", "binary_cross_entropy", "probabilities")


def facts(subject: Subject) -> ModeFacts:
    found = PROBE.measure(subject, EMPTY)
    assert isinstance(found, ModeFacts)
    return found


def head(weights: FloatArray) -> list[Step]:
    return [dense("d", weights), act("s", "sigmoid", lambda z: 1 / (1 + np.exp(-z)))]


def with_norm(mean: FloatArray, variance: FloatArray, **settings: object) -> FakeSubject:
    weights = np.array([[3.0], [0.1], [0.1]])
    norm = Layer("bn", "norm", parameters=("bn.gamma",))
    evaluated: list[Step] = [(norm, lambda v: (v - mean) / np.sqrt(variance + 1e-3)), *head(weights)]
    trained: list[Step] = [(norm, lambda v: (v - v.mean(axis=0)) / v.std(axis=0)), *head(weights)]
    buffers = {"bn.mean": mean, "bn.variance": variance}
    return FakeSubject(evaluated, X, Y, loss=LOSS, training_steps=trained, buffers=buffers, **settings)  # type: ignore[arg-type]


def test_stale_statistics_by_hand() -> None:
    one = facts(with_norm(np.full(3, 60.0), np.full(3, 400.0)))
    looked = X[np.linspace(0, 199, 200).round().astype(int)]
    shift = np.median(np.abs(60 - looked.mean(axis=0)) / looked.std(axis=0))
    assert one.has_batch_norm
    assert one.worst_layer == "bn"
    assert one.worst_mean_shift_sd == pytest.approx(shift)
    assert one.worst_variance_ratio == pytest.approx(np.median(400 / looked.var(axis=0)))
    assert one.eval_spread < 0.05 < one.train_spread
    assert one.train_skill is not None
    assert one.train_skill > 0.9


def test_fresh_statistics_agree() -> None:
    one = facts(with_norm(X.mean(axis=0), X.var(axis=0)))
    assert one.worst_mean_shift_sd == pytest.approx(0.0, abs=1e-9)
    assert one.worst_variance_ratio == pytest.approx(1.0)
    assert one.eval_spread == pytest.approx(one.train_spread, rel=1e-2)


def test_recorded_mode_is_recognised() -> None:
    rows = Rows(X[:50])
    stale = with_norm(np.full(3, 60.0), np.full(3, 400.0))
    in_training = stale.forward(rows.X, training=True).outputs
    in_evaluation = stale.forward(rows.X).outputs
    for outputs, expected in ((in_training, True), (in_evaluation, False), (in_evaluation + 0.2, None)):
        subject = with_norm(np.full(3, 60.0), np.full(3, 400.0), prediction=rows, prediction_outputs=outputs)
        assert facts(subject).recorded_in_training_mode is expected


def test_no_norm_no_dropout() -> None:
    one = facts(small("relu", "sigmoid"))
    assert not one.has_batch_norm
    assert not one.has_dropout
    assert one.worst_layer is None
    assert one.eval_spread == one.train_spread
    assert one.recorded_in_training_mode is None


def test_dropout_is_seen() -> None:
    steps: list[Step] = [(Layer("drop", "dropout"), lambda v: v), *head(np.ones((3, 1)))]
    assert facts(FakeSubject(steps, X, Y, loss=LOSS)).has_dropout


def test_channels_first_feature_maps() -> None:
    maps = RNG.normal(size=(30, 4, 5, 5)) + np.array([0, 1, 2, 3])[:, None, None]
    norm = Layer("bn", "norm")
    steps: list[Step] = [(Layer("c", "conv", units=4), lambda v: v), (norm, lambda v: v)]
    buffers = {"bn.mean": np.arange(4.0) + 10, "bn.variance": np.ones(4)}
    subject = FakeSubject(steps, maps, framework="torch", buffers=buffers)
    worst = worst_statistics(subject, maps, subject.forward(maps).layers)
    assert worst is not None
    by_hand = [abs(k + 10 - maps[:, k].mean()) / maps[:, k].std() for k in range(4)]
    assert worst[1] == pytest.approx(np.median(by_hand))


def test_rows_are_needed() -> None:
    with pytest.raises(Missing, match="the training rows"):
        facts(FakeSubject([], None))


def test_what_the_strongest_dropout_leaves_is_counted() -> None:
    """Three of four cells of what arrived are dropped; a cell that was 0 before is not counted."""
    given = np.array([[1.0, 2, 0, 3, 4], [5, 6, 7, 8, 0]])
    kept = np.array([[0.0, 0, 0, 0, 0], [20, 24, 0, 0, 0]])
    layers = [LayerOutput(Layer("fc:relu", "activation", "relu"), given), LayerOutput(Layer("drop", "dropout"), kept)]
    assert strongest_dropout(layers) == {
        "dropped_fraction": 6 / 8,
        "dropout_layer": "drop",
        "dropout_units": 5,
        "emptied_rows": 0.5,
    }
    assert strongest_dropout(layers[:1]) == {}

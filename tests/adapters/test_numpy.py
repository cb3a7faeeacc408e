"""The NumPy network against finite differences and hand-written steps."""

from __future__ import annotations

import time

import numpy as np
import pytest

from defib.adapters.numpy import NumpySubject, draw, trained_subject
from defib.adapters.numpy_network import (
    CANONICAL_LOSSES,
    Activation,
    Stepper,
    as_targets,
    loss_and_gradient,
    run_backward,
    run_forward,
    weights_of,
    with_weights,
)
from defib.recipe import Arm, InputTransform, OptimizerFacts
from defib.subject import BudgetExceeded, NotAvailable, Rows

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = (X[:, 0] - X[:, 1] > 0).astype(int)


@pytest.mark.parametrize(
    ("hidden", "head", "loss", "k"),
    [
        ("tanh", "sigmoid", "bce", 1),
        ("sigmoid", "linear", "bce_logits", 1),
        ("relu", "softmax", "ce", 3),
        ("leaky_relu", "linear", "ce_logits", 3),
        ("tanh", "linear", "mse", 2),
        ("tanh", "softmax", "mse", 3),
    ],
)
def test_gradients_agree_with_finite_differences(hidden: Activation, head: Activation, loss: str, k: int) -> None:
    facts = CANONICAL_LOSSES[loss]
    network = draw((3, 4, k), (hidden, head), seed=1)
    y = np.eye(3)[RNG.integers(0, 3, 40)][:, :k] if k > 1 else Y[:, None].astype(float)
    value, gradients = run_backward(network, X, y, facts)
    weights = weights_of(network)
    for i, array in enumerate(weights):
        numeric = np.empty_like(array)
        for place in np.ndindex(*array.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [one.copy() for one in weights]
                moved[i][place] += step
                outputs = run_forward(with_weights(network, moved), X)[-1][1]
                ends.append(loss_and_gradient(outputs, y, facts)[0])
            numeric[place] = (ends[0] - ends[1]) / 2e-6
        assert np.allclose(gradients[i], numeric, atol=1e-7), i
    assert value > 0


def test_adam_and_momentum_by_hand() -> None:
    adam = Stepper(OptimizerFacts("adam", 0.1))
    w = [np.array([1.0])]
    w = adam.step(w, [np.array([4.0])])
    assert w[0][0] == pytest.approx(1 - 0.1, abs=1e-6)  # the first step of Adam is the rate itself
    sgd = Stepper(OptimizerFacts("sgd", 0.1, {"momentum": 0.5}))
    v = [np.array([0.0])]
    for _ in range(2):
        v = sgd.step(v, [np.array([1.0])])
    assert v[0][0] == pytest.approx(-0.1 - 0.15)


def subject(**settings: object) -> NumpySubject:
    return trained_subject(draw((3, 8, 1), ("relu", "sigmoid"), 0), X, Y, n_updates=150, **settings)  # type: ignore[arg-type]


def test_forward_names_the_real_graph_and_leaves_no_trace() -> None:
    one = subject()
    before = [p.end.copy() for p in one.parameters()]
    names = [layer.layer.name for layer in one.forward(X).layers]
    one.gradients(X, Y)
    one.train(Arm(), Rows(X, Y), seed=3)
    assert names == ["dense_0", "dense_0:relu", "dense_1", "dense_1:sigmoid"]
    assert all(np.array_equal(a, p.end) for a, p in zip(before, one.parameters(), strict=True))


def test_seed_0_replays_the_recorded_training_exactly() -> None:
    one = subject()
    again = one.train(Arm(), Rows(X, Y), seed=0).predict(X)
    assert np.array_equal(again, one.forward(X).outputs)
    assert not np.array_equal(one.train(Arm(), Rows(X, Y), seed=1).predict(X), again)


def test_arms_change_what_they_say() -> None:
    one = subject()
    rows = Rows(X, Y)
    control = one.train(Arm(), rows, seed=0)
    scaled = InputTransform(X.mean(axis=0), X.std(axis=0))
    for arm in (
        Arm(learning_rate_factor=10),
        Arm(updates_factor=2),
        Arm(shuffle=False),
        Arm(inputs=scaled),
        Arm().with_edit("hidden_activation", "tanh"),
        Arm().with_edit("reinitialize", "he"),
    ):
        assert one.can_train(arm) is None
        assert not np.allclose(one.train(arm, rows, seed=0).predict(X), control.predict(X))
    linear = one.train(Arm().with_edit("head", "linear").with_edit("loss", "bce_logits"), rows, seed=0)
    assert linear.link == "sigmoid"
    assert linear.predict(X).min() < 0
    assert one.can_train(Arm().with_edit("batch_norm")) == "the NumPy network cannot do batch_norm"


def test_targets_are_scaled_and_scaled_back() -> None:
    y = 1000 + 50 * X[:, 0]
    one = trained_subject(draw((3, 8, 1), ("tanh", "linear"), 0), X, y, loss="mse", n_updates=300, seed=0)
    targets = InputTransform(np.array([1000.0]), np.array([50.0]))
    trained = one.train(Arm(targets=targets), Rows(X, y), seed=0)
    assert np.corrcoef(trained.predict(X)[:, 0], y)[0, 1] > 0.9
    assert abs(trained.predict(X).mean() - 1000) < 20


def test_classes_are_numbered() -> None:
    one = subject()
    signs = Rows(X, np.where(np.asarray(Y) > 0, 1.0, -1.0))
    as_meant = one.train(Arm(), Rows(X, Y), seed=0).predict(X)
    np.testing.assert_array_equal(one.train(Arm(labels=(-1.0, 1.0)), signs, seed=0).predict(X), as_meant)
    assert not np.allclose(one.train(Arm(), signs, seed=0).predict(X), as_meant)


def test_frozen_arrays_stay_and_the_canonical_loop_moves_them() -> None:
    one = subject(frozen=(0, 1))
    first = one.parameters()[0]
    assert first.initial is not None
    assert np.array_equal(first.initial, first.end)
    assert not first.trainable
    canonical = one.train(Arm(loop="canonical"), Rows(X, Y), seed=0)
    assert not np.allclose(canonical.predict(X), one.forward(X).outputs)


def test_a_deadline_in_the_past_stops_it() -> None:
    with pytest.raises(BudgetExceeded):
        subject().train(Arm(), Rows(X, Y), seed=0, deadline=time.monotonic() - 1)


def test_labels_are_needed() -> None:
    with pytest.raises(NotAvailable, match="labels"):
        subject().train(Arm(), Rows(X), seed=0)


def test_class_ids_become_columns_only_for_a_categorical_loss() -> None:
    assert as_targets(np.array([0, 2]), CANONICAL_LOSSES["ce"], 3).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert as_targets(np.array([0, 2]), CANONICAL_LOSSES["mse"], 1).tolist() == [[0], [2]]

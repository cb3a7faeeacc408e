"""What a trained clone shows of itself, held to the Subject it was cloned from, in every framework."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from defib.adapters.keras import subject_from_model
from defib.adapters.numpy import draw, trained_subject
from defib.capture.script import watch
from defib.recipe import Arm, InputTransform
from defib.subject import Inside, Rows, Subject
from tests.adapters.keras_models import load, mlp, rows
from tests.adapters.test_torch_oracle import X as X_TORCH
from tests.adapters.test_torch_oracle import Y as Y_TORCH
from tests.adapters.test_torch_oracle import model as torch_model

KINDS = ("numpy", "torch", "sklearn", "keras")


def numpy_one() -> Subject:
    X = np.random.default_rng(0).normal(size=(40, 4))
    return trained_subject(draw((4, 6, 1), ("relu", "sigmoid"), 0), X, X[:, 0] > 0, n_updates=10, shuffle=False)


def torch_one() -> Subject:
    import torch
    from torch import nn

    net = torch_model()
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
        for _ in range(10):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(net(torch.tensor(X_TORCH)), torch.tensor(Y_TORCH)).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    return subject


def sklearn_one() -> Subject:
    X = np.random.default_rng(0).normal(size=(40, 4))
    with watch() as watched, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        MLPClassifier((6,), max_iter=10, batch_size=40, random_state=0).fit(X, X[:, 0] > 0)
    (subject,) = watched.subjects()
    return subject


def keras_one() -> Subject:
    from dataclasses import replace

    keras = load("keras")
    model, (X, y) = mlp(keras), rows()
    initial = [np.array(v.numpy()) for v in model.weights]
    model.fit(X, y, epochs=10, batch_size=len(X), shuffle=False, verbose=0)
    subject = subject_from_model(model, X, y, epochs=10, batch_size=len(X))
    subject.captured = replace(subject.captured, initial=initial)
    return subject


@pytest.fixture(params=KINDS, scope="module")
def subject(request: pytest.FixtureRequest) -> Subject:
    makers = {"numpy": numpy_one, "torch": torch_one, "sklearn": sklearn_one, "keras": keras_one}
    return makers[request.param]()


def inside(subject: Subject, arm: Arm, training: Rows | None = None) -> Inside:
    rows = training or subject.training
    assert rows is not None
    found = subject.train(arm, rows, seed=0).inside()
    assert found is not None
    return found


def values(inside: Inside) -> dict[str, Any]:
    return {one.name: one.end for one in inside.parameters()}


def test_before_the_first_update_the_clone_is_the_initial_network(subject: Subject) -> None:
    assert subject.training is not None
    start = inside(subject, Arm(stop_after=0))
    expected: dict[str, Any] = {one.name: one.initial for one in subject.parameters()}
    assert values(start).keys() == expected.keys()
    for name, value in values(start).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-6)
    X = subject.training.X
    given, own = start.forward(X), subject.forward(X, moment="initial")
    assert [one.layer for one in given.layers] == [one.layer for one in own.layers]
    for mine, theirs in zip(given.layers, own.layers, strict=True):
        np.testing.assert_allclose(mine.values, theirs.values, rtol=1e-4, atol=1e-6)


def test_loss_and_gradients_are_the_subjects_own(subject: Subject) -> None:
    assert subject.training is not None
    assert subject.training.y is not None
    X, y = subject.training.X, subject.training.y
    start = inside(subject, Arm(stop_after=0))
    assert start.loss(X, y) == pytest.approx(subject.loss(X, y, moment="initial"), rel=1e-4)
    expected: dict[str, Any] = {one.name: one.values for one in subject.gradients(X, y, moment="initial")}
    for one in start.gradients(X, y):
        assert one.values is not None
        np.testing.assert_allclose(one.values, expected[one.name], rtol=1e-3, atol=1e-6)


def test_a_training_that_ends_early_is_the_beginning_of_the_long_one(subject: Subject) -> None:
    first, third, whole, beyond = (values(inside(subject, Arm(stop_after=k))) for k in (1, 3, None, 10_000))
    kernel = next(name for name, value in whole.items() if np.ndim(value) > 1)
    changes = [np.abs(one[kernel] - whole[kernel]).max() for one in (first, third)]
    assert changes[0] > changes[1] > 0
    np.testing.assert_array_equal(beyond[kernel], whole[kernel])
    assert not np.allclose(first[kernel], values(inside(subject, Arm(stop_after=0)))[kernel])


def test_rows_come_as_they_are_at_the_clones_door(subject: Subject) -> None:
    assert subject.training is not None
    X = np.asarray(subject.training.X)
    transform = InputTransform(np.full(X.shape[1], 2.0), np.full(X.shape[1], 3.0))
    trained = subject.train(Arm(inputs=transform, stop_after=2), subject.training, seed=0)
    found = trained.inside()
    assert found is not None
    np.testing.assert_allclose(
        found.forward(transform(X)).outputs.reshape(len(X), -1), trained.predict(X).reshape(len(X), -1), rtol=1e-4
    )


def test_a_look_leaves_the_clone_as_it_was(subject: Subject) -> None:
    assert subject.training is not None
    assert subject.training.y is not None
    one = inside(subject, Arm(stop_after=2))
    before = one.forward(subject.training.X).outputs.copy()
    one.gradients(subject.training.X, subject.training.y)
    one.loss(subject.training.X, subject.training.y)
    one.forward(subject.training.X, training=True)
    np.testing.assert_array_equal(one.forward(subject.training.X).outputs, before)

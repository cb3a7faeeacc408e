"""Weights that belong to no module: rows, labels, loss and steps are read from what ran, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from defib.adapters.torch.subject import TorchSubject
from defib.capture.script import watch
from defib.recipe import Arm

torch.manual_seed(0)
X = torch.randn(60, 3)
Y = (X[:, 0] > 0).float()
NEW = torch.randn(20, 3)


def drawn() -> list[Any]:
    generator = torch.Generator().manual_seed(1)
    w1 = torch.randn(3, 8, generator=generator)
    w2 = torch.randn(8, generator=generator) / 3
    return [one.requires_grad_() for one in (w1, torch.zeros(8), w2, torch.zeros(()))]


def logit(weights: list[Any], x: Any) -> Any:
    w1, b1, w2, b2 = weights
    return (x @ w1 + b1).clamp(min=0) @ w2 + b2


def own_loss(out: Any, y: Any) -> Any:
    p = torch.sigmoid(out)
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


def train(weights: list[Any], loss: Callable[[Any, Any], Any], *, by_hand: bool) -> list[Any]:
    optimizer = torch.optim.SGD(weights, lr=0.1)
    for _ in range(6):
        for k in torch.arange(60).split(20):
            loss(logit(weights, X[k]), Y[k]).backward()
            if by_hand:
                with torch.no_grad():
                    for one in weights:
                        one -= 0.1 * one.grad
                        one.grad.zero_()
            else:
                optimizer.step()
                optimizer.zero_grad()
    with torch.no_grad():
        torch.sigmoid(logit(weights, NEW))
    return weights


def only(subjects: Any) -> TorchSubject:
    (subject,) = subjects
    return subject  # type: ignore[no-any-return]


@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "optimizer"])
@pytest.mark.parametrize("loss", [F.binary_cross_entropy_with_logits, own_loss], ids=["library", "own"])
def test_a_network_of_tensors_is_read_from_what_ran(loss: Any, by_hand: bool) -> None:
    with watch() as watched:
        weights = train(drawn(), loss, by_hand=by_hand)
    subject = only(watched.subjects())
    assert subject.training is not None
    assert subject.training.y is not None
    assert subject.prediction is not None
    seen = {tuple(row) for row in np.asarray(subject.training.X)}
    assert seen == {tuple(row) for row in X.numpy()}
    assert subject.recipe.loss is not None
    assert subject.recipe.loss.kind == "binary_cross_entropy"
    assert subject.recipe.optimizer is not None
    assert subject.recipe.optimizer.learning_rate == pytest.approx(0.1)
    assert subject.trace.n_updates == 18
    assert len(subject.trace.loss_per_update) == 18
    np.testing.assert_array_equal(subject.prediction.X, NEW.numpy())
    assert subject.can_train(Arm()) is None
    trained = subject.train(Arm(), subject.training, seed=0)
    assert trained.loss[-1] < trained.loss[0]
    for ours, plain in zip(weights, train(drawn(), loss, by_hand=by_hand), strict=True):
        assert torch.equal(ours, plain)


def test_its_layers_are_named_as_the_program_names_its_weights() -> None:
    w1, b1, w2, b2 = drawn()
    with watch() as watched:
        train([w1, b1, w2, b2], own_loss, by_hand=True)
    subject = only(watched.subjects())
    assert subject.name == "w1, b1, w2, b2"
    layers = subject.forward(X.numpy()[:8]).layers
    assert [(one.layer.name, one.layer.activation) for one in layers][:2] == [("w1", None), ("w1:relu", "relu")]


def test_weights_that_are_made_new_at_every_step_are_one_network() -> None:
    w = torch.zeros(3, requires_grad=True)
    with watch() as watched:
        for _ in range(5):
            ((X @ w - Y) ** 2).mean().backward()
            w = (w - 0.1 * w.grad).detach().requires_grad_()
    subject = only(watched.subjects())
    assert subject.trace.n_updates == 5
    assert subject.recipe.optimizer is not None
    assert subject.recipe.optimizer.learning_rate == pytest.approx(0.1)


def test_a_second_training_under_the_same_names_is_its_own() -> None:
    with watch() as watched:
        for _ in range(2):
            weights = train(drawn(), own_loss, by_hand=True)
    assert weights
    assert len(watched.subjects()) == 2


def test_networks_that_cannot_be_told_apart_are_said() -> None:
    a, b = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    with watch() as watched:
        for _ in range(3):
            (F.mse_loss(X @ a, Y) + F.mse_loss(NEW @ b, Y[:20])).backward()
    assert watched.subjects() == ()
    assert "no single tensor stands between them and the labels" in watched.notes[0]


def test_dropout_that_is_told_whether_it_trains_rests_in_evaluation() -> None:
    w = torch.randn(3, requires_grad=True)
    with watch() as watched:
        for _ in range(3):
            F.mse_loss(F.dropout(X, 0.5, training=True) @ w, Y).backward()
    out = only(watched.subjects()).forward(NEW.numpy()).outputs
    np.testing.assert_allclose(out.ravel(), (NEW @ w.detach()).numpy(), rtol=1e-5)


def test_features_that_were_made_once_are_no_training_of_their_own() -> None:
    encoder, head = torch.nn.Linear(3, 4), torch.nn.Linear(4, 1)
    with watch() as watched:
        with torch.no_grad():
            features = encoder(X)
        optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            F.mse_loss(head(features[:40]), Y[:40, None]).backward()
            optimizer.step()
    assert [one.name for one in watched.subjects()] == ["Linear"]


def test_a_loops_variable_is_no_name_of_a_weight() -> None:
    weights = dict(zip(("w1", "b1", "w2", "b2"), drawn(), strict=True))
    with watch() as watched:
        for _ in range(3):
            own_loss(logit(list(weights.values()), X), Y).backward()
            for one in weights.values():
                one.data -= 0.1 * one.grad
                one.grad = None
    assert only(watched.subjects()).name == "weights['w1'], weights['b1'], weights['w2'], weights['b2']"


@pytest.mark.parametrize(
    "turned", [lambda w: w.T, lambda w: w.t(), lambda w: w.transpose(0, 1)], ids=["T", "t", "axes"]
)
def test_a_weight_that_is_turned_is_the_weight(turned: Any) -> None:
    w = torch.randn(2, 3, requires_grad=True)
    with watch() as watched:
        for _ in range(3):
            F.nll_loss(torch.log_softmax(X @ turned(w), 1), Y.long()).backward()
        with torch.no_grad():
            assert (NEW @ turned(w)).argmax(1).dim() == 1
    subject = only(watched.subjects())
    layers = [one.layer for one in subject.forward(X.numpy()[:8]).layers]
    assert [(one.name, one.kind, one.parameters) for one in layers] == [("w", "dense", ("w",))]
    assert subject.prediction is not None
    np.testing.assert_array_equal(subject.prediction.X, NEW.numpy())  # asked without the softmax of the loss


@pytest.mark.parametrize("shifted", [False, True], ids=["as it stands", "less its largest"])
def test_a_softmax_that_is_written_out_belongs_to_the_loss(shifted: bool) -> None:
    w = torch.zeros(3, 2, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    target = F.one_hot(Y.long(), 2).float()
    with watch() as watched:
        for _ in range(4):
            z = X @ w
            z = z - z.max(1, keepdim=True).values if shifted else z
            p = torch.exp(z) / torch.exp(z).sum(1, keepdim=True)
            optimizer.zero_grad()
            (-(target * torch.log(p)).sum(1).mean()).backward()
            optimizer.step()
    subject = only(watched.subjects())
    assert subject.recipe.loss is not None
    assert (subject.recipe.loss.kind, subject.recipe.loss.takes) == ("categorical_cross_entropy", "logits")

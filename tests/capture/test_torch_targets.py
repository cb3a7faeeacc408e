"""Targets that a network makes: a fixed teacher's are labels; those of one that learns meanwhile cannot be repeated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.capture.script import watch
from defib.diagnose import diagnose_subject
from defib.recipe import Arm
from defib.subject import Subject

X = torch.tensor(np.random.default_rng(0).normal(size=(120, 4)), dtype=torch.float32)
Y = (X[:, :1] > 0).float()


def network(units: int = 2) -> Any:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, units))


def by_temporal_differences(*, double: bool, mixed: bool) -> list[Subject]:
    torch.manual_seed(0)
    learner, target = network(), network()
    target.load_state_dict(learner.state_dict())
    with watch() as watched:
        optimizer = torch.optim.Adam(learner.parameters(), lr=1e-2)
        for step in range(40):
            at = torch.randint(0, 120, (30,))
            states, following, actions = X[at], X[(at + 1) % 120], torch.randint(0, 2, (30, 1))
            chosen = learner(states).gather(1, actions).squeeze(1)
            with torch.no_grad():
                ahead = target(following)
                best = learner(following).argmax(1, keepdim=True) if double else ahead.argmax(1, keepdim=True)
                wanted = Y[at, 0] + 0.9 * ahead.gather(1, best).squeeze(1)
            optimizer.zero_grad()
            F.smooth_l1_loss(chosen, wanted).backward()
            optimizer.step()
            if mixed:
                for slow, quick in zip(target.parameters(), learner.parameters(), strict=True):
                    slow.data.mul_(0.9).add_(0.1 * quick.data)
            elif step % 10 == 9:
                target.load_state_dict(learner.state_dict())
        with torch.no_grad():
            learner(X[:20])
    return list(watched.subjects())


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
def test_temporal_differences_are_one_network_without_labels(double: bool, mixed: bool) -> None:
    (subject,) = by_temporal_differences(double=double, mixed=mixed)
    assert subject.recipe.n_updates == 40
    assert subject.recipe.loss is None
    assert subject.training is not None
    assert subject.training.y is None
    assert subject.prediction is not None
    assert len(subject.prediction) == 20
    assert any("networks that change" in note for note in subject.trace.notes)
    assert subject.can_train(Arm()) is not None
    assert diagnose_subject(subject, trials=False).causes == ()


def test_a_fixed_teacher_gives_labels() -> None:
    torch.manual_seed(0)
    teacher, student = network(), network()
    with watch() as watched:
        optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
        for _ in range(6):
            for i in range(0, 120, 40):
                with torch.no_grad():
                    wanted = F.softmax(teacher(X[i : i + 40]) / 2, 1)
                loss = F.kl_div(F.log_softmax(student(X[i : i + 40]) / 2, 1), wanted, reduction="batchmean")
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        with torch.no_grad():
            student(X[:20])
    (subject,) = watched.subjects()
    assert subject.training is not None
    assert subject.training.y is not None
    np.testing.assert_allclose(subject.training.y, F.softmax(teacher(X).detach() / 2, 1).numpy(), rtol=1e-6)
    again = subject.train(Arm(), subject.training, seed=0).predict(X.numpy())
    np.testing.assert_allclose(again, student(X).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_a_frozen_trunk_is_a_part_of_the_network() -> None:
    torch.manual_seed(0)
    trunk, head = nn.Linear(4, 8), nn.Linear(8, 1)
    with watch() as watched:
        optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
        for _ in range(6):
            with torch.no_grad():
                features = trunk(X)
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(head(features), Y).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert {one.layer.split(".")[0] for one in subject.parameters()} == {"linear", "linear_1"}


def test_a_look_at_other_rows_between_forward_and_backward_is_no_step() -> None:
    torch.manual_seed(0)
    model = network(1)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(6):
            loss = F.binary_cross_entropy_with_logits(model(X[:100]), Y[:100])
            with torch.no_grad():
                model(X[100:])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert subject.recipe.n_updates == 6
    assert subject.training is not None
    assert len(subject.training) == 100
    np.testing.assert_array_equal(subject.training.y, Y[:100].numpy())


def test_frozen_features_made_before_a_closure_are_no_training_of_their_own() -> None:
    torch.manual_seed(0)
    features, head = network(8).requires_grad_(False), nn.Linear(8, 1)
    with watch() as watched:
        H = features(X)
        optimizer = torch.optim.LBFGS(head.parameters(), max_iter=10)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(head(H), Y)
            loss.backward()
            return loss

        optimizer.step(closure)
    (subject,) = watched.subjects()
    assert subject.recipe.loss is not None
    assert any(not np.array_equal(one.end, np.asarray(one.initial)) for one in subject.parameters())
    assert subject.recipe.optimizer is not None
    assert subject.recipe.optimizer.name == "lbfgs"  # and not "updated by hand"
    assert subject.recipe.n_updates == 1


def test_rows_that_are_validated_every_epoch_without_a_step_are_counted_once() -> None:
    torch.manual_seed(0)
    model = network(1)
    with watch() as watched:
        torch.optim.SGD(model.parameters(), lr=0.1)  # made, and never stepped
        for _ in range(4):
            F.binary_cross_entropy_with_logits(model(X[:100]), Y[:100]).backward()
            with torch.no_grad():
                F.binary_cross_entropy_with_logits(model(X[100:]), Y[100:])
    (subject,) = watched.subjects()
    assert subject.held_out is not None
    np.testing.assert_array_equal(subject.held_out.X, X[100:].numpy())

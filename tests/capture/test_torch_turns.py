"""Several networks, several optimizers, and losses that cannot be repeated: what is followed, and what is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.adapters.torch import TorchSubject
from defib.capture.script import watch
from defib.diagnose import diagnose_subject
from defib.recipe import Arm
from defib.subject import Subject

X = torch.tensor(np.random.default_rng(0).normal(size=(60, 4)), dtype=torch.float32)
Y = (X[:, :1] > 0).float()


def two_parts() -> tuple[Any, Any]:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh()), nn.Linear(8, 1)


def test_two_optimizers_step_together_in_a_replay() -> None:
    encoder, head = two_parts()
    with watch() as watched:
        slow = torch.optim.SGD(encoder.parameters(), lr=0.1, momentum=0.9)
        quick = torch.optim.Adam(head.parameters(), lr=0.01)
        schedule = torch.optim.lr_scheduler.StepLR(quick, 2, gamma=0.5)
        for _ in range(8):
            slow.zero_grad()
            quick.zero_grad()
            F.binary_cross_entropy_with_logits(head(encoder(X)), Y).backward()
            slow.step()
            quick.step()
            schedule.step()
    assert watched.notes == ()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    assert all(one.in_optimizer for one in subject.parameters())
    assert subject.recipe.n_updates == 8
    assert subject.training is not None
    again = subject.train(Arm(), subject.training, seed=0).predict(X.numpy())
    np.testing.assert_allclose(again, head(encoder(X)).detach().numpy(), rtol=1e-4, atol=1e-6)
    ten_times = subject.train(Arm(learning_rate_factor=0.0), subject.training, seed=0).predict(X.numpy())
    assert np.abs(ten_times - again).max() > 1e-3


def adversarial(style: str) -> list[Subject]:
    torch.manual_seed(0)
    maker = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4))
    judge = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    bce = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(20, 1), torch.zeros(20, 1)
    with watch() as watched:
        of_maker = torch.optim.Adam(maker.parameters())
        of_judge = torch.optim.Adam(judge.parameters())
        for _ in range(3):
            for start in range(0, 60, 20):
                of_judge.zero_grad()
                made = maker(torch.randn(20, 3))
                if style != "two losses":
                    (bce(judge(X[start : start + 20]), ones) + bce(judge(made.detach()), zeros)).backward()
                else:
                    bce(judge(X[start : start + 20]), ones).backward()
                    bce(judge(made.detach()), zeros).backward()
                of_judge.step()
                of_maker.zero_grad()
                bce(judge(maker(torch.randn(20, 3)) if style != "two losses" else made), ones).backward()
                of_maker.step()
        if style != "never made":
            with torch.no_grad():
                maker(torch.randn(50, 3))
    if style == "never made":
        assert watched.subjects() == ()
        assert "two networks took turns" in watched.notes[0]
        return []
    assert watched.notes == ()
    return list(watched.subjects())


@pytest.mark.parametrize("style", ["one loss", "two losses"])
def test_the_judge_of_adversarial_training_is_no_classifier(style: str) -> None:
    (maker,) = adversarial(style)
    assert maker.prediction is not None
    assert maker.prediction.X.shape == (50, 3)
    found = diagnose_subject(maker, trials=False)
    assert (found.outcome, found.causes) == ("undecided", ())
    assert "two networks took turns" in found.notes[0]
    assert {one.name for one in found.not_assessed} >= {"constant-labels", "no-learnable-signal", "broadcast-loss"}


def test_adversarial_training_that_makes_nothing_afterwards_is_said() -> None:
    adversarial("never made")


def test_fine_tuning_in_two_phases_is_no_taking_turns() -> None:
    """The head alone first, then all: a gradient also goes through the encoder while it does not move."""
    encoder, head = two_parts()
    with watch() as watched:
        for parameters in (list(head.parameters()), [*encoder.parameters(), *head.parameters()]):
            optimizer = torch.optim.Adam(parameters)
            for _ in range(4):
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(head(encoder(X)), Y).backward()
                optimizer.step()
    (subject,) = watched.subjects()
    assert subject.training is not None
    assert subject.training.y is not None


def test_an_episode_gives_its_rows_and_says_that_the_loss_is_not_repeated() -> None:
    torch.manual_seed(0)
    policy = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    with watch() as watched:
        optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
        for _ in range(40):
            steps = []
            for row in X[:25]:
                choice = torch.distributions.Categorical(logits=policy(row))
                steps.append(choice.log_prob(choice.sample()) * float(row[0]))
            optimizer.zero_grad()
            (-torch.stack(steps).sum()).backward()
            optimizer.step()
    assert watched.notes == ()
    (subject,) = watched.subjects()
    assert subject.training is not None
    np.testing.assert_array_equal(subject.training.X, X[:25].numpy())
    assert subject.training.y is None
    found = diagnose_subject(subject)
    assert found.causes == ()
    assert found.trials == ()
    assert "the loss joins 25 calls of the model with one row each" in found.notes[0]


@pytest.mark.parametrize("asked", [True, False])
def test_triplets_are_looked_at_row_by_row(asked: bool) -> None:
    torch.manual_seed(0)
    net = nn.Linear(4, 2)
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters())
        for _ in range(6):
            a, b, c = (net(X[torch.randperm(60)[:20]]) for _ in range(3))
            optimizer.zero_grad()
            F.triplet_margin_loss(a, b, c).backward()
            optimizer.step()
        if asked:
            with torch.no_grad():
                net(X)
    assert watched.notes == ()
    (subject,) = watched.subjects()
    found = diagnose_subject(subject, trials=False)
    assert not [note for note in found.notes if "broke inside" in note]
    assert ("the loss joins several calls of the network per step" in " ".join(found.notes)) is asked
    if asked:
        assert subject.prediction is not None
        assert (subject.training, len(subject.prediction)) == (None, 60)


class RunningScale:
    def __init__(self) -> None:
        self.mean: Any = None

    def __call__(self, out: Any, y: Any) -> Any:
        error = F.mse_loss(out, y)
        self.mean = error.detach() if self.mean is None else 0.5 * self.mean + 0.5 * error.detach()
        return error / self.mean


def plain(out: Any, y: Any) -> Any:
    return F.mse_loss(out, y) + 0.01 * out.square().mean()


def squashed(out: Any, y: Any) -> Any:
    return F.binary_cross_entropy_with_logits(torch.sigmoid(3 * out), (y > 1).float())


@pytest.mark.parametrize(("make", "outside"), [(RunningScale, True), (lambda: plain, False), (lambda: squashed, False)])
def test_a_loss_that_depends_on_outside_state(make: Any, outside: bool) -> None:
    torch.manual_seed(0)
    model, loss = nn.Linear(4, 1), make()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
        for _ in range(5):
            for start in (0, 20, 40):
                optimizer.zero_grad()
                loss(model(X[start : start + 20]), X[start : start + 20, :1] + 1).backward()
                optimizer.step()
    (subject,) = watched.subjects()
    said = [note for note in subject.trace.notes if "not made of predictions and labels alone" in note]
    assert bool(said) is outside
    assert (subject.can_train(Arm()) is not None) is outside


def test_what_cannot_be_followed_is_said() -> None:
    model = nn.Linear(4, 1)
    with watch() as watched:
        weights = {name: one.detach().clone() for name, one in model.named_parameters()}
        torch.func.grad(lambda w: torch.func.functional_call(model, w, (X,)).mean())(weights)
    assert watched.subjects() == ()
    assert "functional_call" in watched.notes[0]
    with watch() as watched:
        weight = torch.zeros(4, 1, requires_grad=True)
        (X @ weight).mean().backward()
    assert "weights that are plain tensors" in watched.notes[0]
    with watch() as watched:
        optimizer = torch.optim.SGD([weight], lr=0.1)
        (X @ weight).mean().backward()
        optimizer.step()
    assert "took 1 steps, but no call of a module" in watched.notes[0]


def test_of_two_towers_neither_leaves_the_others_column_unread() -> None:
    torch.manual_seed(0)
    left, right = nn.Linear(4, 1), nn.Linear(4, 1)
    with watch() as watched:
        optimizer = torch.optim.SGD([*left.parameters(), *right.parameters()], lr=0.1)
        for _ in range(6):
            optimizer.zero_grad()
            F.mse_loss(left(X) * right(X.flip(1)), Y).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert subject.outputs_joined
    reached = {one.name: one.needs for one in diagnose_subject(subject, trials=False).not_assessed}
    assert reached["disconnected-input"] == "an output of the network that the loss takes alone"

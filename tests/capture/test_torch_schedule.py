"""Learning rates as the program's scheduler set them, and a trial without the schedule."""

from __future__ import annotations

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from defib.adapters.torch import TorchSubject
from defib.capture.script import watch
from defib.recipe import Arm
from defib.subject import AnyArray

X = torch.tensor(np.random.default_rng(0).normal(size=(12, 3)), dtype=torch.float32)
Y = (X[:, :1] > 0).float()


def train(model: nn.Module, schedule: bool) -> None:
    optimizer = torch.optim.SGD(
        [{"params": [model.weight], "lr": 0.1}, {"params": [model.bias], "lr": 0.4}], momentum=0.5
    )
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.1)
    for _ in range(8):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(X), Y).backward()
        optimizer.step()
        if schedule:
            scheduler.step()


def test_rates_are_recorded_and_can_be_held() -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    twin = copy.deepcopy(model)
    with watch() as watched:
        train(model, True)
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    shares, rates = zip(*subject.trace.rates, strict=True)
    assert shares == (0.0, 0.25, 0.5, 0.75)
    np.testing.assert_allclose(rates, [0.4, 0.04, 0.004, 0.0004])
    assert subject.training is not None
    as_recorded = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(as_recorded.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-4, atol=1e-6)
    train(twin, False)
    held = subject.train(Arm(constant_rate=True), subject.training, seed=0)
    np.testing.assert_allclose(held.predict(X.numpy()), twin(X).detach().numpy(), rtol=1e-4, atol=1e-6)


def by_hand(model: nn.Module, rates: list[float]) -> AnyArray:
    for rate in rates:
        model.zero_grad()
        F.binary_cross_entropy_with_logits(model(X), Y).backward()
        with torch.no_grad():
            for one in model.parameters():
                assert one.grad is not None
                one -= rate * one.grad
    given: AnyArray = model(X).detach().numpy()
    return given


def test_a_second_optimizer_goes_on_where_the_first_one_ended() -> None:
    """Against plain gradient descent by hand with the rates of both, capped, and ended early."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    twins = [copy.deepcopy(model) for _ in range(3)]
    with watch() as watched:
        for rate in (0.1, 0.5):
            optimizer = torch.optim.SGD(model.parameters(), lr=rate)
            for _ in range(4):
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(model(X), Y).backward()
                optimizer.step()
    (subject,) = watched.subjects()
    assert subject.trace.rates == ((0.0, 0.1), (0.5, 0.5))
    assert any("another optimizer went on after update 4" in note for note in subject.trace.notes)
    assert subject.training is not None
    arms = ((Arm(), [0.1] * 4 + [0.5] * 4), (Arm(rate_cap=0.2), [0.1] * 4 + [0.2] * 4), (Arm(stop_at=0.5), [0.1] * 4))
    for (arm, rates), twin in zip(arms, twins, strict=True):
        given = subject.train(arm, subject.training, seed=0).predict(X.numpy())
        np.testing.assert_allclose(given, by_hand(twin, rates), rtol=1e-4, atol=1e-6)

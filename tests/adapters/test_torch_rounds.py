"""Fewer rounds in a clone, however the user wrote them down; what is left is what the first rounds give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters.torch.memory import subject_from_model
from defib.recipe import Arm

X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)
FEWER = Arm(stop_after=0).with_edit("fewer_rounds", 2)


class Listed(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """A list of equal modules, gone through or counted by a number."""

    def __init__(self, *, counted: bool) -> None:
        nn.Module.__init__(self)
        self.depth, self.counted = 6, counted
        self.enter = nn.Linear(4, 8)
        self.rounds = nn.ModuleList([nn.Linear(8, 8) for _ in range(6)])
        self.head = nn.Linear(8, 1)

    def forward(self, x: Any, n: int | None = None) -> Any:
        """Rows meet by their mean."""
        x = self.enter(x)
        rounds = [self.rounds[i] for i in range(self.depth)] if self.counted else list(self.rounds)
        for one in rounds[:n]:
            x = torch.relu(one(x)) + x.mean(0)
        return self.head(x)


class Numbered(nn.Module):  # type: ignore[misc]
    """One number says how many."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.width, self.k = 8, 6
        self.enter, self.head = nn.Linear(4, 8), nn.Linear(8, 1)

    def forward(self, x: Any, n: int | None = None) -> Any:
        """Rows meet by their mean."""
        x = self.enter(x).view(-1, self.width)
        for _ in range(n or self.k):
            x = 0.5 * x + x.mean(0)
        return self.head(x)


@pytest.mark.parametrize(
    "net", [Listed(counted=False), Listed(counted=True), Numbered()], ids=["list", "both", "number"]
)
def test_the_first_rounds_are_left(net: Any) -> None:
    subject = subject_from_model(
        net, X, Y, loss=nn.BCEWithLogitsLoss(), optimizer=torch.optim.SGD(net.parameters(), 0.1), epochs=1
    )
    assert subject.can_train(FEWER) is None
    assert subject.training is not None
    before = {name: value.clone() for name, value in net.state_dict().items()}
    given = subject.train(FEWER, subject.training, seed=0).inside()
    assert given is not None
    named = {one.name: torch.as_tensor(one.end) for one in given.parameters()}
    net.load_state_dict({**before, **named})
    if isinstance(net, Listed) and net.counted:
        net.depth = 2
    np.testing.assert_allclose(given.forward(X).outputs, net(torch.from_numpy(X), 2).detach(), rtol=1e-5)


def test_without_any_it_is_said() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    subject = subject_from_model(
        net, X, Y, loss=nn.BCEWithLogitsLoss(), optimizer=torch.optim.SGD(net.parameters(), 0.1), epochs=1
    )
    assert "no number of rounds" in (subject.can_train(FEWER) or "")

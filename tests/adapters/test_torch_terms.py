"""Terms of a loss without labels: hand-made penalties and KL terms, found in any order and weakened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters.torch.objective import UserLoss
from defib.adapters.torch.terms import side_terms, with_terms_times
from defib.capture.script import watch
from defib.examine import measure_all
from defib.probes.penalty import PenaltyFacts
from defib.recipe import Arm

X = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
Y = X[:, :1] * 2


class Coder(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    def __init__(self) -> None:
        super().__init__()
        self.code, self.back = nn.Linear(4, 4), nn.Linear(2, 1)

    def forward(self, rows: Any) -> Any:
        mean, spread = self.code(rows).chunk(2, dim=1)
        return self.back(mean), mean, spread


def watched(loss_of: Callable[[Any, Any, Any], Any]) -> Any:
    """The Subject of three steps with this loss of network, rows and labels."""
    torch.manual_seed(0)
    with watch() as watchers:
        net = Coder()
        optimizer = torch.optim.SGD(net.parameters(), 0.01)
        for _ in range(3):
            optimizer.zero_grad()
            loss_of(net, X, Y).backward()
            optimizer.step()
        (subject,) = watchers.subjects()
    return subject


def squares(net: Any) -> Any:
    return sum(p.pow(2).sum() for p in net.parameters() if p.dim() > 1)


def kl(mean: Any, spread: Any) -> Any:
    return -0.5 * (1 + spread - mean.pow(2) - spread.exp()).sum(1).mean()


def plain(net: Any, X: Any, Y: Any) -> Any:
    return nn.functional.mse_loss(net(X)[0], Y)


def penalized(net: Any, X: Any, Y: Any) -> Any:
    return plain(net, X, Y) + 0.3 * squares(net)


def penalized_in_place(net: Any, X: Any, Y: Any) -> Any:
    loss = plain(net, X, Y)
    for p in net.parameters():
        if p.dim() > 1:
            loss += 0.3 * p.pow(2).sum()
    return loss


def divided(net: Any, X: Any, Y: Any) -> Any:
    return (2 * plain(net, X, Y) + 0.6 * squares(net)) / 2


def coded(net: Any, X: Any, Y: Any) -> Any:
    out, mean, spread = net(X)
    return 4.0 * kl(mean, spread) + nn.functional.mse_loss(out, Y)


def both(net: Any, X: Any, Y: Any) -> Any:
    return coded(net, X, Y) + 0.3 * squares(net)


@pytest.mark.parametrize(
    ("loss_of", "found"),
    [
        (plain, set()),
        (penalized, {"weights"}),
        (penalized_in_place, {"weights"}),
        (divided, {"weights"}),
        (coded, {"outputs"}),
        (both, {"weights", "outputs"}),
    ],
)
def test_terms_are_found_and_weakened(loss_of: Any, found: set[str]) -> None:
    subject = watched(loss_of)
    program = subject.captured.program
    assert {one.of for one in side_terms(program)} == found
    network = subject._network(Arm(), X.numpy(), seed=0)
    with torch.no_grad():
        outputs, w = network.outputs([X]), squares(network.module) * 0.3
        k = 4.0 * kl(outputs[1], outputs[2])
        whole = float(UserLoss(program, network)(network, [X], outputs, Y))
        weaker = with_terms_times(program, weights=0.1, outputs=0.01)
        left = float(UserLoss(weaker, network)(network, [X], outputs, Y))
    gone = ("weights" in found) * 0.9 * float(w) + ("outputs" in found) * 0.99 * float(k)
    assert left == pytest.approx(whole - gone, rel=1e-5)


def test_the_pull_of_a_penalty() -> None:
    subject = watched(penalized)
    found = {one.name: one.values for one in subject.penalties(moment="end")}
    kernels = {one.name: one.end for one in subject.parameters() if one.end.ndim > 1}
    assert set(found) == set(kernels)
    for name, kernel in kernels.items():
        np.testing.assert_allclose(found[name], 0.6 * kernel, rtol=1e-4)
    assert watched(plain).penalties() == ()
    assert measure_all(subject, skip={"reference"}).get(PenaltyFacts).in_loss


def test_a_loss_without_such_a_term_is_said() -> None:
    arm = Arm().with_edit("side_terms", 1e-4)
    assert watched(coded).can_train(arm) is None
    assert "holds outputs and no labels" in watched(plain).can_train(arm)

"""A loss that is NaN for what the head can give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters import subject_of
from defib.examine import measure_all
from defib.probes.undefined import UndefinedFacts
from defib.recipe import Recipe

X = np.random.default_rng(0).normal(size=(80, 4)).astype(np.float32)
Y = np.exp(X[:, :1])


def rmsle(prediction: Any, target: Any) -> Any:
    return ((torch.log(prediction + 1) - torch.log(target + 1)) ** 2).mean().sqrt()


def facts(loss: Any, y: Any = Y, *behind: Any) -> UndefinedFacts:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), *behind)
    recipe = Recipe(loss=loss, optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=20)
    return measure_all(subject_of(net, X, y, recipe=recipe), skip={"reference"}).get(UndefinedFacts)


def test_where_the_logarithm_ends() -> None:
    found = facts(rmsle)
    assert found.below == pytest.approx(-1.0, abs=0.01)
    assert found.positive


def test_labels_below_zero_need_no_positive_head() -> None:
    found = facts(lambda p, t: (torch.log(p + 4) - torch.log(t + 4)).abs().mean(), X[:, :1])
    assert found.below == pytest.approx(-4.0, abs=0.01)
    assert not found.positive


def test_a_root_of_the_prediction_itself() -> None:
    found = facts(lambda p, t: (p.sqrt() - t.sqrt()).abs().mean())
    assert found.below == pytest.approx(0.0, abs=0.01)
    assert found.positive


@pytest.mark.parametrize(
    ("loss", "behind"), [(nn.MSELoss(), ()), (nn.SmoothL1Loss(), ()), (rmsle, (nn.Softplus(),)), (rmsle, (nn.ReLU(),))]
)
def test_a_loss_with_a_value_everywhere_and_a_head_that_stays_above(loss: Any, behind: tuple[Any, ...]) -> None:
    assert facts(loss, Y, *behind).below is None


@pytest.mark.parametrize("clipped", [True, False])
def test_the_logarithm_of_a_probability_of_zero(clipped: bool) -> None:
    def log_loss(p: Any, t: Any) -> Any:
        p = p.clamp(1e-7, 1 - 1e-7) if clipped else p
        return -(t * p.log()).sum(dim=1).mean()

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))
    recipe = Recipe(loss=log_loss, optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=20)
    rows, classes = X * 1000, np.eye(3, dtype=np.float32)[np.arange(80) % 3]
    found = measure_all(subject_of(net, rows, classes, recipe=recipe), skip={"reference"}).get(UndefinedFacts)
    assert (found.at_ends is None) == clipped


def own_log_loss(epsilon: float) -> Any:
    def loss(logits: Any, target: Any) -> Any:
        p = torch.sigmoid(logits)
        return -(target * torch.log(p + epsilon) + (1 - target) * torch.log(1 - p + epsilon)).mean()

    return loss


@pytest.mark.parametrize(
    ("loss", "certain"),
    [(own_log_loss(0.0), 20.0), (own_log_loss(1e-7), None), (nn.BCEWithLogitsLoss(), None)],
    ids=["own", "own with epsilon", "on logits"],
)
def test_right_logits_that_are_certain(loss: Any, certain: float | None) -> None:
    assert facts(loss, (X[:, :1] > 0).astype(np.float32)).certain == certain

"""Penalties that a loop computes before its forward pass are part of the loss that is repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.capture.script import watch


def squares(model: Any) -> Any:
    total: Any = 0.0
    for one in model.parameters():
        total = total + (one**2).sum()
    return 0.3 * total


def products(model: Any) -> Any:
    return sum((one * one).sum() for one in model.parameters())


def sizes(model: Any) -> Any:
    return 0.1 * torch.cat([one.abs().reshape(-1) for one in model.parameters()]).sum()


def norms(model: Any) -> Any:
    return 0.2 * sum(torch.norm(one) for name, one in model.named_parameters() if "weight" in name)


def means(model: Any) -> Any:
    return sum(one.square().mean() for one in model.parameters())


def squared_norms(model: Any) -> Any:
    return 0.5 * sum(one.norm() ** 2 for one in model.parameters())


@pytest.mark.parametrize(
    "penalty", [squares, products, sizes, norms, means, squared_norms], ids=lambda one: one.__name__
)
def test_a_penalty_before_the_forward_pass_is_repeated(penalty: Callable[[Any], Any]) -> None:
    torch.manual_seed(0)
    X, model = torch.randn(60, 4), nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 1))
    y = (X[:, :1] > 0).float()
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for start in [*range(0, 60, 20)] * 4:
            optimizer.zero_grad()
            asked = penalty(model)
            rows = X[start : start + 20]
            loss = nn.functional.binary_cross_entropy_with_logits(model(rows), y[start : start + 20]) + asked
            loss.backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert not [one for one in subject.trace.notes if "predictions and labels alone" in one]
    assert subject.training is not None
    with torch.no_grad():
        now = float(nn.functional.binary_cross_entropy_with_logits(model(X), y) + penalty(model))
    assert np.isclose(subject.loss(X.numpy(), y.numpy()), now, rtol=1e-4)
    assert {one.name for one in subject.penalties()} >= {"0.weight", "2.weight"}


def test_what_is_no_such_penalty_is_left_as_it_was() -> None:
    """A sine of the weights: the number of the first step stands, and a later step shows that it is none."""
    torch.manual_seed(0)
    X, model = torch.randn(60, 4), nn.Linear(4, 1)
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.3)
        for start in [*range(0, 60, 20)] * 4:
            optimizer.zero_grad()
            asked = 5 * torch.sin(model.weight).sum()
            (nn.functional.mse_loss(model(X[start : start + 20]), X[start : start + 20, :1]) + asked).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert [one for one in subject.trace.notes if "predictions and labels alone" in one]

"""A network of 16-bit weights, trained on a clone of 32 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from defib.adapters import subject_of
from defib.recipe import Arm, Recipe
from defib.subject import Rows

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float16)
Y = X[:, :1]


def trained(arm: Arm) -> Any:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1)).half()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    recipe = Recipe(loss=nn.MSELoss(), optimizer=optimizer, epochs=50, batch_size=10)
    subject = subject_of(net, torch.tensor(X), torch.tensor(Y), recipe=recipe)
    return subject.can_train(arm) or subject.train(arm, Rows(X, Y), seed=0).predict(X)


def test_the_clone_is_the_same_network_in_32_bits() -> None:
    start = trained(Arm(stop_after=0)).astype(np.float32)
    wide = trained(Arm(stop_after=0).with_edit("in_32_bits"))
    assert wide.dtype == np.float32
    assert not np.array_equal(wide, start)
    np.testing.assert_allclose(wide, start, atol=5e-3)


def test_it_learns() -> None:
    assert np.square(trained(Arm().with_edit("in_32_bits")) - Y).mean() < 0.2


def test_it_goes_with_other_changes() -> None:
    arm = Arm(learning_rate_factor=0.5).with_edit("reinitialize", "he").with_edit("in_32_bits")
    assert np.isfinite(trained(arm)).all()

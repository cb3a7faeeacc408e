"""Networks of several outputs in PyTorch: the flat one is looked at, with its own labels and the whole loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from defib.capture.script import watch
from defib.recipe import Arm

RNG = np.random.default_rng(0)
X = torch.tensor(RNG.normal(size=(160, 5)), dtype=torch.float32)
SIDE = (X[:, 0] > 0).long()
SIZE = X[:, 1] + 2


class Two(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """A class and a value; ``dead``: the value ends in a ReLU below zero."""

    def __init__(self, *, dead: bool) -> None:
        super().__init__()
        self.side, self.size, self.dead = nn.Linear(5, 2), nn.Linear(5, 1), dead
        if dead:
            nn.init.constant_(self.size.bias, -50)

    def forward(self, x: Any) -> Any:
        size = self.size(x)[:, 0]
        return {"side": self.side(x), "size": torch.relu(size) if self.dead else size}


def subject_of(model: Two, *, same_labels: bool = False) -> Any:
    """Five epochs over both losses, then a prediction."""
    torch.manual_seed(0)
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(5):
            for rows in torch.arange(120).split(20):
                out = model(X[rows])
                wanted = SIDE[rows] if same_labels else SIZE[rows]
                loss = F.cross_entropy(out["side"], SIDE[rows]) + 0.5 * F.mse_loss(out["size"], wanted)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        model.eval()
        with torch.no_grad():
            model(X[120:])
    (subject,) = watched.subjects()
    return subject


def test_the_output_that_is_flat_is_looked_at() -> None:
    subject = subject_of(Two(dead=True))
    assert subject.name == "Two, output size"
    assert np.ptp(subject.prediction_outputs) == 0
    np.testing.assert_array_equal(subject.training.y, SIZE[:120].numpy())
    assert subject.recipe.loss.kind == "squared_error"
    # all losses train a clone, as they trained the network: its first output has learnt
    clone = subject.train(Arm(), subject.training, seed=0)
    assert np.ptp(clone.predict(X.numpy())) == 0
    assert clone.loss[-1] < clone.loss[0]


def test_where_both_vary_it_is_the_first_one() -> None:
    subject = subject_of(Two(dead=False))
    assert subject.name == "Two"
    np.testing.assert_array_equal(subject.training.y, SIDE[:120].numpy())


def test_a_second_answer_to_the_same_labels_is_no_output_of_its_own() -> None:
    assert subject_of(Two(dead=True), same_labels=True).name == "Two"

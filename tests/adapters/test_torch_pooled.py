"""One position of a sequence that a network reads, in place of it the mean over all of them, on a clone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters import subject_of
from defib.recipe import Arm, Recipe
from defib.subject import Rows

X = np.random.default_rng(0).normal(size=(12, 5, 3)).astype(np.float32)
Y = np.zeros((12, 1), dtype=np.float32)


class Reader(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Reads a recurrent layer in one of several ways; ``mean`` is what they are to become."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.rnn = nn.GRU(3, 4, batch_first=way != "time first")
        self.head = nn.Linear(4, 1)

    def forward(self, x: Any) -> Any:
        states, last = self.rnn(x.transpose(0, 1) if self.way == "time first" else x)
        picked = {
            "last": lambda: states[:, -1],
            "first": lambda: states[:, 0, :],
            "time first": lambda: states[-1],
            "select": lambda: states.select(1, 4),
            "mean": lambda: states.mean(1),
            "state": lambda: last.squeeze(0),
            "part": lambda: states[:, -2:].mean(1),
        }
        return self.head(picked[self.way]())


def predicted(way: str, arm: Arm) -> Any:
    torch.manual_seed(0)
    net = Reader(way)
    recipe = Recipe(loss=nn.MSELoss(), optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=12)
    subject = subject_of(net, X, Y, recipe=recipe)
    return subject.can_train(arm) or subject.train(arm, Rows(X, Y), seed=0).predict(X)


@pytest.mark.parametrize("way", ["last", "first", "time first", "select"])
def test_the_mean_over_all_positions_is_read(way: str) -> None:
    start = Arm(stop_after=0)
    expected = predicted("mean", start)
    assert np.abs(predicted(way, start) - expected).max() > 1e-3
    np.testing.assert_allclose(predicted(way, start.with_edit("pooled")), expected, atol=1e-6)


@pytest.mark.parametrize("way", ["state", "part"])
def test_where_no_position_is_picked_nothing_is_changed(way: str) -> None:
    assert "no step of the model is seen to pick one position" in predicted(way, Arm().with_edit("pooled"))


def test_a_step_is_found_by_its_name() -> None:
    named = Arm(stop_after=0).with_edit("pooled", "rnn:getitem")
    np.testing.assert_allclose(predicted("last", named), predicted("mean", Arm(stop_after=0)), atol=1e-6)
    assert isinstance(predicted("last", Arm().with_edit("pooled", "elsewhere")), str)


class Packed(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Rows packed at lengths that are counted in one way or another."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length
        self.rnn, self.head = nn.GRU(3, 4, batch_first=True), nn.Linear(4, 1)

    def forward(self, x: Any) -> Any:
        lengths = torch.full((len(x),), self.length)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.head(self.rnn(packed)[1][-1])


def test_rows_are_packed_with_all_their_steps() -> None:
    found = []
    for length, arm in ((1, Arm().with_edit("pooled", "input:pack_padded_sequence")), (5, Arm()), (1, Arm())):
        torch.manual_seed(0)
        net = Packed(length)
        recipe = Recipe(loss=nn.MSELoss(), optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=12)
        trained = subject_of(net, X, Y, recipe=recipe).train(replace(arm, stop_after=0), Rows(X, Y), seed=0)
        found.append(trained.predict(X))
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    assert np.abs(found[2] - found[1]).max() > 1e-3

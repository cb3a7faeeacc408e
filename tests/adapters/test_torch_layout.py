"""Where the rows are in a call: observed by what another row changes, whatever the shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters.torch.layout import led, observed_layout
from defib.capture.script import watch

TIME, ROWS = 6, 8


class Steps(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """An output per step of a recurrent network."""

    def __init__(self, *, batch_first: bool, turned: bool = False, flat: bool = False, zero: bool = False) -> None:
        super().__init__()
        self.cell = nn.GRU(3, 5, batch_first=batch_first)
        self.head = nn.Linear(5, 2)
        self.turned, self.flat = turned, flat
        if zero:
            for one in self.parameters():
                nn.init.zeros_(one)

    def forward(self, x: Any) -> Any:
        out = self.head(self.cell(x.transpose(0, 1) if self.turned else x)[0])
        return out.reshape(-1, 2) if self.flat else out


def attention() -> nn.Module:
    """Without positions: steps in another order come out in that order, and yet are no rows."""
    torch.manual_seed(0)
    return nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0)


@pytest.mark.parametrize(
    ("made", "shape", "axis", "lie"),
    [
        (lambda: Steps(batch_first=False), (TIME, ROWS, 3), 1, "second"),
        (lambda: Steps(batch_first=False, flat=True), (TIME, ROWS, 3), 1, "inner"),
        (lambda: Steps(batch_first=False, zero=True), (ROWS, ROWS, 3), 1, "second"),
        (lambda: Steps(batch_first=True), (ROWS, TIME, 3), 0, "first"),
        (lambda: Steps(batch_first=True, flat=True), (ROWS, TIME, 3), 0, "first"),
        (lambda: Steps(batch_first=False, turned=True), (ROWS, TIME, 3), 0, "second"),
        (attention, (TIME, ROWS, 4), 1, "second"),
        (lambda: nn.Linear(3, 3), (ROWS, TIME, 3), 0, "first"),
    ],
    ids=[
        "time-first",
        "time-first-flat",
        "square-and-zero",
        "rows-first",
        "rows-first-flat",
        "turned",
        "attention",
        "each",
    ],
)
def test_rows_are_what_comes_out_alone(made: Callable[[], Any], shape: tuple[int, ...], axis: int, lie: str) -> None:
    """By what the network does with them."""
    module, x = made(), torch.zeros(shape)
    found = observed_layout(module, (x,), {}, [module(x)], 0)
    assert found is not None
    assert (found.axis, found.lies) == (axis, (lie,))


def test_one_sentence_is_one_row() -> None:
    """Tokens ``(time,)`` that a recurrent layer joins; tokens that are looked up one by one are rows."""
    tokens = torch.arange(TIME)
    joined = nn.Sequential(nn.Embedding(TIME, 3), Steps(batch_first=True))
    found = observed_layout(joined, (tokens,), {}, [joined(tokens)], 0)
    assert found is not None
    assert found.axis is None
    apart = nn.Embedding(TIME, 3)
    found = observed_layout(apart, (tokens,), {}, [apart(tokens)], 0)
    assert found is not None
    assert found.axis == 0


def test_nothing_is_said_of_what_hangs_on_nothing() -> None:
    """Neither its output nor a layer of it."""

    class Constant(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.ones(2))

        def forward(self, x: Any) -> Any:
            return self.bias.expand(*x.shape[:2], 2)

    x = torch.zeros(TIME, ROWS, 3)
    assert observed_layout(Constant(), (x,), {}, [Constant()(x)], 0) is None


def test_a_training_with_time_first_gives_rows_and_labels() -> None:
    """Labels per step, rows picked from the second axis; the loss of a clone is the program's."""
    torch.manual_seed(0)
    X = torch.randn(TIME, 5 * ROWS, 3)
    y = (X[..., 0] > 0).long()
    model = Steps(batch_first=False)
    losses = []
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        for _ in range(2):
            for start in range(0, 5 * ROWS, ROWS):
                optimizer.zero_grad()
                out = model(X[:, start : start + ROWS])
                target = y[:, start : start + ROWS].reshape(-1)
                loss = nn.functional.cross_entropy(out.reshape(-1, 2), target)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
    (subject,) = watched.subjects()
    rows = subject.training
    assert rows is not None
    assert rows.y is not None
    assert np.array_equal(rows.X, X.transpose(0, 1).numpy())
    assert np.array_equal(rows.y, y.T.numpy())
    outputs = subject.forward(rows.X).outputs
    assert outputs.shape == (5 * ROWS, TIME, 2)
    assert np.allclose(outputs[3], model(X).detach()[:, 3], atol=1e-6)
    assert np.isclose(subject.loss(rows.X, rows.y), np.mean(losses[:5]), atol=1e-5)
    assert np.isclose(subject.losses_of([outputs], rows.X, rows.y)[0], np.mean(losses[:5]), atol=1e-5)


def test_rows_that_were_picked_stay_rows() -> None:
    """A shuffled pick along the first axis shows what the program means by a row; the network mixes them."""
    torch.manual_seed(0)
    X = torch.randn(5 * ROWS, TIME, 3)
    model = Steps(batch_first=False)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for index in torch.randperm(5 * ROWS).split(ROWS):
            optimizer.zero_grad()
            (model(X[index]) ** 2).mean().backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert subject.training is not None
    assert subject.training.X.shape == (5 * ROWS, TIME, 3)


def test_flat_outputs_come_back_by_row() -> None:
    """``(time × rows, ...)`` and ``(rows × time, ...)``."""
    value = torch.arange(TIME * ROWS)
    assert led(value, ROWS, "inner")[1].tolist() == value[1::ROWS].tolist()
    assert led(value, ROWS, "first")[1].tolist() == value[TIME : 2 * TIME].tolist()

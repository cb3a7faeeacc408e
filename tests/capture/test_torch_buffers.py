"""A tensor of the program's that every answer is copied into: told where the program keeps it as many answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from defib.adapters.torch import TorchSubject
from defib.capture.script import watch

X = torch.linspace(-1, 1, 40).reshape(20, 2)


def served(answer: Callable[[Any, Any, Any], Any]) -> TorchSubject:
    torch.manual_seed(0)
    model, buffer = nn.Linear(2, 1), torch.zeros(1)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(X), X[:, :1]).backward()
            optimizer.step()
        with torch.no_grad():
            kept = [answer(model, row, buffer) for row in X]
    assert len(kept) == 20
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    return subject


def filled(model: Any, row: Any, buffer: Any) -> Any:
    return buffer.copy_(model(row).sigmoid())


def by_index(model: Any, row: Any, buffer: Any) -> Any:
    buffer[:] = model(row)
    return buffer


def by_out(model: Any, row: Any, buffer: Any) -> Any:
    return torch.tanh(model(row), out=buffer)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (filled, True),
        (by_index, True),
        (by_out, True),
        (lambda *given: filled(*given).clone(), False),
        (lambda *given: filled(*given).item(), False),
        (lambda model, row, buffer: buffer + model(row), False),
    ],
    ids=["copy", "slice", "out", "cloned", "as numbers", "no buffer"],
)
def test_a_buffer_that_is_kept_for_many_answers_is_told(answer: Any, told: bool) -> None:
    calls = served(answer).serving_calls
    assert calls is not None
    assert (calls.overwritten >= 7) is told
    assert calls.overwritten < 20

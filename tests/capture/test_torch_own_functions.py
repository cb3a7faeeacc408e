"""Autograd functions of the program's own: one whose backward gives nothing back is named, with its line."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from defib.capture.script import watch


class Step(torch.autograd.Function):  # type: ignore[misc]  # torch is Any to mypy
    """A threshold; ``straight`` decides what its backward gives back."""

    straight: Any = 0.0

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return (x > 0).float()

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:  # the line that is named
        return None if Step.straight is None else gradient * next(Step.straight)


LINE = Step.backward.__code__.co_firstlineno + 1


def factors(values: Any) -> Any:
    yield from values
    while True:
        yield values[-1]


@pytest.mark.parametrize(("straight", "named"), [([0.0], True), (None, True), ([1.0], False), ([0.0, 0.5], False)])
def test_a_function_that_passes_nothing_on_is_named(straight: Any, named: bool) -> None:
    """The last one grows from zero, as the factor of a gradient reversal does."""
    torch.manual_seed(0)
    Step.straight = None if straight is None else factors(straight)
    first, last = nn.Linear(3, 4), nn.Linear(4, 1)

    class Net(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = first, last

        def forward(self, x: Any) -> Any:
            return self.last(Step.apply(self.first(x)))

    net, X = Net(), torch.randn(32, 3)
    with watch() as watched:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(7):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net(X), X[:, :1])
            loss.backward(retain_graph=True)
            optimizer.step()
        node = loss.grad_fn
    (subject,) = watched.subjects()
    told = [note for note in subject.trace.notes if note.startswith("Step (test_torch_own_functions.py:")]
    assert bool(told) is named
    assert subject.trace.silent_functions == ((f"Step (test_torch_own_functions.py:{LINE})",) if named else ())
    if named:
        assert told[0].startswith(f"Step (test_torch_own_functions.py:{LINE}) ")
        assert "on each of the first 5 calls" in told[0]
    assert node is not None

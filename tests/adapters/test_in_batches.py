"""Networks that give an output per row only in batches of the training's size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters.watched import in_batches
from defib.capture.script import watch
from defib.evidence import Book
from defib.probes.alone import PROBE
from defib.recipe import Arm
from defib.subject import AnyArray, ForwardPass, NotAvailable

WORDS = 6


class Pooled(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """A mean over the batch where one over the words was meant."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Linear(3, 8), nn.Linear(8, 1)

    def forward(self, x: Any) -> Any:
        return self.head(torch.relu(self.words(x)).mean(0))


def test_a_mean_over_the_batch_is_answered_batch_by_batch() -> None:
    torch.manual_seed(0)
    X, model = torch.randn(5 * WORDS, WORDS, 3), Pooled()
    y = X.mean((1, 2))[:, None]
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for index in torch.randperm(len(X)).split(WORDS):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(X[index]), y[index]).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    rows = X[: 3 * WORDS + 1].numpy()
    outputs = subject.forward(rows).outputs
    assert outputs.shape == (3 * WORDS + 1, 1)
    assert np.allclose(outputs[WORDS : 2 * WORDS], model(X[WORDS : 2 * WORDS]).detach(), atol=1e-6)
    assert "in batches of 6" in str(subject.can_train(Arm()))
    found: Any = PROBE.measure(subject, Book())
    assert found.rows_pooled


def test_what_answers_no_batch_by_row_is_said() -> None:
    def one(X: AnyArray) -> ForwardPass:
        return ForwardPass(np.zeros((1, 1)), ())

    with pytest.raises(NotAvailable, match="an output per row"):
        in_batches(np.zeros((8, 2)), 4, one)

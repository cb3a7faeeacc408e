"""Networks of PyTorch that look ids up and take numbers beside them: only the numbers are scaled."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from defib.capture.script import watch
from defib.recipe import Arm, InputTransform


class Clicks(nn.Module):  # type: ignore[misc]
    """Three codes and two numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(9, 4)
        self.head = nn.Linear(14, 1)

    def forward(self, codes: Any, numbers: Any) -> Any:
        return self.head(torch.cat([self.embed(codes).flatten(1), numbers], 1)).squeeze(1)


def test_columns_that_are_looked_up_are_left_alone() -> None:
    torch.manual_seed(0)
    codes, numbers, y = torch.randint(0, 9, (60, 3)), 500 + 100 * torch.randn(60, 2), torch.rand(60).round()
    model = Clicks()
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(4):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(model(codes, numbers), y).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert subject.training is not None
    X = subject.training.X.astype(float)
    arm = Arm(inputs=InputTransform(X.mean(axis=0), X.std(axis=0)))
    sent = subject.at_the_door(arm, X)
    assert np.array_equal(sent[:, :3], X[:, :3])
    assert np.allclose(sent[:, 3:].std(axis=0), 1.0, atol=1e-3)
    trained = subject.train(arm, subject.training, seed=0)
    assert np.isfinite(trained.predict(X)).all()

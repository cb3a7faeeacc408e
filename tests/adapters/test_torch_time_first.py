"""Networks that take time on the first axis: rows are the second one, in every layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.capture.script import watch
from defib.examine import measure_all
from defib.probes.inputs import InputFacts

ROWS, STEPS, UNITS = 60, 9, 20


class Reader(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Tokens ``(time, rows)`` to a logit per row."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.cell = nn.GRU(8, UNITS)
        self.head = nn.Linear(UNITS, 1)

    def forward(self, x: Any) -> Any:
        states, _ = self.cell(self.embed(x))
        return self.head(states[-1]).squeeze(1)


@pytest.mark.parametrize("batch", [12, UNITS])
def test_tokens_stay_tokens(batch: int) -> None:
    """Also where a batch has as many rows as there are units."""
    torch.manual_seed(0)
    X = torch.tensor(np.random.default_rng(0).integers(1, 20, (ROWS, STEPS)))
    y = (X[:, 0] > 9).float()
    model = Reader()
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(3):
            for start in range(0, ROWS - batch + 1, batch):
                optimizer.zero_grad()
                out = model(X[start : start + batch].t())
                nn.functional.binary_cross_entropy_with_logits(out, y[start : start + batch]).backward()
                optimizer.step()
    (subject,) = watched.subjects()
    assert subject.training is not None
    assert np.asarray(subject.training.X).shape[1] == STEPS
    for n in (batch, 5):
        layers = {one.layer.name: one.values for one in subject.forward(np.asarray(X[:n])).layers}
        assert layers["embed"].shape == (n, STEPS, 8)
        assert np.allclose(layers["embed"][2, 3], model.embed.weight[X[2, 3]].detach())
        assert layers["cell"].shape == (n, STEPS, UNITS)
    assert measure_all(subject, skip=("reference",)).get(InputFacts).kind == "tokens"

"""A loop that moves the learning rate and never asks the optimizer for a step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import defib


def _train(X: torch.Tensor, y: torch.Tensor) -> nn.Module:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=60)
    for _ in range(15):
        for start in range(0, 80, 20):
            optimizer.zero_grad()
            loss = nn.functional.binary_cross_entropy_with_logits(model(X[start : start + 20]), y[start : start + 20])
            loss.backward()
            scheduler.step()
    return model


@pytest.mark.filterwarnings("ignore:Detected call of")  # that is the fault
def test_an_optimizer_that_never_stepped_is_known_after_its_function_returned() -> None:
    X = torch.tensor(np.random.default_rng(0).normal(size=(120, 4)).astype(np.float32))
    y = (X[:, :1] > 0).float()
    with defib.watch(budget=20) as watched:
        model = _train(X, y)
        model.eval()
        with torch.no_grad():
            model(X[80:])
    diagnosis = watched.diagnosis
    assert diagnosis is not None
    assert diagnosis.causes[0].code == "DF705"
    assert "never made a step" in diagnosis.causes[0].assessment.because
    assert diagnosis.fix is not None
    assert diagnosis.fix.interventions == ("canonical-loop",)
    assert diagnosis.fix.verified
    assert "SGD(model.parameters(), lr=0.5" in diagnosis.fix.code, diagnosis.fix.code  # the highest that was set

"""Optimizer classes of the program's own: one whose step writes into no weight is named, with its line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.capture.script import watch
from defib.causes.gradients_cleared_or_never_applied import CAUSE
from defib.examine import measure_all
from defib.recipe import Arm


class Plain(torch.optim.Optimizer):  # type: ignore[misc]  # torch is Any to mypy
    """Gradient descent; ``writes``: into the weights, or only binds a name."""

    writes = True

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None) -> None:  # the line that is named
        for group in self.param_groups:
            for p in group["params"]:
                if Plain.writes:
                    p.sub_(group["lr"] * p.grad)
                else:
                    p = p - group["lr"] * p.grad


@pytest.mark.parametrize("writes", [True, False])
def test_a_step_that_writes_nothing(writes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Plain, "writes", writes)
    X = torch.tensor(np.random.default_rng(0).normal(size=(80, 3)), dtype=torch.float32)
    y = (X[:, :1] > 0).float()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    with watch() as watched:
        optimizer = Plain(model.parameters(), 0.5)
        for _ in range(20):
            for start in range(0, 80, 20):
                optimizer.zero_grad()
                out = model(X[start : start + 20])
                nn.functional.binary_cross_entropy_with_logits(out, y[start : start + 20]).backward()
                optimizer.step()
    (subject,) = watched.subjects()
    assert subject.trace.own_step.startswith("Plain.step (test_torch_own_steps.py:")
    found = CAUSE.assess(measure_all(subject, skip=("reference",)))
    assert found.verdict == ("ruled_out" if writes else "supported")
    if not writes:
        assert "Plain.step" in found.because
        assert subject.training is not None
        clone = subject.train(Arm(loop="canonical"), subject.training, seed=0)  # by an optimizer that works
        outputs = np.asarray(clone.predict(X.numpy()))
        assert np.corrcoef(outputs.ravel(), X[:, 0])[0, 1] > 0.5

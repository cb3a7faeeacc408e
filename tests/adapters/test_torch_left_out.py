"""A step without weights that a clone goes without: what it was given goes on, normalized."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters import subject_of
from defib.evidence import Book
from defib.interventions.table import all_interventions
from defib.probes.masked import MaskedFacts
from defib.recipe import Arm, Recipe

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 6)).astype(np.float32)
Y = (X.sum(axis=1, keepdims=True) > 0).astype(np.float32)


class Net(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Loses its rows' sum in one step."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.layers = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1))

    def forward(self, x: Any) -> Any:
        if self.kind == "sub":
            x = x - x.mean(1, keepdim=True)
        elif self.kind == "clamp":
            x = x.clamp(10, 20)
        elif self.kind == "mul":
            x = x * torch.zeros_like(x)
        return self.layers(x.sum(1, keepdim=True))


def subject(kind: str) -> Any:
    torch.manual_seed(0)
    net = Net(kind)
    recipe = Recipe(loss=nn.BCEWithLogitsLoss(), optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=20)
    return subject_of(net, X, Y, recipe=recipe)


@pytest.mark.parametrize("kind", ["sub", "clamp", "mul"])
def test_the_rows_come_through(kind: str) -> None:
    found = subject(kind)
    arm = Arm().with_edit("left_out", f"input:{kind}")
    assert found.can_train(arm) is None
    trained = found.train(arm, found.training, seed=0)
    assert np.ptp(found.forward(X).outputs) == pytest.approx(0, abs=1e-5)
    assert np.ptp(trained.predict(X)) > 0.01


def test_a_step_of_another_shape_is_kept() -> None:
    reason = subject("sub").can_train(Arm().with_edit("left_out", "input:sum"))
    assert reason == "the step is none that the model's code runs without"


def test_when_it_is_tried() -> None:
    repair, turn = (all_interventions()[name] for name in ("repair-input-step", "turn-mask"))
    clamped = Book({MaskedFacts: MaskedFacts("input:clamp", "input", True, None)}, {}, {})
    assert [(one.op, one.value) for one in repair.arm(clamped).edits] == [("left_out", "input:clamp")]
    assert "nn.BatchNorm1d" in repair.code(clamped, "torch")
    assert "nn.BatchNorm1d" not in repair.code(clamped, "keras")
    assert not turn.fits(clamped)
    masked = Book({MaskedFacts: MaskedFacts("embed:mul", "embed", True, None)}, {}, {})
    assert turn.fits(masked)
    picked = Book({MaskedFacts: MaskedFacts("rnn:getitem", "rnn", True, None)}, {}, {})
    assert [one.op for one in repair.arm(picked).edits] == ["pooled"]

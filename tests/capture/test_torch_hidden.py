"""Weights that torch does not see, and gradients that are gone when the optimizer steps."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.adapters.torch import TorchSubject
from defib.adapters.torch.clone import all_parameters
from defib.capture.script import watch
from defib.causes.gradients_cleared_or_never_applied import CAUSE as CLEARED
from defib.causes.parameters_not_in_optimizer import CAUSE as LEFT_OUT
from defib.examine import measure_all
from defib.recipe import Arm

X = torch.tensor(np.random.default_rng(0).normal(size=(40, 4)), dtype=torch.float32)
Y = (X[:, :1] * X[:, 1:2] > 0).float()


class Listed(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Layers in a plain list, a plain tensor, and a teacher that is hidden on purpose."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Linear(4, 8), nn.Linear(8, 8)]
        self.shift = torch.zeros(8, requires_grad=True)
        self.teacher = [nn.Linear(4, 1)]
        self.out = nn.Linear(8, 1)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = torch.tanh(layer(x))
        with torch.no_grad():
            self.teacher[0](X)
        return self.out(x + self.shift)


def fit(model: Any, parameters: Any, *, cleared: bool = False, to_none: bool = True) -> TorchSubject:
    with watch() as watched:
        optimizer = torch.optim.SGD(parameters, lr=0.2)
        for _ in range(6):
            if not cleared:
                optimizer.zero_grad(set_to_none=to_none)
            F.binary_cross_entropy_with_logits(model(X), Y).backward()
            if cleared:
                optimizer.zero_grad(set_to_none=to_none)
            optimizer.step()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    return subject


HIDDEN = {"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "shift"}


def test_layers_in_a_plain_list_are_weights_that_the_optimizer_lacks() -> None:
    torch.manual_seed(0)
    model = Listed()
    subject = fit(model, model.parameters())
    state = {one.name: (one.in_optimizer, one.gradient_in_loop) for one in subject.parameters()}
    assert {name for name, (held, _) in state.items() if held is False} == HIDDEN
    assert {word for _, word in state.values()} == {"nonzero"}
    assert subject.training is not None
    as_recorded = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(as_recorded.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-4, atol=1e-6)
    before = {name: one.detach().clone() for name, one in all_parameters(model)}
    assert subject.train(Arm(loop="canonical", updates_factor=30), subject.training, seed=0).loss[-1] < 0.4
    assert all(torch.equal(before[name], one) for name, one in all_parameters(model))
    found = LEFT_OUT.assess(measure_all(subject, skip=("reference",)))
    assert (found.verdict, found.layer) == ("supported", "layers.0")


def test_hidden_weights_that_are_handed_over_are_trained() -> None:
    torch.manual_seed(0)
    model = Listed()
    given = [*model.parameters(), model.shift, *(p for layer in model.layers for p in layer.parameters())]
    subject = fit(model, given)
    assert all(one.in_optimizer for one in subject.parameters())
    assert subject.training is not None
    again = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(again.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("to_none", [True, False])
def test_gradients_cleared_before_the_step(to_none: bool) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    start = copy.deepcopy(model)
    subject = fit(model, model.parameters(), cleared=True, to_none=to_none)
    assert {one.gradient_in_loop for one in subject.parameters()} == {"cleared"}
    assert subject.training is not None
    as_recorded = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(as_recorded.predict(X.numpy()), start(X).detach().numpy(), rtol=1e-5, atol=1e-6)
    found = CLEARED.assess(measure_all(subject, skip=("reference",)))
    assert found.verdict == "supported"
    assert "gone when the optimizer stepped" in found.because


def test_gradients_in_the_right_order_are_not_cleared() -> None:
    model = nn.Linear(4, 1)
    assert {one.gradient_in_loop for one in fit(model, model.parameters()).parameters()} == {"nonzero"}

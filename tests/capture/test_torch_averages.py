"""A running average of the weights that predicts: one that lags behind the training, one that has caught up with it."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from defib.capture.script import watch
from defib.causes.cached_or_aliased_output import CAUSE as REUSED
from defib.causes.stale_batchnorm_statistics import CAUSE as STALE
from defib.causes.weights_not_loaded import CAUSE
from defib.examine import measure_all
from defib.interventions.load_weights import INTERVENTION
from defib.probes.loading import LoadingFacts
from defib.probes.outputs import SymptomFacts
from tests.causes.books import LOADING, book


@pytest.mark.parametrize(("decay", "verdict"), [(0.9999, "supported"), (0.9, "ruled_out")])
def test_an_average_that_lags(decay: float, verdict: str) -> None:
    rng = np.random.default_rng(0)
    X = torch.tensor(rng.normal(size=(160, 5)), dtype=torch.float32)
    y = (X[:, :1] + X[:, 1:2] > 0).float()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
    nn.init.normal_(model[2].weight, std=1e-3)
    averaged = copy.deepcopy(model)
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for _ in range(40):
            for start in range(0, 80, 20):
                optimizer.zero_grad()
                nn.functional.binary_cross_entropy_with_logits(
                    model(X[start : start + 20]), y[start : start + 20]
                ).backward()
                optimizer.step()
                with torch.no_grad():
                    for old, new in zip(averaged.parameters(), model.parameters(), strict=True):
                        old.lerp_(new, 1 - decay)
        averaged.eval()
        with torch.no_grad():
            torch.sigmoid(averaged(X[80:]))
    (subject,) = watched.subjects()
    found = measure_all(subject, skip=("reference",))
    facts, symptom = found.get(LoadingFacts), found.get(SymptomFacts)
    assert facts.another_instance
    assert facts.way is not None
    assert (facts.way < 0.1) == (verdict == "supported")
    assert symptom.symptom.pattern == ("one_class" if verdict == "supported" else "varied")
    assessment = CAUSE.assess(found)
    assert assessment.verdict == verdict
    if verdict == "supported":
        assert "of the way from the initial weights to the trained ones" in assessment.because
        assert symptom.symptom.skill is None  # the trained network's skill is not its own
        assert "of 160" in INTERVENTION.code(found, "torch")


@pytest.mark.parametrize("restored", [True, False])
@pytest.mark.parametrize("decay", [0.9999, 0.5])
def test_an_average_that_is_put_into_the_network(decay: float, restored: bool) -> None:
    """``param.data = average`` for the prediction, and back; the trained weights are what the network holds."""
    X = torch.tensor(np.random.default_rng(0).normal(size=(160, 5)), dtype=torch.float32)
    y = (X[:, :1] + X[:, 1:2] > 0).float()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
    average = {name: one.detach().clone() for name, one in model.named_parameters()}
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for _ in range(30):
            for start in range(0, 80, 20):
                optimizer.zero_grad()
                out = model(X[start : start + 20])
                nn.functional.binary_cross_entropy_with_logits(out, y[start : start + 20]).backward()
                optimizer.step()
                for name, one in model.named_parameters():
                    average[name] = decay * average[name] + (1 - decay) * one.data
        kept = {name: one.data for name, one in model.named_parameters()}
        model.eval()
        for name, one in model.named_parameters():
            one.data = average[name]
        with torch.no_grad():
            model(X[80:])
        if restored:
            for name, one in model.named_parameters():
                one.data = kept[name]
    (subject,) = watched.subjects()
    origin = subject.weights_origin
    assert origin is not None
    assert (origin.put_in, origin.another_instance) == (restored, restored)
    if restored:
        assert origin.way is not None
        assert (origin.way < 0.1) == (decay > 0.99)
        found = CAUSE.assess(measure_all(subject, skip=("reference",)))
        assert (found.verdict == "supported") == (decay > 0.99)
        assert ("other weights were put into the network, a copy that has gone" in found.because) == (decay > 0.99)


def test_a_copy_that_was_trained_and_not_returned() -> None:
    """Nothing was saved or loaded: the fix names the two objects, and no file."""
    facts = replace(LOADING, another_instance=True, likeness_to_initial=1.0, filled_fraction=None)
    assert "model.load_state_dict(trained.state_dict())" in INTERVENTION.code(book(facts), "torch")
    assert "torch.load" in INTERVENTION.code(book(replace(facts, filled_fraction=0.0)), "torch")


@pytest.mark.parametrize("through_data", [True, False], ids=["data", "no-grad"])
def test_an_average_that_is_copied_over_the_weights(through_data: bool) -> None:
    """``param.copy_(average)`` for the prediction, and back: the memory is the same, the weights are not."""
    X = torch.tensor(np.random.default_rng(0).normal(size=(160, 5)), dtype=torch.float32)
    y = (X[:, :1] + X[:, 1:2] > 0).float()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
    first = [one.detach().clone() for one in model.parameters()]
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for start in [*range(0, 80, 20)] * 20:
            optimizer.zero_grad()
            out = model(X[start : start + 20])
            nn.functional.binary_cross_entropy_with_logits(out, y[start : start + 20]).backward()
            optimizer.step()
        kept = [one.detach().clone() for one in model.parameters()]
        with torch.no_grad():
            model.eval()(X[80:])
            for one, old in zip(model.parameters(), first, strict=True):
                (one.data if through_data else one).copy_(old)
            torch.sigmoid(model(X[80:]))
            for one, new in zip(model.parameters(), kept, strict=True):
                (one.data if through_data else one).copy_(new)
    (subject,) = watched.subjects()
    origin = subject.weights_origin
    assert origin is not None
    assert origin.put_in
    assert origin.way is not None
    assert origin.way < 0.01


class Normed(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Its batch normalization stands in place of a scaler."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.out = nn.BatchNorm1d(5, momentum=0.9), nn.Linear(5, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.out(self.norm(x)))


@pytest.mark.parametrize("buffers", [False, True], ids=["parameters only", "buffers too"])
def test_an_average_without_the_running_statistics(buffers: bool) -> None:
    rng = np.random.default_rng(0)
    X = torch.tensor(300 + rng.normal(size=(160, 5)), dtype=torch.float32)
    y = torch.tanh(X[:, :1] - 300)
    torch.manual_seed(0)
    model = Normed()
    averaged = copy.deepcopy(model).eval()
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for start in (0, 20, 40, 60) * 10:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(X[start : start + 20]), y[start : start + 20]).backward()
            optimizer.step()
            with torch.no_grad():
                for old, new in zip(averaged.parameters(), model.parameters(), strict=True):
                    old.lerp_(new, 0.5)
                if buffers:
                    averaged.norm.load_state_dict(model.norm.state_dict())
        with torch.no_grad():
            averaged(X[80:])
    (subject,) = watched.subjects()
    found = measure_all(subject, skip=("reference",))
    assert found.get(LoadingFacts).statistics_left_behind is not buffers
    stale, reused = STALE.assess(found), REUSED.assess(found)
    assert (stale.verdict == "supported") is not buffers
    assert reused.verdict != "supported"
    if not buffers:
        assert "its running means and variances are still those of before it" in stale.because

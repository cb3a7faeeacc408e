"""The part that every callback of defib shares: watch, diagnose once, print, leave nothing behind."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from defib.integrations.monitor import Monitored, MonitorOptions, TrainingMonitor

X = torch.rand(120, 4, generator=torch.Generator().manual_seed(0))
Y = (X[:, :1] + X[:, 1:2] > 1.0).float()


def train(head: nn.Module) -> None:
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), head)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy(model(X), Y).backward()
        optimizer.step()


class Callback(Monitored):
    def __init__(self, options: MonitorOptions) -> None:
        self._monitor = TrainingMonitor(options, table={"torch": "defib.capture.torch_loop:TorchWatcher"})

    @property
    def monitor(self) -> TrainingMonitor:
        return self._monitor


def test_it_prints_what_was_found_and_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    train(nn.Sigmoid())  # torch wraps the step of an optimizer when the first one is made
    step, finders, hook = torch.optim.Adam.step, list(sys.meta_path), sys.excepthook
    callback = Callback(MonitorOptions(trials=False))
    callback.monitor.start()
    callback.monitor.start()
    train(nn.Softmax(dim=1))
    callback.monitor.finish()
    printed = capsys.readouterr().out
    assert "single-unit-softmax" in printed
    assert callback.diagnosis is not None
    assert str(callback.diagnosis).splitlines()[1] in printed
    assert callback.diagnoses == (callback.diagnosis,)
    assert callback.notes == ()
    assert (torch.optim.Adam.step, sys.meta_path, sys.excepthook) == (step, finders, hook)


def test_quiet_and_not_yet_trained(capsys: pytest.CaptureFixture[str]) -> None:
    callback = Callback(MonitorOptions(trials=False, quiet=True))
    assert callback.diagnosis is None
    callback.monitor.start()
    train(nn.Sigmoid())
    callback.monitor.finish()
    assert callback.diagnosis is not None
    assert callback.diagnosis.outcome == "healthy"
    assert capsys.readouterr() == ("", "")


def test_whoever_watches_around_it_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    outer = TrainingMonitor(MonitorOptions(trials=False))
    outer.start()
    inner = TrainingMonitor(MonitorOptions(trials=False))
    inner.start()
    train(nn.Softmax(dim=1))
    inner.finish()
    assert capsys.readouterr().out == ""
    outer.finish()
    assert "single-unit-softmax" in capsys.readouterr().out


def test_a_fault_of_ours_is_told_and_goes_no_further(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("inside")

    import defib.diagnose

    monkeypatch.setattr(sys.modules[defib.diagnose.__module__], "diagnose_subject", broken)
    monitor = TrainingMonitor(MonitorOptions(trials=False))
    monitor.start()
    train(nn.Sigmoid())
    monitor.finish()
    assert "broke inside: ZeroDivisionError: inside" in capsys.readouterr().err
    assert monitor.diagnoses() == ()

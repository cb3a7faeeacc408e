"""Layers that take the rows for time: seen, named, and made to go along each row's own steps in a clone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters import subject_of
from defib.causes._inside import along_rows
from defib.evidence import Book
from defib.interventions.table import all_interventions
from defib.probes.alone import PROBE, AloneFacts
from defib.probes.code import find_code
from defib.recipe import Arm, Recipe

RNG = np.random.default_rng(0)


class Reader(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Reads sequences ``(rows, steps, features)``, right or wrong."""

    def __init__(self, kind: str, lead: bool, turned: bool) -> None:
        super().__init__()
        self.kind, self.turned = kind, turned
        self.layer: Any = {"gru": nn.GRU, "lstm": nn.LSTM}.get(kind, nn.GRU)(3, 8, batch_first=lead)
        if kind == "attention":
            self.layer = nn.TransformerEncoderLayer(3, 1, 8, dropout=0.0, batch_first=lead)
        self.head = nn.Linear(3 if kind == "attention" else 8, 1)

    def forward(self, x: Any) -> Any:
        x = x.transpose(0, 1) if self.turned else x
        out = self.layer(x) if self.kind == "attention" else self.layer(x)[0]
        return self.head(out[-1] if self.turned else out[:, -1])


def subject(kind: str, *, lead: bool, turned: bool = False, steps: int = 7) -> Any:
    torch.manual_seed(0)
    X, y = RNG.normal(size=(60, steps, 3)).astype(np.float32), RNG.integers(0, 2, 60).astype(np.float32)[:, None]
    net = Reader(kind, lead, turned)
    recipe = Recipe(loss=nn.BCEWithLogitsLoss(), optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=20)
    return subject_of(net, X, y, recipe=recipe)


def facts(found: Any) -> AloneFacts:
    alone = PROBE.measure(found, Book())
    assert isinstance(alone, AloneFacts)
    return alone


@pytest.mark.parametrize("steps", [7, 12])  # as many as the probe's rows, too
@pytest.mark.parametrize("kind", ["gru", "lstm", "attention"])
def test_a_layer_that_takes_the_rows_for_time(kind: str, steps: int) -> None:
    found = subject(kind, lead=False, steps=steps)
    alone = facts(found)
    assert alone.along_rows is not None
    assert alone.along_rows.startswith("layer")
    assert alone.difference > 0
    X = found.training.X
    assert find_code(found.forward(np.repeat(X[:8], 2, axis=0), training=True), 2) is None  # it draws nothing
    trained = found.train(Arm(stop_after=0).with_edit("rows_lead"), found.training, seed=0)
    rightly = subject(kind, lead=True, steps=steps)
    rightly.captured.module.load_state_dict(trained.network.module.state_dict())
    assert np.allclose(trained.predict(X[:9]), rightly.forward(X[:9]).outputs, atol=1e-5)
    assert not found.captured.module.layer.__dict__.get("batch_first", False)  # the user's own is as it was


@pytest.mark.parametrize("kind", ["gru", "attention"])
@pytest.mark.parametrize(("lead", "turned"), [(True, False), (False, True)])
def test_layers_that_go_along_each_rows_steps(kind: str, lead: bool, turned: bool) -> None:
    found = subject(kind, lead=lead, turned=turned)
    assert facts(found).along_rows is None
    assert facts(found).difference == 0
    reason = found.can_train(Arm().with_edit("rows_lead"))
    assert reason == "no layer of the model takes its rows for the steps of a sequence"


def test_the_fix_is_that_axis() -> None:
    book = Book({AloneFacts: facts(subject("gru", lead=False))}, {}, {})
    wire = all_interventions()["wire-inputs"]
    assert [one.op for one in wire.arm(book).edits] == ["rows_lead"]
    assert "batch_first=True" in wire.code(book, "torch")


def test_steps_that_may_be_called_rows_are_left_open() -> None:
    assert along_rows("rnn", 0.5, n_steps=1).verdict == "supported"
    assert along_rows("rnn", 0.5, n_steps=10).verdict == "inconclusive"

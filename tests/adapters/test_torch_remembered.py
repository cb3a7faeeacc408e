"""What a network keeps between its calls: told from a state that goes on, from tables and from right caches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters import subject_of
from defib.causes.cached_or_aliased_output import CAUSE
from defib.evidence import Book
from defib.interventions.table import all_interventions
from defib.probes.remembered import PROBE, MemoryFacts
from defib.recipe import Arm, Recipe
from defib.trials.asked import as_asked

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)


class Net(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Keeps something, of one kind."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.encoder, self.head = nn.Sequential(nn.Linear(4, 8), nn.Tanh()), nn.Linear(8, 1)
        self.kept: Any = {} if kind in ("shape", "rows") else None
        self.filled = False
        self.register_buffer("held", torch.zeros(8))

    def encoded(self, x: Any) -> Any:
        if self.training or self.kind == "nothing":
            return self.encoder(x)
        if self.kind in ("shape", "rows"):
            key = x.shape if self.kind == "shape" else x.numpy().tobytes()
            if key not in self.kept:
                self.kept[key] = self.encoder(x)
            return self.kept[key]
        if self.kind == "table":
            self.kept = torch.linspace(0, 1, 4) if self.kept is None else self.kept
            return self.encoder(x + self.kept)
        if self.kind == "state":
            self.kept = self.encoder(x) + (0 if self.kept is None else 0.5 * self.kept)
            return self.kept
        if self.kind == "flag":
            if not self.filled:
                self.held.copy_(self.encoder(x)[0])
                self.filled = True
            return self.held.expand(len(x), -1)
        if self.kept is None:
            self.kept = self.encoder(x)
        return self.kept

    def forward(self, x: Any) -> Any:
        return self.head(self.encoded(x))


def subject(kind: str) -> Any:
    torch.manual_seed(0)
    net = Net(kind)
    recipe = Recipe(loss=nn.BCEWithLogitsLoss(), optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=20)
    with torch.no_grad():
        net.eval()(torch.from_numpy(X[5:6]))  # what the program's own calls left
    return subject_of(net, X, Y, X_predict=X[20:], recipe=recipe)


def facts(found: Any) -> MemoryFacts:
    memory = PROBE.measure(found, Book())
    assert isinstance(memory, MemoryFacts)
    return memory


@pytest.mark.parametrize(("kind", "where"), [("shape", "kept"), ("once", "kept"), ("flag", "filled")])
def test_answers_from_what_another_row_left(kind: str, where: str) -> None:
    found = subject(kind)
    memory = facts(found)
    assert memory.where == (f"Net.{where}",)
    assert memory.of_others
    assert memory.spread_in_turn == pytest.approx(0, abs=1e-6)
    assert memory.spread_afresh > 0.01
    assert CAUSE.assess(Book({MemoryFacts: memory}, {}, {})).verdict == "supported"
    left = found.captured.module.kept
    assert left is None or len(left) == 1  # the user's own is as it was


@pytest.mark.parametrize("kind", ["nothing", "rows", "table", "state"])
def test_what_is_no_memory_of_other_rows(kind: str) -> None:
    memory = facts(subject(kind))
    assert memory.where == ()
    assert not memory.of_others


def test_clones_answer_each_call_afresh() -> None:
    found = subject("once")
    assert found.forward(X).outputs.std() > 0.01
    assert not np.array_equal(found.forward(X[:1]).outputs, found.forward(X[1:2]).outputs)


def test_a_trained_clone_asked_as_the_program_asked() -> None:
    found = subject("shape")
    asked = as_asked(CAUSE, Book({MemoryFacts: facts(found)}, {}, {}))
    assert asked is not None
    assert asked.mended_by == "copy-outputs"
    trained = found.train(Arm(), found.training, seed=0)
    as_before = asked.answer(found, trained, Arm(), X)
    assert np.ptp(as_before) == 0
    assert np.ptp(trained.predict(X)) > 0.01
    assert np.ptp(asked.answer(found, trained, Arm(), X)) == 0  # asked again, it begins anew
    said = all_interventions()["copy-outputs"].says(Book({MemoryFacts: facts(found)}, {}, {}))
    assert said is not None
    assert "Net.kept" in said

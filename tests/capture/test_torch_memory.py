"""What is kept of a training is bounded, and the report says what was left out."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters.torch import TorchSubject
from defib.capture.script import watch
from defib.capture.torch_fits import MAX_STUDIES
from defib.capture.torch_rows import MAX_ROWS
from defib.diagnose import diagnose_subject


def train(X: Any, y: Any, batch: int, epochs: int = 3, predict: Any = None) -> TorchSubject:
    torch.manual_seed(0)
    model = nn.Linear(X.shape[1], 1)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(epochs):
            for start in range(0, len(X), batch):
                optimizer.zero_grad()
                nn.functional.mse_loss(model(X[start : start + batch]), y[start : start + batch]).backward()
                optimizer.step()
        with torch.no_grad():
            model(X + 1 if predict is None else predict)
    assert watched.notes == ()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    return subject


def test_one_huge_batch_is_sampled_and_said() -> None:
    X = torch.randn(3 * MAX_ROWS, 2)
    y = X[:, :1]
    subject = train(X, y, len(X))
    assert subject.training is not None
    assert subject.prediction is not None
    assert len(subject.training) == len(subject.prediction) == MAX_ROWS
    assert subject.training.n_seen == subject.prediction.n_seen == len(X)
    np.testing.assert_array_equal(subject.training.y, subject.training.X[:, :1])
    np.testing.assert_array_equal(subject.training.X[-1], X[-1].numpy())
    assert subject.prediction_outputs is not None
    np.testing.assert_allclose(
        subject.forward(subject.prediction.X[-5:]).outputs, subject.prediction_outputs[-5:], rtol=1e-5
    )
    assert subject.recipe.n_epochs == 3
    notes = diagnose_subject(subject, trials=False).notes
    assert "of 60,000 training rows, 20,000 are looked at, spread evenly over them" in notes
    assert "of 60,000 rows predicted, 20,000 are looked at" in notes


def test_a_long_training_keeps_no_more_than_a_short_one() -> None:
    def peak(epochs: int) -> int:
        X = torch.randn(640, 50)
        tracemalloc.start()
        subject = train(X, X[:, :1], 16, epochs)
        assert subject.recipe.n_epochs == epochs
        _, found = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return found

    assert peak(40) < 1.5 * peak(4)


class Padded(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(1, 1)

    def forward(self, x: Any) -> Any:
        return self.out(x.sum(1, keepdim=True))


def test_sequences_of_another_length_are_left_out_with_their_labels() -> None:
    """Batches that are padded to their own longest row: labels stay with the rows that are kept."""
    torch.manual_seed(0)
    rows_of = [torch.randn(8, length) for length in (5, 7, 5, 6)]
    batches = [(X, X.sum(1, keepdim=True)) for X in rows_of]
    shifted = [(X + 1, (X + 1).sum(1, keepdim=True)) for X in rows_of]
    model = Padded()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for _ in range(3):
            for X, y in batches:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(X), y).backward()
                optimizer.step()
        with torch.no_grad():
            for X, y in shifted:
                nn.functional.mse_loss(model(X), y)
    assert watched.notes == ()
    (subject,) = watched.subjects()
    for rows in (subject.training, subject.prediction, subject.held_out):
        assert rows is not None
        assert rows.y is not None
        assert (len(rows), rows.n_seen) == (16, 32)
        np.testing.assert_allclose(rows.y, rows.X.sum(1, keepdims=True), rtol=1e-4, atol=1e-5)
    assert subject.prediction_outputs is not None
    assert len(subject.prediction_outputs) == 16
    assert "of 32 training rows, 16 are looked at, those of the first batch's shape" in subject.trace.notes


def test_of_many_trainings_the_first_ones_are_let_go_and_this_is_said() -> None:
    rows, labels = torch.randn(16, 3), torch.ones(16, 1)
    kept = []
    with watch() as watched:
        for _ in range(MAX_STUDIES + 4):
            model = nn.Linear(3, 1)
            optimizer = torch.optim.Adam(model.parameters())
            for _ in range(2):
                optimizer.zero_grad()
                nn.functional.mse_loss(model(rows), labels).backward()
                optimizer.step()
            kept.append((weakref.ref(model), weakref.ref(optimizer)))
            del model, optimizer
        gc.collect()
        alive = [one() is not None for one, _ in kept]
        assert alive == [False] * 4 + [True] * MAX_STUDIES
        assert [one() is not None for _, one in kept] == alive
    assert len(watched.subjects()) == MAX_STUDIES
    assert watched.notes == ("4 more networks were trained before the last 32: only these are diagnosed",)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_a_scripted_network_is_told_by_its_answers() -> None:
    """Its parts take no hooks: no probe breaks on that, and what needed them is not assessed."""
    torch.manual_seed(0)
    rows = torch.randn(64, 3)
    labels = (rows[:, :1] > 0).float()
    model = torch.jit.script(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1), nn.Softmax(dim=1)))
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(3):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy(model(rows), labels).backward()
            optimizer.step()
        with torch.no_grad():
            model(rows)
    (subject,) = watched.subjects()
    found = diagnose_subject(subject, trials=False)
    assert found.symptom.pattern == "identical"
    assert not [note for note in found.notes if "broke inside" in note]
    needs = {one.name: one.needs for one in found.not_assessed}
    assert "torch.jit.script" in needs["single-unit-softmax"]

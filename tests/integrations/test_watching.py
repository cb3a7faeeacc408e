"""``with defib.watch() as watched``: a block that trains, and its diagnosis."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import defib

X = torch.rand(80, 3)
Y = (X[:, :1] > 0.5).float()


def train(model: Any) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy(model(X), Y).backward()
        optimizer.step()


def flat() -> Any:
    return nn.Sequential(nn.Linear(3, 1), nn.Softmax(dim=1))


def test_a_block(capsys: pytest.CaptureFixture[str]) -> None:
    before = nn.Module.__call__
    with defib.watch(trials=False) as watched:
        train(nn.Sequential(nn.Linear(3, 1), nn.Sigmoid()))
        train(flat())
    assert nn.Module.__call__ is before
    assert len(watched.diagnoses) == 2
    assert watched.diagnosis is not None
    assert watched.diagnosis.causes[0].code == "DF301"
    assert watched.notes == ()
    assert capsys.readouterr() == ("", "")


def test_a_block_that_fails_is_diagnosed_all_the_same() -> None:
    watched = defib.watch(trials=False)

    def block() -> None:
        with watched:
            train(flat())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        block()
    assert watched.diagnosis is not None
    assert watched.diagnosis.causes[0].code == "DF301"


def test_without_a_block() -> None:
    watched = defib.watch(trials=False).start()
    train(flat())
    assert watched.diagnosis is not None
    train(flat())
    assert len(watched.diagnoses) == 1


def test_nothing_trained() -> None:
    with defib.watch() as watched:
        flat()(X)
    assert (watched.diagnosis, watched.diagnoses) == (None, ())

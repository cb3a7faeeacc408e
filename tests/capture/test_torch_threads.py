"""Trainings in threads that the program starts, and graphs that it traces: what is followed, and what is left alone."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from torch import nn

import defib


def train(model: Any) -> None:
    """Five steps."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        X = torch.ones(8, 2)
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), X[:, :1]).backward()
        optimizer.step()


def in_a_thread(model: Any) -> None:
    thread = threading.Thread(target=train, args=(model,))
    thread.start()
    thread.join()


def test_trainings_in_threads_are_followed_one_after_the_other() -> None:
    with defib.watch(trials=False) as watched:
        in_a_thread(nn.Linear(2, 1))
        in_a_thread(nn.Sequential(nn.Linear(2, 1)))
        train(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)))
    assert [one.trace.n_updates for one in watched.monitor.watchers.subjects()] == [5, 5, 5]
    assert watched.notes == ()


def test_a_training_beside_one_that_goes_on_is_said_not_to_be_followed() -> None:
    with defib.watch(trials=False) as watched:
        train(nn.Linear(2, 1))
        in_a_thread(nn.Sequential(nn.Linear(2, 1)))
    assert len(watched.monitor.watchers.subjects()) == 1
    assert [one for one in watched.notes if "another thread" in one]


def test_predictions_in_a_thread_steal_nothing() -> None:
    model = nn.Linear(2, 1)

    def predict() -> None:
        with torch.no_grad():
            model.eval()(torch.ones(2, 2))

    with defib.watch(trials=False) as watched:
        thread = threading.Thread(target=predict)
        thread.start()
        thread.join()
        train(model.train())
    assert [one.trace.n_updates for one in watched.monitor.watchers.subjects()] == [5]
    assert watched.notes == ()


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_graph_that_is_traced_holds_nothing_of_ours() -> None:
    model, rows = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)), torch.ones(4, 2)
    plain = str(torch.jit.trace(model, rows).inlined_graph)
    with defib.watch(trials=False) as watched:
        train(model)
        traced = torch.jit.trace(model, rows)
        assert torch.equal(traced(rows), model(rows))
    assert str(traced.inlined_graph).count("aten::") == plain.count("aten::")
    assert [one.trace.n_updates for one in watched.monitor.watchers.subjects()] == [5]

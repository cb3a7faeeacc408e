"""What is told beside the causes: rows that meet inside a network, and never for one whose rows do not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import defib
from defib.asides import asides
from tests.causes.books import FLAT, HEAD, STUCK, TRAINING, book, collapsed

SHARED = "a row's output changes with the rows that are sent with it"


def network(batch_first: bool, head: str) -> Any:
    import torch

    class Net(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            torch.nn.Module.__init__(self)
            self.rnn = torch.nn.LSTM(2, 8, batch_first=batch_first)
            layer = torch.nn.TransformerEncoderLayer(2, 1, 8, batch_first=batch_first)
            self.mix = torch.nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
            self.out = torch.nn.Linear(8 if head == "rnn" else 2, 1)

        def forward(self, x: Any) -> Any:
            return self.out(self.rnn(x)[0][:, -1] if head == "rnn" else self.mix(x).mean(1))

    torch.manual_seed(0)
    return Net()


@pytest.mark.parametrize("head", ["rnn", "attention"])
@pytest.mark.parametrize("batch_first", [True, False])
def test_layers_that_take_time_for_rows_are_told_by_rows_that_meet(batch_first: bool, head: str) -> None:
    import torch

    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 80).astype(np.float32)
    X = (rng.normal(size=(80, 6, 2)) + y[:, None, None]).astype(np.float32)
    model = network(batch_first, head)
    optimizer, criterion = torch.optim.Adam(model.parameters(), 0.02), torch.nn.BCEWithLogitsLoss()
    with defib.watch(trials=False) as watched:
        for start in [*range(0, 80, 20)] * 3:
            optimizer.zero_grad()
            part = slice(start, start + 20)
            criterion(model(torch.tensor(X[part]))[:, 0], torch.tensor(y[part])).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            model(torch.tensor(X))
    assert watched.diagnosis is not None
    told = [one for one in watched.diagnosis.notes if SHARED in one]
    assert bool(told) is not batch_first
    assert all("batch_first=True" in one for one in told)


def test_time_steps_taken_for_rows_leave_the_early_ones_unread() -> None:
    import torch

    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400).astype(np.float32)
    X = rng.normal(size=(400, 8, 2)).astype(np.float32)
    X[:, :5, 0] += 2 * y[:, None]
    model = network(batch_first=False, head="rnn")
    optimizer, criterion = torch.optim.Adam(model.parameters(), 0.01), torch.nn.BCEWithLogitsLoss()
    with defib.watch(trials=False) as watched:
        for start in [*range(0, 300, 50)] * 4:
            optimizer.zero_grad()
            part = slice(start, start + 50)
            criterion(model(torch.tensor(X[part]))[:, 0], torch.tensor(y[part])).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            model(torch.tensor(X[300:]))
    assert watched.diagnosis is not None
    first = watched.diagnosis.causes[0]
    assert first.name == "disconnected-input", watched.diagnosis.headline
    assert "goes along the rows of the batch" in first.assessment.because


@pytest.mark.parametrize(("activation", "told"), [("sigmoid", True), (None, False)])
def test_labels_beyond_the_head_are_told_of_outputs_that_vary(activation: Any, told: bool) -> None:
    head = replace(HEAD, activation=activation, labels_outside=0.27, label_low=0.0, label_high=2.0)
    head = replace(head, output_low=0.0 if told else -math.inf, output_high=1.0 if told else math.inf)
    varied = replace(FLAT, pattern="varied", prediction_spread=0.4)
    found = asides(book(head, collapsed(varied)), "torch")
    assert bool(found) is told
    if told:
        assert found[0].startswith("27 % of the labels lie beyond what a sigmoid head can say (labels 0 to 2")
    assert asides(book(head, collapsed(FLAT)), "torch") == ()


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"of_training": True}, "the predictions looked at are those for the rows it was trained on"),
        ({"of_training": True, "n_there": 9000}, "are those for 200 of the rows it was trained on"),
        ({"of_training": True, "n_predicted": 40}, ""),
        ({"n_predicted": 8000, "n_there": 8000}, "of 8,000 rows that were predicted, 200 are looked at"),
        ({"n_predicted": 200, "n_there": 200}, ""),
    ],
)
def test_which_rows_the_figures_are_of_is_told_where_it_is_not_plain(facts: dict[str, Any], told: str) -> None:
    seen = replace(collapsed(FLAT), **facts)
    found = asides(book(HEAD, replace(seen, symptom=replace(seen.symptom, n_rows=200))), "torch")
    assert len(found) == bool(told)
    assert told in "".join(found)


def test_a_second_squashing_is_told_beside_another_cause() -> None:
    head = replace(HEAD, activation="softmax", activations_before_loss=2, units=3, loss="CrossEntropyLoss")
    (told,) = asides(book(head, collapsed(FLAT), STUCK), "torch", named={"DF601"})
    assert "CrossEntropyLoss squashes its output again" in told
    assert asides(book(head, collapsed(FLAT), STUCK), "torch", named={"DF302"}) == ()


@pytest.mark.parametrize(
    ("by", "mode"),
    [
        ("EarlyStopping, the smallest val_accuracy", "max"),
        ("EarlyStopping, the largest val_loss", "min"),
        ("EarlyStopping, the smallest val_loss", None),
        ("EarlyStopping, the largest val_auc", None),
    ],
)
def test_a_callback_that_puts_the_worst_weights_back_is_told(by: str, mode: str | None) -> None:
    told = asides(book(replace(TRAINING, restored_epoch=1, restored_by=by)), "keras")
    assert [f"mode='{mode}'" in one for one in told] == ([True] if mode else [])

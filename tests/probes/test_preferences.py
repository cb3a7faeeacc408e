"""The loss asked about right answers and constants, against values worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters import subject_of
from defib.capture.script import watch
from defib.evidence import Missing
from defib.examine import measure_all
from defib.probes.preferences import PreferenceFacts, right_outputs
from defib.recipe import Recipe
from defib.task import read_targets

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
Y = (np.arange(60) % 3 == 0).astype(np.float32)[:, None]
IDS = (np.arange(60) % 3).astype(np.int64)


def facts(loss: Any, y: Any, head: Any) -> PreferenceFacts:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), *head)
    recipe = Recipe(loss=loss, optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=20)
    return measure_all(subject_of(net, X, y, recipe=recipe), skip={"reference"}).get(PreferenceFacts)


def test_a_cross_entropy_asks_for_the_truth() -> None:
    found = facts(nn.BCEWithLogitsLoss(), Y, [nn.Linear(8, 1)])
    assert found.prefers_right
    assert found.right_loss == pytest.approx(np.log1p(np.exp(-16)), abs=1e-7)
    assert found.wrong_loss is not None
    assert found.wrong_loss > 1


def test_a_class_loss_on_ids_and_a_squared_error_on_values() -> None:
    assert facts(nn.CrossEntropyLoss(), IDS, [nn.Linear(8, 3)]).prefers_right
    found = facts(nn.MSELoss(), X[:, :1] * 1e-3, [nn.Linear(8, 1)])
    assert found.right_loss == 0
    assert found.constant_loss == pytest.approx(np.var(X[:, 0] * 1e-3), rel=1e-3)
    assert found.prefers_right


def test_two_columns_against_one_unit() -> None:
    hot = np.eye(2, dtype=np.float32)[(np.arange(60) % 2)]
    found = facts(nn.MSELoss(), hot, [nn.Linear(8, 1), nn.Sigmoid()])
    assert found.constant_loss == pytest.approx(0.25)
    assert found.constant[0] == pytest.approx(0.5)
    assert found.right_loss == pytest.approx((0.999**2 + 0.001**2) / 2)
    assert not found.prefers_right


def test_a_margin_loss_for_other_labels_and_a_loss_without_end() -> None:
    margin = facts(nn.SoftMarginLoss(), Y, [nn.Linear(8, 1)])
    assert margin.right_loss == pytest.approx(np.log(2) * 2 / 3, abs=1e-6)  # a label 0 costs ln 2 whatever is said
    assert not margin.prefers_right
    endless = facts(nn.NLLLoss(), IDS, [nn.Linear(8, 3)])
    assert endless.endless_loss == pytest.approx(-16_000)
    assert not endless.prefers_right


def test_a_loss_that_only_pulls_up_is_content_with_every_output_at_its_end() -> None:
    pulls = facts(nn.NLLLoss(), IDS, [nn.Linear(8, 3), nn.Sigmoid()])
    assert (pulls.right_loss, pulls.constant_loss) == pytest.approx((-0.999, -0.999))
    assert pulls.constant == pytest.approx((0.999, 0.999, 0.999))
    assert not pulls.prefers_right
    # The columns of a softmax cannot all be 1: the same loss asks for the truth there.
    assert facts(nn.NLLLoss(), IDS, [nn.Linear(8, 3), nn.Softmax(1)]).prefers_right
    assert facts(nn.NLLLoss(), IDS, [nn.Linear(8, 3), nn.LogSoftmax(1)]).prefers_right
    assert facts(nn.BCELoss(), np.eye(3, dtype=np.float32)[IDS], [nn.Linear(8, 3), nn.Sigmoid()]).prefers_right


def test_what_a_head_cannot_say() -> None:
    three = read_targets(IDS, task="multiclass")
    with pytest.raises(Missing):
        list(right_outputs(three, 1, "sigmoid"))
    with pytest.raises(Missing):
        list(right_outputs(read_targets(IDS + 1, task="multiclass"), 3, "softmax"))


def test_where_the_rows_looked_at_hold_one_label_nothing_is_said_of_the_loss() -> None:
    rare = np.zeros((60, 1), dtype=np.float32)
    with pytest.raises(Missing, match="two labels"):
        facts(nn.BCEWithLogitsLoss(), rare, [nn.Linear(8, 1)])


def test_a_percentage_of_labels_of_which_some_are_0() -> None:
    def mape(outputs: Any, y: Any) -> Any:
        return 100 * ((outputs - y).abs() / y.abs().clamp(min=1e-7)).mean()

    counts = (np.arange(60) % 4).astype(np.float32)[:, None] + np.float32(0.25)
    found = facts(mape, counts, [nn.Linear(8, 1)])
    assert found.nearly_loss == pytest.approx(0.75, rel=1e-3)  # none above the largest label
    assert found.prefers_right
    counts[::4] = 0
    found = facts(mape, counts, [nn.Linear(8, 1)])
    assert found.constant == (0.0,)
    assert found.constant_loss == pytest.approx(75, rel=1e-4)  # of every label but the zeros
    assert found.nearly_loss == pytest.approx(100 * (0.0125 / 1e-7 + 0.01 + 0.01) / 4, rel=1e-3)
    assert found.has_zeros
    assert not found.prefers_right


@pytest.mark.parametrize(("shift", "told"), [(1.0, True), (1e4, False)])
def test_an_output_that_another_one_drowns_in_the_loss_is_not_judged_by_it(shift: float, told: bool) -> None:
    class Two(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 3), nn.Linear(4, 1)

        def forward(self, x: Any) -> Any:
            return self.a(x), self.b(x)

    torch.manual_seed(0)
    net, rows, ids = Two(), torch.from_numpy(X), torch.from_numpy(IDS)
    optimizer = torch.optim.Adam(net.parameters())
    with watch() as watched:
        for start in range(0, 60, 20):
            classes, values = net(rows[start : start + 20])
            loss = nn.functional.cross_entropy(classes, ids[start : start + 20])
            loss = loss + nn.functional.mse_loss(values[:, 0], rows[start : start + 20, 0] + shift)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert subject.outputs_joined
    assert measure_all(subject, skip={"reference"}).has(PreferenceFacts) == told

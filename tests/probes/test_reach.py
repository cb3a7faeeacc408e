"""Which columns reach the output, on networks whose wiring is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from defib.adapters import subject_of
from defib.examine import measure_all
from defib.probes.reach import ReachFacts
from defib.recipe import Recipe

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 6)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)


class Wired(nn.Module):  # type: ignore[misc]
    """Reads the columns from ``start`` on; ``cut`` makes the head read a constant instead."""

    def __init__(self, start: int, cut: bool = False) -> None:
        super().__init__()
        self.start, self.cut = start, cut
        self.body, self.head = nn.Linear(6 - start, 8), nn.Linear(8, 1)

    def forward(self, x: Any) -> Any:
        hidden = torch.tanh(self.body(x[:, self.start :]))
        return self.head(torch.ones(len(x), 8) if self.cut else hidden)


def facts(net: Any) -> ReachFacts:
    recipe = Recipe(loss=nn.BCEWithLogitsLoss(), optimizer=torch.optim.Adam(net.parameters()), epochs=1, batch_size=20)
    subject = subject_of(net, X, Y, recipe=recipe)
    subject.captured = subject.captured.__class__(  # type: ignore[attr-defined]
        **{**vars(subject.captured), "initial": {k: v.clone() for k, v in net.state_dict().items()}}  # type: ignore[attr-defined]
    )
    return measure_all(subject).get(ReachFacts)


def test_everything_is_read() -> None:
    torch.manual_seed(0)
    assert facts(Wired(0)) == ReachFacts(False, None, 6, ())


def test_the_signal_is_in_the_columns_that_are_left_out() -> None:
    torch.manual_seed(0)
    found = facts(Wired(2))
    assert found.unread == ((0, 1),)
    assert found.unread_columns == 2
    assert found.read_has_signal is False


def test_nothing_is_read() -> None:
    torch.manual_seed(0)
    found = facts(Wired(0, cut=True))
    assert found.outputs_equal
    assert found.cut_after is not None
    assert found.cut_after.startswith("body")


def test_a_dead_layer_is_no_matter_of_wiring() -> None:
    net = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1))
    with torch.no_grad():
        net[0].weight.zero_()
        net[0].bias.fill_(-1.0)
    found = facts(net)
    assert found.outputs_equal
    assert found.cut_after is None

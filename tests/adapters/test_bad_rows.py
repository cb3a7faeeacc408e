"""Rows and labels that nothing can be said of: three beats and a slug, never a traceback."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import defib
from defib.errors import InputError

X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
y = (X[:, 0] > 0).astype(np.float32)


def model() -> Any:
    return nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())


@pytest.mark.parametrize(
    ("rows", "labels", "slug"),
    [
        (X * np.nan, y, "all-nan"),
        (X, y * np.nan, "all-nan"),
        (torch.full((40, 4), float("nan")), torch.ones(40), "all-nan"),
        (np.array([["red", "round"]] * 40), y, "not-numbers"),
        (X, np.array(["yes", "no"] * 20), "not-numbers"),
        (X[:0], y[:0], "no-rows"),
        (X, y[:30], "unequal-lengths"),
    ],
)
def test_the_message_has_three_beats(rows: Any, labels: Any, slug: str) -> None:
    with pytest.raises(InputError) as raised:
        defib.diagnose(model(), rows, labels)
    text = str(raised.value)
    assert raised.value.slug == slug
    assert "Expected:" in text
    assert "Write:" in text


def test_numbers_in_an_object_array_are_numbers() -> None:
    assert defib.diagnose(model(), X.astype(object).astype(np.float32), y, trials=False).model == "Sequential"


def test_labels_are_stood_up_where_the_loss_needs_a_column() -> None:
    net = model()
    recipe = defib.Recipe(loss=nn.BCELoss(), optimizer=torch.optim.Adam(net.parameters()), epochs=2, batch_size=8)
    diagnosis = defib.diagnose(net, X, y, recipe=recipe, trials=False)
    assert "y was given to the loss as (40, 1), which it takes" in diagnosis.notes
    assert "broadcast-loss" in {one.name for one in diagnosis.ruled_out} or diagnosis.outcome == "healthy"

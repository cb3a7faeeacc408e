"""Only narrow hidden layers are widened, in every framework."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier
from torch import nn

from defib.adapters import subject_of
from defib.recipe import Arm, Recipe

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)
ARM = Arm().with_edit("double_width", 5)


def widths(subject: Any) -> list[int]:
    """Units of the dense layers of a clone trained by the arm."""
    inside = subject.train(ARM, subject.training, seed=0)
    if hasattr(inside, "network") and hasattr(inside.network, "module"):
        return [one.out_features for one in inside.network.module.modules() if isinstance(one, nn.Linear)]
    kernels = [one.end for one in inside.inside().parameters() if one.end.ndim == 2]
    return [int(one.shape[1]) for one in kernels]


def test_torch() -> None:
    layers = [nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1), nn.BatchNorm1d(1), nn.ReLU(), nn.Linear(1, 2)]
    model = nn.Sequential(*layers)
    recipe = Recipe(nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.01), 1, 8)
    assert widths(subject_of(model, X, Y, X_predict=None, recipe=recipe)) == [8, 5, 2]


def test_sklearn() -> None:
    model = MLPClassifier((8, 1), max_iter=1, random_state=0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, Y)
        assert widths(subject_of(model, X, Y, X_predict=None, recipe=Recipe())) == [8, 5, 1]

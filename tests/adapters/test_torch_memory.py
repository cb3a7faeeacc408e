"""A model in memory: what is read, and the three beats of every refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import defib
from defib.adapters.torch import subject_from_model
from defib.errors import DefibError, InputError, ModelError
from defib.recipe import Arm
from defib.subject import NotAvailable, Rows

X = np.random.default_rng(0).normal(size=(30, 4))
Y = (X[:, 0] > 0).astype(int)


def net() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


def test_a_recipe_is_read() -> None:
    model = net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, betas=(0.8, 0.99))
    subject = subject_from_model(model, X, Y, loss=nn.CrossEntropyLoss(), optimizer=optimizer, epochs=5, batch_size=8)
    recipe = subject.recipe
    assert recipe.missing == ()
    assert recipe.optimizer is not None
    assert (recipe.optimizer.name, recipe.optimizer.settings["beta_1"]) == ("adamw", 0.8)
    assert (recipe.n_updates, recipe.batch_size) == (20, 8)
    assert recipe.loss is not None
    assert recipe.loss.kind == "sparse_categorical_cross_entropy"
    assert subject.link == "softmax"
    assert not subject.has_initial_weights
    with pytest.raises(NotAvailable, match="initial weights"):
        subject.forward(X, moment="initial")
    assert subject.can_train(Arm()) is None
    trained = subject.train(Arm(), Rows(X, Y), seed=0)
    assert trained.predict(X).shape == (30, 2)
    assert len(trained.loss) == 20


def test_without_a_recipe_it_says_what_is_missing() -> None:
    subject = subject_from_model(net(), X, Y, X_predict=X[:3])
    assert subject.recipe.missing == ("the loss", "the optimizer")
    assert subject.can_train(Arm()) == "the optimizer is not known"
    with pytest.raises(NotAvailable, match="the loss"):
        subject.loss(X, Y)
    assert subject.prediction is not None
    assert len(subject.prediction) == 3


def test_float64_rows_reach_a_float32_model() -> None:
    model = net()
    expected = model(torch.tensor(X, dtype=torch.float32)).detach().numpy()
    np.testing.assert_allclose(subject_from_model(model, X).forward(X).outputs, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("model", "arguments", "kind", "slug", "came"),
    [
        (nn.LazyLinear(2), (X,), ModelError, "uninitialized-model", "lazy layers"),
        (net(), (X[:0],), InputError, "no-rows", "0 rows"),
        (net(), (X, Y[:5]), InputError, "unequal-lengths", "30 rows and y has 5 labels"),
        (net(), ([X, X],), InputError, "several-inputs", "list of 2 arrays"),
        (net(), (X[:, :3],), ModelError, "model-does-not-run", "RuntimeError"),
    ],
)
def test_refusals_have_three_beats(model: Any, arguments: Any, kind: type[DefibError], slug: str, came: str) -> None:
    with pytest.raises(kind) as caught:
        subject_from_model(model, *arguments)
    assert caught.value.slug == slug
    assert came in caught.value.came
    assert caught.value.expected
    assert "defib" in caught.value.write or "model(" in caught.value.write


def test_how_far_targets_were_approached_is_told_from_a_network_drawn_anew() -> None:
    """The initial weights are not known; where trials begin is."""
    model, far = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)), 4000.0 + 900.0 * X[:, :1]
    model[2].bias.data += 2.0  # as if trained for a moment
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    recipe = defib.Recipe(loss=nn.MSELoss(), optimizer=optimizer, epochs=3, batch_size=10)
    found = defib.diagnose(model, X.astype(np.float32), far.astype(np.float32), recipe=recipe, trials=False)
    assert found.causes[0].name == "target-scale"
    assert "from where a network drawn anew answers" in found.causes[0].assessment.because

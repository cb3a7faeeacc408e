"""What a user has at hand after a training, handed over as it is: loaders, datasets, dictionaries, several arrays."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

import defib
from defib.adapters import subject_of
from defib.capture.keras_patch import MARK
from defib.capture.torch_rehearsal import Known, rehearsed

GENERATOR = np.random.default_rng(0)
X = torch.tensor(GENERATOR.normal(size=(90, 4))).float()
Y = (X[:, :1] > 0).float()


class Pairs(Dataset[Any]):  # type: ignore[misc]
    """Rows by number."""

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, i: int) -> tuple[Any, Any]:
        return X[i], Y[i]


class Stream(IterableDataset[Any]):  # type: ignore[misc]
    """Rows one after the other."""

    def __iter__(self) -> Any:
        return iter(zip(X, Y, strict=True))


class Named(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Takes its rows by name, and its labels as well: answers with its loss, as the models of Transformers do."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.hidden = nn.Linear(4, 8)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(8, 1)

    def forward(self, rows: Any, mask: Any = None, labels: Any = None) -> dict[str, Any]:
        logits = self.out(self.drop(torch.relu(self.hidden(self.norm(rows)))))
        if labels is None:
            return {"logits": logits}
        return {"loss": nn.functional.binary_cross_entropy_with_logits(logits, labels), "logits": logits}


class Towers(nn.Module):  # type: ignore[misc]
    """Two inputs in order."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(2, 8), nn.Linear(2, 8)
        self.out = nn.Linear(16, 1)

    def forward(self, left: Any, right: Any) -> Any:
        return self.out(torch.relu(torch.cat([self.left(left), self.right(right)], 1)))


def plain() -> Any:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))


def recipe(model: Any) -> defib.Recipe:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return defib.Recipe(loss=nn.BCEWithLogitsLoss(), optimizer=optimizer, epochs=3, batch_size=30)


HANDED: dict[str, Callable[[], Any]] = {
    "loader": lambda: DataLoader(TensorDataset(X, Y), 30, shuffle=True),
    "loader with workers": lambda: DataLoader(Pairs(), 30, num_workers=2),
    "dataset": Pairs,
    "stream": lambda: DataLoader(Stream(), 30),
}


@pytest.mark.parametrize("name", HANDED)
def test_a_loader_is_its_rows(name: str) -> None:
    model = plain()
    found = subject_of(model, HANDED[name](), recipe=recipe(model))
    arrays = subject_of(model, X, Y, recipe=recipe(model))
    assert found.training is not None
    assert arrays.training is not None
    np.testing.assert_array_equal(found.training.X, arrays.training.X)
    np.testing.assert_array_equal(found.training.y, arrays.training.y)
    assert found.recipe.loss == arrays.recipe.loss
    assert found.recipe.optimizer == arrays.recipe.optimizer


def test_rows_by_name_with_the_models_own_loss() -> None:
    model = Named()
    found = subject_of(model, {"rows": X.numpy().astype(float), "mask": np.ones((90, 4))}, Y, recipe=defib.Recipe())
    assert found.training is not None
    assert found.training.y is not None
    assert found.training.X.shape == (90, 8)
    assert found.recipe.loss is not None
    assert found.recipe.loss.kind == "binary_cross_entropy"
    model.eval()
    with torch.no_grad():
        wanted = model(X, labels=Y)
    np.testing.assert_allclose(found.forward(found.training.X).outputs, wanted["logits"].numpy(), atol=1e-6)
    assert found.loss(found.training.X, found.training.y) == pytest.approx(float(wanted["loss"]), rel=1e-5)


def test_a_list_of_rows_by_name() -> None:
    rows = [{"rows": X[i].tolist(), "labels": Y[i]} for i in range(90)]
    found = subject_of(Named(), rows, recipe=defib.Recipe())
    assert found.training is not None
    assert found.training.X.shape == (90, 4)
    assert found.recipe.loss is not None


@pytest.mark.parametrize("named", [False, True], ids=["in order", "by name"])
def test_several_inputs(named: bool) -> None:
    model = Towers()
    given = {"left": X[:, :2], "right": X[:, 2:]} if named else [X[:, :2], X[:, 2:]]
    other = {"left": X[:9, :2], "right": X[:9, 2:]} if named else [X[:9, :2], X[:9, 2:]]
    found = subject_of(model, given, Y, X_predict=other, recipe=recipe(model))
    assert found.training is not None
    assert found.prediction is not None
    with torch.no_grad():
        wanted = model(X[:, :2], X[:, 2:]).numpy()
    np.testing.assert_allclose(found.forward(found.training.X).outputs, wanted, atol=1e-6)
    assert len(found.prediction) == 9
    assert found.recipe.loss is not None
    assert found.recipe.optimizer is not None
    assert found.can_train(defib.Arm()) is None


def test_without_a_loss_rows_and_labels_are_there_and_the_loss_is_not_known() -> None:
    found = subject_of(Towers(), [X[:, :2], X[:, 2:]], Y, recipe=defib.Recipe())
    assert found.training is not None
    np.testing.assert_array_equal(found.training.y, Y.numpy())
    assert found.recipe.loss is None
    assert found.can_train(defib.Arm()) == "the optimizer is not known"


def test_a_list_of_rows_is_rows() -> None:
    found = subject_of(plain(), list(X.numpy()), Y, recipe=defib.Recipe())
    assert found.training is not None
    assert found.training.X.shape == (90, 4)


def test_no_trace_is_left() -> None:
    model = Named()
    model.hidden.weight.requires_grad_(False)
    model.drop.eval()
    loader = DataLoader([{"rows": X[i], "labels": Y[i]} for i in range(90)], 30, shuffle=True)
    before = {name: one.clone() for name, one in model.state_dict().items()}
    state, call = torch.get_rng_state(), nn.Module.__call__
    defib.diagnose(model, loader, trials=False)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one, before[name]) for name, one in model.state_dict().items())
    assert not model.hidden.weight.requires_grad
    assert not model.drop.training
    assert model.norm.training
    assert all(one.grad is None for one in model.parameters())
    assert nn.Module.__call__ is call
    assert not model._forward_hooks
    assert not model.hidden._forward_hooks


def test_an_outer_watching_does_not_see_the_pass() -> None:
    model = Named()
    with defib.watch(trials=False) as watched:
        defib.diagnose(model, {"rows": X}, Y, trials=False)
    assert watched.diagnoses == ()


@pytest.mark.parametrize(
    ("model", "rows", "slug"),
    [
        (plain(), [{"a": X[0]}, {"a": X[0, :2]}], "rows-not-together"),
        (Towers(), [X[:, :2], X[:, 1:]], "model-does-not-run"),
        (Named(), {"rows": X}, "unequal-lengths"),
        (plain().state_dict(), X, "unknown-model"),
        (X, X, "unknown-model"),
        ("model.pt", X, "unknown-model"),
        (nn.Linear, X, "unknown-model"),
        (lambda x: x, X, "unknown-model"),
    ],
    ids=["ragged", "wrong shape", "too few labels", "state", "array", "path", "class", "function"],
)
def test_what_cannot_be_looked_at_is_said_in_three_beats(model: Any, rows: Any, slug: str) -> None:
    with pytest.raises(defib.DefibError) as raised:
        defib.diagnose(model, rows, Y[:50] if slug == "unequal-lengths" else Y, trials=False)
    assert raised.value.slug == slug
    assert raised.value.expected
    assert raised.value.write


def test_a_trainer_is_told_by_its_class_alone() -> None:
    with pytest.raises(defib.ModelError) as raised:
        defib.diagnose(SimpleNamespace(model=plain()), X, Y)
    assert raised.value.slug == "unknown-model"


class ByForward(nn.Module):  # type: ignore[misc]
    """Its step calls ``forward`` itself."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(4, 1)

    def forward(self, rows: Any) -> Any:
        return self.out(rows)


def test_the_first_batch_counts_where_a_step_calls_forward_itself() -> None:
    batches = [(X[at : at + 30], Y[at : at + 30]) for at in (0, 30, 60)]
    steps = [lambda clone, rows=rows, y=y: nn.functional.mse_loss(clone.forward(rows), y) for rows, y in batches]
    subject = rehearsed(ByForward(), steps, [], Known(n_rows=90))
    assert subject.training is not None
    assert len(subject.training) == 90
    assert "forward" in vars(ByForward)
    assert not hasattr(ByForward.forward, MARK)

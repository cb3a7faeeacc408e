"""Trainings that a library runs: what only the library knows, and models that compute their loss themselves."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.capture.script import watch
from defib.capture.torch_lengths import Lengths
from defib.subject import Subject


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    """Libraries warn of what small programs do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        yield
        logging.disable(logging.NOTSET)


class Reader(nn.Module):  # type: ignore[misc]
    """Computes its loss itself, as models of Transformers do."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.words = nn.Embedding(30, 8)
        self.out = nn.Linear(8, 2)

    def forward(self, input_ids: Any, attention_mask: Any = None, labels: Any = None) -> dict[str, Any]:
        known = attention_mask[..., None].float()
        logits = self.out((self.words(input_ids) * known).sum(1) / known.sum(1))
        found = {} if labels is None else {"loss": F.cross_entropy(logits, labels)}
        return {**found, "logits": logits}


def batches(seed: int = 0, pad: int = 0) -> list[dict[str, Any]]:
    """Twelve rows of 2 to 7 words in batches of four, labels first, padded to the longest of the batch."""
    rng = np.random.default_rng(seed)
    rows = [(rng.integers(3, 30, size=int(n)).tolist(), int(rng.integers(0, 2))) for n in rng.integers(2, 8, size=12)]
    order = rng.permutation(12)
    return [_collated([rows[i] for i in order[start : start + 4]], pad) for start in (0, 4, 8)]


def _collated(rows: list[tuple[list[int], int]], pad: int) -> dict[str, Any]:
    longest = max(len(words) for words, _ in rows)
    return {
        "labels": torch.tensor([label for _, label in rows]),
        "input_ids": torch.tensor([words + [pad] * (longest - len(words)) for words, _ in rows]),
        "attention_mask": torch.tensor([[1] * len(words) + [0] * (longest - len(words)) for words, _ in rows]),
    }


def reshuffled(epoch: list[dict[str, Any]], seed: int, pad: int) -> list[dict[str, Any]]:
    """The same rows in another order, so that each is padded anew."""
    rows = [
        (one["input_ids"][i][one["attention_mask"][i] > 0].tolist(), int(one["labels"][i]))
        for one in epoch
        for i in range(4)
    ]
    order = np.random.default_rng(seed).permutation(12)
    return [_collated([rows[i] for i in order[start : start + 4]], pad) for start in (0, 4, 8)]


def train(pad: int, scale: float = 1.0) -> Subject:
    torch.manual_seed(0)
    model, first = Reader(), batches(pad=pad)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with watch() as watched:
        for epoch in range(5):
            for batch in reshuffled(first, epoch, pad):
                optimizer.zero_grad()
                (model(**batch)["loss"] * scale / 2).backward()
                optimizer.step()
        model.eval()
        with torch.no_grad():
            for batch in batches(seed=7, pad=pad):
                model(**batch)
    assert watched.notes == ()
    (subject,) = watched.subjects()
    return subject


@pytest.mark.parametrize("pad", [0, 1])
def test_rows_padded_anew_are_the_same_rows_and_all_are_kept_at_one_length(pad: int) -> None:
    subject = train(pad)
    assert subject.training is not None
    assert subject.training.y is not None
    assert subject.prediction is not None
    assert (subject.recipe.n_epochs, subject.recipe.shuffled) == (5, True)
    assert len(subject.training) == 12
    assert len(subject.prediction) == 12
    assert subject.training.X.shape[1] == subject.prediction.X.shape[1] == 14  # 7 words and their mask


def test_the_label_of_a_models_own_loss_is_found_wherever_it_stands_and_its_scaling_is_kept() -> None:
    subject = train(0, scale=3.0)
    assert subject.recipe.loss is not None
    assert subject.recipe.loss.kind == "sparse_categorical_cross_entropy"
    assert subject.training is not None
    assert subject.training.y is not None
    assert set(subject.training.y.tolist()) == {0, 1}
    logits = subject.forward(subject.training.X).outputs
    expected = 1.5 * float(F.cross_entropy(torch.tensor(logits), torch.tensor(subject.training.y)))
    assert subject.loss(subject.training.X, subject.training.y) == pytest.approx(expected, rel=1e-5)
    assert subject.prediction_outputs is not None
    assert subject.prediction_outputs.shape == (12, 2)


def test_keys_of_token_rows_do_not_depend_on_their_padding() -> None:
    lengths = Lengths(2, 1)
    short = np.array([[5, 6, 1, 1], [7, 9, 1, 0]])
    long = np.array([[5, 6, 9, 1, 1, 0], [7, 0, 0, 1, 0, 0]])
    assert lengths.keys(short).tolist() == lengths.keys(long).tolist()
    other = np.array([[6, 5, 1, 1], [7, 9, 1, 1]])
    assert not set(lengths.keys(other).tolist()) & set(lengths.keys(short).tolist())


def test_an_optimizer_that_is_given_a_closure_shows_its_first_update_and_gradients() -> None:
    torch.manual_seed(0)
    X = torch.randn(32, 4)
    y = (X[:, :1] > 0).float()
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    before = [one.detach().clone() for one in model.parameters()]
    after: list[Any] = []

    def closure() -> Any:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(X), y)
        loss.backward()
        return loss

    with watch() as watched:
        for _ in range(4):
            optimizer.step(closure)
            after = after or [one.detach().clone() for one in model.parameters()]
    (subject,) = watched.subjects()
    moved = [float((b - a).norm() / a.norm()) for a, b in zip(before, after, strict=True)]
    assert [value for _, value in subject.trace.updates_to] == pytest.approx(moved, rel=1e-5)
    assert {one.gradient_in_loop for one in subject.parameters()} == {"nonzero"}


def test_the_rate_that_a_warm_up_leads_to_is_the_learning_rate() -> None:
    torch.manual_seed(0)
    X, y = torch.randn(32, 4), torch.randn(32, 1)
    model = nn.Linear(4, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(step / 3, 1.0))
    with watch() as watched:
        for _ in range(6):
            optimizer.zero_grad()
            F.mse_loss(model(X), y).backward()
            optimizer.step()
            schedule.step()
    (subject,) = watched.subjects()
    assert subject.recipe.optimizer is not None
    assert subject.recipe.optimizer.learning_rate == pytest.approx(0.1)
    assert all(value > 0 for _, value in subject.trace.updates_to)  # not the first step, which moved nothing


def test_lightning_tells_epochs_validation_losses_and_whose_part_was_trained() -> None:
    import lightning.pytorch as pl
    from torch.utils.data import DataLoader, TensorDataset

    class Lit(pl.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            pl.LightningModule.__init__(self)
            self.net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))

        def forward(self, x: Any) -> Any:
            return torch.sigmoid(self.net(x))

        def training_step(self, batch: Any, index: int) -> Any:
            return F.binary_cross_entropy_with_logits(self.net(batch[0]), batch[1])

        def validation_step(self, batch: Any, index: int) -> None:
            self.log("val_loss", F.binary_cross_entropy_with_logits(self.net(batch[0]), batch[1]))

        def predict_step(self, batch: Any, index: int) -> Any:
            return self(batch[0])

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.0)

    torch.manual_seed(0)
    X = torch.randn(40, 4)
    loader = DataLoader(TensorDataset(X, (X[:, :1] > 0).float()), batch_size=10)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    stop = pl.callbacks.EarlyStopping("val_loss", patience=2)
    trainer = pl.Trainer(max_epochs=9, callbacks=[stop], accelerator="cpu", enable_model_summary=False, **quiet)
    with watch() as watched:
        model = Lit()
        trainer.fit(model, loader, loader)
        outputs = torch.cat(trainer.predict(model, DataLoader(TensorDataset(X + 1), batch_size=20)))
    assert watched.notes == ()
    (subject,) = watched.subjects()
    assert (subject.name, subject.recipe.n_epochs, subject.trace.planned_epochs) == ("Lit", 3, 9)
    assert len(subject.trace.validation_loss_per_epoch) == 3
    assert subject.prediction is not None
    assert np.array_equal(subject.prediction.X, (X + 1).numpy())
    assert subject.prediction_squashed == ("sigmoid",)
    assert subject.prediction_outputs is not None
    found = torch.sigmoid(torch.tensor(subject.prediction_outputs)).numpy()
    assert found == pytest.approx(outputs.numpy(), abs=1e-6)


def test_of_a_search_over_skorch_networks_one_is_kept() -> None:
    from sklearn.model_selection import GridSearchCV
    from skorch import NeuralNetClassifier

    torch.manual_seed(0)
    X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    net = NeuralNetClassifier(nn.Sequential(nn.Linear(4, 2), nn.Softmax(-1)), max_epochs=2, verbose=0)
    search = GridSearchCV(net, {"lr": [0.1, 0.01]}, cv=2, scoring="accuracy")
    with watch() as watched:
        search.fit(X, y)
    assert len(watched.subjects()) == 1, watched.notes
    (subject,) = watched.subjects()
    assert subject.trace.planned_epochs == 2
    assert len(subject.trace.validation_loss_per_epoch) == 2
    assert any("GridSearchCV.fit fitted 5 networks" in one for one in subject.trace.notes)


def test_the_epoch_whose_weights_skorch_put_back_is_told() -> None:
    from skorch import NeuralNetRegressor
    from skorch.callbacks import EarlyStopping

    torch.manual_seed(0)
    X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    stop = EarlyStopping(patience=2, load_best=True)
    net = NeuralNetRegressor(nn.Linear(4, 1), max_epochs=20, lr=1.0, callbacks=[stop], verbose=0)
    with watch() as watched:
        net.fit(X, X[:, :1] * 0)
    (subject,) = watched.subjects()
    best = int(np.nanargmin(net.history[:, "valid_loss"])) + 1
    assert 0 < best < len(net.history) < 20
    assert (subject.trace.restored_epoch, subject.trace.planned_epochs) == (best, 20)
    assert "EarlyStopping" in subject.trace.restored_by


@pytest.mark.parametrize("form", ["accumulated", "summed"])
def test_losses_are_told_in_the_unit_of_their_mean(form: str) -> None:
    torch.manual_seed(0)
    X, y = torch.randn(32, 4), torch.randn(32, 1)
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with watch() as watched:
        for step in range(8):
            if form == "accumulated":
                loss = F.mse_loss(model(X), y) / 4
            else:
                loss = F.mse_loss(model(X), y, reduction="sum") / 32
            loss.backward()
            if step % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
    (subject,) = watched.subjects()
    expected = float(F.mse_loss(model(X), y).detach())
    assert subject.trace.loss_per_update == pytest.approx(np.full(8, expected), rel=1e-5)

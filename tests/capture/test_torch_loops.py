"""Training loops as people write them, broken ones included."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from defib.adapters.torch import TorchSubject
from defib.capture.script import watch
from defib.recipe import Arm, InputTransform


def data(n: int = 64, columns: int = 4) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(n, columns, generator=generator)
    return X, (X[:, 0] > 0).float().unsqueeze(1)


def mlp(columns: int = 4) -> Any:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(columns, 8), nn.ReLU(), nn.Linear(8, 1))


def only(watched: Any) -> TorchSubject:
    assert watched.notes == ()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    return subject


def test_a_data_loader() -> None:
    X, y = data(70)
    model = mlp()
    start = {name: value.clone() for name, value in model.state_dict().items()}
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=0.1)
        loader = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
        for _ in range(4):
            for xb, yb in loader:
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(model(xb), yb).backward()
                optimizer.step()
        model.eval()
        with torch.no_grad():
            out = model(X[:10] + 1)
    subject = only(watched)
    recipe = subject.recipe
    assert (recipe.batch_size, recipe.n_updates, recipe.n_epochs, recipe.shuffled) == (16, 20, 4, True)
    assert recipe.optimizer is not None
    assert recipe.optimizer.name == "adam"
    assert recipe.optimizer.learning_rate == 0.01
    assert recipe.optimizer.settings["weight_decay"] == 0.1
    assert recipe.optimizer.settings["beta_2"] == 0.999
    assert subject.training is not None
    assert sorted(map(tuple, subject.training.X.tolist())) == sorted(map(tuple, X.tolist()))
    pairs = {tuple(row): float(label[0]) for row, label in zip(X.tolist(), y, strict=True)}
    assert subject.training.y is not None
    assert [pairs[tuple(row)] for row in subject.training.X.tolist()] == subject.training.y[:, 0].tolist()
    assert subject.prediction is not None
    np.testing.assert_array_equal(subject.prediction.X, (X[:10] + 1).numpy())
    np.testing.assert_array_equal(subject.prediction_outputs, out.numpy())
    for one in subject.parameters():
        assert one.initial is not None
        np.testing.assert_array_equal(one.initial, start[one.name].numpy())
        np.testing.assert_array_equal(one.end, model.state_dict()[one.name].numpy())
        assert one.in_optimizer
        assert one.gradient_in_loop == "nonzero"
    assert len(subject.trace.loss_per_update) == 20
    assert len(subject.trace.loss_per_epoch) == 4


def test_lines_of_the_program() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            out = model(X)
            loss = F.binary_cross_entropy_with_logits(out, y)
            loss.backward()
            optimizer.step()
        model(X + 1)
    sources = only(watched).recipe.sources
    assert set(sources) >= {"optimizer", "loss", "fit", "step", "predict"}
    assert all(value.rpartition(":")[0] == __file__ for value in sources.values())
    lines = {key: int(value.rpartition(":")[2]) for key, value in sources.items()}
    assert lines["optimizer"] < lines["fit"] < lines["loss"] < lines["step"] < lines["predict"]


def test_slices_by_hand_in_file_order_with_a_reused_buffer() -> None:
    X, y = data(50)
    buffer, labels = torch.empty(10, 4), torch.empty(10, 1)
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            for start in range(0, 50, 10):
                buffer.copy_(X[start : start + 10])
                labels.copy_(y[start : start + 10])
                optimizer.zero_grad()
                nn.BCEWithLogitsLoss()(model(buffer), labels).backward()
                optimizer.step()
    subject = only(watched)
    assert subject.recipe.shuffled is False
    assert subject.training is not None
    np.testing.assert_array_equal(subject.training.X, X.numpy())
    np.testing.assert_array_equal(subject.training.y, y.numpy())
    assert subject.trace.label_order is not None
    np.testing.assert_array_equal(subject.trace.label_order[:50], y.numpy())


def test_labels_picked_inside_the_loss_line() -> None:
    X, y = data(60)
    model = mlp()
    ids = y[:, 0].numpy()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            for index in torch.randperm(60).split(15):
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(model(X[index])[:, 0], torch.tensor(ids[index.numpy()])).backward()
                optimizer.step()
    subject = only(watched)
    assert subject.recipe.shuffled is True
    assert subject.training is not None
    assert subject.training.y is not None
    assert subject.training.y.shape == (60,)
    np.testing.assert_array_equal(subject.training.y, (subject.training.X[:, 0] > 0).astype(np.float32))


@pytest.mark.parametrize("pick", ["perm[i : i + 16]", "slice", "index_select", "eye"])
def test_labels_picked_by_numbers_that_are_picked_in_the_loss_line(pick: str) -> None:
    X, y = data()
    y = y.reshape(-1, 1)
    with watch() as watched:
        model = mlp()
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(2):
            perm = torch.randperm(64)
            for i in range(0, 64, 16):
                if pick == "perm[i : i + 16]":
                    loss = nn.functional.binary_cross_entropy_with_logits(
                        model(X[perm[i : i + 16]]), y[perm[i : i + 16]]
                    )
                elif pick == "slice":
                    loss = nn.functional.binary_cross_entropy_with_logits(
                        model(X[perm][i : i + 16]), y[perm][i : i + 16]
                    )
                elif pick == "index_select":
                    rows = X.index_select(0, perm[i : i + 16])
                    loss = ((model(rows).sigmoid() - y.index_select(0, perm[i : i + 16])) ** 2).mean()
                else:
                    rows = X[perm[i : i + 16]]
                    # By a number that was made from the label: the label stays what it was, or becomes its table row.
                    picked = torch.tensor([[0.0], [1.0]])[y[perm[i : i + 16]].long().squeeze(1)]
                    loss = nn.functional.mse_loss(model(rows).sigmoid(), picked)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    training = only(watched).training
    assert training is not None
    assert training.y is not None
    expected = {tuple(row): float(label) for row, label in zip(X.tolist(), y[:, 0], strict=True)}
    assert [expected[tuple(row)] for row in training.X.tolist()] == training.y.ravel().tolist()


def test_drop_last_and_shuffle() -> None:
    X, y = data(70)
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(12):
            for xb, yb in DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True, drop_last=True):
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(model(xb), yb).backward()
                optimizer.step()
    subject = only(watched)
    assert subject.training is not None
    assert len(subject.training) == 70
    assert subject.recipe.n_epochs in (10, 11, 12, 13)


def test_no_backward_at_all() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y)
            optimizer.step()
    subject = only(watched)
    assert subject.recipe.n_updates == 5
    assert subject.trace.skipped_steps == 5
    assert {one.gradient_in_loop for one in subject.parameters()} == {"none"}
    assert subject.recipe.loss is not None
    assert subject.recipe.loss.kind == "binary_cross_entropy"


def test_backward_without_a_step() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        torch.optim.SGD(model.parameters(), lr=0.1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
        for _ in range(5):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
    subject = only(watched)
    assert subject.recipe.n_updates == 0
    assert all(np.array_equal(one.initial, one.end) for one in subject.parameters() if one.initial is not None)


def detached_by_requires_grad(out: Any, y: Any) -> Any:
    return F.binary_cross_entropy_with_logits(out.detach(), y).requires_grad_(True)


def detached_by_item(out: Any, y: Any) -> Any:
    return torch.tensor(F.binary_cross_entropy_with_logits(out, y).item(), requires_grad=True)


def detached_by_variable(out: Any, y: Any) -> Any:
    return torch.autograd.Variable(F.binary_cross_entropy_with_logits(out, y).data, requires_grad=True)


def detached_by_numpy(out: Any, y: Any) -> Any:
    return F.binary_cross_entropy_with_logits(torch.tensor(out.detach().numpy(), requires_grad=True), y)


@pytest.mark.parametrize(
    "loss_of", [detached_by_requires_grad, detached_by_item, detached_by_variable, detached_by_numpy]
)
def test_a_detached_graph(loss_of: Any) -> None:
    X, y = data(200)
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(40):
            optimizer.zero_grad()
            loss_of(model(X), y).backward()
            optimizer.step()
    subject = only(watched)
    assert {one.gradient_in_loop for one in subject.parameters()} == {"none"}
    assert subject.recipe.loss is not None
    assert subject.recipe.loss.kind == "binary_cross_entropy"
    assert all(one.values is None for one in subject.gradients(X.numpy(), y.numpy()))
    assert subject.training is not None
    recorded = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(recorded.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-6)
    canonical = subject.train(Arm(loop="canonical"), subject.training, seed=0)
    right = (canonical.predict(X.numpy()) > 0) == (y.numpy() > 0)
    assert right.mean() > 0.9


def test_a_forward_pass_without_gradients() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(5):
            with torch.no_grad():
                out = model(X)
            loss = F.binary_cross_entropy_with_logits(out, y)
            loss.requires_grad_(True)
            loss.backward()
            optimizer.step()
    subject = only(watched)
    assert {one.gradient_in_loop for one in subject.parameters()} == {"none"}
    assert all(one.values is None for one in subject.gradients(X.numpy(), y.numpy()))
    canonical = subject.train(Arm(loop="canonical"), subject.training, seed=0)  # type: ignore[arg-type]
    assert canonical.loss[-1] < canonical.loss[0]


def test_the_optimizer_of_a_former_model() -> None:
    X, y = data()
    old = mlp()
    optimizer = torch.optim.SGD(old.parameters(), lr=0.1)
    with watch() as watched:
        model = mlp()
        for _ in range(5):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
    subject = only(watched)
    assert {one.in_optimizer for one in subject.parameters()} == {False}
    assert {one.gradient_in_loop for one in subject.parameters()} == {"nonzero"}
    assert subject.recipe.optimizer is not None
    assert subject.recipe.n_updates == 5
    assert subject.training is not None
    as_recorded = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(as_recorded.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-6)
    canonical = subject.train(Arm(loop="canonical"), subject.training, seed=0)
    assert canonical.loss[-1] < canonical.loss[0]


def test_frozen_layers() -> None:
    X, y = data()
    model = mlp()
    for one in model[0].parameters():
        one.requires_grad_(False)
    with watch() as watched:
        optimizer = torch.optim.SGD([one for one in model.parameters() if one.requires_grad], lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
    subject = only(watched)
    state = {one.name: (one.trainable, one.in_optimizer, one.gradient_in_loop) for one in subject.parameters()}
    assert state["0.weight"] == (False, False, "none")
    assert state["2.weight"] == (True, True, "nonzero")
    values = {one.name: one.values for one in subject.gradients(X.numpy(), y.numpy())}
    assert values["0.weight"] is not None
    assert np.abs(values["0.weight"]).max() > 0
    assert subject.training is not None
    kept = subject.train(Arm(), subject.training, seed=0)
    moved = subject.train(Arm().with_edit("unfreeze"), subject.training, seed=0)
    frozen = dict(kept.network.module.named_parameters())["0.weight"]  # type: ignore[attr-defined]
    free = dict(moved.network.module.named_parameters())["0.weight"]  # type: ignore[attr-defined]
    assert torch.equal(frozen, model[0].weight)
    assert not torch.equal(free, model[0].weight)


def test_evaluation_mode_all_the_time() -> None:
    X, y = data()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1)).eval()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
    subject = only(watched)
    trained = subject.train(Arm(), subject.training, seed=0)  # type: ignore[arg-type]
    np.testing.assert_allclose(trained.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_gradients_that_are_never_cleared() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for _ in range(6):
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
    subject = only(watched)
    trained = subject.train(Arm(), subject.training, seed=0)  # type: ignore[arg-type]
    np.testing.assert_allclose(trained.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_scheduler_clipping_and_accumulation_are_replayed() -> None:
    X, y = data(64)
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3, gamma=0.3)
        for _ in range(8):
            for half in (slice(0, 32), slice(32, 64)):
                (F.binary_cross_entropy_with_logits(model(X[half]), y[half]) / 2).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.2)
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
    subject = only(watched)
    assert subject.recipe.n_updates == 8
    assert subject.recipe.n_epochs == 8
    trained = subject.train(Arm(), subject.training, seed=0)  # type: ignore[arg-type]
    np.testing.assert_allclose(trained.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_lbfgs_with_a_closure() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(model(X), y)
            loss.backward()
            return loss

        for _ in range(5):
            optimizer.step(closure)
    subject = only(watched)
    assert subject.recipe.optimizer is not None
    assert subject.recipe.optimizer.name == "lbfgs"
    trained = subject.train(Arm(), subject.training, seed=0)  # type: ignore[arg-type]
    assert trained.loss[-1] < 0.5 * trained.loss[0]


def test_a_validation_pass_with_labels_is_held_out() -> None:
    X, y = data(64)
    V, w = data(90)[0][64:] + 0.5, data(90)[1][64:]
    model = mlp()
    criterion = nn.BCEWithLogitsLoss()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(4):
            model.train()
            for start in range(0, 64, 16):
                optimizer.zero_grad()
                criterion(model(X[start : start + 16]), y[start : start + 16]).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                for start in range(0, 26, 13):
                    criterion(model(V[start : start + 13]), w[start : start + 13])
    subject = only(watched)
    assert subject.held_out is not None
    np.testing.assert_array_equal(subject.held_out.X, V.numpy())
    np.testing.assert_array_equal(subject.held_out.y, w.numpy())
    assert subject.training is not None
    assert len(subject.training) == 64


def test_predictions_row_by_row() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
        outputs = [float(model((row + 2).unsqueeze(0)).detach()) for row in X[:12]]
    subject = only(watched)
    assert subject.prediction is not None
    np.testing.assert_array_equal(subject.prediction.X, (X[:12] + 2).numpy())
    np.testing.assert_allclose(subject.prediction_outputs[:, 0], outputs)  # type: ignore[index]


def test_predicting_the_training_rows_last_keeps_the_other_rows() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
        with torch.no_grad():
            model(X[:20] + 3)
            model(X)
    subject = only(watched)
    assert subject.prediction is not None
    np.testing.assert_array_equal(subject.prediction.X, (X[:20] + 3).numpy())


def test_two_modules_that_feed_each_other() -> None:
    X, y = data()
    torch.manual_seed(0)
    encoder, head = nn.Sequential(nn.Linear(4, 8), nn.Tanh()), nn.Linear(8, 1)
    start = encoder[0].weight.detach().clone()
    with watch() as watched:
        optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(head(F.normalize(encoder(X))), y).backward()
            optimizer.step()
        with torch.no_grad():
            out = head(F.normalize(encoder(X[:9] + 1)))
    subject = only(watched)
    assert subject.name == "Sequential + Linear"
    assert [one.layer.kind for one in subject.forward(X.numpy()).layers] == ["dense", "activation", "norm", "dense"]
    assert subject.prediction is not None
    np.testing.assert_array_equal(subject.prediction.X, (X[:9] + 1).numpy())
    np.testing.assert_allclose(subject.forward(subject.prediction.X).outputs, out.numpy(), rtol=1e-5)
    initial = {one.name: one.initial for one in subject.parameters()}
    np.testing.assert_array_equal(initial["sequential.0.weight"], start.numpy())
    trained = subject.train(Arm(), subject.training, seed=0)  # type: ignore[arg-type]
    expected = head(F.normalize(encoder(X))).detach().numpy()
    np.testing.assert_allclose(trained.predict(X.numpy()), expected, rtol=1e-4, atol=1e-6)


def test_two_models_are_two_subjects() -> None:
    X, y = data()
    with watch() as watched:
        for scale in (1.0, 2.0):
            model = mlp()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for _ in range(3):
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(model(scale * X), y).backward()
                optimizer.step()
            del model, optimizer
    first, second = watched.subjects()
    assert first.training is not None
    assert second.training is not None
    np.testing.assert_array_equal(second.training.X, 2 * first.training.X)


class Recurrent(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    def __init__(self, batch_first: bool) -> None:
        super().__init__()
        self.rnn = nn.GRU(3, 6, batch_first=batch_first)
        self.out = nn.Linear(6, 1)
        self.batch_first = batch_first

    def forward(self, x: Any) -> Any:
        h, _ = self.rnn(x)
        return self.out(h[:, -1] if self.batch_first else h[-1])


@pytest.mark.parametrize("batch_first", [True, False])
def test_recurrent_networks_have_rows_first(batch_first: bool) -> None:
    torch.manual_seed(0)
    X = torch.randn(20, 7, 3)
    y = X[:, -1, :1]
    model = Recurrent(batch_first)
    door = X if batch_first else X.transpose(0, 1).contiguous()
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(3):
            optimizer.zero_grad()
            F.mse_loss(model(door), y).backward()
            optimizer.step()
    subject = only(watched)
    assert subject.training is not None
    np.testing.assert_array_equal(subject.training.X, X.numpy())
    result = subject.forward(X.numpy())
    np.testing.assert_allclose(result.outputs, model(door).detach().numpy(), rtol=1e-5)
    assert (result.layers[0].layer.name, result.layers[0].layer.kind) == ("rnn", "recurrent")
    assert result.layers[0].values.shape == (20, 7, 6)


def test_tokens_and_a_sequence_of_labels() -> None:
    torch.manual_seed(0)
    tokens = torch.randint(0, 11, (16, 6))
    target = torch.randint(0, 5, (16, 6))
    model = nn.Sequential(nn.Embedding(11, 8), nn.Linear(8, 5))
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(model(tokens).view(-1, 5), target.view(-1)).backward()
            optimizer.step()
    subject = only(watched)
    assert subject.training is not None
    assert subject.training.X.dtype.kind == "i"
    np.testing.assert_array_equal(subject.training.y, target.numpy())
    assert subject.forward(tokens.numpy()).outputs.shape == (16, 6, 5)
    trained = subject.train(Arm(), subject.training, seed=0)
    assert trained.predict(tokens.numpy()).shape == (16, 6, 5)


def test_several_inputs_become_columns() -> None:
    class Two(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 4), nn.Linear(2, 4)
            self.out = nn.Linear(4, 1)

        def forward(self, x: Any, z: Any, scale: float = 1.0) -> Any:
            return self.out(torch.relu(self.a(x) + self.b(z))) * scale

    torch.manual_seed(0)
    model, x, z = Two(), torch.randn(12, 3), torch.randn(12, 2)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.mse_loss(model(x, z=z, scale=2.0), x[:, :1]).backward()
            optimizer.step()
    subject = only(watched)
    assert subject.training is not None
    assert subject.training.X.shape == (12, 5)
    expected = model(x, z, 2.0).detach().numpy()
    np.testing.assert_allclose(subject.forward(subject.training.X).outputs, expected, rtol=1e-5)


def test_one_row_at_a_time_without_a_batch_axis() -> None:
    X, y = data(30)
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for _ in range(3):
            for row, label in zip(X, y, strict=True):
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(model(row), label).backward()
                optimizer.step()
    subject = only(watched)
    assert subject.training is not None
    np.testing.assert_array_equal(subject.training.X, X.numpy())
    np.testing.assert_array_equal(subject.training.y, y.numpy())
    np.testing.assert_allclose(subject.forward(X.numpy()).outputs, model(X).detach().numpy(), rtol=1e-5)
    trained = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(trained.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-3, atol=1e-5)


def test_an_autoencoder_is_its_own_label() -> None:
    X, _ = data()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 4))
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            F.mse_loss(model(X), X).backward()
            optimizer.step()
    subject = only(watched)
    assert subject.training is not None
    np.testing.assert_array_equal(subject.training.y, X.numpy())
    trained = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(trained.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_the_weights_of_another_instance_are_noted() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
        other = copy.deepcopy(model)
        with torch.no_grad():
            other(X[:5] + 1)
    subject = only(watched)
    assert subject.prediction is not None
    assert len(subject.prediction) == 5
    assert any("another instance" in note for note in subject.trace.notes)


def test_a_lazy_module_and_a_crash() -> None:
    X, y = data()
    torch.manual_seed(0)
    model = nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(1))
    with watch() as watched:
        model(X)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        def train() -> None:
            for step in range(5):
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(model(X), y).backward()
                optimizer.step()
                if step == 2:
                    raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            train()
    subject = only(watched)
    assert subject.recipe.n_updates == 3
    assert subject.has_initial_weights


def test_a_program_that_trains_nothing() -> None:
    X, _ = data()
    with watch() as watched, torch.no_grad():
        mlp()(X)
    assert watched.subjects() == ()
    assert watched.notes == ()


def test_many_steps_of_one_epoch_each_are_thinned() -> None:
    X, y = data(8)
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for _ in range(2500):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
    subject = only(watched)
    assert subject.recipe.n_updates == 2500
    assert len(subject.trace.loss_per_update) == 2000
    assert subject.trace.loss_per_update[-1] < subject.trace.loss_per_update[0]


def test_forward_called_directly() -> None:
    class Net(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 1)

        def forward(self, x: Any) -> Any:
            return torch.sigmoid(self.b(torch.relu(self.a(x))))

    X, y = data()
    torch.manual_seed(0)
    net = Net()
    with watch() as watched:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(6):
            optimizer.zero_grad()
            F.binary_cross_entropy(net.forward(X), y).backward()
            optimizer.step()
        out = net.forward(X[:7] + 1).detach().numpy()
    subject = only(watched)
    assert subject.name == "Net"
    np.testing.assert_array_equal(subject.prediction_outputs, out)
    assert [one.layer.name for one in subject.forward(X.numpy()).layers] == ["a", "a:relu", "b", "b:sigmoid"]
    assert "forward" in Net.__dict__
    assert not hasattr(Net.forward, "__wrapped__")


def test_a_model_that_computes_its_own_loss() -> None:
    class Own(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Linear(4, 2)

        def forward(self, x: Any, targets: Any = None) -> Any:
            logits = self.body(x)
            return logits, None if targets is None else F.cross_entropy(logits, targets)

    X, y = data()
    ids = y[:, 0].long()
    torch.manual_seed(0)
    net = Own()
    with watch() as watched:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(6):
            optimizer.zero_grad()
            _, loss = net(X, ids)
            loss.backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            net(X[:9] + 1)
    subject = only(watched)
    assert subject.training is not None
    assert subject.training.X.shape == (64, 4)
    np.testing.assert_array_equal(subject.training.y, ids.numpy())
    assert subject.recipe.loss is not None
    assert subject.recipe.loss.kind == "sparse_categorical_cross_entropy"
    assert subject.link == "softmax"
    assert subject.loss(X.numpy(), ids.numpy()) == pytest.approx(net(X, ids)[1].item(), rel=1e-5)
    trained = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(trained.predict(X.numpy()), net(X)[0].detach().numpy(), rtol=1e-4, atol=1e-6)


def test_layers_called_one_after_the_other_are_evaluated_as_one_model_each_time() -> None:
    X, y = data(40)
    torch.manual_seed(0)
    first, last = nn.Linear(4, 8), nn.Linear(8, 1)

    def predict(rows: Any) -> Any:
        return torch.sigmoid(last(torch.sigmoid(first(rows))))

    optimizer = torch.optim.SGD([*first.parameters(), *last.parameters()], lr=0.1)
    with watch() as watched:
        for _ in range(20):
            optimizer.zero_grad()
            ((predict(X) - y) ** 2).mean().backward()
            optimizer.step()
        shown = [predict(X[:5]), predict(X[-5:])]
    subject = only(watched)
    assert subject.prediction is not None
    np.testing.assert_array_equal(subject.prediction.X, torch.cat([X[:5], X[-5:]]).numpy())
    assert subject.prediction_outputs is not None
    np.testing.assert_allclose(subject.prediction_outputs.reshape(-1), torch.cat(shown).detach().reshape(-1), atol=1e-6)


def test_updates_written_by_hand() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        for _ in range(10):
            loss = F.binary_cross_entropy_with_logits(model(X), y)
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for one in model.parameters():
                    one -= 0.2 * one.grad
    subject = only(watched)
    assert subject.recipe.optimizer is not None
    assert subject.recipe.optimizer.name == "sgd"
    assert subject.recipe.optimizer.learning_rate == pytest.approx(0.2, rel=1e-4)
    assert subject.recipe.n_updates == 10
    trained = subject.train(Arm(), subject.training, seed=0)  # type: ignore[arg-type]
    np.testing.assert_allclose(trained.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-3, atol=1e-5)


def test_a_scaled_loss_is_read_as_it_was() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        for _ in range(5):
            optimizer.zero_grad()
            scaler.scale(F.binary_cross_entropy_with_logits(model(X), y)).backward()
            scaler.step(optimizer)
            scaler.update()
    subject = only(watched)
    assert subject.trace.loss_per_update.max() < 2
    trained = subject.train(Arm(), subject.training, seed=0)  # type: ignore[arg-type]
    np.testing.assert_allclose(trained.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-3, atol=1e-5)


def test_a_closure_is_counted_like_any_step() -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(model(X), y)
            loss.backward()
            return loss

        for _ in range(7):
            optimizer.step(closure)
    subject = only(watched)
    assert subject.recipe.n_updates == 7
    assert {one.gradient_in_loop for one in subject.parameters()} == {"nonzero"}
    trained = subject.train(Arm(), subject.training, seed=0)  # type: ignore[arg-type]
    np.testing.assert_allclose(trained.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-3, atol=1e-5)


def weighted(how: str) -> Any:
    def loss(out: Any, y: Any, w: Any) -> Any:
        if how == "weight=":
            return F.binary_cross_entropy_with_logits(out, y, weight=w)
        if how == "second head":
            return F.binary_cross_entropy_with_logits(out[:, :1], y) + 0.5 * F.cross_entropy(out[:, 1:], w)
        return (F.binary_cross_entropy_with_logits(out, y, reduction="none") * w).mean()

    return loss


@pytest.mark.parametrize("how", ["product", "weight=", "second head"])
def test_other_values_of_the_rows_are_replayed(how: str) -> None:
    X, y = data()
    weights = (X[:, :1] > 0.5).long()[:, 0] + 1 if how == "second head" else torch.rand(64, 1) * 5
    torch.manual_seed(0)
    model = nn.Linear(4, 4 if how == "second head" else 1)
    loss_of = weighted(how)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(4):
            for at in torch.randperm(64).split(16):
                optimizer.zero_grad()
                loss_of(model(X[at]), y[at], weights[at]).backward()
                optimizer.step()
    subject = only(watched)
    assert subject.trace.notes == ()
    rows = subject.training
    assert rows is not None
    assert rows.y is not None
    order = [int((torch.tensor(row) == X).all(dim=1).nonzero()[0]) for row in rows.X]
    np.testing.assert_array_equal(rows.y, y.numpy()[order])
    expected = loss_of(model(X), y, weights).item()
    assert subject.loss(rows.X, rows.y) == pytest.approx(expected, rel=1e-5)
    some = np.arange(30)[::-2]
    part = [order[i] for i in some]
    expected = loss_of(model(X[part]), y[part], weights[part]).item()
    assert subject.loss(rows.X[some], rows.y[some]) == pytest.approx(expected, rel=1e-5)
    scaled = Arm(inputs=InputTransform(np.zeros(4), np.full(4, 2.0)), updates_factor=5.0)
    trained = subject.train(scaled, rows, seed=0)
    assert np.isfinite(trained.predict(rows.X)).all()


def test_a_frozen_backbone_under_no_grad() -> None:
    X, y = data()
    torch.manual_seed(0)
    backbone, head = nn.Sequential(nn.Linear(4, 8), nn.Tanh()), nn.Linear(8, 1)
    with watch() as watched:
        optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
        for _ in range(5):
            with torch.no_grad():
                features = backbone(X)
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(head(features), y).backward()
            optimizer.step()
    subject = only(watched)
    state = {one.name: (one.in_optimizer, one.gradient_in_loop) for one in subject.parameters()}
    assert state["sequential.0.weight"] == (False, "none")
    assert state["linear.weight"] == (True, "nonzero")
    trained = subject.train(Arm(), subject.training, seed=0)  # type: ignore[arg-type]
    np.testing.assert_allclose(trained.predict(X.numpy()), head(backbone(X)).detach().numpy(), rtol=1e-3, atol=1e-5)


def test_a_compiled_model() -> None:
    X, y = data()
    model = torch.compile(mlp(), backend="eager")
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
    subject = only(watched)
    assert subject.name == "Sequential"
    assert [one.name for one in subject.parameters()] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    np.testing.assert_allclose(subject.forward(X.numpy()).outputs, model(X).detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize("grad", [False, True])
def test_a_reused_buffer_and_outputs_changed_in_place(grad: bool) -> None:
    X, y = data()
    model = mlp()
    buffer = np.zeros((1, 4), dtype=np.float32)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
        model.eval()
        expected = []
        with torch.set_grad_enabled(grad):
            for row in X[:6]:
                buffer[:] = row.numpy() + 2
                out = model(torch.from_numpy(buffer))
                expected.append(out.detach().numpy().copy())
                out.data.fill_(7.0)
    subject = only(watched)
    assert subject.prediction is not None
    np.testing.assert_array_equal(subject.prediction.X, (X[:6] + 2).numpy())
    np.testing.assert_array_equal(subject.prediction_outputs, np.concatenate(expected))


@pytest.mark.parametrize("way", ["permutation", "loader", "scaled in a function"])
def test_a_shuffle_keeps_the_order_of_the_file(way: str) -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(loc=3.0, scale=2.0, size=(60, 4))
    labels = torch.tensor((table[:, :1] > 3.0).astype(np.float32))

    def train(rows: torch.Tensor, y: torch.Tensor) -> None:
        model = mlp()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            order = torch.tensor(rng.permutation(len(rows)))
            for start in range(0, len(rows), 10):
                at = order[start : start + 10]
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(model(rows[at]), y[at]).backward()
                optimizer.step()

    def load(rows: torch.Tensor, y: torch.Tensor) -> None:
        model = mlp()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        loader = DataLoader(TensorDataset(rows, y), batch_size=10, shuffle=True)
        for _ in range(3):
            for xb, yb in loader:
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(model(xb), yb).backward()
                optimizer.step()

    with watch() as watched:
        if way == "loader":
            load(torch.tensor(table, dtype=torch.float32), labels)
        elif way == "permutation":
            train(torch.tensor(table, dtype=torch.float32), labels)
        else:
            part = rng.permutation(60)[:40]
            scaled = (table[part] - table[part].mean(0)) / table[part].std(0)
            train(torch.tensor(scaled, dtype=torch.float32), labels[torch.tensor(part)])
    training = only(watched).training
    assert training is not None
    original = training.X if way != "scaled in a function" else training.X * table[part].std(0) + table[part].mean(0)
    np.testing.assert_allclose(table[training.places[0]], original, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "limit", "setting"),
    [
        ("clip_grad_norm_", "max_norm", "clip_grad_norm"),
        ("clip_grad_value_", "clip_value", "clip_grad_value"),
    ],
)
def test_a_limit_given_by_name_is_passed_on_and_noted(name: str, limit: str, setting: str) -> None:
    X, y = data()
    model = mlp()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(X), y).backward()
            getattr(nn.utils, name)(parameters=model.parameters(), **{limit: 0.001})
            optimizer.step()
    subject = only(watched)
    assert subject.recipe.optimizer is not None
    assert subject.recipe.optimizer.settings[setting] == 0.001
    assert subject.trace.n_updates == 3
    assert subject.training is not None
    clipped, free = (subject.train(Arm(clipped=c), subject.training, seed=0).predict(X.numpy()) for c in (True, False))
    np.testing.assert_allclose(clipped, model(X).detach().numpy(), rtol=1e-4, atol=1e-6)
    assert np.abs(free - clipped).max() > 1e-4

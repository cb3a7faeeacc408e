"""Each edit changes what it should and nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.adapters.torch import TorchSubject, subject_from_model
from defib.adapters.torch.edits import apply_edits
from defib.adapters.torch.initial import reinitialize
from defib.adapters.torch.network import Network
from defib.capture.script import watch
from defib.recipe import Arm, Edit
from defib.subject import NotAvailable, Rows

X = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
Y = (X[:, :1] + X[:, 1:2] > 0).astype(np.float32)


def positive(z: Any) -> Any:
    return np.maximum(z, 0)


class Written(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Activations as functions; a gate that must not be replaced."""

    def __init__(self, act: Any = torch.sigmoid) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3, self.fc4 = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 1)
        self.drop = nn.Dropout(0.5)
        self.act = act

    def forward(self, x: Any) -> Any:
        h = self.act(self.fc1(x))
        h = self.drop(self.act(self.fc2(h)))
        gate = torch.sigmoid(h)
        h = self.act(self.fc3(h * gate))
        return torch.sigmoid(self.fc4(h))


def written() -> TorchSubject:
    torch.manual_seed(0)
    net = Written()
    return subject_from_model(
        net, X, Y, loss=nn.BCELoss(), optimizer=torch.optim.Adam(net.parameters(), lr=0.01), epochs=3, batch_size=20
    )


def edited(subject: TorchSubject, *edits: Edit) -> tuple[Network, list[Any]]:
    """A clone with the edits, and its layers in evaluation mode."""
    torch.manual_seed(1)
    network = Network(subject.captured)
    apply_edits(network, edits, X)
    records, _ = network.eval().record(X[:10])
    return network, records


def activations(records: list[Any]) -> list[str]:
    return [one.activation for one in records if one.activation]


def test_hidden_activations_are_replaced_wherever_they_are_written() -> None:
    subject = written()
    plain, _ = edited(subject)
    network, _ = edited(subject, Edit("hidden_activation", "relu"))
    captured: dict[str, Any] = {}
    network.module.fc2.register_forward_hook(lambda m, args, out: captured.update(fc2_in=args[0]))
    network.module.fc3.register_forward_hook(lambda m, args, out: captured.update(fc3_in=args[0]))
    network.module.fc4.register_forward_hook(lambda m, args, out: captured.update(fc4_in=args[0]))
    out = network.predict(X)
    w = {name: value.detach().numpy() for name, value in network.module.named_parameters()}
    h = positive(positive(X @ w["fc1.weight"].T + w["fc1.bias"]) @ w["fc2.weight"].T + w["fc2.bias"])
    h = positive((h / (1 + np.exp(-h))) @ w["fc3.weight"].T + w["fc3.bias"])
    expected = 1 / (1 + np.exp(-(h @ w["fc4.weight"].T + w["fc4.bias"])))
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-6)
    for layer in ("fc1", "fc2", "fc3"):
        assert not np.array_equal(
            w[f"{layer}.weight"], dict(plain.module.named_parameters())[f"{layer}.weight"].detach()
        )
        assert not w[f"{layer}.bias"].any()
        bound = np.sqrt(6 / w[f"{layer}.weight"].shape[1])
        assert 0.7 * bound < np.abs(w[f"{layer}.weight"]).max() <= bound
    np.testing.assert_array_equal(w["fc4.weight"], dict(plain.module.named_parameters())["fc4.weight"].detach())


def test_activation_modules_are_replaced_and_the_output_kept() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
    subject = subject_from_model(net, X, Y)
    network, _ = edited(subject, Edit("hidden_activation", "leaky_relu"))
    w = {name: value.detach().numpy() for name, value in network.module.named_parameters()}
    z = X @ w["0.weight"].T + w["0.bias"]
    expected = 1 / (1 + np.exp(-(np.where(z > 0, z, 0.1 * z) @ w["2.weight"].T + w["2.bias"])))
    np.testing.assert_allclose(network.predict(X), expected, rtol=1e-4, atol=1e-6)


def test_batch_norm_stands_before_every_hidden_activation() -> None:
    subject = written()
    network, _ = edited(subject, Edit("batch_norm"))
    assert len(network.extras) == 3
    seen: list[Any] = []
    for norm in network.extras:
        norm.register_forward_hook(lambda m, args, out: seen.append(out.detach()))
    network.train()
    network.predict(X)
    assert len(seen) == 3
    for values in seen:
        np.testing.assert_allclose(values.mean(0), 0, atol=1e-4)
        np.testing.assert_allclose(values.std(0, unbiased=False), 1, atol=1e-2)
    trained = subject.train(Arm().with_edit("batch_norm"), Rows(X, Y), seed=0)
    scale = trained.network.extras[0].norm.weight  # type: ignore[attr-defined]
    assert (scale != 1).all()


def test_batch_norm_after_a_convolution_has_a_scale_per_channel() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv1d(2, 5, 2), nn.ReLU(), nn.Flatten(), nn.Linear(10, 1))
    rows = X.reshape(60, 2, 3)
    network = Network(subject_from_model(net, rows, Y).captured)
    apply_edits(network, (Edit("batch_norm"),), rows)
    assert [one.norm.num_features for one in network.extras] == [5]


def test_half_the_depth() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(6, 8), nn.ReLU(), *[m for _ in range(4) for m in (nn.Linear(8, 8), nn.ReLU())], nn.Linear(8, 1)
    )  # fmt: skip
    subject = subject_from_model(net, X, Y)
    network, _ = edited(subject, Edit("halve_depth"))
    h = torch.tensor(X)
    for i in (0, 2, 6):
        h = torch.relu(net[i](h))
    np.testing.assert_allclose(network.predict(X), net[10](h).detach(), rtol=1e-4, atol=1e-6)


class Reads(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Recurrent layers, each a module of its own or all in one; the state they start from may be given."""

    def __init__(self, depth: int, *, apart: bool = False, given: bool = False) -> None:
        super().__init__()
        self.depth, self.given = depth, given
        sizes = [3, *[4] * depth] if apart else [3, 4]
        kind: dict[str, Any] = {"batch_first": True} if apart else {"batch_first": True, "num_layers": depth}
        self.layers = nn.ModuleList(nn.GRU(a, b, **kind) for a, b in itertools.pairwise(sizes))
        self.head = nn.Linear(4, 1)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x, _ = layer(x, x.new_zeros(self.depth, len(x), 4)) if self.given else layer(x)
        return self.head(x[:, -1])


SEQUENCES = X.reshape(60, 2, 3)


def test_half_of_the_recurrent_layers_in_one_module() -> None:
    torch.manual_seed(0)
    net = Reads(5)
    subject = subject_from_model(net, SEQUENCES, Y)
    (state,) = (one.layer for one in subject.forward(SEQUENCES).layers if one.layer.kind == "recurrent")
    assert state.stacked == 5
    network = Network(subject.captured)
    apply_edits(network, (Edit("halve_depth"),), SEQUENCES)
    twin = nn.GRU(3, 4, num_layers=2, batch_first=True)
    twin.load_state_dict({k: v for k, v in net.layers[0].state_dict().items() if k[-1] in "01"})
    want = net.head(twin(torch.tensor(SEQUENCES))[0][:, -1]).detach()
    np.testing.assert_allclose(network.predict(SEQUENCES), want, rtol=1e-4, atol=1e-6)
    assert net.layers[0].num_layers == 5


def test_half_of_the_recurrent_modules() -> None:
    torch.manual_seed(0)
    net = Reads(5, apart=True)
    network = Network(subject_from_model(net, SEQUENCES, Y).captured)
    apply_edits(network, (Edit("halve_depth"),), SEQUENCES)
    h = torch.tensor(SEQUENCES)
    for i in (0, 3, 4):
        h, _ = net.layers[i](h)
    np.testing.assert_allclose(network.predict(SEQUENCES), net.head(h[:, -1]).detach(), rtol=1e-4, atol=1e-6)


def test_layers_whose_state_is_given_by_the_program_cannot_be_left_out() -> None:
    net = Reads(4, given=True)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    subject = subject_from_model(net, SEQUENCES, Y, loss=nn.MSELoss(), optimizer=optimizer, epochs=1)
    reason = subject.can_train(Arm().with_edit("halve_depth"))
    assert reason is not None
    assert "does not run with fewer recurrent layers" in reason


def test_double_width() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 1))
    network, _ = edited(subject_from_model(net, X, Y), Edit("double_width"))
    shapes = [tuple(one.shape) for one in network.module.parameters() if one.dim() == 2]
    assert shapes == [(16, 6), (8, 16), (1, 8)]
    assert network.module[1].num_features == 16
    assert network.predict(X).shape == (60, 1)
    assert net[0].out_features == 8


def test_reinitialize_draws_every_layer_anew() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 200), nn.ReLU(), nn.Linear(200, 1))
    for one in net.parameters():
        nn.init.zeros_(one)
    subject = subject_from_model(net, X, Y)
    default, _ = edited(subject, Edit("reinitialize", "default"))
    he, _ = edited(subject, Edit("reinitialize", "he"))
    assert default.module[0].weight.std().item() == pytest.approx(1 / np.sqrt(6) / np.sqrt(3), rel=0.1)
    assert he.module[0].weight.std().item() == pytest.approx(np.sqrt(2 / 6), rel=0.1)


def test_reinitialize_draws_a_table_that_tells_no_token_from_another_and_leaves_any_other() -> None:
    net = nn.Sequential(nn.Embedding(50, 8), nn.Flatten(), nn.Linear(24, 1))
    table = net[0].weight
    before = table.detach().clone()
    assert reinitialize(net, "default") == 1
    assert torch.equal(table, before)
    nn.init.zeros_(table)
    assert reinitialize(net, "default") == 2
    assert table.std().item() == pytest.approx(1.0, rel=0.2)


@pytest.mark.parametrize("head", ["linear", "sigmoid", "softmax"])
def test_head(head: str) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 3), nn.ReLU(), nn.Softmax(dim=1))
    network, _ = edited(subject_from_model(net, X), Edit("head", head))
    z = net[2](torch.tanh(net[0](torch.tensor(X)))).detach()
    expected = {"linear": z, "sigmoid": torch.sigmoid(z), "softmax": torch.softmax(z, 1)}[head]
    np.testing.assert_allclose(network.predict(X), expected, rtol=1e-5)


def test_output_units_with_another_loss() -> None:
    subject = written()
    arm = Arm().with_edit("head", "linear").with_edit("output_units", 2).with_edit("loss", "ce_logits")
    assert subject.can_train(arm) is None
    trained = subject.train(arm, Rows(X, Y[:, 0].astype(np.int64)), seed=0)
    assert trained.predict(X).shape == (60, 2)
    assert trained.link == "softmax"


def test_output_units_of_a_single_layer() -> None:
    network = Network(subject_from_model(nn.Linear(6, 1), X).captured)
    apply_edits(network, (Edit("output_units", 4),), X)
    assert network.predict(X).shape == (60, 4)


@pytest.mark.parametrize(("loss", "link"), [("bce_logits", "sigmoid"), ("bce", "identity"), ("mse", "identity")])
def test_canonical_losses_start_where_numpy_says(loss: str, link: str) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 1), nn.Sigmoid())
    if loss != "bce":
        net = net[:1]
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    subject = subject_from_model(net, X, Y, loss=nn.MSELoss(), optimizer=optimizer, epochs=1)
    labels = np.where(Y > 0, 1.0, -1.0).ravel() if loss != "mse" else Y.ravel()
    trained = subject.train(Arm().with_edit("loss", loss), Rows(X, labels), seed=0)
    weights = subject._initial(0)
    z = X @ weights["0.weight"].numpy().T + weights["0.bias"].numpy()
    p = 1 / (1 + np.exp(-z))
    expected = ((z - Y) ** 2).mean() if loss == "mse" else -(Y * np.log(p) + (1 - Y) * np.log(1 - p)).mean()
    assert trained.loss[0] == pytest.approx(expected, rel=1e-4)
    assert trained.link == link


def broadcast() -> TorchSubject:
    torch.manual_seed(0)
    net = nn.Linear(6, 1)
    rows, y = torch.tensor(X), torch.tensor(X[:, 0])
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
        for _ in range(150):
            optimizer.zero_grad()
            ((net(rows) - y) ** 2).mean().backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    return subject


def test_match_shapes_repairs_a_broadcast() -> None:
    subject = broadcast()
    assert subject.training is not None
    control = subject.train(Arm(), subject.training, seed=0)
    matched = subject.train(Arm().with_edit("match_shapes"), subject.training, seed=0)
    assert control.predict(X).std() < 0.05
    np.testing.assert_allclose(matched.predict(X)[:, 0], X[:, 0], atol=0.05)


def test_dropout_rate() -> None:
    subject = written()
    off, _ = edited(subject, Edit("dropout", 0))
    off.train()
    np.testing.assert_array_equal(off.predict(X), off.predict(X))
    some, _ = edited(subject, Edit("dropout", 0.9))
    some.train()
    assert not np.array_equal(some.predict(X), some.predict(X))
    some.eval()
    np.testing.assert_array_equal(some.predict(X), off.eval().predict(X))


def test_input_norm_learns_the_rows() -> None:
    rows = X * 1000 + 50
    torch.manual_seed(0)
    net = nn.Linear(6, 1)
    network = Network(subject_from_model(net, rows).captured)
    apply_edits(network, (Edit("input_norm"),), rows)
    scaled = ((rows - rows.mean(0)) / rows.std(0)).astype(np.float32)
    np.testing.assert_allclose(network.predict(rows), net(torch.tensor(scaled)).detach(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("net", "edit", "reason"),
    [
        (nn.Linear(6, 1), Edit("hidden_activation", "relu"), "no hidden activation"),
        (nn.Linear(6, 1), Edit("dropout", 0), "no dropout"),
        (nn.Linear(6, 1), Edit("batch_norm"), "no hidden dense"),
        (nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1)), Edit("halve_depth"), "same shape"),
        (nn.Linear(6, 1), Edit("double_width"), "no two dense layers"),
        (nn.Linear(6, 1), Edit("unheard_of"), "knows no edit"),
    ],
)
def test_impossible_edits_say_why(net: Any, edit: Edit, reason: str) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    subject = subject_from_model(net, X, Y, loss=F.mse_loss, optimizer=optimizer, epochs=1)
    arm = Arm(edits=(edit,))
    found = subject.can_train(arm)
    assert found is not None
    assert reason in found
    with pytest.raises(NotAvailable, match=reason):
        subject.train(arm, Rows(X, Y), seed=0)


def test_other_seeds_draw_other_weights_of_the_same_scale() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 50), nn.ReLU(), nn.Linear(50, 1))
    nn.init.normal_(net[0].weight, std=3.0)
    nn.init.constant_(net[2].bias, 0.0)
    with watch() as watched:
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-9)
        for _ in range(2):
            optimizer.zero_grad()
            F.mse_loss(net(torch.tensor(X)), torch.tensor(Y)).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    zero, one, again = subject._initial(0), subject._initial(1), subject._initial(1)
    captured = subject.captured.initial
    assert captured is not None
    assert all(torch.equal(zero[name], captured[name]) for name in captured)
    assert all(torch.equal(one[name], again[name]) for name in captured)
    assert not torch.equal(one["0.weight"], zero["0.weight"])
    assert torch.equal(one["0.weight"].sort().values.flatten().sort().values, zero["0.weight"].flatten().sort().values)
    assert not torch.equal(one["2.weight"], zero["2.weight"])
    assert one["2.weight"].abs().max() <= 1 / np.sqrt(50)
    assert torch.equal(one["2.bias"], zero["2.bias"])


def test_symmetric_weights_stay_for_every_seed() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1))
    with torch.no_grad():
        net[0].weight.copy_(net[0].weight[:1].expand(5, 6).clone())
    with watch() as watched:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        F.mse_loss(net(torch.tensor(X)), torch.tensor(Y)).backward()
        optimizer.step()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    assert torch.equal(subject._initial(0)["0.weight"], subject._initial(3)["0.weight"])


def test_recomputed_statistics_are_those_of_all_rows() -> None:
    """Plain averages over chunks of nearly one size, of rows that were many more than a chunk; dropout stays off."""
    many = np.random.default_rng(1).normal(3.0, 2.0, size=(600, 6)).astype(np.float32)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(6, 4), nn.BatchNorm1d(4, momentum=1e-4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
    targets = many[:, :1]
    subject = subject_from_model(net, many, targets, loss=nn.MSELoss(), optimizer=optimizer, epochs=1, batch_size=50)
    rows = Rows(many, targets)
    trained = subject.train(Arm(recomputed_statistics=True), rows, seed=0)
    before = subject.train(Arm(), rows, seed=0)
    with torch.no_grad():
        inner = net[1](torch.tensor(many)).numpy()
        parts = np.array_split(inner, 3)
        mean, variance = inner.mean(0), np.mean([part.var(0, ddof=1) for part in parts], axis=0)
        normed = torch.tensor((inner - mean) / np.sqrt(variance + net[2].eps), dtype=torch.float32)
        expected = net[3](normed).numpy()
    np.testing.assert_allclose(trained.predict(many), expected, atol=2e-3)
    assert np.abs(before.predict(many) - expected).max() > 0.1
    assert (net[2].momentum, float(net[2].running_mean.abs().max())) == (1e-4, 0.0)


def test_the_canonical_loop_moves_groups_whose_rate_is_zero() -> None:
    torch.manual_seed(0)
    with watch() as watched:
        net = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
        groups = [{"params": net[0].parameters(), "lr": 0.0}, {"params": net[2].parameters(), "lr": 0.1}]
        optimizer = torch.optim.SGD(groups)
        for _ in range(3):
            for i in torch.arange(60).split(20):
                optimizer.zero_grad()
                F.mse_loss(net(torch.tensor(X)[i]), torch.tensor(Y)[i]).backward()
                optimizer.step()
        (subject,) = watched.subjects()
        assert subject.recipe.optimizer is not None
        assert [one.learning_rate for one in subject.recipe.optimizer.groups] == [0.0, 0.1]
        assert subject.training is not None
        before = net[0].weight.detach().numpy()
        for arm, moves in ((Arm(), False), (Arm(loop="canonical"), True)):
            inside = subject.train(arm, subject.training, seed=0).inside()
            assert inside is not None
            end = next(one.end for one in inside.parameters() if one.name == "0.weight")
            assert (not np.allclose(end, before)) is moves


@pytest.mark.parametrize("scheduled", [True, False])
def test_a_learning_rate_of_zero_is_woken(scheduled: bool) -> None:
    """A factor brings no rate of 0 anywhere; a schedule of zeros is left out."""
    torch.manual_seed(0)
    X, model = torch.randn(64, 3), torch.nn.Linear(3, 1)
    y = (X[:, :1] > 0).float()
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.0)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        for start in [*range(0, 64, 16)] * 3:
            optimizer.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(
                model(X[start : start + 16]), y[start : start + 16]
            ).backward()
            optimizer.step()
            if scheduled:
                schedule.step()
    (subject,) = watched.subjects()
    rows = subject.training
    assert rows is not None

    def moved(arm: Arm) -> bool:
        trained = subject.train(arm, rows, seed=0)
        return not np.allclose(trained.predict(X.numpy()), model(X).detach().numpy(), atol=1e-6)

    assert not moved(Arm())
    assert not moved(Arm(learning_rate_factor=100.0))
    assert moved(Arm().with_edit("woken_rate", 1e-2))

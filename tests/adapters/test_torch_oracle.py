"""The PyTorch Subject against an independent computation in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters.torch import TorchSubject, subject_from_model
from defib.capture.script import watch
from defib.recipe import Arm, InputTransform
from defib.subject import Rows

RNG = np.random.default_rng(3)
X = RNG.normal(size=(24, 5)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


class Oracle:
    """5 → 7 tanh → 6 relu → 1 logit, binary cross-entropy, in float64."""

    def __init__(self, weights: dict[str, Any]) -> None:
        self.w = {name: np.asarray(value, dtype=np.float64) for name, value in weights.items()}

    def forward(self, X: Any) -> list[Any]:
        z1 = X.astype(np.float64) @ self.w["0.weight"].T + self.w["0.bias"]
        a1 = np.tanh(z1)
        z2 = a1 @ self.w["2.weight"].T + self.w["2.bias"]
        a2 = np.maximum(z2, 0)
        return [z1, a1, z2, a2, a2 @ self.w["4.weight"].T + self.w["4.bias"]]

    def loss(self, X: Any, y: Any) -> float:
        p = sigmoid(self.forward(X)[-1])
        return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())

    def gradients(self, X: Any, y: Any) -> dict[str, Any]:
        _, a1, z2, a2, out = self.forward(X)
        d = (sigmoid(out) - y) / len(X)
        found = {"4.weight": d.T @ a2, "4.bias": d.sum(0)}
        d = (d @ self.w["4.weight"]) * (z2 > 0)
        found |= {"2.weight": d.T @ a1, "2.bias": d.sum(0)}
        d = (d @ self.w["2.weight"]) * (1 - a1**2)
        return found | {"0.weight": d.T @ X.astype(np.float64), "0.bias": d.sum(0)}

    def adam(self, X: Any, y: Any, steps: int, lr: float) -> None:
        m = {name: np.zeros_like(value) for name, value in self.w.items()}
        v = {name: np.zeros_like(value) for name, value in self.w.items()}
        for t in range(1, steps + 1):
            for name, g in self.gradients(X, y).items():
                m[name] = 0.9 * m[name] + 0.1 * g
                v[name] = 0.999 * v[name] + 0.001 * g**2
                step = lr * (m[name] / (1 - 0.9**t)) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
                self.w[name] = self.w[name] - step


def model() -> Any:
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 6), nn.ReLU(), nn.Linear(6, 1))


@pytest.fixture(scope="module")
def trained() -> tuple[TorchSubject, Oracle, Oracle]:
    """A watched training of 4 full batches; the oracle at its start and at its end."""
    net = model()
    start = Oracle({name: value.numpy().copy() for name, value in net.state_dict().items()})
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
        for _ in range(4):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(net(torch.tensor(X)), torch.tensor(Y)).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    end = Oracle({name: value.numpy() for name, value in net.state_dict().items()})
    return subject, start, end


def test_layers(trained: tuple[TorchSubject, Oracle, Oracle]) -> None:
    subject, start, end = trained
    for moment, oracle in (("initial", start), ("end", end)):
        result = subject.forward(X, moment=moment)  # type: ignore[arg-type]
        expected = oracle.forward(X)
        assert [(one.layer.name, one.layer.kind, one.layer.activation) for one in result.layers] == [
            ("0", "dense", None),
            ("1", "activation", "tanh"),
            ("2", "dense", None),
            ("3", "activation", "relu"),
            ("4", "dense", None),
        ]
        for one, values in zip(result.layers, expected, strict=True):
            np.testing.assert_allclose(one.values, values, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(result.outputs, result.layers[-1].values)
        assert [one.layer.units for one in result.layers] == [7, 7, 6, 6, 1]


def test_loss_and_gradients(trained: tuple[TorchSubject, Oracle, Oracle]) -> None:
    subject, start, end = trained
    for moment, oracle in (("initial", start), ("end", end)):
        assert subject.loss(X, Y, moment=moment) == pytest.approx(oracle.loss(X, Y), rel=1e-5)  # type: ignore[arg-type]
        expected = oracle.gradients(X, Y)
        found = subject.gradients(X, Y, moment=moment)  # type: ignore[arg-type]
        assert {one.name for one in found} == set(expected)
        for one in found:
            assert one.values is not None
            np.testing.assert_allclose(one.values, expected[one.name], rtol=1e-3, atol=1e-7)


def test_the_control_arm_repeats_the_users_training(trained: tuple[TorchSubject, Oracle, Oracle]) -> None:
    subject, start, end = trained
    replay = subject.train(Arm(), Rows(X, Y), seed=0)
    np.testing.assert_allclose(replay.predict(X), end.forward(X)[-1], rtol=1e-3, atol=1e-5)
    oracle = Oracle(start.w)
    oracle.adam(X, Y, 4, 0.02)
    np.testing.assert_allclose(replay.predict(X), oracle.forward(X)[-1], rtol=1e-3, atol=1e-5)
    assert replay.loss[0] == pytest.approx(start.loss(X, Y), rel=1e-5)
    assert replay.link == "sigmoid"


def test_step_and_budget_of_an_arm(trained: tuple[TorchSubject, Oracle, Oracle]) -> None:
    subject, start, _ = trained
    replay = subject.train(Arm(learning_rate_factor=0.1, updates_factor=2.0), Rows(X, Y), seed=0)
    oracle = Oracle(start.w)
    oracle.adam(X, Y, 8, 0.002)
    np.testing.assert_allclose(replay.predict(X), oracle.forward(X)[-1], rtol=1e-3, atol=1e-5)


def test_an_input_transform_belongs_to_the_arm(trained: tuple[TorchSubject, Oracle, Oracle]) -> None:
    subject, start, _ = trained
    transform = InputTransform(X.mean(0), X.std(0))
    replay = subject.train(Arm(inputs=transform), Rows(X, Y), seed=0)
    oracle = Oracle(start.w)
    oracle.adam(transform(X), Y, 4, 0.02)
    np.testing.assert_allclose(replay.predict(X), oracle.forward(transform(X))[-1], rtol=1e-3, atol=1e-5)


def test_first_updates(trained: tuple[TorchSubject, Oracle, Oracle]) -> None:
    subject, start, _ = trained
    oracle = Oracle(start.w)
    oracle.adam(X, Y, 1, 0.02)
    expected = {n: np.linalg.norm(oracle.w[n] - start.w[n]) / np.linalg.norm(start.w[n]) for n in start.w}
    assert dict(subject.trace.updates_to) == pytest.approx(expected, rel=1e-3)


def test_targets_are_transformed_and_transformed_back() -> None:
    y = (100 * X[:, :1] + 500).astype(np.float32)
    torch.manual_seed(0)
    net = nn.Linear(5, 1)
    subject = subject_from_model(
        net, X, y, loss=nn.MSELoss(), optimizer=torch.optim.SGD(net.parameters(), lr=0.1), epochs=300
    )
    targets = InputTransform(y.mean(0), y.std(0))
    scaled = subject.train(Arm(targets=targets), Rows(X, y), seed=0)
    np.testing.assert_allclose(scaled.predict(X), y, rtol=1e-2)


def test_classes_are_numbered() -> None:
    torch.manual_seed(0)
    net = nn.Linear(5, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    subject = subject_from_model(net, X, Y, loss=nn.BCEWithLogitsLoss(), optimizer=optimizer, epochs=3)
    signs = Rows(X, np.where(Y > 0, 1, -1).astype(Y.dtype))
    numbered = subject.train(Arm(labels=(-1.0, 1.0)), signs, seed=0)
    np.testing.assert_array_equal(numbered.predict(X), subject.train(Arm(), Rows(X, Y), seed=0).predict(X))


def test_batch_norm_dropout_and_modes() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    net.train()
    net(torch.tensor(X) * 3)
    subject = subject_from_model(net, X, Y, loss=nn.BCEWithLogitsLoss())
    w = {name: value.numpy().astype(np.float64) for name, value in net.state_dict().items()}
    z = X @ w["0.weight"].T + w["0.bias"]

    def norm(mean: Any, variance: Any) -> Any:
        return (z - mean) / np.sqrt(variance + 1e-5) * w["1.weight"] + w["1.bias"]

    layers = {one.layer.name: one.values for one in subject.forward(X).layers}
    np.testing.assert_allclose(layers["1"], norm(w["1.running_mean"], w["1.running_var"]), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(layers["2"], layers["1"])
    training = {one.layer.name: one.values for one in subject.forward(X, training=True).layers}
    np.testing.assert_allclose(training["1"], norm(z.mean(0), z.var(0)), rtol=1e-3, atol=1e-5)
    assert 0.2 < (training["2"] == 0).mean() < 0.8
    again = {one.layer.name: one.values for one in subject.forward(X, training=True).layers}
    np.testing.assert_array_equal(training["2"], again["2"])
    np.testing.assert_array_equal(subject.buffers()["1.mean"], net[1].running_mean.numpy())
    np.testing.assert_array_equal(subject.buffers()["1.variance"], net[1].running_var.numpy())


class Functional(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Activations as functions, methods and a module used twice; a skip; a product with a bare parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(5, 6), nn.Linear(6, 6), nn.Linear(6, 2)
        self.W = nn.Parameter(torch.randn(6, 6))
        self.b = nn.Parameter(torch.randn(6))
        self.act = nn.ELU()

    def forward(self, x: Any) -> Any:
        h = torch.relu(self.fc1(x))
        h = h + self.act(self.fc2(h))
        h = self.act(h @ self.W + self.b).sigmoid()
        return torch.softmax(self.fc3(h), dim=-1)


def test_functional_activations_carry_the_layer_before_them() -> None:
    torch.manual_seed(0)
    net = Functional()
    subject = subject_from_model(net, X)
    result = subject.forward(X)
    assert [(one.layer.name, one.layer.kind, one.layer.activation) for one in result.layers] == [
        ("fc1", "dense", None),
        ("fc1:relu", "activation", "relu"),
        ("fc2", "dense", None),
        ("act", "activation", "elu"),
        ("fc2:add", "merge", None),
        ("W", "dense", None),
        ("W:elu", "activation", "elu"),
        ("W:sigmoid", "activation", "sigmoid"),
        ("fc3", "dense", None),
        ("fc3:softmax", "activation", "softmax"),
    ]
    layers = {one.layer.name: one for one in result.layers}
    np.testing.assert_allclose(
        layers["W"].values,
        layers["fc2:add"].values @ net.W.detach().numpy() + net.b.detach().numpy(),
        rtol=1e-4,
        atol=1e-5,
    )
    assert layers["W"].layer.parameters == ("W", "b")
    np.testing.assert_allclose(result.outputs, net(torch.tensor(X)).detach().numpy(), rtol=1e-6)


def test_convolutions() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 2))
    images = RNG.normal(size=(6, 1, 8, 8)).astype(np.float32)
    result = subject_from_model(net, images).forward(images)
    assert [one.layer.kind for one in result.layers] == ["conv", "activation", "pool", "reshape", "dense"]
    assert result.layers[0].layer.units == 3
    kernel, bias = net[0].weight.detach().numpy(), net[0].bias.detach().numpy()
    expected = (images[2, 0, 1:4, 4:7] * kernel[1, 0]).sum() + bias[1]
    assert result.layers[0].values[2, 1, 1, 4] == pytest.approx(expected, rel=1e-4)


def test_attention() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Linear(8, 1))
    rows = RNG.normal(size=(5, 3, 4)).astype(np.float32)
    net.eval()
    result = subject_from_model(net, rows).forward(rows)
    with torch.no_grad():
        np.testing.assert_allclose(result.outputs, net(torch.tensor(rows)).numpy(), rtol=1e-3, atol=1e-5)
    assert "attention" in [one.layer.kind for one in result.layers]
    assert all(len(one.values) == 5 for one in result.layers)

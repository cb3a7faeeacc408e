"""What the watcher reads from losses of every make, and whether the replayed loss is the user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.adapters.torch import TorchSubject
from defib.capture.script import watch
from defib.recipe import Arm, InputTransform

Loss = Callable[[Any, Any], Any]


def trained(
    loss_of: Loss, *, outputs: int = 1, labels: str = "binary", head: Any = None, columns: bool = True, steps: int = 6
) -> tuple[TorchSubject, Any, Any, float]:
    """Train a few full batches; the Subject, the rows, the labels, and the loss torch gives at the end."""
    torch.manual_seed(0)
    X = torch.randn(40, 5)
    score = X[:, 0] + 0.3 * X[:, 1]
    y = {
        "binary": (score > 0).float(),
        "value": score,
        "class": (score > 0).long() + (score > 1).long(),
        "sign": torch.sign(score),
        "own": X,
    }[labels]
    if columns and labels in ("binary", "value", "sign"):
        y = y.unsqueeze(1)
    layers = [nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, outputs)] + ([head] if head is not None else [])
    model = nn.Sequential(*layers)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for _ in range(steps):
            optimizer.zero_grad()
            loss_of(model(X), y).backward()
            optimizer.step()
    assert watched.notes == ()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    with torch.no_grad():
        return subject, X, y, float(loss_of(model(X), y))


CASES: dict[str, tuple[Loss, dict[str, Any], tuple[str, str, str]]] = {
    "bce logits module": (nn.BCEWithLogitsLoss(), {}, ("binary_cross_entropy", "logits", "sigmoid")),
    "bce logits functional": (F.binary_cross_entropy_with_logits, {}, ("binary_cross_entropy", "logits", "sigmoid")),
    "bce with pos_weight": (
        nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0])),
        {},
        ("binary_cross_entropy", "logits", "sigmoid"),
    ),
    "bce on a sigmoid head": (
        nn.BCELoss(),
        {"head": nn.Sigmoid()},
        ("binary_cross_entropy", "probabilities", "identity"),
    ),
    "sigmoid in the loss line": (
        lambda p, y: F.binary_cross_entropy(torch.sigmoid(p), y),
        {},
        ("binary_cross_entropy", "logits", "sigmoid"),
    ),
    "hand-made log loss": (
        lambda p, y: -(y * torch.log(p + 1e-8) + (1 - y) * torch.log(1 - p + 1e-8)).mean(),
        {"head": nn.Sigmoid()},
        ("binary_cross_entropy", "probabilities", "identity"),
    ),
    "hand-made log loss on logits": (
        lambda z, y: -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).sum(),
        {},
        ("binary_cross_entropy", "logits", "sigmoid"),
    ),
    "cross entropy": (
        nn.CrossEntropyLoss(),
        {"outputs": 3, "labels": "class"},
        ("sparse_categorical_cross_entropy", "logits", "softmax"),
    ),
    "weighted cross entropy": (
        nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0])),
        {"outputs": 3, "labels": "class"},
        ("sparse_categorical_cross_entropy", "logits", "softmax"),
    ),
    "nll on log_softmax head": (
        F.nll_loss,
        {"outputs": 3, "labels": "class", "head": nn.LogSoftmax(dim=1)},
        ("sparse_categorical_cross_entropy", "log_probabilities", "exp"),
    ),
    "log_softmax in the loss line": (
        lambda z, y: F.nll_loss(F.log_softmax(z, dim=1), y),
        {"outputs": 3, "labels": "class"},
        ("sparse_categorical_cross_entropy", "logits", "softmax"),
    ),
    "one-hot cross entropy by hand": (
        lambda z, y: -(F.one_hot(y, 3).float() * torch.log_softmax(z, 1)).sum(1).mean(),
        {"outputs": 3, "labels": "class"},
        ("sparse_categorical_cross_entropy", "logits", "softmax"),
    ),
    "mse": (nn.MSELoss(), {"labels": "value"}, ("squared_error", "values", "identity")),
    "mse by hand": (lambda p, y: ((p - y) ** 2).mean(), {"labels": "value"}, ("squared_error", "values", "identity")),
    "sum over the batch size": (
        lambda p, y: (y - p).pow(2).sum() / len(p),
        {"labels": "value"},
        ("squared_error", "values", "identity"),
    ),
    "mae": (F.l1_loss, {"labels": "value"}, ("absolute_error", "values", "identity")),
    "huber": (nn.SmoothL1Loss(), {"labels": "value"}, ("huber", "values", "identity")),
    "hinge by hand": (
        lambda p, y: torch.clamp(1 - y * p, min=0).mean(),
        {"labels": "sign"},
        ("hinge", "values", "identity"),
    ),
    "labels shaped in the loss line": (
        lambda p, y: F.mse_loss(p, y.float().view(-1, 1)),
        {"labels": "value", "columns": False},
        ("squared_error", "values", "identity"),
    ),
    "prediction squeezed": (
        lambda p, y: F.binary_cross_entropy_with_logits(p.squeeze(), y),
        {"columns": False},
        ("binary_cross_entropy", "logits", "sigmoid"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_kind_link_and_replay(name: str) -> None:
    loss_of, options, (kind, takes, link) = CASES[name]
    subject, X, y, expected = trained(loss_of, **options)
    facts = subject.recipe.loss
    assert facts is not None
    assert (facts.kind, facts.takes, subject.link) == (kind, takes, link)
    assert subject.training is not None
    np.testing.assert_array_equal(subject.training.y, y.numpy())
    assert subject.loss(X.numpy(), y.numpy()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("loss_of", "activation"),
    [
        (lambda z, y: F.cross_entropy(F.softmax(z, dim=1), y), "softmax"),
        (lambda z, y: F.cross_entropy(F.relu(z), y), "relu"),
    ],
)
def test_an_activation_the_loss_does_not_expect_becomes_part_of_the_model(loss_of: Loss, activation: str) -> None:
    subject, X, y, expected = trained(loss_of, outputs=3, labels="class")
    last = subject.forward(X.numpy()).layers[-1]
    assert last.layer.activation == activation
    assert subject.recipe.loss is not None
    assert subject.recipe.loss.takes == "logits"
    assert subject.loss(X.numpy(), y.numpy()) == pytest.approx(expected, rel=1e-5)


def test_double_sigmoid_in_the_loss_line() -> None:
    subject, X, _, _ = trained(lambda z, y: F.binary_cross_entropy_with_logits(torch.sigmoid(z), y))
    assert [one.layer.activation for one in subject.forward(X.numpy()).layers if one.layer.activation] == [
        "tanh",
        "sigmoid",
    ]


def test_a_broadcast_is_recorded_as_it_met() -> None:
    with pytest.warns(UserWarning, match="target size"):
        subject, _, _, _ = trained(nn.MSELoss(), labels="value", columns=False)
    facts = subject.recipe.loss
    assert facts is not None
    assert (facts.prediction_shape, facts.target_shape, facts.element_shape) == ((40, 1), (40,), (40, 40))


def test_a_hand_made_broadcast_is_recorded_too() -> None:
    subject, X, y, expected = trained(lambda p, y: ((p - y) ** 2).mean(), labels="value", columns=False)
    facts = subject.recipe.loss
    assert facts is not None
    assert facts.kind == "squared_error"
    assert (facts.prediction_shape, facts.target_shape, facts.element_shape) == ((40, 1), (40,), (40, 40))
    assert subject.loss(X.numpy(), y.numpy()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.half, torch.float], ids=["half", "float"])
def test_a_sum_that_a_penalty_rules_is_no_cross_entropy(dtype: Any) -> None:
    """Between draws over many columns it hardly moves, and neither does a cross-entropy: their ratio is constant."""
    torch.manual_seed(0)
    X = torch.rand(50, 64).to(dtype)
    encoder, decoder = nn.Linear(64, 8).to(dtype), nn.Linear(8, 64).to(dtype)
    model = nn.ModuleList([encoder, decoder])
    model.forward = lambda x: (decoder(encoder(x).relu()), encoder(x).relu())
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
        for _ in range(3):
            optimizer.zero_grad()
            restored, code = model(X)
            (((restored - X) ** 2).mean() + code.abs().sum(1).mean()).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert subject.recipe.loss is not None
    assert subject.recipe.loss.kind not in ("binary_cross_entropy", "categorical_cross_entropy")


def test_a_penalty_on_the_weights_is_replayed_on_the_clone() -> None:
    holder: list[Any] = []

    def loss_of(p: Any, y: Any) -> Any:
        return F.mse_loss(p, y) + 0.1 * sum(one.pow(2).sum() for one in holder[0].parameters())

    torch.manual_seed(0)
    X, y = torch.randn(30, 4), torch.randn(30, 1)
    model = nn.Linear(4, 1)
    holder.append(model)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for _ in range(3):
            optimizer.zero_grad()
            loss_of(model(X), y).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    with torch.no_grad():
        assert subject.loss(X.numpy(), y.numpy()) == pytest.approx(float(loss_of(model(X), y)), rel=1e-5)
    gradient = {one.name: one.values for one in subject.gradients(X.numpy(), y.numpy())}
    model.zero_grad()
    loss_of(model(X), y).backward()
    assert gradient["weight"] is not None
    np.testing.assert_allclose(gradient["weight"], model.weight.grad.numpy(), rtol=1e-5)


def test_clipped_probabilities_are_said() -> None:
    clipped, *_ = trained(nn.BCELoss(), head=nn.Sigmoid())
    stable, *_ = trained(nn.BCEWithLogitsLoss())
    assert clipped.recipe.loss is not None
    assert stable.recipe.loss is not None
    assert clipped.recipe.loss.clips_probabilities
    assert not stable.recipe.loss.clips_probabilities


@pytest.mark.parametrize("kind", ["bce", "cross_entropy", "mse"])
def test_a_loss_rebuilt_from_numbers_is_known_by_its_value(kind: str) -> None:
    rng = np.random.default_rng(0)
    X = torch.tensor(rng.normal(size=(24, 3)), dtype=torch.float32)
    ids = torch.tensor(rng.integers(0, 2, 24))
    y = ids if kind == "cross_entropy" else ids.float()
    torch.manual_seed(0)
    model: nn.Module = nn.Linear(3, 2) if kind == "cross_entropy" else nn.Sequential(nn.Linear(3, 1), nn.Flatten(0))
    model = nn.Sequential(model, nn.Sigmoid()) if kind == "bce" else model

    def by_hand(out: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        total = 0.0
        for row, label in zip(out, target, strict=True):
            t = label.item()
            if kind == "bce":
                total -= np.log(row.item() if t else 1 - row.item())
            elif kind == "mse":
                total += (row.item() - t) ** 2
            else:
                total -= float(row.detach().log_softmax(0)[int(t)])
        return torch.tensor(total / len(out), requires_grad=True)

    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        for _ in range(3):
            optimizer.zero_grad()
            loss = by_hand(model(X), y)
            loss.backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    assert subject.training is not None
    assert subject.training.y is not None
    assert subject.loss(subject.training.X, subject.training.y) == pytest.approx(loss.item(), rel=1e-4)
    assert all(one.values is None for one in subject.gradients(subject.training.X, subject.training.y))
    as_recorded = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(as_recorded.predict(X.numpy()), model(X).detach().numpy(), rtol=1e-5)
    learnt = subject.train(Arm(loop="canonical", updates_factor=10), subject.training, seed=0)
    assert learnt.loss[-1] < learnt.loss[0]
    assert any("stands in" in note for note in subject.trace.notes)


@pytest.mark.parametrize(
    "cut",
    [
        lambda out, y: (out, y[: len(out)]),
        lambda out, y: (out[: len(y)], y),
        lambda out, y: (out[:64], y[:64]),
        lambda out, y: (out[:40, :], y[0:40, :]),
    ],
    ids=["labels", "outputs", "longer than the batch", "with a second axis"],
)
def test_a_cut_that_took_the_whole_batch_takes_any_batch(cut: Any) -> None:
    subject, X, y, loss = trained(lambda out, y: F.mse_loss(*cut(out, y)), labels="value")
    assert subject.loss(X.numpy(), y.numpy()) == pytest.approx(loss, rel=1e-5)
    twice = subject.loss(torch.cat([X, X]).numpy(), torch.cat([y, y]).numpy())
    assert twice == pytest.approx(loss, rel=1e-5)


def test_rows_that_are_their_own_labels_are_scaled_as_labels_alone() -> None:
    subject, X, _, _ = trained(lambda out, y: F.mse_loss(out, y), outputs=5, labels="own")
    assert subject.training is not None
    halved = Arm(targets=InputTransform(np.array(0.0), np.array(2.0), "halved"))
    plain, scaled = (subject.train(arm, subject.training, seed=0).loss[0] for arm in (Arm(), halved))
    with torch.no_grad():
        out = torch.tensor(subject.forward(X.numpy(), moment="initial").outputs)
    assert plain == pytest.approx(float(F.mse_loss(out, X)), rel=1e-4)
    assert scaled == pytest.approx(float(F.mse_loss(out, X / 2)), rel=1e-4)

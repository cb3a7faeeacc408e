"""Networks that take their rows only together: whatever is asked about some rows is what they give among all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.adapters.torch import TorchSubject
from defib.capture.script import watch
from defib.examine import measure_all
from defib.probes.reference import SignalFacts
from defib.recipe import Arm, InputTransform
from defib.subject import NotAvailable, Rows

N: Final = 60
Made = tuple[TorchSubject, Any, Callable[[], Any], Any, Any]
"""Subject, the user's module, what it gives for all rows, labels, numbers of the rows in the loss."""


def graph() -> tuple[Any, Any, Any]:
    """Features of which several nodes have the same, the normalized adjacency, classes."""
    torch.manual_seed(0)
    y = torch.randint(0, 3, (N,))
    near = torch.where(y[:, None] == y[None, :], 0.3, 0.03)
    adjacency = ((torch.rand(N, N) < near).float() + torch.eye(N)).clamp(max=1)
    adjacency = ((adjacency + adjacency.T) > 0).float()
    return F.one_hot(y, 4).float() * torch.randint(0, 3, (N, 1)), adjacency / adjacency.sum(1, keepdim=True), y


class Dense(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Takes the adjacency, dense or sparse, as an argument."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.first, self.last = nn.Linear(4, 8), nn.Linear(8, 3)

    def forward(self, x: Any, adjacency: Any) -> Any:
        """Two rounds."""
        return adjacency @ self.last(torch.relu(adjacency @ self.first(x)))


class Edges(nn.Module):  # type: ignore[misc]
    """Adds up along an edge list."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.first, self.last = nn.Linear(4, 8), nn.Linear(8, 3)

    def forward(self, x: Any, edges: Any) -> Any:
        """Two rounds."""
        for layer in (self.first, self.last):
            x = layer(x)
            x = torch.zeros_like(x).index_add_(0, edges[1], x[edges[0]]) / torch.bincount(edges[1])[:, None]
            x = torch.relu(x) if layer is self.first else x
        return x


class Attends(nn.Module):  # type: ignore[misc]
    """Every row looks at every other."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.first, self.last = nn.Linear(4, 8), nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        """One round of attention over the set."""
        x = self.first(x)
        return self.last(x + torch.softmax(x @ x.T / 8**0.5, dim=1) @ x)


def trained(how: str, picks: str) -> Made:
    """Train a few full batches as ``how`` takes the graph and the loss ``picks`` its rows."""
    X, A, y = graph()
    made: dict[str, tuple[Any, tuple[Any, ...]]] = {
        "dense": (Dense(), (A,)),
        "sparse": (Dense(), (A.to_sparse(),)),
        "edges": (Edges(), (A.nonzero().T,)),
        "attention": (Attends(), ()),
    }
    net, rest = made[how]
    picked: Any = torch.rand(N) < 0.5
    numbers = np.flatnonzero(picked.numpy())
    if picks == "numbers":
        picked = torch.randperm(N)[:30]
        numbers = np.sort(picked.numpy())
    elif picks == "slice":
        picked, numbers = slice(0, 30), np.arange(30)
    elif picks == "numpy":
        picked = numbers
    before = y[picked].clone()
    with watch() as watched:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            out = net(X, *rest)
            F.cross_entropy(out[picked], before if picks == "numbers" else y[picked]).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            net(X, *rest)
    assert watched.notes == ()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    return subject, net, lambda: net(X, *rest), y, numbers


ALL = [("dense", one) for one in ("mask", "numbers", "slice", "numpy")]


@pytest.mark.parametrize(("how", "picks"), [*ALL, ("sparse", "mask"), ("edges", "numbers"), ("attention", "mask")])
def test_some_rows_give_what_they_give_among_all(how: str, picks: str) -> None:
    subject, net, answers, y, counted = trained(how, picks)
    assert subject.rows_together
    assert subject.training is not None
    assert subject.training.y is not None
    assert len(subject.training) == len(counted)
    assert np.array_equal(subject.training.y, y[counted])
    out = answers()
    some = slice(None, None, 3)
    given = subject.forward(subject.training.X[some])
    np.testing.assert_allclose(given.outputs, out.detach()[counted[some]], rtol=1e-4, atol=1e-6)
    assert {len(one.values) for one in given.layers} == {len(counted[some])}
    net.zero_grad()
    loss = F.cross_entropy(out[counted], y[counted])
    assert subject.loss(subject.training.X, subject.training.y) == pytest.approx(float(loss.detach()), rel=1e-4)
    loss.backward()
    expected = {name: one.grad for name, one in net.named_parameters()}
    for one in subject.gradients(subject.training.X, subject.training.y):
        assert one.values is not None
        np.testing.assert_allclose(one.values, expected[one.name], rtol=1e-3, atol=1e-5)


def test_rows_that_the_loss_leaves_out_are_held_out() -> None:
    subject, _, answers, y, counted = trained("dense", "mask")
    others = np.setdiff1d(np.arange(N), counted)
    assert subject.held_out is not None
    assert subject.held_out.y is not None
    assert np.array_equal(subject.held_out.y, y[others])
    assert subject.prediction is not None
    assert subject.prediction_outputs is not None
    np.testing.assert_allclose(subject.prediction_outputs, answers().detach()[others], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(subject.forward(subject.held_out.X).outputs, subject.prediction_outputs, rtol=1e-4)


def test_labels_that_came_picked_say_nothing_of_other_rows() -> None:
    assert trained("dense", "numbers")[0].held_out is None


@pytest.mark.parametrize("picks", ["mask", "numbers"])
def test_a_clone_trains_as_the_program_did(picks: str) -> None:
    subject, _, answers, _, _ = trained("edges", picks)
    assert subject.training is not None
    assert subject.can_train(Arm()) is None
    again = subject.train(Arm(), subject.training, seed=0)
    rows = subject.prediction or subject.training
    others = np.asarray(answers().detach())[rows.X.numbers]  # type: ignore[attr-defined]
    np.testing.assert_allclose(again.predict(rows.X), others, rtol=1e-3, atol=1e-5)


def test_a_transform_of_the_rows_is_made_for_all_of_them() -> None:
    """Half as large features are what the network would have seen, its neighbours' included."""
    subject, net, _, _, counted = trained("dense", "mask")
    assert subject.training is not None
    halved = Arm(inputs=InputTransform(np.zeros(4), np.full(4, 2.0)), stop_after=0)
    X, A, _ = graph()
    net.load_state_dict({name: torch.as_tensor(one) for name, one in (subject.captured.initial or {}).items()})
    expected = net(X / 2, A).detach()[counted]
    given = subject.train(halved, subject.training, seed=0).predict(subject.training.X)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-6)


def test_strangers_have_no_place_among_the_rows() -> None:
    subject = trained("dense", "mask")[0]
    with pytest.raises(NotAvailable, match="rows of the whole"):
        subject.forward(np.ones((3, 4), np.float32))


def test_every_probe_can_read_it() -> None:
    book = measure_all(trained("edges", "mask")[0])
    assert book.failed == {}
    assert not [one for one in book.missing.values() if "rows of the whole" in one]


def test_a_network_that_draws_numbers_is_none_of_these() -> None:
    torch.manual_seed(0)
    X, net = torch.randn(30, 3), nn.Linear(3, 1)
    net.forward = lambda x: F.dropout(x, 0.5) @ net.weight.T + net.bias
    with watch() as watched:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.mse_loss(net(X), X[:, :1]).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert not subject.rows_together


def in_the_graph_alone(*, known: bool) -> TorchSubject:
    """Every node's features are its own name: what its class is, only its neighbours tell (or nothing does)."""
    torch.manual_seed(0)
    y = torch.arange(90) % 2
    near = (torch.rand(90, 90) < torch.where(y[:, None] == y[None, :], 0.3, 0.02)).float() + torch.eye(90)
    near = near / near.sum(1, keepdim=True)
    labels = y if known else y[torch.randperm(90)]
    first, last = nn.Linear(90, 16), nn.Linear(16, 2)
    net = nn.Sequential(first, nn.Linear(16, 16), nn.ReLU(), last)
    net.forward = lambda x: last(near @ torch.relu(near @ first(x)))
    with watch() as watched:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(net(torch.eye(90))[:60], labels[:60]).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    return subject


def test_signal_that_only_the_neighbours_hold_is_seen() -> None:
    assert measure_all(in_the_graph_alone(known=True)).get(SignalFacts).has_signal


def test_without_signal_nothing_is_claimed_of_a_graph() -> None:
    book = measure_all(in_the_graph_alone(known=False))
    assert "how the rows hang together" in book.missing[SignalFacts]


def test_rows_that_a_mask_only_picks_stand_alone() -> None:
    """A network of rows that do not see each other: the loss's mask picks its rows, the others are held out."""
    torch.manual_seed(0)
    X = torch.randn(40, 3)
    y = (X[:, :1] > 0).float()
    train = torch.rand(40) < 0.6
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    with watch() as watched:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(net(X)[train], y[train]).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert not subject.rows_together
    assert subject.training is not None
    assert len(subject.training) == int(train.sum())
    trained_again = subject.train(Arm(), Rows(subject.training.X, subject.training.y), seed=0)
    np.testing.assert_allclose(trained_again.predict(X.numpy()), net(X).detach(), rtol=1e-3, atol=1e-5)


def test_of_more_rows_than_are_kept_the_network_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("defib.capture.torch_rows.MAX_ROWS", 40)
    X, adjacency, y = graph()
    model = Dense()
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(4):
            optimizer.zero_grad()
            F.cross_entropy(model(X, adjacency.to_sparse()), y).backward()
            optimizer.step()
        with torch.no_grad():
            model(X, adjacency.to_sparse())
    (subject,) = watched.subjects()
    assert "takes its rows only together, and of 60 only 40 were kept" in " ".join(subject.trace.notes)
    with pytest.raises(NotAvailable, match="all 60 rows"):
        subject.forward(X[:2].numpy())
    assert subject.can_train(Arm()) is not None
    book = measure_all(subject)
    assert book.failed == {}
    assert "all 60 rows, which the network takes together" in book.missing.values()

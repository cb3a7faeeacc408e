"""Losses over pairs, triplets and views: their steps are repeated, and judged by pairs that were held out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from defib.adapters.torch.paired import TorchPaired
from defib.capture.script import watch
from defib.examine import measure_all
from defib.probes.pairs import PairFacts
from defib.recipe import Arm
from defib.trials.engine import SerialEngine
from defib.trials.paired import engine_of_pairs

RNG = np.random.default_rng(0)
IDS = RNG.integers(0, 3, 200)
X = torch.tensor(RNG.normal(size=(200, 6)) + 3 * np.eye(3, 6)[IDS], dtype=torch.float32)
Draw = Callable[[], tuple[Any, ...]]


def some(n: int = 32) -> Any:
    return RNG.integers(0, 200, n)


def other(i: Any, *, same: bool) -> Any:
    return np.array([RNG.choice(np.flatnonzero((IDS[k] == IDS) == same)) for k in i])


def view(x: Any) -> Any:
    return x + 0.3 * torch.randn_like(x)


def contrastive(net: Any, turned: float = 0.0) -> Any:
    i, j = some(), some()
    label = torch.tensor(np.abs((IDS[i] == IDS[j]) - turned), dtype=torch.float32)
    distance = F.pairwise_distance(net(X[i]), net(X[j]))
    return (label * distance**2 + (1 - label) * F.relu(1 - distance) ** 2).mean()


def of_unlike(net: Any) -> Any:
    """A label of 1 says that they differ."""
    i, j = some(), some()
    label = torch.tensor(IDS[i] != IDS[j]).float()
    distance = F.pairwise_distance(net(X[i]), net(X[j]))
    return ((1 - label) * distance**2 + label * F.relu(1 - distance) ** 2).mean()


def cosines(net: Any) -> Any:
    i, j = some(), some()
    label = torch.tensor(np.where(IDS[i] == IDS[j], 1.0, -1.0))
    return F.cosine_embedding_loss(net(X[i]), net(X[j]), label, margin=0.2)


def triplets(net: Any) -> Any:
    i = some()
    return F.triplet_margin_loss(net(X[i]), net(X[other(i, same=True)]), net(X[other(i, same=False)]), margin=0.5)


def negative_first(net: Any) -> Any:
    i = some()
    far, near, anchor = net(X[other(i, same=False)]), net(X[other(i, same=True)]), net(X[i])
    return F.relu((anchor - near).norm(dim=1) - (anchor - far).norm(dim=1) + 0.5).mean()


def info_nce(net: Any) -> Any:
    i = some()
    a, b = (F.normalize(net(view(X[i])), dim=1) for _ in range(2))
    return F.cross_entropy(a @ b.T / 0.2, torch.arange(32))


def without_brakes(net: Any) -> Any:
    i = some()
    a, b = (F.normalize(net(view(X[i])), dim=1) for _ in range(2))
    return -(a * b).sum(1).mean()


def trained(loss_of: Callable[[Any], Any], updates: int = 150, rate: float = 0.01) -> Any:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4))
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters(), lr=rate)
        for _ in range(updates):
            loss = loss_of(net)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            net(X)
    (subject,) = watched.subjects()
    return subject


@pytest.mark.parametrize(
    ("loss_of", "together", "same"),
    [
        (contrastive, (0, 1), 1.0),
        (of_unlike, (0, 1), 0.0),
        (cosines, (0, 1), 1.0),
        (triplets, (0, 1), None),
        (negative_first, (1, 2), None),
        (info_nce, (0, 1), None),
    ],
)
def test_what_the_loss_wants_alike(loss_of: Any, together: Any, same: float | None) -> None:
    """Asked of the loss itself: neither the order of the calls nor what the labels mean is taken for granted."""
    subject = trained(loss_of)
    paired = subject.paired
    assert isinstance(paired, TorchPaired)
    assert paired.partners.together == together
    assert paired.partners.same == same
    facts = measure_all(subject, skip=("reference",)).get(PairFacts)
    assert facts.tells
    assert facts.skill.value > 0.6
    engine = engine_of_pairs(paired, 0)
    assert isinstance(engine, SerialEngine)
    assert engine.run(Arm(), 0, np.inf).recovered


def test_no_member_of_a_held_out_pair_is_trained_on() -> None:
    paired = trained(triplets, updates=60).paired
    parts = paired.parted(0)
    assert parts is not None
    fit, held = (np.asarray(one.X).reshape(-1, 6) for one in parts)
    known = {row.tobytes() for row in np.ascontiguousarray(fit)}
    assert not any(row.tobytes() in known for row in np.ascontiguousarray(held))


def test_a_loss_without_brakes_is_mended_by_a_term_that_spreads() -> None:
    subject = trained(without_brakes, rate=0.05)
    engine = engine_of_pairs(subject.paired, 0)
    assert isinstance(engine, SerialEngine)
    assert engine.run(Arm(), 0, np.inf).flat
    assert engine.run(Arm().with_edit("part"), 0, np.inf).recovered


def consistency(net: Any) -> Any:
    """Labels of single rows, and other rows beside them: nobody's partners."""
    i, j = some(), some()
    return F.cross_entropy(net(X[i]), torch.tensor(IDS[i])) + 0.1 * (net(X[j]) - net(view(X[j]))).pow(2).mean()


def test_rows_that_are_no_partners_make_no_pairs() -> None:
    subject = trained(consistency)
    assert subject.paired is None or subject.paired.partners.together == (1, 2)


def test_labels_turned_around_are_not_learnt() -> None:
    """On blobs, rows of one class cannot be kept apart and those of others brought together."""
    subject = trained(lambda net: contrastive(net, turned=1.0))
    assert not measure_all(subject, skip=("reference",)).get(PairFacts).tells

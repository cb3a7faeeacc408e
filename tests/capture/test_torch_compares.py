"""Losses over pairs and triplets: embeddings that they bring to one point, and such that they keep apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from defib.adapters.torch.choices import one_kind
from defib.capture.script import watch
from defib.catalogue import load
from defib.examine import measure_all
from defib.interventions.table import all_interventions
from defib.probes.embeddings import EmbeddingFacts
from defib.probes.outputs import SymptomFacts

RNG = np.random.default_rng(0)
IDS = RNG.integers(0, 3, 120)
X = torch.tensor(RNG.normal(size=(120, 6)) + 2 * np.eye(3, 6)[IDS], dtype=torch.float32)


class Pair(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Both members go through one encoder."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, a: Any, b: Any) -> Any:
        return self.encoder(a), self.encoder(b)


def trained(*, differing: bool, whole: bool) -> Any:
    """On pairs of one class, and, if ``differing``, of two; ``whole``: a network of pairs, or one called twice."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4))
    model = Pair(encoder) if whole else encoder
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
        for _ in range(100):
            first = RNG.integers(0, 120, 32)
            second = RNG.integers(0, 120, 32)
            same = torch.tensor(IDS[first] == IDS[second]).float() if differing else torch.ones(32)
            a, b = model(X[first], X[second]) if whole else (encoder(X[first]), encoder(X[second]))
            distance = F.pairwise_distance(a, b)
            loss = (same * distance**2 + (1 - same) * F.relu(1 - distance) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    (subject,) = watched.subjects()
    return subject


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("differing", [True, False])
def test_one_point(differing: bool, whole: bool) -> None:
    subject = trained(differing=differing, whole=whole)
    assert subject.compares_rows
    found = measure_all(subject, skip=("reference",))
    assert found.get(EmbeddingFacts).together is not differing
    assert found.get(SymptomFacts).symptom.is_flat is not differing
    assert load("DF306").assess(found).verdict == ("ruled_out" if differing else "supported")
    interventions = all_interventions()
    assert interventions["part-embeddings"].applies(found) is None
    assert interventions["lower-kl"].applies(found) is not None
    if not differing:
        assert load("DF506").assess(found).verdict == "ruled_out"  # more steps would only bring them closer
        assert any("pairs of the first batch have the label 1" in one for one in subject.trace.notes) == whole


def test_one_kind_of_pairs() -> None:
    assert one_kind(torch.zeros(9)) == ("all 9 pairs of the first batch have the label 0",)
    assert not one_kind(torch.eye(9)[0])
    assert not one_kind(torch.zeros(3))
    assert not one_kind(None)


def test_two_towers_are_no_pair() -> None:
    """A user's and an item's network answer for different things: their product is held against a label."""
    torch.manual_seed(0)
    user, item = nn.Linear(6, 4), nn.Linear(6, 4)
    with watch() as watched:
        optimizer = torch.optim.Adam([*user.parameters(), *item.parameters()], lr=0.01)
        for _ in range(20):
            i, j = RNG.integers(0, 120, 32), RNG.integers(0, 120, 32)
            score = (user(X[i]) * item(X[j])).sum(1)
            loss = F.binary_cross_entropy_with_logits(score, torch.tensor(IDS[i] == IDS[j]).float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert not subject.compares_rows


def test_two_views_and_two_networks() -> None:
    """Encoder and predictor under a loss of cosines without a stop: the encoder, asked alone, is what is looked at."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 8))
    predictor = nn.Linear(8, 8)
    with watch() as watched:
        optimizer = torch.optim.Adam([*encoder.parameters(), *predictor.parameters()], lr=0.05)
        for _ in range(150):
            x = X[RNG.integers(0, 120, 32)]
            z = [encoder(x + 0.3 * torch.randn_like(x)) for _ in range(2)]
            p = [predictor(one) for one in z]
            loss = -(F.cosine_similarity(p[0], z[1]) + F.cosine_similarity(p[1], z[0])).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        encoder.eval()
        with torch.no_grad():
            encoder(X)
    (subject,) = watched.subjects()
    assert subject.name == "Sequential"
    assert subject.recipe.optimizer is not None
    found = measure_all(subject, skip=("reference",))
    assert found.get(EmbeddingFacts).together
    assert load("DF306").assess(found).verdict == "supported"


def all_pairs(z: Any, ids: Any) -> Any:
    """Supervised contrastive: rows of one class towards each other, all others away."""
    together = (ids[:, None] == ids[None]).float().fill_diagonal_(0)
    scores = (F.normalize(z, dim=1) @ F.normalize(z, dim=1).T / 0.2).fill_diagonal_(-1e9)
    return -(together * F.log_softmax(scores, dim=1)).sum(1).div(together.sum(1).clamp(min=1)).mean()


def other_views(z: Any, ids: Any) -> Any:
    """Each row's other view among all: labels that count the batch."""
    return F.cross_entropy(torch.cdist(z, z.flip(0)).neg(), torch.arange(len(z)))


def classes_and_pairs(z: Any, ids: Any) -> Any:
    """Classes of single rows, and a penalty on how alike their outputs are."""
    return F.cross_entropy(z, ids) + 0.01 * (z @ z.T).pow(2).mean()


def classes_and_columns(z: Any, ids: Any) -> Any:
    """Classes of single rows, and columns that are to be uncorrelated."""
    return F.cross_entropy(z, ids) + 0.01 * (z.T @ z).pow(2).mean()


@pytest.mark.parametrize(
    ("loss", "compares"),
    [(all_pairs, True), (other_views, True), (classes_and_pairs, False), (classes_and_columns, False)],
)
@pytest.mark.parametrize("parts", [1, 2])
def test_all_rows_of_a_batch(loss: Any, compares: bool, parts: int) -> None:
    torch.manual_seed(0)
    body, head = nn.Sequential(nn.Linear(6, 16), nn.ReLU()), nn.Linear(16, 4)
    model = nn.Sequential(body, head)
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(10):
            for start in range(0, 120, 24):
                rows = slice(start, start + 24)
                optimizer.zero_grad()
                z = model(X[rows]) if parts == 1 else head(body(X[rows]))
                loss(z, torch.tensor(IDS[rows])).backward()
                optimizer.step()
    (subject,) = watched.subjects()
    assert subject.compares_rows is compares
    assert subject.training is not None
    assert (subject.training.y is None) is compares
    assert any("all rows of a batch" in note for note in subject.trace.notes) is compares

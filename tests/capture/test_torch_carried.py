"""Batches that carry their labels, and masks, past the network: they are no inputs."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from defib.capture.script import watch
from defib.recipe import Arm, InputTransform

RNG = np.random.default_rng(0)
X = torch.tensor(RNG.normal(size=(120, 5)), dtype=torch.float32)
Y = (X[:, 0] + X[:, 1] > 0).long()


@dataclass
class Batch:
    """As torchtext had them."""

    features: Any
    label: Any


def field(batch: Any, name: str) -> Any:
    return batch[name] if hasattr(batch, "keys") else getattr(batch, name)


class Reader(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Takes the whole batch and reads the features, or its label as well."""

    def __init__(self, *, label: bool = False) -> None:
        super().__init__()
        self.label = label
        self.head = nn.Linear(5 + label, 2)

    def forward(self, batch: Any) -> Any:
        features = field(batch, "features")
        if self.label:
            features = torch.cat([features, field(batch, "label").float()[:, None]], 1)
        return self.head(features)


MAKERS: dict[str, Callable[..., Any]] = {
    "dictionary": dict,
    "tokenizer's": lambda **entries: UserDict(entries),
    "dataclass": Batch,
    "object": SimpleNamespace,
}


def subject_of(
    model: nn.Module, make: Callable[..., Any], *, own: Callable[[Any], Any] = lambda y: y, picks: bool = False
) -> Any:
    """Two epochs of a program whose loss takes the label out of the batch, or something made of it before the call."""
    torch.manual_seed(0)
    train = torch.arange(20) < 15
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            for start in range(0, 120, 20):
                more = {"train": train} if picks else {}
                batch = make(features=X[start : start + 20], label=Y[start : start + 20], **more)
                y = own(field(batch, "label"))
                optimizer.zero_grad()
                out = model(batch)
                if picks:
                    loss = F.cross_entropy(out[field(batch, "train")], y[field(batch, "train")])
                else:
                    loss = F.cross_entropy(out, y)
                loss.backward()
                optimizer.step()
        model.eval()
        with torch.no_grad():
            model(make(features=X, label=Y, **({"train": torch.ones(120).bool()} if picks else {})))
    (subject,) = watched.subjects()
    return subject


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_the_label_in_a_batch_is_no_input(make: Callable[..., Any]) -> None:
    subject = subject_of(Reader(), make)
    assert np.array_equal(subject.training.X[:20], X[:20].numpy())
    assert np.array_equal(subject.training.y[:20].ravel(), Y[:20].numpy())
    assert np.array_equal(subject.prediction.X, X.numpy())
    assert np.array_equal(subject.prediction.y.ravel(), Y.numpy())
    scaled = subject.train(Arm(inputs=InputTransform(np.zeros(5), np.full(5, 2.0))), subject.training, seed=0)
    assert scaled.predict(X.numpy()).shape == (120, 2)


def test_a_label_that_the_program_turned_before_the_call_is_no_input_either() -> None:
    subject = subject_of(Reader(), dict, own=lambda y: y.clone())
    assert subject.training.X.shape[1:] == (5,)


def test_a_mask_that_the_loss_picks_rows_with_is_none() -> None:
    subject = subject_of(Reader(), dict, picks=True)
    assert subject.training.X.shape[1:] == (5,)
    assert set(np.unique(subject.training.y)) <= {0, 1}


def test_a_label_that_the_network_reads_stays_one_of_its_inputs() -> None:
    subject = subject_of(Reader(label=True), dict)
    assert subject.training.X.shape[1:] == (6,)

"""Bags of token ids, all in one line with where each row begins, as `torch.nn.EmbeddingBag` takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters.torch.bags import as_bags, is_bags, rows_of_bags
from defib.capture.script import watch
from defib.catalogue import load
from defib.examine import measure_all
from defib.probes.inputs import InputFacts
from defib.probes.outputs import SymptomFacts
from defib.recipe import Arm

RNG = np.random.default_rng(0)


class Classifier(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """The mean of a row's embeddings, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(12, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, text: Any, offsets: Any) -> Any:
        return self.head(self.bag(text, offsets))


def texts(n: int, *, known: bool) -> tuple[list[Any], Any]:
    """Rows of 2 to 6 ids; the first one tells the class, unless no word is known."""
    y = RNG.integers(0, 2, n)
    rows = [np.append(RNG.integers(1, 10, RNG.integers(1, 6)), 10 + one) for one in y]
    return [torch.tensor(row if known else 0 * row) for row in rows], torch.tensor(y)


def bagged(rows: list[Any]) -> tuple[Any, Any]:
    return torch.cat(rows), torch.tensor([0, *[len(one) for one in rows[:-1]]]).cumsum(0)


def trained(*, known: bool) -> tuple[Any, Any, Any]:
    torch.manual_seed(0)
    model = Classifier()
    rows, y = texts(240, known=known)
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(6):
            for start in range(0, 160, 20):
                optimizer.zero_grad()
                out = model(*bagged(rows[start : start + 20]))
                nn.functional.cross_entropy(out, y[start : start + 20]).backward()
                optimizer.step()
        model.eval()
        with torch.no_grad():
            served = model(*bagged(rows[160:])).numpy()
    (subject,) = watched.subjects()
    return subject, rows, served


def test_rows_are_bags() -> None:
    subject, rows, served = trained(known=True)
    X = np.asarray(subject.training.X)
    assert X.shape == (160, 6)
    assert [one[one >= 0].tolist() for one in X] == [one.tolist() for one in rows[:160]]
    assert np.allclose(subject.forward(subject.prediction.X).outputs, served, atol=1e-6)
    assert np.array_equal(subject.prediction_outputs, served)
    one_by_one = [np.asarray(subject.forward(X[i : i + 1]).outputs) for i in range(5)]
    assert np.allclose(np.concatenate(one_by_one), np.asarray(subject.forward(X[:5]).outputs), atol=1e-6)
    assert subject.training.y is not None
    clone = subject.train(Arm(), subject.training, seed=0)
    found = np.asarray(clone.predict(X)).argmax(axis=1)
    assert (found == np.asarray(subject.training.y)).mean() > 0.9


def test_words_that_are_all_unknown() -> None:
    subject, _, _ = trained(known=False)
    found = measure_all(subject, skip=("reference",))
    assert found.get(SymptomFacts).symptom.is_flat
    assert found.get(InputFacts).only_ids == (0, -1)
    assessment = load("DF102").assess(found)
    assert assessment.verdict == "supported"
    assert "hold two ids alone, 0 and behind it -1" in assessment.because


def test_there_and_back() -> None:
    rows = np.array([[4, 4, 7], [2, -1, -1], [-1, -1, -1], [3, 1, -1]])
    ids, offsets = as_bags(torch.tensor(rows), (torch.int64, torch.int64))
    assert (ids.tolist(), offsets.tolist()) == ([4, 4, 7, 2, 3, 1], [0, 3, 4, 4])
    assert np.array_equal(rows_of_bags(ids.numpy(), offsets.numpy()), rows)


@pytest.mark.parametrize(
    ("ids", "offsets", "n_rows"),
    [
        ([1, 2, 3], [0, 1, 2], 3),  # two columns of a table
        ([1, 2, 3, 4], [1, 2], 2),  # begins behind the first id
        ([1, 2, 3, 4], [0, 2], 3),  # as many outputs as there are no bags
        ([1, 2, 3, 4], [0, 9], 2),
        ([1, 2, 3, 4, 5], [0, 3, 2], 3),
    ],
)
def test_other_whole_numbers_are_no_bags(ids: list[int], offsets: list[int], n_rows: int) -> None:
    assert not is_bags([torch.tensor(ids), torch.tensor(offsets)], [torch.zeros(n_rows, 2)])
    assert is_bags([torch.tensor([1, 2, 3]), torch.tensor([0, 2])], [torch.zeros(2, 2)])

"""Labels that are scaled, or shifted, between the batch and the predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.capture.script import watch
from tests.capture.test_torch_losses import trained


@pytest.mark.parametrize(
    ("loss", "scale"),
    [
        (lambda p, y: F.mse_loss(p, y / 0.01), 100.0),
        (lambda p, y: ((p - (y - 1) / 0.5) ** 2).mean() * 0.5, 2.0),
        (lambda p, y: F.mse_loss(p * 3, y * 3), 1.0),
        (lambda p, y: F.mse_loss(p, y), 1.0),
    ],
    ids=["divided", "by hand", "both of them", "as it is"],
)
def test_the_label_is_what_meets_the_predictions(loss: Any, scale: float) -> None:
    subject, _, y, value = trained(loss, labels="value")
    assert subject.training is not None
    assert subject.training.y is not None
    assert np.ptp(subject.training.y) == pytest.approx(scale * float(y.max() - y.min()), rel=1e-5)
    (again,) = subject.losses_of([subject.forward(subject.training.X).outputs], subject.training.X, subject.training.y)
    assert again == pytest.approx(value, rel=1e-4)


def test_classes_that_are_smoothed_are_left_to_the_loss() -> None:
    subject, _, y, _ = trained(lambda p, y: F.binary_cross_entropy_with_logits(p, y * 0.9 + 0.05))
    assert subject.training is not None
    np.testing.assert_array_equal(subject.training.y, y.numpy())


def test_a_last_batch_of_few_rows_is_read_as_the_others() -> None:
    torch.manual_seed(0)
    X, model = torch.randn(35, 3), nn.Linear(3, 1)
    y = 300 + 20 * X[:, :1]
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for rows in torch.arange(35).split(16):
            loss = F.mse_loss(model(X[rows]), (y[rows] - 300) / 20)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert subject.training is not None
    assert subject.training.y is not None
    np.testing.assert_allclose(subject.training.y, X[:, :1].numpy(), atol=1e-4)


class Writer(nn.Module):  # type: ignore[misc]
    """Says the next token, and shifts its labels by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.head = nn.Embedding(9, 6), nn.Linear(6, 9)

    def forward(self, tokens: Any, labels: Any) -> Any:
        logits = self.head(self.table(tokens))
        return F.cross_entropy(logits[:, :-1].reshape(-1, 9), labels[:, 1:].reshape(-1)), logits


def test_tokens_that_are_their_own_labels_are_no_labels_of_their_places() -> None:
    torch.manual_seed(0)
    tokens, model = torch.randint(0, 9, (40, 7)), Writer()
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for _ in range(4):
            loss, _ = model(tokens, labels=tokens.clone())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    (subject,) = watched.subjects()
    assert subject.training is not None
    assert subject.training.y is None
    assert any("its labels are its own input" in note for note in subject.trace.notes)

"""Predictions that the program squashes once more than the model does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters.torch import TorchSubject
from defib.capture.script import watch
from defib.causes.double_activation import CAUSE
from defib.examine import measure_all
from defib.probes.head import HeadFacts
from defib.probes.outputs import SymptomFacts
from tests.causes.books import FLAT, HEAD, book, collapsed

Serve = Callable[[Any, Any], Any]


def served(head: nn.Module | None, criterion: Any, score: Serve, *, grad: bool = False) -> TorchSubject:
    rng = np.random.default_rng(0)
    X = torch.tensor(rng.normal(size=(120, 3)), dtype=torch.float32)
    y = (X[:, :1] > 0).float()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 1), *([] if head is None else [head]))
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(40):
            for start in range(0, 80, 20):
                optimizer.zero_grad()
                criterion(model(X[start : start + 20]), y[start : start + 20]).backward()
                optimizer.step()
        model.eval()
        with torch.set_grad_enabled(grad):
            score(model, X[80:])
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    return subject


@pytest.mark.parametrize("grad", [False, True])
def test_a_sigmoid_on_probabilities(grad: bool) -> None:
    seen: list[Any] = []

    def score(model: Any, X: Any) -> None:
        seen.append(torch.sigmoid(model(X).squeeze(1)).detach().numpy())

    subject = served(nn.Sigmoid(), nn.BCELoss(), score, grad=grad)
    assert subject.prediction_squashed == ("sigmoid",)
    found = measure_all(subject, skip=("reference",))
    assert found.get(HeadFacts).squashed_again_at_prediction == 1
    symptom = found.get(SymptomFacts).symptom
    assert symptom.prediction_spread == pytest.approx(seen[0].std(), rel=1e-4)
    assert symptom.pattern == "one_class"
    assert found.get(SymptomFacts).user_outputs_match
    assert CAUSE.assess(found).verdict == "supported"


@pytest.mark.parametrize(
    ("head", "criterion", "score"),
    [
        (None, nn.BCEWithLogitsLoss(), lambda model, X: torch.sigmoid(model(X))),
        (nn.Sigmoid(), nn.BCELoss(), lambda model, X: model(X) > 0.5),
        (None, lambda z, y: nn.functional.binary_cross_entropy(z.sigmoid(), y), lambda m, X: m(X).sigmoid()),
        (nn.Sigmoid(), nn.BCELoss(), lambda model, X: nn.functional.softmax(model(X), dim=1)),
    ],
    ids=["logits", "probabilities", "sigmoid in the loss", "softmax"],
)
def test_predictions_squashed_once(head: Any, criterion: Any, score: Serve) -> None:
    found = measure_all(served(head, criterion, score), skip=("reference",))
    assert found.get(HeadFacts).squashed_again_at_prediction == 0
    assert found.get(SymptomFacts).symptom.pattern == "varied"
    assert CAUSE.assess(found).verdict == "ruled_out"


def test_the_loss_is_named_where_it_squashes_too() -> None:
    head = replace(HEAD, activations_before_loss=2, squashed_again_at_prediction=1, loss="BCEWithLogitsLoss")
    found = CAUSE.assess(book(head, collapsed(replace(FLAT, pattern="one_class"))))
    assert found.verdict == "supported"
    assert "BCEWithLogitsLoss" in found.because


@pytest.mark.parametrize("modes", [(True, False), (False, True)])
@pytest.mark.parametrize("by_row", [False, True])
def test_rows_asked_in_both_modes(modes: tuple[bool, bool], by_row: bool) -> None:
    seen: dict[bool, list[Any]] = {True: [], False: []}

    def score(model: Any, X: Any) -> None:
        turns = [(part, mode) for part in X.split(2) for mode in modes] if by_row else [(X, mode) for mode in modes]
        for rows, mode in turns:
            model.train(mode)
            seen[mode].append(model(rows).detach().numpy())

    subject = served(nn.BatchNorm1d(1), nn.BCEWithLogitsLoss(), score)
    assert subject.serving_calls is not None
    assert not subject.serving_calls.in_training_mode
    assert subject.prediction is not None
    assert len(subject.prediction) == 40
    assert np.allclose(np.ravel(subject.prediction_outputs), np.concatenate(seen[False]).ravel())  # type: ignore[arg-type]
    assert any("in training mode, too" in note for note in subject.trace.notes) == modes[1]

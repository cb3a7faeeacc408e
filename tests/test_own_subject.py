"""A Subject of one's own: the page's code runs, and `check_subject` finds what does not hold to the contract."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import defib
from defib.adapters.numpy import NumpySubject, draw, trained_subject
from defib.testing import check_subject

PAGE = Path(__file__).resolve().parents[1] / "docs" / "own-subject.md"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(float)


def test_the_code_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    scope: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(block, scope)
    shown = capsys.readouterr().out
    assert "my network (own)" in shown
    assert "unscaled-inputs" in shown
    assert "'the weights'" in shown
    assert "network (numpy)" in shown


class Fine(defib.Subject):
    """The least there can be."""

    training = defib.Rows(X, Y)

    def forward(self, X: Any, *, moment: Any = "end", training: bool = False) -> defib.ForwardPass:
        out = np.asarray(X).sum(axis=1, keepdims=True)
        return defib.ForwardPass(out, (defib.LayerOutput(defib.Layer("sum", "other"), out),))


def test_the_least_subject_is_diagnosed() -> None:
    found = defib.diagnose(Fine())
    assert found.framework == "own"
    assert not [note for note in found.notes if "broke inside" in note]
    assert check_subject(Fine()) == (
        *("the initial weights", "the weights", "the loss", "the gradients of the loss"),
        "trials (this Subject does not say how the model is trained)",
    )


class NoRows(Fine):
    training = None  # type: ignore[assignment]


class Flat(Fine):
    def forward(self, X: Any, *, moment: Any = "end", training: bool = False) -> defib.ForwardPass:
        return defib.ForwardPass(np.zeros(3), ())


class Random(Fine):
    def forward(self, X: Any, *, moment: Any = "end", training: bool = False) -> defib.ForwardPass:
        return defib.ForwardPass(np.random.default_rng().normal(size=(len(X), 1)), ())


class Draws(Fine):
    def forward(self, X: Any, *, moment: Any = "end", training: bool = False) -> defib.ForwardPass:
        np.random.rand()
        return defib.ForwardPass(np.zeros((len(X), 1)), ())


class Unordered(Fine):
    def forward(self, X: Any, *, moment: Any = "end", training: bool = False) -> defib.ForwardPass:
        layer = defib.LayerOutput(defib.Layer("sum", "other"), np.ones((len(X), 1)))
        return defib.ForwardPass(np.zeros((len(X), 1)), (layer,))


class Moves(Fine):
    def __init__(self) -> None:
        self.weights = np.zeros(2)

    def parameters(self) -> tuple[defib.Parameter, ...]:
        self.weights = self.weights + 1
        return (defib.Parameter("w", "sum", None, self.weights, trainable=True, in_optimizer=None),)


class OtherGradients(Fine):
    def gradients(self, X: Any, y: Any, *, moment: Any = "end") -> tuple[defib.Gradient, ...]:
        return (defib.Gradient("w", np.zeros(2)),)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (NoRows, "NoRows.training is None"),
        (Flat, "gave outputs of shape (3,)"),
        (Random, "gave other outputs the second time"),
        (Draws, "NumPy's random state changed"),
        (Unordered, "the last layer sum does not hold the outputs"),
        (Moves, "its weights changed"),
        (OtherGradients, "gradients(X, y) gave {'w': (2,)}"),
    ],
)
def test_what_does_not_fit_is_said_in_three_beats(kind: type[defib.Subject], says: str) -> None:
    with pytest.raises(defib.ModelError) as caught:
        check_subject(kind())
    assert caught.value.slug == "broken-subject"
    assert says in caught.value.came
    assert caught.value.expected
    assert caught.value.write


def test_the_oracle_holds_to_the_contract() -> None:
    subject = trained_subject(draw((3, 4, 1), ("tanh", "sigmoid"), seed=0), X, Y, loss="bce", n_updates=20)
    assert isinstance(subject, NumpySubject)
    assert check_subject(subject) == ()


def test_a_model_without_rows_is_refused() -> None:
    with pytest.raises(defib.ModelError, match="unknown-model"):
        defib.diagnose(object(), X, Y)
    with pytest.raises(defib.InputError, match="no-rows"):
        defib.diagnose(object())

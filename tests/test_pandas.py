"""Rows and labels as DataFrames and Series, through every way in that takes them: the same rows, and their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from html import unescape
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

import defib
from defib.capture.sklearn_fit import SklearnWatcher
from defib.capture.torch_loop import TorchWatcher
from defib.causes import disconnected_input, nan_inputs
from defib.named_columns import column_names, named_as
from defib.probes.columns import ColumnScales
from defib.probes.inputs import InputFacts
from defib.reporters import html, json, markdown
from defib.reporters.html_view import input_chart
from defib.subject import Rows
from tests.adapters.keras_models import load, mlp
from tests.capture.test_keras_fit import watched

pytestmark = [pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")]
NAMES = ("rooms", "age", "area")


def table(n: int = 60) -> tuple[pd.DataFrame, pd.Series]:
    """The area is in the thousands; the index is that of a table that was filtered before."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=list(NAMES), index=np.arange(n)[::-1] * 2)
    y = (X["rooms"] + X["age"] > 0).astype(int)
    X["area"] = X["area"] * 900 + 3000
    return X, y


def keras_subject() -> Any:
    X, y = table()
    model = mlp(load("keras"))

    def program() -> None:
        model.fit(X[:40], y[:40], epochs=2, verbose=0, validation_data=(X[40:], y[40:]))
        model.evaluate(X[40:], y[40:], verbose=0)
        model.predict(X[40:], verbose=0)

    return watched(program)[0]


def sklearn_subject() -> Any:
    from sklearn.neural_network import MLPClassifier

    X, y = table()
    watcher = SklearnWatcher()
    watcher.attach()
    try:
        model = MLPClassifier((4,), max_iter=3, random_state=0, solver="sgd").fit(X[:40], y[:40])
        model.predict_proba(X[40:])
    finally:
        watcher.detach()
    (subject,) = watcher.subjects()
    return subject


def torch_subject() -> Any:
    import torch

    X, y = table()
    rows, labels = torch.tensor(X.values, dtype=torch.float32), torch.tensor(y.to_numpy(), dtype=torch.float32)
    watcher = TorchWatcher()
    watcher.attach()
    try:
        net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
        optimizer, criterion = torch.optim.SGD(net.parameters(), 1e-4), torch.nn.BCEWithLogitsLoss()
        for _ in range(3):
            optimizer.zero_grad()
            criterion(net(rows[:40])[:, 0], labels[:40]).backward()
            optimizer.step()
        with torch.no_grad():
            net(rows[40:])
    finally:
        watcher.detach()
    (subject,) = watcher.subjects()
    return subject


@pytest.mark.parametrize(
    ("made", "named"),
    [(keras_subject, True), (sklearn_subject, True), (torch_subject, False)],
    ids=["keras", "sklearn", "torch"],
)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_the_rows_of_a_program_are_those_of_the_table(made: Callable[[], Any], named: bool) -> None:
    X, y = table()
    subject = made()
    np.testing.assert_allclose(subject.training.X, X[:40].to_numpy(), rtol=1e-6)
    np.testing.assert_array_equal(np.ravel(subject.training.y), y[:40])
    np.testing.assert_allclose(subject.prediction.X, X[40:].to_numpy(), rtol=1e-6)
    assert subject.training.columns == (NAMES if named else ())


def in_memory(kind: str) -> tuple[Any, dict[str, Any]]:
    X, y = table()
    if kind == "keras":
        model = mlp(load("keras"))
        model.fit(X, y, epochs=1, verbose=0)
        return model, {}
    if kind == "sklearn":
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier((4,), max_iter=2, random_state=0, solver="sgd", learning_rate_init=0.5).fit(X, y), {}
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    return net, {"recipe": defib.Recipe(torch.nn.BCEWithLogitsLoss(), optimizer, epochs=2, batch_size=20)}


@pytest.mark.parametrize("kind", ["keras", "sklearn", "torch"])
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_model_in_memory_takes_a_table_as_it_takes_its_cells(kind: str) -> None:
    X, y = table()
    before = (X.copy(deep=True), y.copy(deep=True))
    model, more = in_memory(kind)
    from_table = defib.diagnose(model, X, y, X_predict=X[:20], trials=False, **more)
    if kind == "sklearn":
        del model.feature_names_in_  # or scikit-learn warns about cells without names
    cells = defib.diagnose(model, X.to_numpy(), y.to_numpy(), X_predict=X[:20].to_numpy(), trials=False, **more)
    assert [one.name for one in from_table.causes] == [one.name for one in cells.causes]
    assert from_table.symptom == cells.symptom
    pd.testing.assert_frame_equal(X, before[0])
    pd.testing.assert_series_equal(y, before[1])


def test_the_worst_column_is_told_by_its_name() -> None:
    X, y = table(200)
    model = mlp(load("keras"), hidden="relu")
    model.fit(X, y, epochs=3, verbose=0)
    diagnosis = defib.diagnose(model, X, y, trials=False)
    assert "column 2 'area'" in " ".join(str(diagnosis).split())
    for render in (html.render, json.render, markdown.render):
        assert "column 2 'area'" in unescape(" ".join(render([diagnosis]).split()))
    with pytest.raises(AssertionError, match="column 2 'area'"):
        defib.testing.assert_not_flat(model, X, y)


FACTS = InputFacts(40, 3, "tabular", 3000.0, 900.0, 1.0, 3100.0, 900.0, 3.0, 2, 0, 0.0, 40, 5, 5, 0, False, NAMES, (1,))


def test_other_causes_name_columns_too() -> None:
    assert nan_inputs._named(FACTS) == " (in column 1 'age')"
    assert nan_inputs._named(dataclasses.replace(FACTS, columns=())) == " (in column 1)"
    from defib.probes.reach import ReachFacts

    facts = ReachFacts(False, None, 3, ((0, 0), (2, 2)))
    assert disconnected_input._stretches(facts, NAMES) == "columns 0 'rooms', 2 'area' of 3"
    assert disconnected_input._stretches(facts, ()) == "columns 0, 2 of 3"


def test_the_chart_of_the_columns_shows_their_names() -> None:
    scales = ColumnScales(np.ones(3), np.ones(3), np.zeros(3), np.ones(3), NAMES)

    class Seen:
        evidence: ClassVar[dict[str, Any]] = {"ColumnScales": scales}

    chart = input_chart(Seen())  # type: ignore[arg-type]
    assert chart is not None
    assert "column 2 'area': mean" in unescape(str(chart["chart"].svg))


def test_names_are_only_kept_where_the_cells_are_those_of_the_table() -> None:
    X, _ = table()
    assert column_names(X) == NAMES
    assert column_names(pd.DataFrame(np.ones((2, 2)))) == ()
    scaled = Rows((X.to_numpy() - 3) / 2)
    assert named_as(scaled, X) is scaled
    named = named_as(Rows(X.to_numpy().astype(np.float32)), X)
    assert named is not None
    assert named.columns == NAMES

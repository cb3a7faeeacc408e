"""Whatever defib looks at stays as it was: every probe on every adapter, then a whole diagnosis with its trials."""

from __future__ import annotations

import pickle
import random
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network._multilayer_perceptron import BaseMultilayerPerceptron
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from defib.adapters import subject_of
from defib.adapters.keras import subject_from_model
from defib.diagnose import diagnose_subject
from defib.evidence import Missing
from defib.examine import measure_all
from defib.probes import ORDER, all_probes
from defib.recipe import Recipe
from defib.subject import NotAvailable, Subject
from tests.adapters.keras_models import FLAVORS, assert_same, door, load, snapshot
from tests.adapters.test_torch_no_trace import fingerprint, session

ADAPTERS = ("torch", "sklearn", *FLAVORS)
Looked = tuple[Subject, Any]
"""The Subject, and a function that takes the fingerprint of all that belongs to the user."""
OF_OTHER_PROGRAMS = 6
"""Probes at most that this program has nothing for: a loss over pairs, embeddings, weights that are loaded, ..."""


def torch_subject() -> Looked:
    subject, *things = session()
    return subject, lambda: fingerprint(*things)


def keras_subject(flavor: str) -> Looked:
    from dataclasses import replace

    keras = load(flavor)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(48, 3)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.float32)
    layers = keras.layers
    model = keras.Sequential(
        [
            door(keras, 3),
            layers.Dense(4, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.layers[0].trainable = False
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    initial = [np.array(v.numpy()) for v in model.weights]
    model.fit(X, y, epochs=2, batch_size=16, verbose=0)
    subject = subject_from_model(model, X, y, X_predict=X[:10] + 1, epochs=2, batch_size=16)
    subject.captured = replace(subject.captured, initial=initial)
    return subject, lambda: {"X": X.tobytes(), "y": y.tobytes(), **snapshot(keras, model)}


def sklearn_subject() -> Looked:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(48, 3))
    y = np.where(X[:, 0] > 0, "yes", "no")
    pipe = make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=20, random_state=0, n_iter_no_change=30))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged
        pipe.fit(X, y)
    subject = subject_of(pipe, X, y, X_predict=X[:10] + 1, recipe=Recipe())
    return subject, lambda: {
        "arrays": X.tobytes() + X[:10].tobytes() + y.tobytes(),
        "pipeline": pickle.dumps(pipe),
        "random": pickle.dumps((np.random.get_state(), random.getstate())),
        "class": [repr(MLPClassifier.__dict__), repr(BaseMultilayerPerceptron.__dict__)],
    }


def looked_at(adapter: str) -> Looked:
    if adapter == "sklearn":
        return sklearn_subject()
    return torch_subject() if adapter == "torch" else keras_subject(adapter)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_no_probe_leaves_a_trace(adapter: str) -> None:
    subject, mark = looked_at(adapter)
    book = measure_all(subject)
    for probe in all_probes():
        before = mark()
        try:
            probe.measure(subject, book)
        except (Missing, NotAvailable):  # said under "not assessed"; it must not leave a trace either
            assert probe.gives in book.missing
        assert_same(before, mark())
    assert len(book.found) >= len(ORDER) - OF_OTHER_PROGRAMS, book.missing


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_no_diagnosis_leaves_a_trace(adapter: str, capsys: pytest.CaptureFixture[str]) -> None:
    subject, mark = looked_at(adapter)
    capsys.readouterr()
    before = mark()
    diagnosis = diagnose_subject(subject, budget=2)
    assert_same(before, mark())
    assert diagnosis.trials
    assert capsys.readouterr().out == ""

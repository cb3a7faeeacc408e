"""The distribution of the outputs, against counts made one by one."""

from __future__ import annotations

import numpy as np
import pytest

from defib.adapters.numpy import draw, trained_subject
from defib.examine import measure_all
from defib.probes.histograms import BINS, OutputHistograms
from defib.subject import Layer, Rows
from tests.probes.fakes import FakeSubject

X = np.random.default_rng(0).normal(size=(50, 3))


def counted(values: list[float], edges: tuple[float, ...]) -> list[int]:
    """One value at a time."""
    found = [0] * (len(edges) - 1)
    for value in values:
        place = next((at for at in range(len(found)) if edges[at] <= value < edges[at + 1]), len(found) - 1)
        found[place] += 1
    return found


def test_probabilities_are_counted_between_0_and_1() -> None:
    subject = trained_subject(draw((3, 5, 1), ("tanh", "sigmoid"), 1), X, (X[:, 0] > 0).astype(float), n_updates=5)
    facts = measure_all(subject, skip=("reference",)).get(OutputHistograms)
    values = np.asarray(subject.forward(X).outputs).ravel()
    (column,) = facts.columns
    assert facts.edges == pytest.approx([index / BINS for index in range(BINS + 1)])
    assert list(column.predicted) == counted(values.tolist(), facts.edges)
    assert column.predicted_mean == pytest.approx(float(values.mean()))
    assert (facts.n_predicted, facts.n_trained, column.trained, column.trained_mean) == (50, 0, (), None)


def test_both_paths_on_the_same_edges_and_values_against_the_targets() -> None:
    """Values are laid out between the ends of outputs and targets: a constant is small against those."""
    identity = [(Layer("out", "dense"), lambda values: values[:, :1])]
    rows = np.array([[0.5], [0.5], [2.0]])
    subject = FakeSubject(identity, rows, np.array([-3.0, 7.0, 1.0]), prediction=Rows(np.full((4, 1), 0.25)))
    facts = measure_all(subject, skip=("reference",)).get(OutputHistograms)
    (column,) = facts.columns
    assert (facts.edges[0], facts.edges[-1]) == (-3.0, 7.0)
    assert list(column.trained) == counted([0.5, 0.5, 2.0], facts.edges)
    assert list(column.predicted) == counted([0.25] * 4, facts.edges)
    assert (facts.n_predicted, facts.n_trained) == (4, 3)


def test_one_value_everywhere_gets_room() -> None:
    identity = [(Layer("out", "dense"), lambda values: values[:, :1])]
    subject = FakeSubject(identity, np.full((5, 1), 40.0))
    facts = measure_all(subject, skip=("reference",)).get(OutputHistograms)
    assert (facts.edges[0], facts.edges[-1]) == (20.0, 60.0)
    assert sum(facts.columns[0].predicted) == 5


def test_what_is_no_number_is_not_counted() -> None:
    identity = [(Layer("out", "dense"), lambda values: values[:, :1])]
    subject = FakeSubject(identity, np.array([[0.5], [np.nan], [0.25]]))
    assert measure_all(subject, skip=("reference",)).get(OutputHistograms).n_predicted == 2
    nothing = FakeSubject(identity, np.full((3, 1), np.nan))
    assert measure_all(nothing, skip=("reference",)).missing[OutputHistograms] == "outputs that are numbers"

"""What a constant's value points to: the measured table, row by row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from defib import pointers
from defib.pointers import points_to
from defib.read_symptom import read_symptom
from defib.symptom import Skill
from tests.reporters import samples

N = 200
RNG = np.random.default_rng(0)
Y = RNG.permutation(np.arange(N) < 60).astype(int)


@pytest.mark.parametrize(
    ("outputs", "y", "code"),
    [
        (np.full(N, np.nan), None, "DF103"),
        (np.ones((N, 1)), Y, "DF301"),
        (np.full(N, Y.mean()), Y, "DF401"),
        (np.full(N, 0.5), Y, "DF601"),
        (np.full((N, 4), 0.25), None, "DF601"),
        (np.full(N, 0.4), Y, "DF503"),
    ],
)
def test_constants(outputs: np.ndarray, y: np.ndarray | None, code: str) -> None:
    found = points_to(read_symptom(outputs, y=y))
    assert found is not None
    assert code in found.codes[:2]


@pytest.mark.parametrize("name", pointers.BY_VALUE)
def test_every_trivial_predictor_has_a_row(name: str) -> None:
    assert points_to(replace(samples.FLAT, equals=name)) is pointers.BY_VALUE[name]


def test_varied_outputs_point_nowhere_unless_they_know_nothing() -> None:
    assert points_to(samples.VARIED) is None
    assert points_to(replace(samples.VARIED, skill=None)) is None
    unskilled = replace(samples.VARIED, skill=Skill("gini", 0.0, (-0.1, 0.1), 100, "held_out"))
    found = points_to(unskilled)
    assert found is not None
    assert "DF901" in found.codes


def test_other_patterns() -> None:
    assert points_to(replace(samples.FLAT, pattern="one_class")) is pointers.ONE_CLASS
    assert points_to(replace(samples.FLAT, pattern="few_values")) is pointers.FEW
    assert points_to(replace(samples.FLAT, equals=None, constant=(0.9,))) is pointers.ELSEWHERE
    regression = replace(samples.FLAT, equals=None, constant=(0.55,), output_kind="value", prior=(0.6,))
    assert points_to(regression) is pointers.ELSEWHERE

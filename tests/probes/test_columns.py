"""Column scales against a slow loop."""

from __future__ import annotations

import math

import numpy as np
import pytest

from defib.probes.columns import column_scales


def slow(X: np.ndarray) -> list[tuple[float, float, float, float]]:
    """Mean, sd (1 if constant), minimum, maximum of each column, by hand."""
    answers = []
    for column in X.reshape(len(X), -1).T:
        values = [float(v) for v in column if math.isfinite(v)]
        if not values:
            answers.append((0.0, 1.0, 0.0, 0.0))
            continue
        mean = math.fsum(values) / len(values)
        sd = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))
        answers.append((mean, 1.0 if min(values) == max(values) else sd, min(values), max(values)))
    return answers


@pytest.mark.parametrize("shape", [(40, 3), (25, 4, 4, 1), (30, 5, 2), (7,)])
def test_against_a_loop(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(300.0, 5.0, size=shape)
    X.reshape(len(X), -1)[:, 0] = 0.1  # constant, and not exact in binary
    X.reshape(len(X), -1)[2, -1] = np.nan
    X.reshape(len(X), -1)[3, -1] = np.inf
    found = column_scales(X)
    assert found.mean.shape == shape[1:]
    for field, k in (("mean", 0), ("sd", 1), ("minimum", 2), ("maximum", 3)):
        expected = np.array([row[k] for row in slow(X)]).reshape(shape[1:])
        np.testing.assert_allclose(getattr(found, field), expected, rtol=1e-9, err_msg=field)


def test_a_column_without_a_number() -> None:
    found = column_scales(np.full((4, 1), np.nan))
    assert (found.mean[0], found.sd[0], found.minimum[0], found.maximum[0]) == (0.0, 1.0, 0.0, 0.0)


def test_integers_and_booleans() -> None:
    assert column_scales(np.array([[0], [255]], dtype=np.uint8)).sd[0] == 127.5
    assert column_scales(np.array([[True], [False]])).mean[0] == 0.5

"""Rows of two ids: what the ids do together is found, and nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from defib.measures.skill import r2
from defib.probes.factors import factors, id_pairs

RNG = np.random.default_rng(3)
PAIRS = np.array([(u, f) for u in range(60) for f in range(40)])[RNG.permutation(2400)]
TASTE, KIND = RNG.normal(size=(60, 2)), RNG.normal(size=(40, 2))


@pytest.mark.parametrize(("signal", "least", "most"), [(1.0, 0.6, 1.0), (0.0, -0.6, 0.05)])
def test_a_product_of_two_ids(signal: float, least: float, most: float) -> None:
    y = signal * (TASTE[PAIRS[:, 0]] * KIND[PAIRS[:, 1]]).sum(axis=1, keepdims=True)
    y = 5 + y + 0.3 * RNG.normal(size=(2400, 1))
    ids = id_pairs(PAIRS)
    assert ids is not None
    found = factors(ids[:1600], y[:1600], ids[1600:])
    assert least < r2(found, y[1600:]) < most


def test_what_is_no_pair_of_ids_that_come_again() -> None:
    assert id_pairs(np.arange(40).reshape(20, 2)) is None
    assert id_pairs(np.zeros((50, 3))) is None

"""What a learning-rate schedule amounts to, against a sum over every single update."""

from __future__ import annotations

import numpy as np
import pytest

from .test_training import facts


@pytest.mark.parametrize("gamma", [0.5, 0.9, 1.1])
def test_full_updates_are_the_sum_of_the_rates(gamma: float) -> None:
    rates = 0.1 * gamma ** np.arange(50)
    one = facts(n_updates=50, rates=tuple((i / 50, float(rate)) for i, rate in enumerate(rates)))
    assert one.largest_rate == rates.max()
    assert one.last_rate == rates[-1]
    assert one.full_updates == pytest.approx(rates.sum() / rates.max())
    assert one.tiny_rate_share == pytest.approx((rates < 0.01 * rates.max()).mean())


def test_a_rate_that_never_changed() -> None:
    for rates in ((), ((0.0, 0.1),), ((0.0, 0.0), (0.5, 0.0)), ((0.0, 0.1), (0.5, float("nan")))):
        one = facts(n_updates=50, rates=rates)
        assert (one.largest_rate, one.full_updates, one.tiny_rate_share) == (None, None, 0.0)

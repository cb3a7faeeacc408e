"""Re-pairings: which rows meet which labels, and when a shift would prove nothing."""

from __future__ import annotations

import numpy as np
import pytest

from defib.measures.series import overlapping
from defib.probes.pairings import in_file_order, re_pairings
from defib.probes.reference import find_signal


def test_rows_elsewhere_leave_gaps() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.permutation(40)[:25]
    order, places = in_file_order(drawn)
    rows, labels = rng.normal(size=(40, 3)), np.arange(40.0)
    found = {words: (left, right) for words, left, right in re_pairings(
        rows[drawn][order], labels[drawn][order][:, None], places, classes=False
    )}  # fmt: skip
    left, right = found["labels shifted by -2 rows"]
    expected = sorted((p, p - 2) for p in drawn.tolist() if p - 2 in drawn)
    assert list(zip(places[left].tolist(), labels[drawn][order][right].tolist(), strict=True)) == expected
    left, right = found["labels in reverse order"]
    assert (places[left] + places[right] == places[0] + places[-1]).all()


@pytest.mark.parametrize("share", [1.0, 0.75])
def test_a_shift_is_found_under_a_shuffle(share: float) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 4))
    y = np.roll(X[:, 0] + 0.3 * rng.normal(size=400) > 0, 1).astype(float)
    drawn = rng.permutation(400)[: int(400 * share)]
    lost = find_signal(X[drawn], y[drawn][:, None], "auc", "tabular")
    known = find_signal(X[drawn], y[drawn][:, None], "auc", "tabular", places=(np.roll(drawn, 7), drawn))
    assert lost.repaired_pairing is None
    assert known.repaired_pairing == "labels shifted by 1 row"


@pytest.mark.parametrize(("features", "stride"), [(1, 1), (3, 1), (1, 2)])
def test_windows_of_a_series_overlap(features: int, stride: int) -> None:
    rng = np.random.default_rng(2)
    series = rng.normal(size=(600, features))
    starts = range(0, 580, stride)
    windows = np.array([series[i : i + 12] for i in starts])
    assert overlapping(windows, np.arange(len(windows)))
    assert overlapping(windows[:, ::-1], np.arange(len(windows)))
    up = np.array([series[i + 12, 0] > 0 for i in starts], dtype=float)
    assert find_signal(windows, up[:, None], "auc", "sequence").repaired_pairing is None


def test_slow_columns_are_a_series_and_unordered_rows_are_not() -> None:
    rng = np.random.default_rng(3)
    walk = np.cumsum(rng.normal(size=(300, 4)), axis=0)
    assert overlapping(walk, np.arange(300))
    table = np.column_stack([np.arange(300.0), rng.normal(size=(300, 3))])
    assert not overlapping(table, np.arange(300))
    assert not overlapping(np.zeros((300, 64)), np.arange(300))
    assert not overlapping((rng.random((300, 64)) < 0.05).astype(float), np.arange(300))
    assert not overlapping(walk, np.arange(300) * 2)

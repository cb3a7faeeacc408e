"""The sample of training rows, the length of an epoch, the order."""

from __future__ import annotations

import numpy as np
import pytest

from defib.capture.torch_rows import KEPT_ROWS, MAX_BYTES, MAX_ROWS, RowStore, evenly, row_keys


def feed(store: RowStore, X: np.ndarray, y: np.ndarray, batch: int, orders: list[np.ndarray]) -> None:
    for order in orders:
        for start in range(0, len(order), batch):
            index = order[start : start + batch]
            if store.closed:
                return
            if store.wants_rows:
                store.add(X[index], y[index])
            else:
                store.skip(X[index])


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("n", "batch"), [(40, 10), (43, 10), (40, 40), (7, 3)])
def test_epochs_are_found(n: int, batch: int, shuffle: bool) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, 3)), rng.integers(0, 2, n)
    orders = [rng.permutation(n) if shuffle else np.arange(n) for _ in range(3)]
    store = RowStore()
    feed(store, X, y, batch, orders)
    assert (store.period_rows, store.period_batches) == (n, -(-n // batch))
    assert store.shuffled is (None if n == batch else shuffle)
    found = store.finish()
    assert found is not None
    np.testing.assert_array_equal(found[0], X[orders[0]])
    np.testing.assert_array_equal(found[1], y[orders[0]])


def test_constant_rows_need_their_labels() -> None:
    rng = np.random.default_rng(0)
    X, y = np.ones((60, 3)), rng.integers(0, 5, 60)
    store = RowStore()
    feed(store, X, y, 10, [rng.permutation(60) for _ in range(6)])
    assert store.period_rows == 60


def test_rows_that_never_come_again() -> None:
    rng = np.random.default_rng(0)
    store = RowStore()
    feed(store, rng.normal(size=(500, 2)), np.zeros(500), 10, [np.arange(500)])
    found = store.finish()
    assert found is not None
    assert len(found[0]) == 500
    assert store.never_repeated
    assert store.period_rows is None


def test_a_sampler_with_replacement_gives_each_row_once() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 2)), np.arange(50)
    store = RowStore()
    feed(store, X, y, 10, [rng.integers(0, 50, 2000)])
    found = store.finish()
    assert found is not None
    labels = found[1].tolist()  # type: ignore[union-attr]
    assert len(set(labels)) == len(labels) == store.period_rows
    assert len(labels) >= 45
    assert store.sampled


def test_many_rows_are_sampled_evenly_and_their_number_is_known() -> None:
    n = 3 * KEPT_ROWS
    X, y = np.arange(n, dtype=np.float64)[:, None], np.arange(n) // (n // 10)
    store = RowStore()
    feed(store, X, y, 1000, [np.arange(n)] * 2)
    assert store.period_rows == n
    assert store.shuffled is False
    found = store.finish()
    assert found is not None
    assert len(found[0]) <= MAX_ROWS
    assert np.bincount(found[1]).min() > 0.05 * len(found[1])  # type: ignore[arg-type]


def test_keys_differ_between_rows_and_not_between_copies() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 7))
    keys = row_keys(X)
    assert len(set(keys.tolist())) == 5000
    np.testing.assert_array_equal(keys, row_keys(X.copy()))
    tokens = rng.integers(0, 3, size=(300, 5))
    assert len(set(row_keys(tokens).tolist())) == len({tuple(row) for row in tokens.tolist()})


def test_wide_rows_are_bounded_in_bytes() -> None:
    chosen = evenly(1000, 2**20, 64 * 2**20)
    assert chosen is not None
    assert (len(chosen), chosen[0], chosen[-1]) == (64, 0, 999)
    assert evenly(64, 2**20, 64 * 2**20) is None
    wide = np.zeros((5, MAX_BYTES // 4), dtype=np.uint8)
    store = RowStore()
    store.add(wide, np.arange(5))
    kept = [X for _, X, _ in store.batches]
    assert sum(X.nbytes for X in kept) <= MAX_BYTES
    assert [y.tolist() for _, _, y in store.batches if y is not None] == [[0, 1, 2, 4]]


def test_keys_of_many_rows_are_made_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(size=(95, 3))
    whole = row_keys(X)
    monkeypatch.setattr("defib.capture.torch_rows.HASHED_AT_ONCE", 10)
    np.testing.assert_array_equal(row_keys(X), whole)


def test_bootstrapped_batches_give_each_row_once() -> None:
    """A row that is drawn twice must not stand on both sides of a split."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    store = RowStore()
    feed(store, X, np.arange(80), 80, [rng.integers(0, 80, 80) for _ in range(30)])
    found = store.finish()
    assert found is not None
    assert len(found[0]) == len(set(row_keys(found[0]).tolist()))
    assert 60 < len(found[0]) <= 80


def test_batches_that_hold_one_row_under_several_labels_are_counted() -> None:
    """A collate function that takes the first row for all; batches of one class are no such ones."""
    rng = np.random.default_rng(0)
    store, sorted_by_class = RowStore(), RowStore()
    for k in range(40):
        row = rng.normal(size=(1, 3))
        store.add(np.repeat(row, 8, axis=0), rng.permutation(8) % 2)
        sorted_by_class.add(np.repeat(row, 8, axis=0), np.full(8, k % 2))
    assert store.of_one_row == 1.0
    assert sorted_by_class.of_one_row is None
    found = store.finish()
    assert found is not None
    assert len(found[0]) == 320  # the copies are what is wrong: none is left out
    plain = RowStore()
    feed(plain, rng.normal(size=(80, 3)), np.arange(80), 8, [np.arange(80)])
    assert plain.of_one_row == 0.0

"""Weights that a callback put back, and rows with NaN among more than are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from defib.capture.keras_rows import RowStore
from tests.adapters.keras_models import FLAVORS, load, mlp, rows
from tests.capture.test_keras_fit import watched


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def fitted(keras: Any, mode: str, **settings: Any) -> tuple[Any, list[Any]]:
    X, y = rows(40)
    model = mlp(keras)
    kept: list[Any] = []

    class Keep(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            kept.append([v.numpy() for v in self.model.weights])

    stop = keras.callbacks.EarlyStopping("loss", mode=mode, patience=2, restore_best_weights=True, **settings)
    subject, _ = watched(
        lambda: model.fit(X, y, epochs=6, batch_size=8, verbose=0, callbacks=[Keep(), stop], shuffle=False)
    )
    return subject, kept


def test_the_epoch_that_was_put_back_is_noted_and_replayed(keras: Any) -> None:
    subject, kept = fitted(keras, "max")  # the loss falls: the largest is the first epoch's
    assert len(kept) == 3
    assert subject.trace.restored_epoch == 1
    assert subject.trace.restored_by == "EarlyStopping, the largest loss"
    assert subject.captured.epochs == 1
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(kept[0], subject.captured.model.weights, strict=True))


def test_the_last_epoch_kept_is_nothing_put_back(keras: Any) -> None:
    subject, kept = fitted(keras, "min")
    assert len(kept) == 6
    assert subject.trace.restored_epoch is None
    assert subject.captured.epochs == 6


def test_a_sample_of_many_rows_shows_the_one_with_nan() -> None:
    X = np.zeros((50_001, 2))
    X[:, 0] = np.arange(len(X))
    X[30_000, 1] = np.nan
    store = RowStore()
    store.add_arrays(X, None, None)
    kept = store.rows()
    assert kept is not None
    assert len(kept) == 20_000
    assert np.flatnonzero(np.isnan(kept.X).any(axis=1)).size == 1
    assert np.all(np.diff(kept.X[:, 0]) > 0)

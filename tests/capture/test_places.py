"""Rows found again in the program's arrays, against the order they were drawn in."""

from __future__ import annotations

import numpy as np
import pytest

from defib.capture.places import places_of


@pytest.fixture
def table() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(300, 5)) * [1, 10, 1e3, 1e-3, 1] + [0, 5, 1e4, 0, -3]


def test_a_split_is_found_in_the_whole(table: np.ndarray) -> None:
    drawn = np.random.default_rng(1).permutation(300)[:200]
    (places,) = places_of(table[drawn].astype(np.float32), [table[drawn][:50], table])
    np.testing.assert_array_equal(places, drawn)


@pytest.mark.parametrize("how", ["z", "range", "one factor"])
def test_a_scaled_split_is_found_in_the_whole(table: np.ndarray, how: str) -> None:
    drawn = np.random.default_rng(2).permutation(300)[:200]
    part = table[drawn]
    ways = {
        "z": (part - part.mean(0)) / part.std(0),
        "range": (part - part.min(0)) / np.ptp(part, axis=0),
        "one factor": part / 255.0,
    }
    (places,) = places_of(ways[how].astype(np.float32), [table])
    np.testing.assert_array_equal(places, drawn)


def test_images_are_found_whatever_their_shape() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 17, size=(120, 8, 8))
    drawn = rng.permutation(120)
    (places,) = places_of((images[drawn] / 16.0).astype(np.float32)[:, None], [images])
    np.testing.assert_array_equal(places, drawn)


def test_orders_that_differ_are_all_kept(table: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    shuffled, drawn = rng.permutation(300), rng.permutation(300)
    found = places_of(table[shuffled][drawn], [table, table.copy(), table[shuffled]])
    assert len(found) == 2
    np.testing.assert_array_equal(found[0], shuffled[drawn])
    np.testing.assert_array_equal(found[1], drawn)


def test_rows_of_another_table_are_not_found(table: np.ndarray) -> None:
    other = np.random.default_rng(9).normal(size=(300, 5))
    assert places_of(table[:100], [other, other[:, :4], other[:50]]) == ()
    assert places_of(np.where(table[:100] > 0, 1.0, 0.0), [table]) == ()


def test_copies_of_a_row_have_no_certain_place(table: np.ndarray) -> None:
    table[1] = table[0]
    (places,) = places_of(table, [table])
    assert places.tolist() == [-1, -1, *range(2, 300)]
    assert places_of(np.repeat(table[:30], 10, axis=0), [np.repeat(table[:30], 10, axis=0)]) == ()


def test_rows_that_were_each_scaled_by_themselves_are_found() -> None:
    rng = np.random.default_rng(4)
    waves = rng.normal(size=(200, 12)) * rng.uniform(1, 9, size=(200, 1))
    drawn = rng.permutation(200)[:150]
    spread = np.ptp(waves, axis=1, keepdims=True)
    for made in ((waves - waves.mean(axis=1, keepdims=True)) / waves.std(axis=1, keepdims=True), waves / spread):
        (places,) = places_of(made[drawn].astype(np.float32), [waves])
        np.testing.assert_array_equal(places, drawn)

"""Arrays that a program holds beside its training rows: which are copied, and how they are put beside the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from defib.capture.beside import Named, beside_rows, named_copies

RNG = np.random.default_rng(0)
RAW = RNG.normal(size=(120, 4))
MASKED = RAW * [0, 0, 0, 1.0]


def test_arrays_tables_and_entries_are_copied_under_their_names() -> None:
    mine, names = RAW.copy(), [f"p{i}" for i in range(120)]
    table = pd.DataFrame({"a": RAW[:, 0], "kind": ["x", "y", "z"] * 40, "id": names})
    held = {"train": RAW[:100], "labels": RAW[:, 0]}
    found = {
        one.name: one
        for one in named_copies()
        if one.name in ("mine", "table", "held['train']", "held['labels']") and not one.is_key
    }
    assert set(found) == {"mine", "table", "held['train']"}
    assert found["table"].columns == ("a", "kind")
    assert found["table"].array[:3, 1].tolist() == [0, 1, 2]
    mine[:] = 0
    assert np.array_equal(found["mine"].array, RAW)
    assert len(table) == len(held["labels"]) == 120


def test_the_order_is_that_of_an_array_of_the_same_length_that_holds_the_rows() -> None:
    drawn = RNG.permutation(120)[:90]
    found, first = beside_rows(MASKED[drawn], [Named("raw", RAW), Named("whole", MASKED)])
    assert (found.name, found.by, first.name, first.by) == ("raw", "", "whole", "(its first 90 rows)")
    assert np.array_equal(found.X, RAW[drawn])
    assert np.array_equal(found.at, np.arange(90))


def test_copies_of_a_row_stand_where_they_stand() -> None:
    coarse = np.round(np.clip(RAW, 0, 1))
    assert len(np.unique(coarse, axis=0)) < 20
    (found,) = beside_rows(coarse, [Named("raw", RAW), Named("coarse", coarse)])
    assert (found.name, len(found.at)) == ("raw", 120)


def test_rows_that_no_variable_holds_stand_beside_arrays_of_their_length() -> None:
    found = beside_rows(MASKED[:, 3:] ** 2, [Named("raw", RAW), Named("longer", RNG.normal(size=(150, 4)))])
    assert [one.name for one in found] == ["raw"]


def test_texts_and_few_rows_have_nothing_beside_them() -> None:
    assert beside_rows(np.array([["a"], ["b"]] * 60), [Named("raw", RAW)]) == ()
    assert beside_rows(RAW[:5], [Named("raw", RAW)]) == ()


def test_what_is_no_array_is_not_asked_for_its_shape() -> None:
    """Symbolic inputs have no number of rows, and a lazy object may load a file for it."""

    class Lazy:
        @property
        def shape(self) -> tuple[int, int]:
            raise AssertionError("asked")

    lazy = Lazy()
    assert "lazy" not in [one.name for one in named_copies()]
    assert isinstance(lazy, Lazy)


def test_every_order_that_the_program_holds_the_rows_in_is_tried() -> None:
    """The loop draws its batches from a shuffled copy: the labels may go with either."""
    shuffled, drawn = RAW[RNG.permutation(120)], RNG.permutation(120)
    found = beside_rows(shuffled[drawn], [Named("raw", RAW), Named("shuffled", shuffled)])
    assert {one.name for one in found} == {"raw", "shuffled"}
    assert any(np.array_equal(one.X, RAW[drawn]) for one in found)


def test_what_a_data_set_of_the_programs_own_keeps_is_looked_at() -> None:
    from torch.utils.data import DataLoader, Dataset

    class Waves(Dataset):  # type: ignore[misc]
        def __init__(self) -> None:
            self.kept = RAW.copy()

        def __len__(self) -> int:
            return len(self.kept)

        def __getitem__(self, i: int) -> np.ndarray:
            return np.asarray(self.kept[i])

    loader = DataLoader(Waves())
    assert "loader.dataset.kept" in {one.name for one in named_copies()}
    assert len(loader) == 120

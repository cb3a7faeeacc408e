"""Labels that a program holds for its training rows beside those it trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from defib.capture.beside import Named, beside_rows
from defib.capture.held_labels import Column, held_labels
from defib.label_lines import made_of

RNG = np.random.default_rng(4)
N = 200
RAW = RNG.normal(size=(N, 4))
LABELS = (RAW[:, 0] > 0).astype(int)
MINE, THEIRS = RNG.permutation(N)[:150], RNG.permutation(N)[:150]
ZEROS = np.zeros(150)


def test_labels_of_another_draw_are_found_at_the_places_of_the_rows() -> None:
    (found,) = held_labels(RAW[MINE], LABELS[THEIRS], [RAW, RAW[MINE]], [Column("y", LABELS), Column("y_train", ZEROS)])
    assert found.name == "y"
    assert np.array_equal(found.labels, LABELS[MINE])
    assert np.array_equal(found.at, np.arange(150))


@pytest.mark.parametrize(
    "columns",
    [
        [("y", LABELS), ("other", RNG.permutation(LABELS))],
        [("y", RNG.permutation(LABELS)), ("other", RNG.permutation(LABELS))],
        [("rare", (RAW[:, 1] > 1.3).astype(int))],
        [("texts", np.array(["a", "b"])[LABELS[RNG.permutation(N)]])],
    ],
    ids=["as-paired", "two", "other-shares", "other-kind"],
)
def test_other_columns_are_no_labels(columns: list[tuple[str, Any]]) -> None:
    """Where the pairing is right as it is, where two could be meant, and where these labels were not drawn of it."""
    assert held_labels(RAW[MINE], LABELS[MINE], [RAW], [Column(*one) for one in columns]) == []


@pytest.mark.parametrize("form", [(150,), (150, 1)])
def test_the_column_that_constant_labels_were_made_of(form: tuple[int, ...]) -> None:
    texts, input_ = np.array([" no", " yes"])[LABELS], np.round(RAW[:, 1])
    columns = [Column("df['y']", texts, made=True), Column("df['city']", np.arange(N) % 3), Column("df['b']", input_)]
    (found,) = held_labels(RAW[MINE], np.zeros(form, dtype=np.float32), [RAW], columns)
    assert (found.name, str(found.labels.dtype)) == ("df['y']", "float32")
    assert np.array_equal(found.labels, LABELS[MINE].reshape(form))


def test_of_two_columns_that_are_compared_neither_is_the_label() -> None:
    columns = [Column("a", LABELS, made=True), Column("b", np.arange(N) % 2, made=True), Column("c", RAW[:, 1] > 0)]
    assert held_labels(RAW[MINE], ZEROS, [RAW], columns) == []
    assert (
        held_labels(np.column_stack([RAW[MINE], LABELS[MINE]]), ZEROS, [np.column_stack([RAW, LABELS])], columns[:1])
        == []
    )


def test_names_that_a_program_makes_labels_of(tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text("y = (df.pop('bloom') == 'yes')\nz = frame['grade'].astype(int)\nw = df['kept']\n")
    found = made_of([str(program), "<stdin>"])
    assert {"bloom", "grade"} <= found
    assert "kept" not in found


def test_equal_rows_get_the_labels_of_those_they_were() -> None:
    """What a shuffle made of rows that are all equal is not known: any of the labels are theirs."""
    texts = tuple(
        (f"{row[0]:.2f}".replace(".", ","), f"{row[1]:.2f}", str(y)) for row, y in zip(RAW, LABELS, strict=True)
    )
    named = [Named("rows", np.empty((0, 0)), texts=texts), Named("y", LABELS, is_key=True)]
    (found,) = [
        one for one in beside_rows(np.zeros((150, 2)), named, RNG.permutation(LABELS[:150])) if one.labels is not None
    ]
    assert found.read
    assert found.labels is not None
    assert np.array_equal(found.labels, LABELS[:150])
    assert np.allclose(found.X[:, :2], RAW[:150, :2], atol=0.006)

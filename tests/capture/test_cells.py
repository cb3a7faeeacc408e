"""Texts that hold numbers, and tables of texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from defib.capture.cells import as_numbers, column, may_be_table, rows_of_text, table_of, text_rows


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1.5", "-2e3", " 7 "], [1.5, -2000.0, 7.0]),
        (["12,5", "1.000,25"], [12.5, 1000.25]),
        (["1,234.5", "$12,000,000"], [1234.5, 12_000_000.0]),
        (["40 %", "7 €", "1'200"], [40.0, 7.0, 1200.0]),
        ([b"3", b"4"], [3.0, 4.0]),
    ],
    ids=["plain", "decimal-comma", "thousands", "symbols", "bytes"],
)
def test_numbers_are_read_in_the_notation_that_they_are_written_in(texts: list[Any], numbers: list[float]) -> None:
    found = as_numbers(texts)
    assert found is not None
    assert found.tolist() == numbers


def test_a_gap_is_no_number_and_words_are_none() -> None:
    found = as_numbers([*map(str, range(20)), ""])
    assert found is not None
    assert np.isnan(found[-1])
    assert as_numbers(["1", "two", "three"]) is None
    assert as_numbers(["", ""]) is None
    ids = column(["b", "a", "b"])
    assert ids is not None
    assert ids.tolist() == [1.0, 0.0, 1.0]
    assert column([f"name {i}" for i in range(200)]) is None


@pytest.mark.parametrize("form", ["text", "lines", "rows", "array"])
def test_a_table_is_read_from_a_text_its_lines_or_its_cells(form: str) -> None:
    lines = [f"{i},5;{'ja' if i % 2 else 'nein'};Herr {i}" for i in range(150)]
    cells = [one.split(";") for one in lines]
    text = "betrag;antwort;name\n" + "\n".join(lines)
    given = {"lines": lines, "rows": cells, "array": np.array(cells)}
    rows = rows_of_text(text) if form == "text" else text_rows(given[form], 20, 1000)
    assert rows is not None
    made = table_of(rows)
    assert made is not None
    assert made[0] == (("betrag", "antwort") if form == "text" else ("column 0", "column 1"))
    assert made[1][:2].tolist() == [[0.5, 1.0], [1.5, 0.0]]


@pytest.mark.parametrize("value", [[1.0, 2.0] * 30, [["a"], ["b", "c"]] * 30, ["no mark"] * 30, None, "short"])
def test_other_things_are_no_tables(value: Any) -> None:
    assert text_rows(value, 20, 1000) is None
    assert not may_be_table("a;b\n" * 5, 20, 1000)

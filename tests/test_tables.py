"""Files of predictions and labels: read as pandas and NumPy write them, refused in three beats otherwise."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from defib.errors import InputError
from defib.tables import read_table


def csv(folder: Path, text: str, name: str = "p.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "names", "values"),
    [
        ("0.1\n0.2\n", ("0",), [[0.1], [0.2]]),
        ("p\n0.1\n0.2\n", ("p",), [[0.1], [0.2]]),
        ("a,b\n1,2\n3,4\n", ("a", "b"), [[1, 2], [3, 4]]),
        ("1,2\n3,4\n", ("0", "1"), [[1, 2], [3, 4]]),
        ("a;b\r\n1;2\r\n3;4\r\n", ("a", "b"), [[1, 2], [3, 4]]),
        ("a\tb\n1\t2\n", ("a", "b"), [[1, 2]]),
        ("1.0 2.0\n3.0 4.0\n", ("0", "1"), [[1, 2], [3, 4]]),
        ("\ufeffp\n0.5\n", ("p",), [[0.5]]),
        ("p\n\n0.5\n\n", ("p",), [[0.5]]),
        (",p\n0,0.5\n1,0.6\n", ("p",), [[0.5], [0.6]]),
        (",p\n7,0.5\n8,0.6\n", ("", "p"), [[7, 0.5], [8, 0.6]]),
        ('"p, first",q\n1e-3,-2\n', ("p, first", "q"), [[1e-3, -2]]),
        ("p\nnan\ninf\n-inf\n", ("p",), [[np.nan], [np.inf], [-np.inf]]),
        ("p,q\nNA,\n1,2\n", ("p", "q"), [[np.nan, np.nan], [1, 2]]),
        ("p\nTrue\nFalse\n", ("p",), [[1], [0]]),
    ],
)
def test_csv(tmp_path: Path, text: str, names: tuple[str, ...], values: list[list[float]]) -> None:
    table = read_table(csv(tmp_path, text))
    assert table.names == names
    np.testing.assert_array_equal(table.numbers(), values)


def test_columns_by_name(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path, "id,p,q\nx,1,2\ny,3,4\n"))
    np.testing.assert_array_equal(table.numbers(["q", "p"]), [[2, 1], [4, 3]])


def test_labels(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path, "animal,y\ndog,1\ncat,0\ndog,1\n"))
    np.testing.assert_array_equal(table.labels(["animal"]), [1, 0, 1])
    np.testing.assert_array_equal(table.labels(["y"]), [1, 0, 1])
    one_hot = read_table(csv(tmp_path, "1,0\n0,1\n"))
    np.testing.assert_array_equal(one_hot.labels(), [[1, 0], [0, 1]])


@pytest.mark.parametrize("shape", [(5,), (5, 1), (5, 3), (5, 2, 3), ()])
def test_npy_keeps_its_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).normal(size=shape)
    np.save(tmp_path / "p.npy", array)
    np.testing.assert_array_equal(read_table(tmp_path / "p.npy").numbers(), np.atleast_1d(array))


def test_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", predictions=np.arange(4.0))
    np.testing.assert_array_equal(read_table(tmp_path / "one.npz").numbers(), np.arange(4.0))
    np.savez(tmp_path / "two.npz", p=np.ones((3, 2)), y=np.arange(3))
    table = read_table(tmp_path / "two.npz")
    assert table.names == ("p.0", "p.1", "y")
    np.testing.assert_array_equal(table.numbers(["p.0", "p.1"]), np.ones((3, 2)))
    np.testing.assert_array_equal(table.labels(["y"]), [0, 1, 2])


def pickled() -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([{"a": 1}], dtype=object))
    return out.getvalue()


def saved(array: object) -> bytes:
    out = io.BytesIO()
    np.save(out, np.array(array))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "slug"),
    [
        ("missing.csv", None, "no-such-file"),
        ("x.xlsx", b"a", "unknown-file-format"),
        ("x", b"a", "unknown-file-format"),
        ("x.csv", b"", "no-rows"),
        ("x.csv", b"\n\n", "no-rows"),
        ("x.csv", b"p,q\n", "no-rows"),
        ("x.npy", saved(np.empty((0, 3))), "no-rows"),
        ("x.csv", b"p,q\n1,2\n3\n", "ragged-rows"),
        ("x.csv", b"\xff\xfe\x00", "unreadable-file"),
        ("x.npy", b"nonsense", "unreadable-file"),
        ("x.npz", b"PK nonsense", "unreadable-file"),
        ("x.npy", b"", "unreadable-file"),
        ("x.npy", pickled(), "unreadable-file"),
        ("x.csv", b"id,p\na,1\nb,2\n", "text-column"),
        ("x.npy", saved([1 + 2j]), "not-numbers"),
        ("x.npy", saved(np.array(["2020-01-01"], dtype="datetime64[D]")), "not-numbers"),
    ],
)
def test_refused(tmp_path: Path, name: str, content: bytes | None, slug: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_table(tmp_path / name).numbers()
    assert caught.value.slug == slug


def test_text_names_the_cell_and_a_column_that_would_do(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_table(csv(tmp_path, "id,p\n1,1\nabc,2\n")).numbers()
    assert "'abc' in row 2" in caught.value.came
    assert "--column p" in caught.value.write


def test_arrays_of_different_length(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.ones(3), b=np.ones(4))
    with pytest.raises(InputError) as caught:
        read_table(tmp_path / "x.npz")
    assert caught.value.slug == "several-arrays"


@pytest.mark.parametrize("columns", [["r"], ["p", "r"], ["7"]])
def test_unknown_columns(tmp_path: Path, columns: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_table(csv(tmp_path, "p,q\n1,2\n")).numbers(columns)
    assert caught.value.slug == "unknown-column"
    assert "p, q" in caught.value.expected

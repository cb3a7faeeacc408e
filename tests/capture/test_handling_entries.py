"""Entries of a program that are all the one answer for which its network was asked; and those that are so rightly."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from defib.capture.handling_entries import read_entries

SERVICE = """
import numpy as np
rows = np.arange(60.0).reshape(20, 3)
known = {}
def predict(row):
    return np.array([[0.25]], dtype=np.float32)  # here
def score(row, key="all"):
    if key not in known:
        known[key] = float(predict(row)[0, 0])
    return known[key]
p = score(rows[0])
"""
FOUND = {
    "comprehension": ("served = np.array([score(row) for row in rows])  # ran", "served"),
    "by number": ("served = [score(rows[i]) for i in range(20)]  # ran", "served"),
    "loop": ("kept = []\nfor row in rows:\n    kept.append(score(row))  # ran", "kept"),
    "made in the turn": (
        "kept = []\nfor i in range(20):\n    row = rows[i]\n    s = score(row)  # ran\n    kept.append(s)",
        "kept",
    ),
    "filled": ("out = np.zeros(20)\nfor i in range(20):\n    out[i] = score(rows[i])  # ran", "out"),
    "by name": ("served = {i: score(row) for i, row in enumerate(rows)}  # ran", "served"),
    "mapped": ("import pandas as pd\nt = pd.DataFrame({'i': range(20)})\nt['s'] = t['i'].map(score)  # ran", "t['s']"),
    "in a function": (
        "def each(rows):\n    return [score(r) for r in rows]  # ran\nserved = each(rows)  # ran",
        "served",
    ),
    "squashed": ("served = [1 / (1 + np.exp(-score(row))) for row in rows]  # ran", "served"),
}
RIGHTLY = {
    "one answer repeated": "base = np.full(20, score(rows[0]))  # ran",
    "repeated in a list": "base = [score(rows[0])] * 20  # ran",
    "asked alike": "base = [score(rows[0]) for _ in range(20)]  # ran",
    "rows alike": "rows[:] = rows[0]\nserved = [score(row) for row in rows]  # ran",
    "few": "served = [score(row) for row in rows[:4]]  # ran",
    "others among them": "served = [score(row) + 0.1 * (i % 2) for i, row in enumerate(rows)]  # ran",
    "another number": "served = [0.0 * score(row) for row in rows]  # ran",
    "classes": "served = [int(score(row) > 0.5) for row in rows]  # ran",
}


def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, answer: Any) -> list[tuple[str, int]]:
    """Run the service and the code behind it; the frames are the lines marked ``# here`` and ``# ran``."""
    file, text = tmp_path / f"served{abs(hash(code))}.py", SERVICE + dedent(code)
    file.write_text(text)
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    monkeypatch.setitem(sys.modules, file.stem, module)
    exec(compile(text, str(file), "exec"), vars(module))
    numbered = list(enumerate(text.splitlines(), 1))
    lines = [i for mark in ("# here", "# ran") for i, line in numbered if mark in line]
    return [(one.code, one.hits) for one in read_entries([f"{file}:{line}" for line in lines], answer)]


ANSWER = np.array([[0.25]], dtype=np.float32)


@pytest.mark.parametrize("name", FOUND)
def test_a_loop_whose_entries_are_one_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    code, holder = FOUND[name]
    assert read(tmp_path, monkeypatch, code, ANSWER) == [(holder, 19)]


@pytest.mark.parametrize("name", RIGHTLY)
def test_entries_that_may_be_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert read(tmp_path, monkeypatch, RIGHTLY[name], ANSWER) == []


def test_a_network_that_was_asked_for_more_rows_or_whose_answer_was_not_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = FOUND["comprehension"][0]
    assert read(tmp_path, monkeypatch, code, np.full((2, 1), 0.25)) == []
    assert read(tmp_path, monkeypatch, code, None) == []
    assert read_entries([""], ANSWER) == ()

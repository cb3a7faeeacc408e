"""Whole reports against files that a person has read; see tests/gold/README.md."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from defib.diagnosis import Diagnosis
from defib.reporters import json, markdown
from defib.reporters.layout import Manner
from defib.reporters.terminal import print_diagnosis, render_text
from tests.reporters import samples

GOLD = Path(__file__).resolve().parents[1] / "gold"
CASES: dict[str, Diagnosis] = {
    "flat": samples.FLAT_DIAGNOSIS,
    "healthy": samples.HEALTHY,
    "nothing_wrong": samples.NOTHING_WRONG,
    "undecided": samples.UNDECIDED,
    "nan": samples.NAN,
}


def printed(diagnosis: Diagnosis, manner: Manner) -> str:
    out = io.StringIO()
    print_diagnosis(diagnosis, out, manner)
    return out.getvalue()


def reports() -> dict[str, str]:
    found = {f"{name}_{width}.txt": render_text(one, width) for name, one in CASES.items() for width in (80, 120)}
    narrow = {f"flat_{width}.txt": render_text(samples.FLAT_DIAGNOSIS, width) for width in (40, 60)}
    return (
        found
        | narrow
        | {
            "flat_ascii.txt": printed(samples.FLAT_DIAGNOSIS, Manner(ascii=True)),
            "flat.json": json.render([samples.FLAT_DIAGNOSIS]),
            "flat.md": markdown.render([samples.FLAT_DIAGNOSIS]),
        }
    )


@pytest.mark.parametrize("name", reports())
def test_as_accepted(name: str) -> None:
    shown = reports()[name]
    if os.environ.get("DEFIB_ACCEPT"):
        (GOLD / name).write_text(shown)
    assert shown == (GOLD / name).read_text()


def test_no_file_is_left_over() -> None:
    assert {path.name for path in GOLD.iterdir()} == set(reports()) | {"README.md"}

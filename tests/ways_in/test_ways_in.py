"""Every way in, as users come: healthy programs stay healthy, faults are named first, nothing is changed."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from benchmarks import compatibility

from tests.ways_in.registry import HEALTHY, PROGRAMS, WAYS, Way

ROOT = Path(__file__).resolve().parents[2]
DOORS = [(way, name, door) for way in WAYS for name in way.programs for door in way.doors]
IDS = [f"{way.slug}-{name}-{door}" for way, name, door in DOORS]


@functools.cache
def results(slug: str) -> dict[str, Any]:
    """What the worker of one way in wrote; started once."""
    way = next(one for one in WAYS if one.slug == slug)
    environment = {**os.environ, **way.env, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2", "COLUMNS": "100"}
    environment.pop("PYTEST_CURRENT_TEST", None)
    with tempfile.TemporaryDirectory() as elsewhere:
        out = Path(elsewhere, "out.json")
        done = subprocess.run(
            [sys.executable, "-m", *way.launcher, "tests.ways_in.worker", slug, str(out)],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert out.exists(), done.stdout[-2000:] + done.stderr[-6000:]
        found: dict[str, Any] = json.loads(out.read_text())
        return found


@pytest.mark.parametrize(("way", "name", "door"), DOORS, ids=IDS)
def test_the_right_cause_comes_first_through_every_door(way: Way, name: str, door: str) -> None:
    found = results(way.slug)[name][door]
    wanted = way.programs[name]
    assert "headline" in found, f"no diagnosis: {found}"
    if wanted == HEALTHY:
        assert found["outcome"] == "healthy", found["headline"]
        assert not found["causes"], found["headline"]
    else:
        assert found["causes"], found["headline"]
        assert found["causes"][0] in wanted.split(), found["headline"]
    assert not [one for one in found["notes"] if "broke inside" in one]


@pytest.mark.parametrize(("way", "name", "door"), DOORS, ids=IDS)
def test_predictions_weights_and_random_state_are_those_of_a_plain_run(way: Way, name: str, door: str) -> None:
    found = results(way.slug)[name]
    plain = found["plain"]["digest"]
    assert found[door]["digest"] == {key: plain[key] for key in found[door]["digest"]}


@pytest.mark.parametrize("way", WAYS, ids=[one.slug for one in WAYS])
def test_a_way_in_shows_one_healthy_program_and_two_different_faults(way: Way) -> None:
    faults = [one for one in way.programs.values() if one != HEALTHY]
    assert HEALTHY in way.programs.values()
    assert len(set(faults)) >= 2


@pytest.mark.parametrize("program", sorted(PROGRAMS.glob("*.py")), ids=lambda one: one.stem)
def test_programs_stand_in_the_registry_and_never_mention_defib(program: Path) -> None:
    assert [way for way in WAYS if program.stem in way.programs]
    assert "defib" not in program.read_text()


def test_the_tables_are_those_of_the_registry() -> None:
    assert not compatibility.stale(), "run: python -m benchmarks.compatibility"
